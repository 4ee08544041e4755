"""The LLVM function that is being built, with its access to arrays, checks and calls."""

import math
from collections.abc import Collection, Sequence

import numpy as np

from network3.layers.backends.cpu.processor import LINE

from .errors import KernelError
from .module import Module
from .types import MEMORY, REGISTER, ArrayValue, Value, itemsize
from .violations import OUTSIDE
from .writer import Loop, Writer

MANY_LANES = 16  # lanes: for shorter arrays, there is also a loop over half vectors


class Frame(Writer):
    """An LLVM function that is being built, and may access arrays.

    Parameters
    ----------
    module : Module
    checking : bool
        Whether every array access is checked. A violation is written to the function's parameter ``%report``, and the
        function returns.
    vector_bytes : int, default 0
        Size of the vectors to which simple loops are converted; 0 to keep them scalar.

    Attributes
    ----------
    file, line : str, int
        Of the source that is being translated.
    scratch : list of int
        The offset of each array in scratch memory, in bytes. Each is a parameter ``%scratch0`` and so on of the
        function, so that LLVM can assume that they do not overlap.
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
        """Return an array of `count` elements in the thread's scratch memory."""
        offset = -(-self.scratch_bytes // LINE) * LINE
        self.scratch_bytes = offset + max(1, count) * itemsize(dtype)
        self.scratch.append(offset)
        return ArrayValue(f"%scratch{len(self.scratch) - 1}", dtype, str(count) if self.checking else None)

    def table(self, numbers: np.ndarray, source: object) -> ArrayValue:
        """Return an array of constants; `source` is the object from which they were read."""
        length = str(len(numbers)) if self.checking else None
        return ArrayValue(self.module.table(numbers, source), numbers.dtype.name, length)

    def address(self, array: ArrayValue, index: str, count: int = 1) -> str:
        """Return the address of `count` elements of `array` from `index`, an int64, on."""
        self._check(array, index, count)
        return self.pure(f"getelementptr inbounds {MEMORY[array.dtype]}, ptr {array.pointer}, i64 {index}")

    def addresses(self, array: ArrayValue, index: str, offsets: Sequence[int], count: int) -> list[str]:
        """Return the addresses of `count` elements each, from `index` plus each of the constant `offsets` on."""
        kind = MEMORY[array.dtype]
        for offset in offsets if self.checking else ():
            self._check(array, self.pure(f"add i64 {index}, {offset}"), count)
        # Not `inbounds`: `index` itself may be outside of the array.
        first = self.pure(f"getelementptr {kind}, ptr {array.pointer}, i64 {index}")
        return [
            self.pure(f"getelementptr {kind}, ptr {first}, i64 {offset}") if offset else first for offset in offsets
        ]

    def read(self, address: str, dtype: str) -> Value:
        """Load the value at an address."""
        value = self.value(f"load {MEMORY[dtype]}, ptr {address}")
        return Value(self.value(f"icmp ne i8 {value}, 0") if dtype == "bool" else value, dtype)

    def write(self, address: str, value: Value) -> None:
        """Store a value at an address."""
        stored = self.value(f"zext i1 {value.llvm} to i8") if value.dtype == "bool" else value.llvm
        self.do(f"store {MEMORY[value.dtype]} {stored}, ptr {address}")

    def load(self, array: ArrayValue, index: str) -> Value:
        """Load an element of an array."""
        return self.read(self.address(array, index), array.dtype)

    def store(self, array: ArrayValue, index: str, value: Value) -> None:
        """Store a value in an element of an array of its type."""
        self.write(self.address(array, index), value)

    # --- loops

    def finish_loop(self, loop: Loop, position: int, variables: Collection[str]) -> None:
        """Convert a loop to one over vectors, if possible."""
        # Imported here: kernels from the disk do not need it.
        from .vector_loop import NotVectorizableError, VectorLoop

        first, lines = position - 2, self._lines[position + 1 : -3]
        for size in (self.vector_bytes, self.vector_bytes // 2):
            try:
                vectors = VectorLoop(loop, lines, variables, size)
            except NotVectorizableError:
                return
            for function in vectors.declared:
                self.module.declare(*function)
            text, loop = vectors.emitted()
            self._lines[first : first + 3] = text
            first += len(text) - 3
            if vectors.lanes < MANY_LANES or loop.most < math.inf:
                return

    # --- checks

    def _check(self, array: ArrayValue, index: str, count: int) -> None:
        """In checking mode, check that `count` elements from `index` on are in the array."""
        key = f"{array.pointer} {index} {count}"
        if not self.checking or key in self._pure:
            return
        self._pure[key] = ""  # one check per straight-line region is enough
        if array.length is None:
            raise KernelError("an array with a length", array.pointer, "Report this.")
        last = array.length if count == 1 else self.pure(f"sub i64 {array.length}, {count - 1}")
        begins = self.pure(f"icmp sge i64 {index}, 0")
        ends = self.pure(f"icmp slt i64 {index}, {last}")
        self.check(self.pure(f"and i1 {begins}, {ends}"), OUTSIDE, index, array.length)

    def check(self, fine: str, kind: int, index: str = "0", length: str = "0") -> None:
        """In checking mode, unless `fine`, report a violation and return from the function."""
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
            Name of the result; "" if `result` is void.
        """
        self.module.declare(result, name, [kind for kind, _ in arguments])
        line = f"call {result} @{name}({', '.join(f'{kind} {value}' for kind, value in arguments)})"
        if result == "void":
            self.do(line)
            return ""
        return self.pure(line) if pure else self.value(line)

    def intrinsic(self, name: str, dtype: str, *arguments: Value) -> Value:
        """Call LLVM's intrinsic `name` for values of one type, e.g. llvm.sqrt."""
        suffix = f"f{8 * itemsize(dtype)}" if dtype.startswith("float") else REGISTER[dtype]
        return self._of_one_type(f"{name}.{suffix}", dtype, arguments)

    def library(self, name: str, dtype: str, *arguments: Value) -> Value:
        """Call the C library's function `name`, with suffix f for float32."""
        return self._of_one_type(name + ("f" if dtype == "float32" else ""), dtype, arguments)

    def _of_one_type(self, name: str, dtype: str, arguments: Sequence[Value]) -> Value:
        kind = REGISTER[dtype]
        return Value(self.call(kind, name, *((kind, argument.llvm) for argument in arguments), pure=True), dtype)
