"""The LLVM module of a kernel: declarations, tables of constants and file names, beside the functions."""

import struct
from collections.abc import Sequence

import numpy as np

from .types import MEMORY, REGISTER, is_float

# Stores the first violation only; for the format of the report, see `violations`.
FAIL = """
define internal void @fail(ptr %report, i64 %kind, i64 %line, i64 %index, i64 %length, ptr %file) cold noinline {
  %before = load i64, ptr %report
  %first = icmp eq i64 %before, 0
  br i1 %first, label %write, label %end
write:
  store i64 %kind, ptr %report
  %p1 = getelementptr i64, ptr %report, i64 1
  store i64 %line, ptr %p1
  %p2 = getelementptr i64, ptr %report, i64 2
  store i64 %index, ptr %p2
  %p3 = getelementptr i64, ptr %report, i64 3
  store i64 %length, ptr %p3
  %p4 = getelementptr i64, ptr %report, i64 4
  %name = ptrtoint ptr %file to i64
  store i64 %name, ptr %p4
  br label %end
end:
  ret void
}"""


class Module:
    """The module of one kernel."""

    def __init__(self) -> None:
        self._parts: dict[str, str] = {}
        self._tables: dict[int, tuple[object, str]] = {}
        self._texts: dict[str, str] = {}

    def declare(self, result: str, name: str, kinds: Sequence[str]) -> None:
        """Declare a function of LLVM or of the process."""
        if name not in self._parts:
            self._parts[name] = f"declare {result} @{name}({', '.join(kinds)})"

    def fail(self) -> None:
        """Add the function that stores a violation."""
        self._parts["fail"] = FAIL

    def table(self, numbers: np.ndarray, source: object) -> str:
        """Return the address of a table of constants; `source` is the object from which they were read."""
        if id(source) not in self._tables:
            dtype, name = numbers.dtype.name, f"@table{len(self._tables)}"
            kind = f"[{len(numbers)} x {MEMORY[dtype]}]"
            content = ", ".join(f"{MEMORY[dtype]} {_in_memory(number, dtype)}" for number in numbers)
            self._parts[name] = f"{name} = internal unnamed_addr constant {kind} [{content}]"
            self._tables[id(source)] = source, name
        return self._tables[id(source)][1]

    def text_constant(self, text: str) -> str:
        """Return the address of a zero-terminated string."""
        if text not in self._texts:
            content = text.encode() + b"\0"
            escaped = "".join(f"\\{byte:02X}" for byte in content)
            self._texts[text] = name = f"@text{len(self._texts)}"
            self._parts[name] = f'{name} = internal unnamed_addr constant [{len(content)} x i8] c"{escaped}"'
        return self._texts[text]

    def text(self, *functions: str) -> str:
        """Return the text of the module with these functions."""
        return "\n".join([*self._parts.values(), *functions]) + "\n"


def literal(number: bool | int | float | np.generic, dtype: str) -> str:
    """Return a constant in LLVM's notation; `dtype` must be able to represent it."""
    if is_float(dtype):
        return f"0x{struct.pack('>d', np.dtype(dtype).type(number)).hex()}"
    return str(bool(number)).lower() if REGISTER[dtype] == "i1" else str(int(number))


def _in_memory(number: np.generic, dtype: str) -> str:
    return str(int(number)) if dtype == "bool" else literal(number, dtype)
