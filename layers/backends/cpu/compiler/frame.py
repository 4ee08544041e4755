"""Where a kernel's code is written: the function under way, and how it reaches memory."""

import math
from collections.abc import Collection, Sequence

import numpy as np

from .errors import KernelError
from .module import Module
from .types import MEMORY, REGISTER, ArrayValue, Value, itemsize
from .violations import OUTSIDE
from .writer import Loop, Writer

LINE = 64  # bytes of a cache line
MANY = 16  # numbers of a vector: some arrays have fewer, so there is a loop over half vectors as well


class Frame(Writer):
    """An LLVM function under way, which may use arrays.

    Parameters
    ----------
    module : Module
    checking : bool
        Whether every access to an array is checked. A violation is written into the function's parameter ``%report``,
        and the function returns.
    vector_bytes : int, default 0
        Of the vectors that simple loops become loops over; 0 if they stay as they are.

    Attributes
    ----------
    file, line : str, int
        Of the source that is being translated.
    scratch : list of int
        Where each array in scratch memory begins, in bytes. Each is a parameter ``%scratch0`` and so on of the
        function, so that LLVM knows them apart.
    scratch_bytes : int
    """

    def __init__(self, module: Module, checking: bool = False, vector_bytes: int = 0):
        super().__init__()
        self.module, self.checking, self.vector_bytes = module, checking, vector_bytes
        self.file, self.line = "", 0
        self.scratch: list[int] = []
        self.scratch_bytes = 0

    # --- arrays

    def new_scratch(self, count: int, dtype: str) -> ArrayValue:
        """Return an array of `count` numbers in the thread's scratch memory."""
        offset = -(-self.scratch_bytes // LINE) * LINE
        self.scratch_bytes = offset + max(1, count) * itemsize(dtype)
        self.scratch.append(offset)
        return ArrayValue(f"%scratch{len(self.scratch) - 1}", dtype, str(count) if self.checking else None)

    def table(self, numbers: np.ndarray, source: object) -> ArrayValue:
        """Return an array of constants; `source` is the object that they come from."""
        length = str(len(numbers)) if self.checking else None
        return ArrayValue(self.module.table(numbers, source), numbers.dtype.name, length)

    def place(self, array: ArrayValue, index: str, count: int = 1) -> str:
        """Return the address of `count` numbers of `array` from `index` on, an int64."""
        self._check(array, index, count)
        return self.pure(f"getelementptr inbounds {MEMORY[array.dtype]}, ptr {array.pointer}, i64 {index}")

    def places(self, array: ArrayValue, index: str, offsets: Sequence[int], count: int) -> list[str]:
        """Return the addresses of `count` numbers each, from `index` plus each of the constant `offsets` on."""
        kind = MEMORY[array.dtype]
        for offset in offsets if self.checking else ():
            self._check(array, self.pure(f"add i64 {index}, {offset}"), count)
        # Not `inbounds`: what is at `index` itself may lie outside.
        first = self.pure(f"getelementptr {kind}, ptr {array.pointer}, i64 {index}")
        return [
            self.pure(f"getelementptr {kind}, ptr {first}, i64 {offset}") if offset else first for offset in offsets
        ]

    def read(self, place: str, dtype: str) -> Value:
        """Return the number at an address."""
        value = self.value(f"load {MEMORY[dtype]}, ptr {place}")
        return Value(self.value(f"icmp ne i8 {value}, 0") if dtype == "bool" else value, dtype)

    def write(self, place: str, value: Value) -> None:
        """Set the number at an address."""
        stored = self.value(f"zext i1 {value.llvm} to i8") if value.dtype == "bool" else value.llvm
        self.do(f"store {MEMORY[value.dtype]} {stored}, ptr {place}")

    def load(self, array: ArrayValue, index: str) -> Value:
        """Return one number of an array."""
        return self.read(self.place(array, index), array.dtype)

    def store(self, array: ArrayValue, index: str, value: Value) -> None:
        """Set one number of an array, to a value of its type."""
        self.write(self.place(array, index), value)

    # --- loops

    def finish_loop(self, loop: Loop, place: int, variables: Collection[str]) -> None:
        """Write a loop as one over vectors, if it is such a loop."""
        from .vector_loop import NoVectorsError, VectorLoop  # here: kernels from the disk need none of it

        first, lines = place - 2, self._lines[place + 1 : -3]
        for size in (self.vector_bytes, self.vector_bytes // 2):
            try:
                vectors = VectorLoop(loop, lines, variables, size)
            except NoVectorsError:
                return
            for function in vectors.declared:
                self.module.declare(*function)
            text, loop = vectors.written()
            self._lines[first : first + 3] = text
            first += len(text) - 3
            if vectors.lanes < MANY or loop.most < math.inf:
                return

    # --- checks

    def _check(self, array: ArrayValue, index: str, count: int) -> None:
        """In checking mode, make sure that `count` numbers from `index` on are in the array."""
        key = f"{array.pointer} {index} {count}"
        if not self.checking or key in self._pure:
            return
        self._pure[key] = ""  # once in this stretch of text is enough
        if array.length is None:
            raise KernelError("an array with a length", array.pointer, "Report this.")
        last = array.length if count == 1 else self.pure(f"sub i64 {array.length}, {count - 1}")
        begins = self.pure(f"icmp sge i64 {index}, 0")
        ends = self.pure(f"icmp slt i64 {index}, {last}")
        self.check(self.pure(f"and i1 {begins}, {ends}"), OUTSIDE, index, array.length)

    def check(self, fine: str, kind: int, index: str = "0", length: str = "0") -> None:
        """In checking mode, unless `fine`, write a violation down and return from the function."""
        if not self.checking:
            return
        self.module.fail()
        going_on, wrong = self.new_label("fine"), self.new_label("wrong")
        self.branch(fine, going_on, wrong)
        self.begin(wrong, after=True)
        file = self.module.text_constant(self.file)
        numbers = ", ".join(f"i64 {number}" for number in (kind, self.line, index, length))
        self.do(f"call void @fail(ptr %report, {numbers}, ptr {file})")
        self.end("ret void")
        self.begin(going_on, after=True)

    # --- functions

    def call(self, result: str, name: str, *arguments: tuple[str, str], pure: bool = False) -> str:
        """Call a function of LLVM or of the process; `arguments` are pairs of LLVM's type and a value.

        Returns
        -------
        str
            Its result; "" where `result` is void.
        """
        self.module.declare(result, name, [kind for kind, _ in arguments])
        line = f"call {result} @{name}({', '.join(f'{kind} {value}' for kind, value in arguments)})"
        if result == "void":
            self.do(line)
            return ""
        return self.pure(line) if pure else self.value(line)

    def intrinsic(self, name: str, dtype: str, *arguments: Value) -> Value:
        """Call LLVM's function `name` for numbers of one type, e.g. llvm.sqrt."""
        suffix = f"f{8 * itemsize(dtype)}" if dtype.startswith("float") else REGISTER[dtype]
        return self._of_one_type(f"{name}.{suffix}", dtype, arguments)

    def library(self, name: str, dtype: str, *arguments: Value) -> Value:
        """Call the C library's function `name`, with f at its end for float32."""
        return self._of_one_type(name + ("f" if dtype == "float32" else ""), dtype, arguments)

    def _of_one_type(self, name: str, dtype: str, arguments: Sequence[Value]) -> Value:
        kind = REGISTER[dtype]
        return Value(self.call(kind, name, *((kind, argument.llvm) for argument in arguments), pure=True), dtype)
