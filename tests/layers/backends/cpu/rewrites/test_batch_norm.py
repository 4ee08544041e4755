"""Batch normalization of images uses the kernels of its sums, and agrees with PyTensor's `perform` methods."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.compile.mode import get_mode

from network3.layers import ReLU
from network3.layers.backends.cpu.ops import BatchGradientSums, BatchMoments
from network3.layers.ops.batch_norm import BatchNormalize, apply
from tests.layers.backends.cpu.graphs import REFERENCE, check, tensor

SHAPE = (4, 3, 5, 6)


def graph(shape=SHAPE, dtype="float32"):
    """Return inputs, and the outputs and gradients of rectified normalized images."""
    x, g = tensor("x", *shape, dtype=dtype), tensor("g", *shape, dtype=dtype)
    gamma, beta = (tensor(name, shape[1], dtype=dtype) for name in ("gamma", "beta"))
    y, mean, variance = apply(BatchNormalize, 0.01, x, gamma, beta)
    rectified = ReLU(y)
    return [x, gamma, beta, g], [rectified, mean, variance, *pt.grad((rectified * g).sum(), [x, gamma, beta])]


def ops(function):
    return [type(node.op) for node in function.maker.fgraph.toposort()]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [SHAPE, (1, 2, 1, 3), (3, 1, 8, 8), (2, 17, 1, 1)])
def test_results_and_gradients(shape, dtype):
    inputs, outputs = graph(shape, dtype)
    function = check(inputs, outputs, tolerance=1e-4 if dtype == "float32" else 1e-9)
    assert ops(function).count(BatchMoments) == ops(function).count(BatchGradientSums) == 1


def test_the_forward_pass_keeps_no_deviations():
    inputs, (rectified, *_) = graph()
    inputs = inputs[:3]
    total = pt.sqr(rectified).sum()  # the gradients wait for the end of the forward pass
    gradients = pt.grad(pt.tanh(total), inputs)
    mode = get_mode("NETWORK3").excluding("inplace")
    function = pytensor.function(inputs, [total, *gradients], mode=mode)
    nodes = function.maker.fgraph.toposort()
    sums = next(k for k, node in enumerate(nodes) if isinstance(node.op, BatchGradientSums))
    stored = {
        out for node in nodes[:sums] for out in node.outputs if out.type.shape == SHAPE and out.dtype == "float32"
    }
    values = [np.random.default_rng(k).normal(size=v.type.shape).astype("float32") for k, v in enumerate(inputs)]
    deviation = values[0] - values[0].mean((0, 2, 3), keepdims=True)
    found = pytensor.function(inputs, list(stored), mode=REFERENCE, on_unused_input="ignore")(*values)
    assert not any(np.allclose(value, deviation, atol=1e-5) for value in found)


@pytest.mark.parametrize("shape", [(4, 7), (None, 3, 5, 6)])
def test_other_shapes_are_left_to_the_expressions(shape):
    x, gamma, beta = pt.tensor("x", shape=shape, dtype="float64"), pt.dvector("gamma"), pt.dvector("beta")
    outputs = apply(BatchNormalize, 0.01, x, gamma, beta)
    function = pytensor.function([x, gamma, beta], outputs, mode="NETWORK3")
    assert BatchMoments not in ops(function)
    rng = np.random.default_rng(0)
    values = [rng.normal(size=[n or 4 for n in shape]), *rng.normal(size=(2, shape[1]))]
    expected = pytensor.function([x, gamma, beta], outputs, mode=REFERENCE)(*values)
    for one, other in zip(function(*values), expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_a_graph_that_numba_compiles_has_plain_ops_again():
    inputs, outputs = graph(dtype="float64")
    foreign = pt.linalg.inv(pt.diag(outputs[1] + 10))  # has no lowering
    function = pytensor.function(inputs, [*outputs, foreign], mode="NETWORK3")
    assert not hasattr(function.vm, "planned")
    values = [np.random.default_rng(k).normal(size=v.type.shape) for k, v in enumerate(inputs)]
    expected = pytensor.function(inputs, outputs, mode=REFERENCE)(*values)
    for one, other in zip(function(*values)[:-1], expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-11)


def test_other_modes_are_unaffected():
    inputs, outputs = graph()
    assert not {BatchMoments, BatchGradientSums} & set(ops(pytensor.function(inputs, outputs, mode="NUMBA")))
