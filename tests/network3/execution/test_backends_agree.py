"""Numba and JAX take the same step from the same parameters, and neither leaves the network's floating-point type."""

from functools import cache

import numpy as np
import pytest
from pytensor.graph.basic import Constant

import network3
from network3 import ConvPoolLayer, FullyConnectedLayer, ReLU, SoftmaxLayer
from network3.data import Examples
from network3.execution.backends import make_runner
from network3.execution.compile import compile_scorer, compile_step, compiled
from network3.graph import number_streams
from network3.optim.regularization import l2

pytest.importorskip("jax")

LIMITS = {"float32": 1e-5, "float64": 1e-10}
# A step is then nearly all gradient, and what float32 loses in `w - eta * gradient` is small beside it.
ETA, LMBDA = 2.0**10, 2.0**-10


def conv_pool(filters, maps, side, activation_fn=network3.sigmoid):
    return ConvPoolLayer((filters, maps, 5, 5), (10, maps, side, side), (2, 2), activation_fn)


CHAPTER = {
    "shallow": lambda: [FullyConnectedLayer(784, 100), SoftmaxLayer(100, 10)],
    "basic_conv": lambda: [conv_pool(20, 1, 28), FullyConnectedLayer(2880, 100), SoftmaxLayer(100, 10)],
    "dbl_conv_relu": lambda: [
        conv_pool(20, 1, 28, ReLU),
        conv_pool(40, 20, 12, ReLU),
        FullyConnectedLayer(640, 100, ReLU),
        SoftmaxLayer(100, 10),
    ],
    "double_fc_dropout": lambda: [
        conv_pool(20, 1, 28, ReLU),
        conv_pool(40, 20, 12, ReLU),
        FullyConnectedLayer(640, 1000, ReLU, p_dropout=0.5),
        FullyConnectedLayer(1000, 1000, ReLU, p_dropout=0.5),
        SoftmaxLayer(1000, 10, p_dropout=0.5),
    ],
}


def chapter_network(backend, floatX, name):
    network3.use("cpu", floatX, backend=backend)
    return network3.Network(CHAPTER[name](), mini_batch_size=10)


@cache
def built(build, backend, floatX, what):
    return build(backend, floatX, what)


def first_weights(net):
    """Draw weights in eighths, none of them all 0: sums of small integers are exact, so that ties stay ties."""
    rng = np.random.default_rng(31)
    shapes = [w.shape for w in net.get_weights()]
    fans = [max(1, np.prod(shape[1:]) if len(shape) == 4 else shape[0]) for shape in shapes]
    return [
        np.where(size < 100, np.round(8 * (w := rng.normal(0, size**-0.5, shape))) / 8, w)
        for size, shape in zip(fans, shapes, strict=True)
    ]


def step_of(net, backend, batch, width):
    network3.use("cpu", net.floatX, backend=backend)
    return compiled(net, compile_step, batch, width, (), None, l2)


def take_step(build, backend, floatX, what, images, labels):
    """Return the cost of one step, what it subtracts from each parameter, and the dropout states after it."""
    net = built(build, backend, floatX, what)
    step = step_of(net, backend, *images.shape)
    net.set_weights(first_weights(net))
    number_streams(net.dropout_states, 5)
    before = net.get_weights()
    runner = make_runner(backend, step, Examples(images.astype(floatX), labels), floatX)
    (cost,) = runner.run(np.arange(len(images))[None], ETA, LMBDA)
    runner.close()
    updates = [b - w for b, w in zip(before, net.get_weights(), strict=True)]
    return cost, updates, [np.array(state.get_value()) for state in net.dropout_states]


def assert_agreement(build, floatX, what, images, labels):
    """Compare costs, and updates relative to the largest of each array."""
    (cost, updates, states), (jax_cost, jax_updates, jax_states) = (
        take_step(build, backend, floatX, what, images, labels) for backend in ("network3", "jax")
    )
    assert jax_cost == pytest.approx(cost, rel=LIMITS[floatX])
    for update, jax_update in zip(updates, jax_updates, strict=True):
        assert (update.dtype, jax_update.dtype) == (floatX, floatX)
        largest = np.abs(update).max()
        assert largest > 0
        np.testing.assert_allclose(jax_update, update, rtol=0, atol=LIMITS[floatX] * largest)
    np.testing.assert_array_equal(jax_states, states)
    assert all(state[2] == 1 for state in states)


@pytest.mark.parametrize("kind", ["random", "tied", "blank"])
@pytest.mark.parametrize("p_dropout", [0.0, 0.4])
@pytest.mark.parametrize("floatX", ["float32", "float64"])
def test_a_small_network_takes_the_same_step(small_network, floatX, p_dropout, kind):
    rng = np.random.default_rng(41)
    images = rng.normal(size=(5, 160)) if kind == "random" else rng.integers(0, 2, (5, 160)).astype("float64")
    if kind == "blank":
        images *= np.arange(5)[:, None] == 3  # all but one
    assert_agreement(small_network, floatX, p_dropout, images, np.array([3, 0, 2, 1, 3], "int32"))


@pytest.mark.slow
@pytest.mark.parametrize("name", CHAPTER)
@pytest.mark.parametrize("floatX", ["float32", "float64"])
def test_the_chapters_networks_take_the_same_step(floatX, name):
    images, labels = (part.get_value()[:10] for part in network3.load_data_shared()[0])
    assert_agreement(chapter_network, floatX, name, images, labels)


def variables(graph):
    """Yield every variable of a graph, and of the graphs inside its operations, whose inputs are variables outside."""
    yield from graph.variables
    for node in graph.apply_nodes:
        inner = getattr(getattr(node.op, "scalar_op", node.op), "fgraph", None)
        if inner is not None:
            yield from (variable for variable in variables(inner) if variable not in inner.inputs)


@pytest.mark.parametrize("backend", ["network3", "jax"])
@pytest.mark.parametrize(("floatX", "other"), [("float32", "float64"), ("float64", "float32")])
def test_no_graph_holds_a_value_of_the_other_type(small_network, backend, floatX, other):
    net = built(small_network, backend, floatX, 0.4)
    step = step_of(net, backend, 5, 160)
    scorer = compiled(net, compile_scorer, 100, 160, (), None)
    for graph in (step.function.maker.fgraph, scorer.function.maker.fgraph):
        found = [variable for variable in variables(graph) if hasattr(variable.type, "dtype")]
        assert floatX in {variable.type.dtype for variable in found}
        strays = [
            variable for variable in found if variable.type.dtype in (other, "float16", "complex64", "complex128")
        ]
        if (
            floatX == "float64"
        ):  # PyTensor keeps constants in the smallest type that holds them; whole numbers lose nothing
            strays = [v for v in strays if not (isinstance(v, Constant) and np.all(v.data == np.rint(v.data)))]
        assert strays == []
