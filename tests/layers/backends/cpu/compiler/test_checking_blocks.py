"""Checking mode: copies and tiles, which access several elements at a time."""

import numpy as np
import pytest

from network3.layers.backends.cpu.compiler import Array, Int, Tile, copy, prefetch
from network3.layers.backends.cpu.compiler.translation import module_text
from tests.layers.backends.cpu.compiler.agreement import kernel_of
from tests.layers.backends.cpu.compiler.guarded import LEAST, MOST, Guarded, line_of, reported


@pytest.mark.parametrize(
    ("i", "j", "wrong"), [(-1, 0, -1), (3, 0, 3), (0, -1, -1), (0, 2, 2), (MOST, 0, MOST), (0, LEAST, LEAST)]
)
def test_copies(i, j, wrong):
    def copied(part, x: Array("float32"), y: Array("float32"), i: Int, j: Int):
        copy(x, i, y, j, 4)  #!

    x, y = Guarded(np.zeros(6)), Guarded([1, 2, 3, 4, 5])
    index, length = (i, 6) if j == 0 else (j, 5)
    assert reported(copied, x, y, i, j) == f"{line_of(copied)}: index {index} of an array of {length}"
    assert not x.array.any()
    assert reported(copied, x, y, 2, 1) is None
    assert x.array.tolist() == [0, 0, 2, 3, 4, 5]


def test_copies_that_overlap():
    def moved(part, x: Array("float32"), i: Int):
        copy(x, i, x, 4, 3)  #!

    x = Guarded(range(10))
    for i in (2, 3, 4, 5, 6):
        assert reported(moved, x, i) == f"{line_of(moved)}: copy between ranges that overlap, {i - 4} apart"
    for i in (0, 1, 7):
        assert reported(moved, x, i) is None


@pytest.mark.parametrize("index", [0, 5, 6, -1, MOST, LEAST])
def test_prefetching_from_anywhere(index):
    def prefetched(part, x: Array("float32"), i: Int):
        prefetch(x, i)
        x[0] = x[5]

    x = Guarded(range(6))
    assert reported(prefetched, x, index) is None
    assert x.array.tolist() == [5, 1, 2, 3, 4, 5]
    assert "call void @llvm.prefetch" in module_text(kernel_of(prefetched), "kernel", checking=False)[0]


TILE = Tile("float32", 4, (0, 2), (0, 5))  # accesses elements 0 to 2 of the left array, 0 to 8 of the right one
VECTORS = Tile("float32", 4, (0, 2), (0, 5), broadcast=False)  # accesses elements 0 to 5 of the left array


def accumulate(part, x: Array("float32"), y: Array("float32"), i: Int, j: Int):
    t = TILE.zero()
    TILE.accumulate(t, x, i, y, j)  #!


def accumulate_vectors(part, x: Array("float32"), y: Array("float32"), i: Int, j: Int):
    t = VECTORS.zero()
    VECTORS.accumulate(t, x, i, y, j)  #!


def load(part, x: Array("float32"), y: Array("float32"), i: Int, j: Int):
    TILE.load(y, j)  #!


def store_(part, x: Array("float32"), y: Array("float32"), i: Int, j: Int):
    t = TILE.zero()
    TILE.store(t, y, j, 10)  #!


def blend(part, x: Array("float32"), y: Array("float32"), i: Int, j: Int):
    t = TILE.zero()
    TILE.blend(t, y, j, 10, 0.5, 2.0)  #!


def add_to(part, x: Array("float32"), y: Array("float32"), i: Int, j: Int):
    t = TILE.zero()
    TILE.add_to(t, y, j)  #!


def scatter(part, x: Array("float32"), y: Array("float32"), i: Int, j: Int):
    t = TILE.load(y, 0)
    TILE.scatter(t, x, i, y, j)  #!


# For each, the number of elements that it accesses from i on in x, and from j on in y.
REACHES = {
    accumulate: (3, 9),
    accumulate_vectors: (6, 9),
    load: (0, 9),
    store_: (0, 19),
    blend: (0, 19),
    add_to: (0, 16),
}
REACHES[scatter] = 1, 9


@pytest.mark.parametrize("function", REACHES)
def test_tiles(function):
    in_x, in_y = REACHES[function]
    size = 24
    x, y = Guarded(np.arange(size)), Guarded(np.arange(size))
    place = line_of(function)
    for i, j in [(0, 0), (size - max(in_x, 1), size - in_y)]:
        assert reported(function, x, y, i, j) is None
    before = y.array.copy()
    for i, j in [(-1, 0), (size - in_x + 1, 0)] if in_x else []:
        assert reported(function, x, y, i, j).startswith(f"{place}: index ")
    for j in (-1, size - in_y + 1, LEAST, MOST):
        assert reported(function, x, y, 0, j).startswith(f"{place}: index ")
    if function in (accumulate, accumulate_vectors, load):
        np.testing.assert_array_equal(y.array, before)


def test_the_largest_of_a_tile():
    def largest(part, out: Array("float32"), bits: Array("int32"), i: Int):
        t = TILE.zero()
        TILE.largest(t, out, bits, i, 5)  #!

    for sizes in ((9, 20), (20, 9)):
        out, bits = Guarded(np.zeros(sizes[0])), Guarded(np.zeros(sizes[1]), "int32")
        for i in (-1, 1):
            assert reported(largest, out, bits, i).startswith(f"{line_of(largest)}: index ")
        assert reported(largest, out, bits, 0) is None
