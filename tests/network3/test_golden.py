"""Training follows, step by step, what the book's own code did on Theano (tests/golden)."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import network3
from network3 import ConvPoolLayer, FullyConnectedLayer, ReLU, SoftmaxLayer, tanh
from network3.data import Examples
from network3.execution.backends import make_runner
from network3.execution.compile import compile_step, compiled
from network3.optim.regularization import l2

FOLDER = Path(__file__).parent.parent / "golden"
# Another order of summation alone moves dbl_conv_tanh by 4e-9.
LIMITS = {"shallow": 1e-10, "basic_conv": 1e-10, "dbl_conv_relu": 1e-10, "dbl_conv_tanh": 1e-7}
ALL = [
    "shallow",
    "dbl_conv_relu",
    pytest.param("basic_conv", marks=pytest.mark.slow),
    pytest.param("dbl_conv_tanh", marks=pytest.mark.slow),
]
FLOAT32_STEPS = 30


def two_convolutions(activation_fn):
    return [
        ConvPoolLayer((20, 1, 5, 5), (10, 1, 28, 28), (2, 2), activation_fn),
        ConvPoolLayer((40, 20, 5, 5), (10, 20, 12, 12), (2, 2), activation_fn),
        FullyConnectedLayer(40 * 4 * 4, 100, activation_fn),
        SoftmaxLayer(100, 10),
    ]


LAYERS = {
    "shallow": lambda: [FullyConnectedLayer(784, 100), SoftmaxLayer(100, 10)],
    "basic_conv": lambda: [
        ConvPoolLayer((20, 1, 5, 5), (10, 1, 28, 28), (2, 2)),
        FullyConnectedLayer(20 * 12 * 12, 100),
        SoftmaxLayer(100, 10),
    ],
    "dbl_conv_relu": lambda: two_convolutions(ReLU),
    "dbl_conv_tanh": lambda: two_convolutions(tanh),
}


@cache
def golden(name):
    with np.load(FOLDER / f"{name}.npz") as file:
        trace = dict(file)
    return trace | json.loads(str(trace["meta"]))


@cache
def mnist():
    return [(x.get_value(), y.get_value()) for x, y in network3.load_data_shared()]


def first_values(name, floatX):
    network3.use("cpu", floatX, backend="network3")
    np.random.seed(golden(name)["seed"])  # the original drew from NumPy's global state
    return network3.Network(LAYERS[name](), golden(name)["mini_batch_size"])


@cache
def trained(name, floatX, steps):
    """Train as `SGD` does: it has no `lmbda` for a part of the data, since it divides by its own number of batches."""
    net, trace = first_values(name, floatX), golden(name)
    batch = trace["mini_batch_size"]
    images, labels = (part[: steps * batch] for part in mnist()[0])
    step = compiled(net, compile_step, batch, 784, (), None, l2 if trace["lmbda"] > 0 else None)
    runner = make_runner("network3", step, Examples(images.astype(floatX), labels), floatX)
    rows = np.arange(steps * batch).reshape(steps, batch)
    costs = runner.run(rows, trace["eta"], trace["lmbda"] / trace["num_training_batches"])
    runner.close()
    return net, costs


@pytest.mark.parametrize("name", LAYERS)
def test_first_values_are_the_originals_bit_for_bit(name):
    weights, trace = first_values(name, "float64").get_weights(), golden(name)
    assert len(weights) == sum(key.startswith("init_") for key in trace)
    for k, weight in enumerate(weights):
        np.testing.assert_array_equal(weight, trace[f"init_{k}"], strict=True)


@pytest.mark.parametrize("name", LAYERS)
def test_float32_starts_from_the_same_values_rounded(name):
    for k, weight in enumerate(first_values(name, "float32").get_weights()):
        np.testing.assert_array_equal(weight, golden(name)[f"init_{k}"].astype("float32"), strict=True)


@pytest.mark.parametrize("name", ALL)
def test_costs_are_the_originals(name):
    _, costs = trained(name, "float64", 200)
    np.testing.assert_allclose(costs, golden(name)["costs"], rtol=LIMITS[name], atol=0)


@pytest.mark.parametrize("name", ALL)
def test_final_parameters_are_the_originals(name):
    net, _ = trained(name, "float64", 200)
    for k, weight in enumerate(net.get_weights()):
        final = golden(name)[f"final_{k}"]
        np.testing.assert_allclose(weight, final, rtol=0, atol=LIMITS[name] * np.abs(final).max())


@pytest.mark.parametrize("name", ALL)
def test_validation_accuracy_is_the_originals_batch_by_batch(name):
    net, _ = trained(name, "float64", 200)
    images, labels = (part[:500] for part in mnist()[1])
    right = net.predict(images) == labels
    np.testing.assert_allclose(right.reshape(50, 10).mean(axis=1), golden(name)["validation_accuracy"], atol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("name", LAYERS)
def test_float32_costs_begin_as_the_originals(name):
    _, costs = trained(name, "float32", FLOAT32_STEPS)
    np.testing.assert_allclose(costs, golden(name)["costs"][:FLOAT32_STEPS], rtol=1e-5, atol=0)
