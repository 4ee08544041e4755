"""Our exp, sigmoid and tanh of float32 against NumPy's in float64, and where they take the place of PyTensor's."""

import numba
import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.compile.mode import get_mode
from pytensor.graph.fg import FunctionGraph
from pytensor.scalar.basic import Composite

import network3.layers.backends.numba  # noqa: F401  (registers Ops and rewrites)
from network3.layers.backends.numba import exponential
from network3.layers.backends.numba.elementwise import FAST

UNITS = {"exp": 1.0, "sigmoid": 2.5, "tanh": 1.5}
OURS = {"exp": "FastExp", "sigmoid": "FastSigmoid", "tanh": "FastTanh"}
THEIRS = {"exp": "Exp", "sigmoid": "Sigmoid", "tanh": "Tanh"}
MODES = ["NUMBA", "FAST_COMPILE", "C", "JAX", "PYTORCH"]
NEEDS = {"JAX": "jax", "PYTORCH": "torch"}


@pytest.fixture(params=UNITS)
def name(request):
    return request.param


def exact(name, x):
    x = x.astype("float64")
    if name == "sigmoid":
        small = np.exp(-abs(x))
        return np.where(x < 0, small, 1) / (1 + small)
    with np.errstate(over="ignore"):
        return getattr(np, name)(x)


def looped(kernel):
    @numba.njit
    def loop(x, y):
        for i in range(x.size):
            y[i] = kernel(x[i])

    def values(x):
        y = np.empty_like(x)
        loop(x, y)
        return y

    return values


LOOPS = {name: looped(getattr(exponential, name)) for name in UNITS}


def units_off(got, expected):
    """Return how far `got` is from the float64 numbers `expected`, in units in the last place of float32."""
    return abs(got - expected) / abs(np.spacing(expected.astype("float32"))).astype("float64")


def scalars(graph):
    """The names of all scalar Ops in a graph, those inside fused ones included."""
    names = []
    for node in graph.apply_nodes:
        scalar = getattr(node.op, "scalar_op", None)
        inner = [n.op for n in scalar.fgraph.apply_nodes] if isinstance(scalar, Composite) else [scalar]
        names += [type(op).__name__ for op in inner if op is not None]
    return names


def given(*arrays):
    return [pt.tensor(dtype=a.dtype, shape=a.shape) for a in arrays]


@pytest.mark.parametrize("sign", [1, -1])
def test_numbers_of_every_size(name, sign):
    """Bit patterns at even steps, from the smallest subnormal number to the largest: all magnitudes alike."""
    x = sign * np.arange(1, 0x7F800000, 1009, dtype="uint32").view("float32")
    expected = exact(name, x)
    with np.errstate(over="ignore"):
        finite = np.isfinite(expected.astype("float32"))
    got = LOOPS[name](x)
    np.testing.assert_array_equal(np.isfinite(got), finite)
    assert units_off(got[finite], expected[finite]).max() <= UNITS[name]


@pytest.mark.parametrize(("low", "high"), [(-104, -87), (-87, -1), (-1, 1), (0.6, 0.65), (1, 88.7)])
def test_dense_ranges(name, low, high):
    x = np.linspace(low, high, 200_003).astype("float32")
    assert units_off(LOOPS[name](x), exact(name, x)).max() <= UNITS[name]


@pytest.mark.parametrize(
    ("name", "x", "expected"),
    [
        ("exp", [np.inf, -np.inf, 0, -0.0, 88.73, 1e30, -104, -1e30], [np.inf, 0, 1, 1, np.inf, np.inf, 0, 0]),
        ("sigmoid", [np.inf, -np.inf, 0, -0.0, 1e30, -1e30, 100, -105], [1, 0, 0.5, 0.5, 1, 0, 1, 0]),
        ("tanh", [np.inf, -np.inf, 0, -0.0, 1e30, -1e30, 1e-45, -1e-45], [1, -1, 0, -0.0, 1, -1, 1e-45, -1e-45]),
    ],
)
def test_ends(name, x, expected):
    got = LOOPS[name](np.array(x, "float32"))
    np.testing.assert_array_equal(got, np.array(expected, "float32"))
    np.testing.assert_array_equal(np.signbit(got), np.signbit(expected))


def test_nan_stays_where_it_is(name):
    x = np.linspace(-3, 3, 77).astype("float32")
    x[[0, 5, 40, 76]] = np.nan
    np.testing.assert_array_equal(np.isnan(LOOPS[name](x)), np.isnan(x))


def test_subnormal_results(name):
    """What is too small for a full-length number is neither lost nor wrong before it is 0."""
    x = np.float32([-88.8, -95, -100, -103.2])
    got = LOOPS[name](x)
    assert units_off(got, exact(name, x)).max() <= UNITS[name]
    assert (got != 0).all()


def test_tanh_is_odd():
    x = np.linspace(0, 12, 100_003).astype("float32")
    np.testing.assert_array_equal(LOOPS["tanh"](-x), -LOOPS["tanh"](x))


@pytest.mark.parametrize("mode", MODES)
def test_for_numba_alone(name, mode):
    """What each mode's rewrites leave; nothing is compiled."""
    if mode in NEEDS:
        pytest.importorskip(NEEDS[mode])
    x = pt.tensor(dtype="float32", shape=(3, 5))
    graph = FunctionGraph([x], [getattr(pt, name)(2 * x + 1)], clone=True)
    get_mode(mode).optimizer.rewrite(graph)
    ops = scalars(graph)
    there, gone = (OURS, THEIRS) if mode == "NUMBA" else (THEIRS, OURS)
    assert there[name] in ops
    assert gone[name] not in ops


@pytest.mark.parametrize("mode", ["NUMBA", "FAST_COMPILE"])
def test_float64_is_left_to_pytensor(name, mode):
    value = np.random.default_rng(0).normal(0, 3, (7, 11))
    (x,) = given(value)
    function = pytensor.function([x], getattr(pt, name)(x), mode=mode)
    assert scalars(function.maker.fgraph) == [THEIRS[name]]
    np.testing.assert_allclose(function(value), exact(name, value), rtol=1e-14)


def test_integers_are_left_to_pytensor(name):
    x = pt.tensor(dtype="int32", shape=(3,))
    function = pytensor.function([x], getattr(pt, name)(x), mode="NUMBA")
    assert OURS[name] not in scalars(function.maker.fgraph)
    np.testing.assert_allclose(function(np.int32([-2, 0, 1])), exact(name, np.float64([-2, 0, 1])), rtol=1e-6)


def test_fused_with_what_stands_around(name):
    """One Op is left: ours does not part what PyTensor would fuse."""
    value = np.random.default_rng(1).normal(size=(5, 7)).astype("float32")
    (x,) = given(value)
    function = pytensor.function([x], 3 * getattr(pt, name)(x + 1) - x, mode="NUMBA")
    assert len(function.maker.fgraph.apply_nodes) == 1
    assert OURS[name] in scalars(function.maker.fgraph)
    np.testing.assert_allclose(function(value), 3 * exact(name, value + 1) - value, rtol=3e-6, atol=3e-6)


@pytest.mark.parametrize(
    ("shape", "other"),
    [
        ((1,), (1,)),
        ((17,), (17,)),
        ((5003,), (1,)),
        ((3, 37), (1, 37)),
        ((3, 37), (3, 1)),
        ((2, 3, 5, 7), (1, 3, 1, 1)),
        ((6, 7, 11, 13), (1, 7, 1, 1)),
        ((6, 7, 11, 13), (6, 1, 11, 1)),
    ],
)
def test_odd_sizes_and_spread_inputs(name, shape, other):
    rng = np.random.default_rng(2)
    values = [rng.normal(0, 2, s).astype("float32") for s in (shape, other)]
    x, b = given(*values)
    got = pytensor.function([x, b], getattr(pt, name)(x + b), mode="NUMBA")(*values)
    assert (got.dtype, got.shape) == ("float32", shape)
    np.testing.assert_allclose(got, exact(name, values[0] + values[1]), rtol=5e-7)


def test_unknown_and_strided_shapes(name):
    value = np.random.default_rng(3).normal(size=(12, 14)).astype("float32")
    x = pt.matrix(dtype="float32")
    function = pytensor.function([x], getattr(pt, name)(x), mode="NUMBA")
    for view in (value, value.T, value[::2, ::-3], value[:0]):
        np.testing.assert_allclose(function(view), exact(name, view), rtol=5e-7)


@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
def test_gradient(name):
    """Against the closed form: s (1 - s) and 1 - t squared."""
    value = np.random.default_rng(4).normal(0, 2, (9, 13)).astype("float32")
    (x,) = given(value)
    function = pytensor.function([x], pt.grad(getattr(pt, name)(x).sum(), x), mode="NUMBA")
    assert OURS[name] in scalars(function.maker.fgraph)
    y = exact(name, value)
    expected = y * (1 - y) if name == "sigmoid" else 1 - y**2
    np.testing.assert_allclose(function(value), expected, rtol=1e-4, atol=1e-6)


def test_the_truth_in_numpy(name):
    """Where Numba is not asked, as for constants, the Op's own Python gives the value."""
    op = next(fast for theirs, fast in FAST.items() if theirs.__name__ == THEIRS[name])
    x = np.float32(-1.25)
    assert op.impl(x).dtype == "float32"
    np.testing.assert_allclose(op.impl(x), exact(name, x), rtol=5e-7)
