"""Write a data set as Python 2 and its NumPy pickled it, without Python 2.

    python make_python2_pickle.py small.pkl

The opcodes are those of the book's mnist.pkl.gz (protocol 2) and of its expand_mnist (protocol 0,
which is text): an array is `numpy.core.multiarray._reconstruct` and a state whose last part is a
Python 2 `str` of raw bytes.
"""

import struct
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

# The content of the book's files: (images, labels) three times, arrays or (expand_mnist) lists.
Set = tuple[np.ndarray | list[np.ndarray], np.ndarray | list[np.int64]]


def python2_pickle(sets: list[Set], protocol: int = 2) -> bytes:
    """Pickle three sets as Python 2 does, with protocol 0 or 2."""
    dump = {0: _Text, 2: _Binary}[protocol]()
    return dump.start + dump.sequence("tuple", [dump.sequence("tuple", pair) for pair in sets]) + b"."


class _Dump(ABC):
    """The common part of protocols 0 and 2, which differ in the encoding of numbers and strings."""

    start = b""
    false: bytes

    @abstractmethod
    def integer(self, n: int) -> bytes:
        """Pickle an integer."""

    @abstractmethod
    def string(self, raw: bytes) -> bytes:
        """Pickle a Python 2 `str`."""

    def value(self, value: object) -> bytes:
        if isinstance(value, bytes):  # already pickled
            return value
        if isinstance(value, list):
            return self.sequence("list", value)
        if isinstance(value, np.ndarray):
            return self.array(value)
        return self.scalar(value)

    def sequence(self, kind: str, values: Iterable[object]) -> bytes:
        return b"(" + b"".join(map(self.value, values)) + {"tuple": b"t", "list": b"l"}[kind]

    def array(self, array: np.ndarray) -> bytes:
        empty = [b"cnumpy\nndarray\n", self.sequence("tuple", [self.integer(0)]), self.string(b"b")]
        shape = self.sequence("tuple", map(self.integer, array.shape))
        state = [
            self.integer(1),
            shape,
            self.dtype(array.dtype),
            self.false,
            self.string(array.tobytes()),
        ]
        return (
            b"cnumpy.core.multiarray\n_reconstruct\n"
            + self.sequence("tuple", empty) + b"R"
            + self.sequence("tuple", state) + b"b"
        )  # fmt: skip

    def scalar(self, scalar: Any) -> bytes:
        arguments = [self.dtype(scalar.dtype), self.string(scalar.tobytes())]
        return b"cnumpy.core.multiarray\nscalar\n" + self.sequence("tuple", arguments) + b"R"

    def dtype(self, dtype: np.dtype) -> bytes:
        order = b"|" if dtype.itemsize == 1 else b"<"
        name = [self.string(dtype.str[1:].encode()), self.integer(0), self.integer(1)]
        minus = self.integer(-1)
        state = [
            self.integer(3),
            self.string(order),
            b"N",
            b"N",
            b"N",
            minus,
            minus,
            self.integer(0),
        ]
        return b"cnumpy\ndtype\n" + self.sequence("tuple", name) + b"R" + self.sequence("tuple", state) + b"b"


class _Binary(_Dump):
    start, false = b"\x80\x02", b"\x89"

    def integer(self, n: int) -> bytes:
        return b"J" + struct.pack("<i", n)

    def string(self, raw: bytes) -> bytes:
        return b"T" + struct.pack("<i", len(raw)) + raw


class _Text(_Dump):
    false = b"I00\n"

    def integer(self, n: int) -> bytes:
        return b"I%d\n" % n

    def string(self, raw: bytes) -> bytes:
        # repr() of a Python 2 str is that of Python 3 bytes, without the b.
        return b"S" + repr(raw)[1:].encode("ascii") + b"\n"


def small_sets() -> list[Set]:
    """Return three small sets in the form of expand_mnist: the training part in lists, the rest in arrays."""
    rng = np.random.default_rng(7)
    images = [(rng.integers(0, 256, (n, 6)) / 256).astype(np.float32) for n in (5, 4, 3)]
    labels = [rng.integers(0, 10, n) for n in (5, 4, 3)]
    return [(list(images[0]), list(labels[0])), (images[1], labels[1]), (images[2], labels[2])]


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(python2_pickle(small_sets()))
