"""Elementwise expressions over large arrays in one flat loop, against NumPy, and which are taken."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.scalar.basic import Composite

import network3.layers.backends.numba  # noqa: F401  (registers Ops and rewrites)
from network3.layers.backends.numba import team
from network3.layers.backends.numba.flat import LEAST, LEAST_SLOW, PART, FlatElemwise

EACH = {
    "just large enough": (LEAST,),
    "no part is full": (13, 17, 23),
    "one number too many": (PART + 1,),
    "two parts less one": (2, PART - 1),
    "rows of one number": (LEAST + 3, 1),
    "axes of length 1": (1, 67, 1, 71, 1),
    "feature maps": (10, 20, 12, 12),
}
# The array, and what is added to it.
SPREAD = {
    "a scalar": ((61, 83), ()),
    "a scalar with axes": ((61, 83), (1, 1)),
    "by map": ((10, 7, 11, 13), (1, 7, 1, 1)),
    "by map, one image": ((1, 7, 31, 29), (1, 7, 1, 1)),
    "by map, one map": ((10, 1, 31, 29), (1, 1, 1, 1)),
    "by map and image": ((10, 7, 11, 13), (10, 7, 1, 1)),
    "by map, of one number": ((100, 73, 1, 1), (1, 73, 1, 1)),
    "large maps": ((2, 3, 67, 71), (1, 3, 1, 1)),
    "a row": ((61, 83), (1, 83)),
    "a row, broadcast": ((61, 83), (83,)),
    "a long row": ((3, 5003), (1, 5003)),
    "a column": ((61, 83), (61, 1)),
    "a column, long rows": ((3, 5003), (3, 1)),
    "a middle axis": ((11, 7, 13, 17), (1, 1, 13, 1)),
    "the last axes": ((11, 7, 13, 17), (1, 1, 13, 17)),
    "the first axes": ((11, 7, 13, 17), (11, 7, 1, 1)),
}


def given(*arrays):
    return [pt.tensor(dtype=a.dtype, shape=a.shape) for a in arrays]


def compiled(inputs, outputs, mode="NUMBA"):
    function = pytensor.function(inputs, outputs, mode=mode)
    return function, [node for node in function.maker.fgraph.apply_nodes if isinstance(node.op, FlatElemwise)]


def drawn(*shapes, dtype="float32"):
    """Draw in eighths: their sums are exact, in whatever order PyTensor takes them."""
    rng = np.random.default_rng(23)
    return [np.asarray(rng.integers(-99, 99, shape) / 8).astype(dtype) for shape in shapes]


def same(got, expected):
    assert got.dtype == expected.dtype
    assert got.flags.c_contiguous
    np.testing.assert_array_equal(got, expected)


@pytest.fixture(params=["1", "2"], autouse=True)
def threads(request, monkeypatch):
    monkeypatch.setenv("NETWORK3_THREADS", request.param)
    with team.at_work():
        yield


@pytest.mark.parametrize("shape", EACH.values(), ids=EACH)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_arrays_of_one_shape(shape, dtype):
    x, y = drawn(shape, shape, dtype=dtype)
    inputs = given(x, y)
    function, taken = compiled(inputs, abs(inputs[0]) - inputs[1])
    assert len(taken) == 1
    same(function(x, y), abs(x) - y)


@pytest.mark.parametrize(("shape", "other"), SPREAD.values(), ids=SPREAD)
def test_one_that_is_spread(shape, other):
    x, b, z = drawn(shape, other, shape)
    inputs = given(x, b, z)
    function, taken = compiled(inputs, (inputs[0] + inputs[1]) - abs(inputs[2]))
    assert len(taken) == 1
    same(function(x, b, z), (x + b) - abs(z))


def test_several_that_are_spread_in_the_same_way():
    """And one number, which has a place in every row."""
    x, a, b, one = drawn((10, 7, 11, 13), (1, 7, 1, 1), (1, 7, 1, 1), ())
    inputs = given(x, a, b, one)
    function, taken = compiled(inputs, (inputs[0] + inputs[1]) - inputs[2] - inputs[3])
    assert len(taken) == 1
    same(function(x, a, b, one), x + a - b - one)


@pytest.mark.parametrize("other", [(1, 7, 1, 1), (10, 7, 11, 13)], ids=["by map", "each"])
def test_several_outputs(other):
    """Rectified values and where they come from, as in a layer and its gradient."""
    x, b = drawn((10, 7, 11, 13), other)
    inputs = given(x, b)
    z = inputs[0] + inputs[1]
    function, taken = compiled(inputs, [pt.maximum(z, 0), z > 0])
    assert len(taken) == 1
    assert isinstance(taken[0].op.scalar_op, Composite)
    assert len(taken[0].outputs) == 2
    rectified, mask = function(x, b)
    same(rectified, np.maximum(x + b, 0))
    same(mask, x + b > 0)


def test_numbers_of_several_types():
    x, y = drawn((61, 83), (61, 1))
    whole = np.random.default_rng(24).integers(-9, 9, (61, 83)).astype("int32")
    mask = whole % 3 == 0
    inputs = given(x, y, whole, mask)
    function, taken = compiled(inputs, pt.switch(inputs[3], inputs[0] + inputs[1], inputs[2]))
    assert len(taken) == 1
    got = function(x, y, whole, mask)
    same(got, np.where(mask, (x + y).astype(got.dtype), whole))


def test_grey_levels():
    levels = np.random.default_rng(25).integers(0, 256, (61, 83)).astype("uint8")
    inputs = given(levels)
    function, taken = compiled(inputs, [inputs[0] + np.uint8(200), inputs[0].astype("float32") / np.float32(256)])
    assert taken
    added, scaled = function(levels)
    same(added, levels + np.uint8(200))
    same(scaled, levels.astype("float32") / np.float32(256))


def test_bool_to_bool():
    a, b = (np.random.default_rng(seed).random((61, 83)) < 0.5 for seed in range(2))
    inputs = given(a, b)
    function, taken = compiled(inputs, inputs[0] & ~inputs[1])
    assert len(taken) == 1
    same(function(a, b), a & ~b)


def test_nan_and_infinity_stay():
    x, b = drawn((10, 7, 11, 13), (1, 7, 1, 1))
    x[3, 2, 1, 0], x[4, 5, 6, 7], x[9, 6, 10, 12] = np.nan, np.inf, -np.inf
    b[0, 1] = np.nan
    inputs = given(x, b)
    function, _ = compiled(inputs, abs(inputs[0] + inputs[1]))
    same(function(x, b), abs(x + b))


@pytest.mark.parametrize("other", [(61, 83), (1, 83), (61, 1)], ids=["each", "a row", "a column"])
def test_arrays_that_lie_in_another_way(other):
    x, b = drawn((61, 83), other)
    inputs = given(x, b)
    function, taken = compiled(inputs, abs(inputs[0]) - inputs[1])
    assert len(taken) == 1
    for view in (np.asfortranarray, lambda a: a[::-1], lambda a: a.repeat(2, axis=-1)[..., ::2]):
        same(function(view(x), view(b)), abs(view(x)) - view(b))


def test_transposed_in_the_graph():
    x, y = drawn((83, 61), (61, 83))
    inputs = given(x, y)
    function, taken = compiled(inputs, abs(inputs[0].T) - inputs[1])
    assert len(taken) == 1
    same(function(x, y), abs(x.T) - y)


def test_inputs_are_left_as_they_were():
    x, y = drawn((61, 83), (61, 83))
    before = [x.copy(), y.copy()]
    inputs = given(x, y)
    function, _ = compiled(inputs, abs(inputs[0]) - inputs[1])
    function(x, y)
    np.testing.assert_array_equal([x, y], before)


@pytest.mark.parametrize(
    ("shape", "other"),
    [
        ((LEAST - 1,), (LEAST - 1,)),
        ((7, 71), (1, 71)),
        ((61, None), (61, 83)),
        ((None, None), (1, 83)),
        ((10, 7, 11, 13), (1, 7, 1, 13)),
    ],
    ids=["small", "small and a row", "a size is unknown", "no size is known", "axes that are no group"],
)
def test_left_to_pytensor(shape, other):
    x, b = pt.tensor(dtype="float32", shape=shape), pt.tensor(dtype="float32", shape=other)
    function, taken = compiled([x, b], abs(x) - b)
    assert not taken
    values = drawn([n or 83 if d else n or 61 for d, n in enumerate(shape)], other)
    same(function(*values), abs(values[0]) - values[1])


@pytest.mark.parametrize(("count", "taken"), [(LEAST_SLOW, 1), (LEAST_SLOW - 1, 0)])
@pytest.mark.parametrize("slow", [pt.sigmoid, pt.tanh, pt.exp, lambda x: pt.log(abs(x) + 2)])
def test_functions_that_take_long_are_taken_sooner(count, taken, slow):
    (x,) = drawn((count,))
    (z,) = given(x)
    function, found = compiled([z], 2 * slow(z))
    assert len(found) == taken
    exact = (2 * slow(pt.constant(x.astype("float64")))).eval(mode="FAST_COMPILE")
    np.testing.assert_allclose(function(x), exact, rtol=1e-6)


def test_two_ways_of_spreading_are_left_to_pytensor():
    column, row = drawn((61, 1), (1, 83))
    inputs = given(column, row)
    function, taken = compiled(inputs, abs(inputs[0]) - inputs[1])
    assert not taken
    same(function(column, row), abs(column) - row)


def test_for_numba_alone():
    x, y = drawn((61, 83), (61, 83))
    inputs = given(x, y)
    function, taken = compiled(inputs, abs(inputs[0]) - inputs[1], mode="FAST_COMPILE")
    assert not taken
    same(function(x, y), abs(x) - y)


def test_the_truth_in_numpy():
    """The Op in Python, for modes in which it was put by hand."""
    x, b = drawn((10, 7, 11, 13), (1, 7, 1, 1))
    inputs = given(x, b)
    function, (node,) = compiled(inputs, abs(inputs[0]) - inputs[1])
    places = [function.maker.fgraph.inputs.index(variable) for variable in node.inputs]
    inputs, values = [inputs[k] for k in places], [(x, b)[k] for k in places]
    function = pytensor.function(inputs, node.op(*inputs), mode="FAST_COMPILE")
    same(function(*values), abs(x) - b)
