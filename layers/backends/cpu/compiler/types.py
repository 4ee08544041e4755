"""The types of the kernel language: numbers, and flat arrays of them."""

from dataclasses import dataclass

# LLVM's type of an element in memory, and of a value in a register: a bool is a byte, then a bit.
MEMORY = {
    "bool": "i8",
    "int8": "i8",
    "uint8": "i8",
    "int16": "i16",
    "int32": "i32",
    "uint32": "i32",
    "int64": "i64",
    "float32": "float",
    "float64": "double",
}
REGISTER = MEMORY | {"bool": "i1"}
SIZES = {"i8": 1, "i16": 2, "i32": 4, "i64": 8, "float": 4, "double": 8}
NAMES = tuple(MEMORY)
FLOATS = ("float32", "float64")
UNSIGNED = ("bool", "uint8", "uint32")
NARROW = ("int8", "uint8", "int16", "int32", "uint32")  # integers that wrap around


def is_float(dtype: str) -> bool:
    """Return whether `dtype` is a floating-point type."""
    return dtype in FLOATS


def itemsize(dtype: str) -> int:
    """Return the bytes of an array element."""
    return SIZES[MEMORY[dtype]]


def bits(dtype: str) -> int:
    """Return the bits of an integer in a register."""
    return int(REGISTER[dtype][1:])


@dataclass(frozen=True)
class Array:
    """Annotation of a parameter that is a flat, contiguous array.

    Attributes
    ----------
    dtype : str
        One of float32, float64, int64, int32, uint32, int16, int8, uint8, bool.
    """

    dtype: str

    def __post_init__(self) -> None:
        if self.dtype not in MEMORY:
            raise ValueError(f"Array: expected one of {', '.join(NAMES)}; got {self.dtype!r}. Convert the array.")


class Int:
    """Annotation of a parameter that is a 64-bit integer."""


class RunTime:
    """Base class of values at run time; everything else in a kernel is a constant."""

    __slots__ = ()


@dataclass(slots=True, eq=False)
class Value(RunTime):
    """A number: its name or literal in LLVM's text, and the NumPy name of its type."""

    llvm: str
    dtype: str


@dataclass(slots=True, eq=False)
class ArrayValue(RunTime):
    """An array: the name of its pointer in LLVM's text; its length, if accesses are checked."""

    pointer: str
    dtype: str
    length: str | None = None


def is_constant(x: object) -> bool:
    """Return whether `x`, with all elements of a tuple, is known when a kernel is compiled."""
    return all(map(is_constant, x)) if isinstance(x, tuple) else not isinstance(x, RunTime)
