"""Batch normalization against NumPy in float64, finite differences and PyTorch: outputs, gradients, averages."""

import math
from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

import network3
from network3.layers import BatchNormLayer, ConvPoolLayer, ReLU, ShapeError, linear
from network3.layers.ops import conv2d, pool2d

# All sizes differ: 6 examples, 3 maps of 5 x 4; or 7 features.
SHAPES = {"features": (7,), "maps": (3, 5, 4)}
each_shape = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
each_type = pytest.mark.parametrize("dtype", ["float32", "float64"])
LIMITS = {"float32": 2e-5, "float64": 1e-12}
OPTIONS = {"momentum": 0.8, "epsilon": 0.03}


def make(shape, dtype="float64", **options):
    """Return a layer with parameters and averages other than the initial ones, and a batch for it."""
    network3.use(floatX=dtype)
    rng = np.random.default_rng(5)
    layer = BatchNormLayer(shape, **{**OPTIONS, **options})
    for variable in (*layer.params, *layer.buffers):
        variable.set_value(rng.uniform(0.5, 2, shape[0]).astype(dtype))
    return layer, rng.normal(1, 3, (6, math.prod(shape))).astype(dtype)


def in_numpy(layer, x):
    """Return both outputs and the next averages, computed in float64 feature by feature."""
    gamma, beta, mean, variance = (v.get_value().astype("float64") for v in (*layer.params, *layer.buffers))
    x = x.astype("float64").reshape(len(x), *layer.input_shape)
    training, evaluation, means, variances = np.empty_like(x), np.empty_like(x), mean.copy(), variance.copy()
    for k in range(x.shape[1]):
        values = x[:, k]
        deviation = values - values.mean()
        training[:, k] = gamma[k] * deviation / math.sqrt((deviation**2).mean() + layer.epsilon) + beta[k]
        evaluation[:, k] = gamma[k] * (values - mean[k]) / math.sqrt(variance[k] + layer.epsilon) + beta[k]
        means[k] += (1 - layer.momentum) * (values.mean() - mean[k])
        variances[k] += (1 - layer.momentum) * ((deviation**2).sum() / (values.size - 1) - variance[k])
    return training, evaluation, means, variances


@each_shape
@each_type
@pytest.mark.parametrize("batch", [None, 6], ids=["open batch", "fixed batch"])
def test_outputs_and_averages_agree_with_numpy(connect, compute, shape, dtype, batch):
    layer, values = make(shape, dtype)
    x = connect(layer, batch)
    assert [buffer for buffer, _ in layer.updates] == layer.buffers == [layer.mean, layer.variance]
    expressions = [layer.output_dropout, layer.output, *(value for _, value in layer.updates)]
    for found, expected in zip(compute(expressions, {x: values}), in_numpy(layer, values), strict=True):
        assert found.dtype == dtype
        np.testing.assert_allclose(found, expected, rtol=LIMITS[dtype], atol=LIMITS[dtype])


@each_shape
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
def test_gradients_agree_with_finite_differences(connect, shape, training):
    layer, values = make(shape)
    x = connect(layer, 6)
    output = layer.output_dropout if training else layer.output
    weights = np.random.default_rng(6).normal(size=(6, *shape))
    cost = (pt.tanh(output) * weights).sum()
    function = pytensor.function([x], cost, mode="FAST_COMPILE")
    gradients = pytensor.function([x], pytensor.grad(cost, [x, *layer.params]), mode="FAST_COMPILE")(values)
    points = [values.ravel(), *(param.get_value(borrow=True) for param in layer.params)]
    rng, step = np.random.default_rng(7), 1e-5
    for gradient, point in zip(gradients, points, strict=True):
        for k in rng.choice(point.size, min(5, point.size), replace=False):
            kept, costs = point[k], []
            for sign in (1, -1):
                point[k] = kept + sign * step
                costs.append(float(function(values)))
            point[k] = kept
            np.testing.assert_allclose(gradient.ravel()[k], (costs[0] - costs[1]) / (2 * step), rtol=1e-6, atol=1e-8)


@each_shape
@each_type
def test_three_steps_agree_with_pytorch(connect, shape, dtype):
    """Output, gradients and running averages; PyTorch's momentum is the share of the new value."""
    torch = pytest.importorskip("torch")
    layer, values = make(shape, dtype)
    module = (torch.nn.BatchNorm2d if len(shape) == 3 else torch.nn.BatchNorm1d)(
        shape[0], eps=layer.epsilon, momentum=1 - layer.momentum, dtype=getattr(torch, dtype)
    )
    names = {"weight": layer.gamma, "bias": layer.beta, "running_mean": layer.mean, "running_var": layer.variance}
    for name, variable in names.items():
        getattr(module, name).data = torch.tensor(variable.get_value())
    x = connect(layer, 6)
    weights = np.random.default_rng(6).normal(size=(6, *shape)).astype(dtype)
    cost = (layer.output_dropout * weights).sum()
    gradients = pytensor.grad(cost, [x, *layer.params])
    step = pytensor.function([x], [layer.output_dropout, *gradients], updates=layer.updates, mode="FAST_COMPILE")
    for k in range(3):
        module.zero_grad()
        tensor = torch.tensor(values + k, requires_grad=True)
        output = module(tensor.reshape(6, *shape))
        (output * torch.tensor(weights)).sum().backward()
        expected = [output, tensor.grad, module.weight.grad, module.bias.grad]
        for one, other in zip(step(values + np.asarray(k, dtype)), expected, strict=True):
            np.testing.assert_allclose(one, other.detach().numpy(), rtol=10 * LIMITS[dtype], atol=10 * LIMITS[dtype])
        for name, variable in names.items():
            np.testing.assert_allclose(variable.get_value(), getattr(module, name).detach(), rtol=LIMITS[dtype])


def test_a_frozen_layer_uses_its_averages_while_training(connect, compute):
    layer, values = make((7,))
    layer.trainable = False
    x = connect(layer)
    assert list(layer.updates) == []
    training, evaluation = compute([layer.output_dropout, layer.output], {x: values})
    np.testing.assert_array_equal(training, evaluation)
    layer.trainable = True
    x = connect(layer)
    assert len(layer.updates) == 2


def test_the_activation_follows(connect, compute):
    layer, values = make((7,), activation_fn=ReLU)
    x = connect(layer)
    expected = np.maximum(in_numpy(layer, values)[0], 0)
    np.testing.assert_allclose(compute(layer.output_dropout, {x: values}), expected, rtol=1e-12)
    assert (expected == 0).any()


def test_a_convolution_with_batch_norm_is_pooled_first(connect, compute):
    """f(BN(pool(x * w))); the bias is the normalization's beta."""
    network3.use(floatX="float64")
    rng = np.random.default_rng(8)
    options = {"poolsize": (2, 3), "activation_fn": ReLU}
    layer = ConvPoolLayer((4, 2, 3, 2), (2, 9, 8), **options, batch_norm=True, rng=rng)
    assert layer.params == [layer.w, layer.gamma, layer.b]
    assert (layer.gamma.get_value() == 1).all()
    assert (layer.b.get_value() == 0).all()
    alone = BatchNormLayer((4, 3, 2))
    for variable in ("gamma", "b", "mean", "variance"):
        value = rng.uniform(0.5, 2, 4)
        getattr(layer, variable).set_value(value)
        getattr(alone, variable).set_value(value)
    x, y, values = connect(layer, 6), connect(alone, 6), rng.normal(size=(6, 144))
    maps = compute(pool2d(conv2d(layer.inpt, layer.w), (2, 3)), {x: values})
    found = compute([layer.output, layer.output_dropout, *(value for _, value in layer.updates)], {x: values})
    expressions = [ReLU(alone.output), ReLU(alone.output_dropout), *(value for _, value in alone.updates)]
    for one, other in zip(found, compute(expressions, {y: maps.reshape(6, -1)}), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_the_fewest_examples_of_a_mini_batch():
    """The variance of one value is 0."""
    assert [BatchNormLayer(shape).min_batch for shape in (7, (7,), (7, 1, 1), (7, 1, 2))] == [2, 2, 2, 1]
    whole, half = ({"filter_shape": (4, 1, 2, 2), "image_shape": (1, 5, 5), "poolsize": size} for size in (4, 2))
    assert ConvPoolLayer(**whole, batch_norm=True).min_batch == 2
    assert ConvPoolLayer(**half, batch_norm=True).min_batch == ConvPoolLayer(**whole).min_batch == 1


norm: Any = BatchNormLayer  # arguments of other types than it states are passed
conv: Any = ConvPoolLayer
BAD = {
    "shape of two": (lambda: norm((3, 4)), r"BatchNormLayer: shape: expected .*; got \(3, 4\)"),
    "shape with a fraction": (lambda: norm((3.5,)), r"BatchNormLayer: shape: .*; got \(3.5,\)"),
    "shape of none": (lambda: norm(None), "BatchNormLayer: shape: .*; got None"),
    "negative shape": (lambda: norm((-3, 4, 4)), r"BatchNormLayer: shape: .*; got \(-3, 4, 4\)"),
    "too many": (lambda: norm(2**40), "BatchNormLayer: expected at most .*; got 1099511627776"),
    "momentum of 1": (lambda: norm(3, momentum=1), "momentum: .* at least 0 and below 1; got 1"),
    "no epsilon": (lambda: norm(3, epsilon=0), "epsilon: .* above 0; got 0"),
    "activation by name": (lambda: norm(3, "relu"), "activation_fn: .*; got 'relu'"),
    "batch_norm by name": (lambda: conv((1, 1, 2, 2), (1, 5, 5), batch_norm="no"), "batch_norm: .*'no'"),
}


@pytest.mark.parametrize("case", BAD)
def test_wrong_arguments_are_refused_in_four_parts(case):
    act, message = BAD[case]
    with pytest.raises((TypeError, ValueError), match=f"{message}.*\\. [A-Z].*\\.$"):
        act()


def test_the_shape_must_be_that_of_the_layer_before():
    layer = BatchNormLayer((3, 5, 4), linear)
    assert layer.output_shape((None, 60)) == layer.output_shape((None, 3, 5, 4)) == (None, 3, 5, 4)
    for shape in ((None, 61), (None, 3, 4, 5), (None, 5, 12)):
        with pytest.raises(ShapeError, match=r"BatchNormLayer: shape must be .*; got \(3, 5, 4\)\. Write"):
            layer.output_shape(shape)
    with pytest.raises(ShapeError, match=r"got \(60,\)\. Write \(3, 5, 4\)"):
        BatchNormLayer(60).output_shape((None, 3, 5, 4))
