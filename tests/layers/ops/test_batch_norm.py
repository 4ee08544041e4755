"""Batch normalization as an Op: values and gradients against NumPy, second ones against its formula."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.compile.builders import OpFromGraph

from network3.layers.ops.batch_norm import BatchNormalize, Inlined, apply, moments, normalized

# All sizes differ: features, and maps of images.
SHAPES = {"features": (6, 7), "maps": (6, 3, 5, 4)}
EPSILON = 0.03
each_shape = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
SLOW_MODES = [pytest.param(mode, marks=pytest.mark.slow) for mode in ("NUMBA", "NETWORK3")]


def graph(shape, dtype="float64", known=True):
    """Return x, gamma and beta, and the outputs of the Op."""
    x = pt.tensor("x", shape=shape if known else (None,) * len(shape), dtype=dtype)
    gamma, beta = (pt.vector(name, dtype=dtype) for name in ("gamma", "beta"))
    return (x, gamma, beta), apply(BatchNormalize, EPSILON, x, gamma, beta)


def by_formula(x, gamma, beta):
    """Return the outputs of the Op as expressions that PyTensor differentiates by itself."""
    mean, variance = moments(x)
    return normalized(x, gamma, beta, mean, variance, EPSILON), mean, variance


def drawn(shape, dtype="float64"):
    rng = np.random.default_rng(7)
    values = rng.normal(3, 2, shape), rng.uniform(0.5, 2, shape[1]), rng.normal(size=shape[1])
    return [value.astype(dtype) for value in values], rng.normal(size=shape).astype(dtype)


def in_numpy(x, gamma, beta, g):
    """Return the outputs, and the gradients of ``sum(g * y)``, feature by feature in float64."""
    x, g = x.astype("float64"), g.astype("float64")
    y, dx = np.empty_like(x), np.empty_like(x)
    means, variances, dgamma, dbeta = (np.empty(x.shape[1]) for _ in range(4))
    for k in range(x.shape[1]):
        values, received = x[:, k], g[:, k]
        deep = np.sqrt(values.var() + EPSILON)
        hat = (values - values.mean()) / deep
        y[:, k] = gamma[k] * hat + beta[k]
        means[k], variances[k] = values.mean(), values.var()
        dgamma[k], dbeta[k] = (received * hat).sum(), received.sum()
        dx[:, k] = gamma[k] / deep * (received - received.mean() - hat * (received * hat).mean())
    return y, means, variances, dx, dgamma, dbeta


@pytest.mark.parametrize("mode", ["FAST_COMPILE", *SLOW_MODES])
@each_shape
@pytest.mark.parametrize("known", [True, False])
def test_values_and_gradients(shape, known, mode):
    inputs, outputs = graph(shape, known=known)
    values, g = drawn(shape)
    gradients = pt.grad((outputs[0] * g).sum(), list(inputs))
    found = pytensor.function(list(inputs), [*outputs, *gradients], mode=mode)(*values)
    for one, other in zip(found, in_numpy(*values, g), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-13)


@each_shape
def test_values_and_gradients_in_float32(shape):
    inputs, outputs = graph(shape, "float32")
    values, g = drawn(shape, "float32")
    gradients = pt.grad((outputs[0] * g).sum(), list(inputs))
    found = pytensor.function(list(inputs), [*outputs, *gradients], mode="NETWORK3")(*values)
    for one, other in zip(found, in_numpy(*values, g), strict=True):
        assert one.dtype == "float32"
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-5)


@each_shape
def test_gradients_through_the_statistics_and_second_gradients(shape):
    inputs, outputs = graph(shape)
    values, g = drawn(shape)
    found = []
    for y, mean, variance in (outputs, by_formula(*inputs)):
        cost = (pt.tanh(y) * g).sum() + (mean**3 * variance).sum()
        first = pt.grad(cost, list(inputs))
        of_y = pt.grad((pt.tanh(y) * g).sum(), list(inputs))
        second = pt.grad((of_y[0] ** 2 * g).sum() + (of_y[1] ** 3).sum(), list(inputs))
        found.append(pytensor.function(list(inputs), [*first, *second], mode="FAST_COMPILE")(*values))
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("mode", ["FAST_RUN", "NUMBA", "NETWORK3"])
def test_no_compiled_graph_calls_another_one(mode):
    inputs, outputs = graph(SHAPES["maps"])
    gradients = pt.grad(outputs[0].sum(), list(inputs))
    function = pytensor.function(list(inputs), [*outputs, *gradients], mode=mode)
    assert not [node for node in function.maker.fgraph.toposort() if isinstance(node.op, OpFromGraph | Inlined)]
