"""Malicious pickles are rejected: no function that they name is called, and no memory is allocated."""

import builtins
import gzip
import os
import pickle
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from network3.datasets.formats.unpickler import ALLOWED

ARRAYS = [(np.arange(6.0 * n).reshape(n, 6), np.arange(n)) for n in (5, 4, 3)]


@pytest.fixture
def nothing_executed(monkeypatch):
    """Record every call of the functions that the malicious pickles below name."""
    calls = []
    for module, name in [
        (os, "system"),
        (os, "mkdir"),
        (builtins, "eval"),
        (builtins, "exec"),
        (builtins, "open"),
    ]:
        # Path.write_bytes opens files by io.open, which is another name.
        monkeypatch.setattr(module, name, lambda *args, name=name: calls.append(name))
    yield
    assert calls == []


# -----------------------------------------------------------------------------------------------


class Call:
    """An object that is pickled as a call of the function."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


MALICIOUS = {
    "os.system": b"cos\nsystem\n(S'touch hacked'\ntR.",
    "posix.system": b"cposix\nsystem\n(S'touch hacked'\ntR.",
    "os.mkdir": b"cos\nmkdir\n(S'hacked'\ntR.",
    "builtins.eval": b'cbuiltins\neval\n(S\'open("hacked", "w")\'\ntR.',
    "__builtin__.eval": b"c__builtin__\neval\n(S'1'\ntR.",
    "builtins.exec": b"\x80\x04\x8c\x08builtins\x8c\x04exec\x93\x8c\x011\x85R.",  # STACK_GLOBAL
    "builtins.getattr": b"cbuiltins\ngetattr\n.",
    "numpy.load": b"cnumpy\nload\n(S'x'\ntR.",
    "numpy.ndarray.tofile": b"\x80\x04\x8c\x05numpy\x8c\x0endarray.tofile\x93.",  # a dotted name
    "numpy.core.multiarray.fromfile": b"cnumpy.core.multiarray\nfromfile\n.",
    "_codecs.decode": b"c_codecs\ndecode\n.",
    "copyreg._reconstructor": b"ccopyreg\n_reconstructor\n.",
    "os.system by INST": b"(S'touch hacked'\nios\nsystem\n.",
}


@pytest.mark.parametrize("name", MALICIOUS)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_other_names_are_rejected_and_reported(read, nothing_executed, name, pack):
    expected = name.split(" ")[0].replace(".", r"\.")
    with pytest.raises(pickle.UnpicklingError, match=rf"the name {expected}\. Nothing in it was executed\. Use"):
        read(pack(MALICIOUS[name]))
    assert not Path("hacked").exists()


def test_the_error_has_four_parts(read, nothing_executed):
    with pytest.raises(pickle.UnpicklingError) as error:
        read(MALICIOUS["os.system"])
    for part in (
        "read_pickle(",
        "expected a pickle of three",
        "got one with the name os.system",
        "save the arrays as",
    ):
        assert part in str(error.value)


TOUCH = Call(os.system, "touch hacked")
# Pickled here, before nothing_executed replaces os.system.
HIDDEN = [
    pickle.dumps([*ARRAYS[:2], (ARRAYS[2][0], TOUCH)], protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
]
OBJECTS = [
    pickle.dumps([(np.array([[1, "a"], [None, TOUCH]], object), np.arange(2))] * 3, protocol)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
]


@pytest.mark.parametrize("content", HIDDEN)
def test_a_call_hidden_among_valid_arrays(read, nothing_executed, content):
    with pytest.raises(pickle.UnpicklingError, match=r"the name (posix|nt)\.system"):
        read(content)


@pytest.mark.parametrize("content", OBJECTS)
def test_object_arrays_are_rejected(read, nothing_executed, content):
    with pytest.raises(pickle.UnpicklingError, match="got one with an object array"):
        read(content)


@pytest.mark.parametrize(
    "array",
    [
        np.array(["ab"]),
        np.array([b"ab"]),
        np.zeros(1, "i4,f4"),
        np.zeros(1, "M8[s]"),
        np.zeros(1, "c16"),
        np.zeros(1, "V3"),
    ],
)
def test_other_dtypes_are_rejected(read, array):
    with pytest.raises(pickle.UnpicklingError, match="got one with an array of dtype"):
        read(pickle.dumps([(array, np.arange(1)), *ARRAYS[1:]], 2))


def test_no_other_names_are_allowed():
    names = {f"{module}.{name}" for module, names in ALLOWED.items() for name in names}
    assert names == {
        "numpy.ndarray", "numpy.dtype", "_codecs.encode",
        "numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct",
        "numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar",
        "numpy.core.numeric._frombuffer", "numpy._core.numeric._frombuffer",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "message"),
    [
        # The allowed names cannot be modified (BUILD), instantiated (NEWOBJ) or used to allocate memory.
        (b"cnumpy\ndtype\n(N}S'__defaults__'\n(I1\ntstb.", r"a modification of numpy\.dtype"),
        (b"cnumpy\nndarray\n(}tb.", r"a modification of numpy\.ndarray"),
        (b"\x80\x02cnumpy\nndarray\n)\x81.", "NEWOBJ"),
        (b"cnumpy\nndarray\n((I4000000000\nI4000000000\nttR.", r"calling numpy\.ndarray"),
        (b"c_codecs\nencode\n(S'x'\nS'rot13'\ntR.", "a text encoding other than latin1"),
        # A dtype named f4 whose state has fields of objects.
        (b"cnumpy\ndtype\n(S'f4'\ntR(I3\nS'|'\nN(S'a'\nt}tb.", "a compound dtype"),
        (b"cnumpy\ndtype\n(S'f4'\ntR(I3\nS'O'\nNNNtb.", "a compound dtype"),
        (b"Pwhatever\n.", "an object outside the file"),
        (b"\x80\x02\x82\x01.", "unregistered extension code"),
        (b"\x80\x05\x97.", "out-of-band data"),
    ],
)
def test_tricks_with_the_allowed_names(read, nothing_executed, content, message):
    with pytest.raises(pickle.UnpicklingError, match=message):
        read(content)


def state_of(shape, dtype=b"S'f4'", raw=b"S''", tail=b"b"):
    """Return the pickle of an array of this shape and these bytes, consistent or not."""
    return (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR"
        b"(I1\n" + shape + b"cnumpy\ndtype\n(" + dtype + b"\nI0\nI1\ntRI00\n" + raw + b"\nt" + tail
    )


@pytest.mark.parametrize(
    "shape",
    [b"(L4000000000L\nL4000000000L\nt", b"(I-1\nt", b"(F2.5\nt", b"(" + b"I0\n" * 70 + b"t", b"N"],
)
def test_shapes_that_do_not_match_the_bytes_allocate_nothing(read, shape):
    tracemalloc.start()
    try:
        with pytest.raises(pickle.UnpicklingError, match="got one with an array"):
            read(state_of(shape) + b".")
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_an_array_without_content(read):
    empty = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR"
    with pytest.raises(pickle.UnpicklingError, match="an array without content instead of the training images"):
        read(b"(" + b"(" + empty + b"(lt" + b"(t(tt.")


def test_a_thousand_references_to_one_image_are_not_copied(read):
    image = np.zeros(2**20, np.uint8)
    content = pickle.dumps([([image] * 1000, [0] * 1000), *ARRAYS[1:]])
    with pytest.raises(pickle.UnpicklingError, match=r"1,000 training images of 1,048,576 values, more than"):
        read(content)


@pytest.mark.parametrize("opening", [b"(", b"]", b"}", b"(I1\n"])
@pytest.mark.parametrize("closing", [b"", b"t", b"a", b"s"])
def test_deep_nesting(read, opening, closing):
    with pytest.raises(pickle.UnpicklingError, match="read_pickle"):
        read(opening * 200_000 + closing * 200_000 + b".")


def test_nested_lists_that_share_their_parts_are_not_expanded(read):
    # Sixty lists, each with the previous one twice: 2**60 numbers to traverse or print.
    value = [1, 2]
    for _ in range(60):
        value = [value, value]
    shape = (1, 2)
    for _ in range(60):
        shape = (shape, shape)
    with pytest.raises(pickle.UnpicklingError, match="a list of 2 instead of the training labels"):
        read(pickle.dumps([(ARRAYS[0][0], value), *ARRAYS[1:]]))
    with pytest.raises(pickle.UnpicklingError, match="whose shape is not a tuple of sizes"):
        read(state_of(pickle.dumps(shape, 1)[:-1]) + b".")


def test_a_gzip_bomb_is_stopped(read):
    length = 2**31 - 1
    bomb = gzip.compress(b"T" + length.to_bytes(4, "little") + bytes(2**26))
    tracemalloc.start()
    try:
        with pytest.raises(pickle.UnpicklingError, match=r"more than 67,108,864 bytes"):
            read(bomb)
        assert tracemalloc.get_traced_memory()[1] < 2**22
    finally:
        tracemalloc.stop()


def test_a_plain_file_that_declares_more_than_its_size(read):
    with pytest.raises(pickle.UnpicklingError, match="more than 15 bytes"):
        read(b"T\xff\xff\xff\x7f0123456789")
