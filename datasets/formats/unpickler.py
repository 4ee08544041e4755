"""An unpickler that can only build arrays of numbers.

A pickle is a program: it names functions, and the reader calls them. Here each permitted name is mapped to a harmless
function of this file, so neither a foreign function nor NumPy's `__setstate__` is called, and no array is allocated
before its bytes have been read. A malicious file can still waste time and memory, as with Python's own unpickler.
"""

import math
import pickle
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

MAX_DIMENSIONS = 32


class Refused(pickle.UnpicklingError):
    """The pickle uses something that arrays of numbers do not need; the message names it."""


class PickledArray:
    """An array of the pickle, None until its content is read (`__setstate__`)."""

    __slots__ = ("array",)

    def __init__(self, array: NDArray[Any] | None = None) -> None:
        self.array = array

    def __setstate__(self, state: Any) -> None:
        # (version, shape, dtype, Fortran order?, bytes); the oldest NumPy releases wrote no version.
        shape, number_type, fortran, raw = state[-4:]
        self.array = _from_bytes(raw, number_type, shape, "F" if fortran else "C")


class PickledDtype:
    """A pickled `numpy.dtype`: kind, size and byte order of a number."""

    __slots__ = ("code", "order")

    def __init__(self, code: str) -> None:
        self.code = code
        self.order = "="

    def __setstate__(self, state: Any) -> None:
        # (version, byte order, subarray, names, fields, itemsize, alignment, flags)
        order, *compound = state[1:5]
        if order not in ("<", ">", "=", "|") or any(part is not None for part in compound):
            raise Refused("a compound dtype")
        self.order = order

    def dtype(self) -> np.dtype[Any]:
        return np.dtype(self.order + self.code)


class AllowedName:
    """A global name that the pickle may use; it can only be called.

    The pickle never gets access to a class, with which it could create or change objects unchecked.
    """

    __slots__ = ("_function", "_text")

    def __init__(self, text: str, function: Callable[..., Any]) -> None:
        self._text = text
        self._function = function

    def __call__(self, *args: Any) -> Any:
        return self._function(*args)

    def __setstate__(self, state: Any) -> NoReturn:
        raise Refused(f"a modification of {self._text}")


def _ndarray(*_: Any) -> NoReturn:
    raise Refused("an array created by calling numpy.ndarray")


def _dtype(code: Any, *_: Any) -> PickledDtype:
    code = code.decode("latin1") if isinstance(code, bytes) else code
    if not isinstance(code, str):
        raise Refused(f"a dtype named by a {type(code).__name__}")
    if code.startswith(("O", "|O")):
        raise Refused("an object array")
    if code not in {"b1", "f2", "f4", "f8", *(kind + size for kind in "iu" for size in "1248")}:
        raise Refused(f"an array of dtype {code:.40}")
    return PickledDtype(code)


def _reconstruct(*_: Any) -> PickledArray:
    # The arguments are (ndarray, (0,), 'b') in every file; shape and dtype are in the state.
    return PickledArray()


def _scalar(number_type: PickledDtype, raw: Any) -> int | float | bool:
    value: int | float | bool = _from_bytes(raw, number_type, (), "C").item()
    return value


def _frombuffer(raw: Any, number_type: PickledDtype, shape: Any, order: Any, axes: Any = None) -> PickledArray:
    if order != "K":
        return PickledArray(_from_bytes(raw, number_type, shape, order))
    # NumPy 2.3 and later write arrays with permuted axes in this form.
    array = _from_bytes(raw, number_type, shape, "C")
    if not isinstance(axes, tuple) or not all(type(axis) is int for axis in axes):
        raise Refused("an array whose axes are not a tuple of integers")
    return PickledArray(array.transpose(axes))


def _encode(text: str, encoding: str = "latin1") -> bytes:
    if encoding not in ("latin1", "latin-1"):
        raise Refused("a text encoding other than latin1")
    return text.encode("latin1")


_MULTIARRAY: dict[str, Callable[..., Any]] = {"_reconstruct": _reconstruct, "scalar": _scalar}
_NUMERIC: dict[str, Callable[..., Any]] = {"_frombuffer": _frombuffer}
ALLOWED: dict[str, dict[str, Callable[..., Any]]] = {
    "numpy": {"ndarray": _ndarray, "dtype": _dtype},
    "numpy.core.multiarray": _MULTIARRAY,
    "numpy._core.multiarray": _MULTIARRAY,
    "numpy.core.numeric": _NUMERIC,
    "numpy._core.numeric": _NUMERIC,
    "_codecs": {"encode": _encode},
}


class ArrayUnpickler(pickle.Unpickler):
    """Unpickle lists, tuples and numbers, with a `PickledArray` for each array.

    Raises
    ------
    Refused
        Any other name, or arrays of anything but numbers.
    """

    def __init__(self, file: Any) -> None:
        # latin1 preserves every byte of Python 2 strings, in which arrays are stored.
        super().__init__(file, encoding="latin1")

    def find_class(self, module: str, name: str, /) -> Any:
        function = ALLOWED.get(module, {}).get(name)
        if function is None:
            raise Refused(f"the name {module:.100}.{name:.100}")
        return AllowedName(f"{module}.{name}", function)

    def persistent_load(self, pid: Any) -> NoReturn:
        raise Refused("an object outside the file")


def _from_bytes(raw: Any, number_type: PickledDtype, shape: Any, order: Any) -> NDArray[Any]:
    """Return an array that views exactly these bytes (str: a Python 2 byte string, decoded as latin1)."""
    if not isinstance(number_type, PickledDtype) or not isinstance(raw, str | bytes | bytearray):
        raise Refused(f"an array stored as {type(raw).__name__} instead of bytes")
    # Unchecked values are not printed: the repr of nested tuples that share their parts is exponentially long.
    if not isinstance(shape, tuple) or len(shape) > MAX_DIMENSIONS or order not in ("C", "F"):
        raise Refused("an array whose shape is not a tuple of sizes")
    if not all(type(n) is int and 0 <= n < 2**63 for n in shape):
        raise Refused("an array whose shape is not a tuple of sizes")
    dtype = number_type.dtype()
    expected = math.prod(shape) * dtype.itemsize
    if expected != len(raw):
        raise Refused(f"an array of shape {shape} and dtype {dtype} stored in {len(raw):,} bytes")
    values = raw.encode("latin1") if isinstance(raw, str) else raw
    return np.frombuffer(values, dtype).reshape(shape, order=order)
