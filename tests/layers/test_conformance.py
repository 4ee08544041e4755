"""One table of all layers, which all pass the same tests."""

import inspect
import json
import math

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

import network3
from network3.layers import (
    ACTIVATIONS,
    BatchNormLayer,
    ConvPoolLayer,
    DropoutLayer,
    FullyConnectedLayer,
    GlobalPoolLayer,
    RegressionLayer,
    ReLU,
    SoftmaxLayer,
    dropout_states,
    linear,
    sigmoid,
    tanh,
)
from network3.layers.initializers import normalized, zeros

# All axes of different sizes: 5 examples of 2 maps, 11 x 8; filters of 4 x 3; 7 filters or neurons.
CONV = {"filter_shape": (7, 2, 4, 3), "image_shape": (5, 2, 11, 8)}
FULL = {"n_in": 9, "n_out": 7}
LAYERS: dict[str, tuple] = {
    **{f"conv {f.__name__}": (ConvPoolLayer, {**CONV, "activation_fn": f}) for f in (linear, sigmoid, tanh, ReLU)},
    "conv unpooled": (ConvPoolLayer, {**CONV, "poolsize": (1, 1)}),
    "conv pool (3, 2)": (ConvPoolLayer, {**CONV, "poolsize": (3, 2)}),
    "conv pool 5": (ConvPoolLayer, {**CONV, "poolsize": 5}),
    "conv l2": (ConvPoolLayer, {**CONV, "poolsize": (2, 4), "pool": "l2"}),
    "conv l2 unpooled": (ConvPoolLayer, {**CONV, "poolsize": (1, 1), "pool": "l2"}),
    "conv stride (2, 1)": (ConvPoolLayer, {**CONV, "stride": (2, 1)}),
    "conv stride 3": (ConvPoolLayer, {**CONV, "stride": 3, "poolsize": (2, 1)}),
    "conv half": (ConvPoolLayer, {**CONV, "padding": "half"}),
    "conv full": (ConvPoolLayer, {**CONV, "padding": "full", "poolsize": (2, 5)}),
    "conv padding (0, 2), l2": (ConvPoolLayer, {**CONV, "padding": (0, 2), "stride": (1, 2), "pool": "l2"}),
    "conv of 3 entries": (ConvPoolLayer, {**CONV, "image_shape": (2, 11, 8)}),
    "conv average": (ConvPoolLayer, {**CONV, "pool": "average", "poolsize": (2, 3)}),
    "conv overlapping": (ConvPoolLayer, {**CONV, "poolsize": (3, 2), "pool_stride": (2, 1), "pool_padding": (1, 0)}),
    "conv dilated, grouped": (ConvPoolLayer, {**CONV, "filter_shape": (6, 1, 4, 3), "dilation": (2, 3), "groups": 2}),
    "conv normalized": (ConvPoolLayer, {**CONV, "batch_norm": True, "activation_fn": ReLU}),
    "batch norm": (BatchNormLayer, {"shape": (9,)}),
    "batch norm of a number": (BatchNormLayer, {"shape": 9, "activation_fn": tanh, "momentum": 0.5, "epsilon": 0.01}),
    "batch norm of maps": (BatchNormLayer, {"shape": (2, 11, 8)}),
    "dropout": (DropoutLayer, {"shape": (9,), "p_dropout": 0.25}),
    "dropout of maps": (DropoutLayer, {"shape": (2, 11, 8), "p_dropout": 0.5}),
    "global average": (GlobalPoolLayer, {"image_shape": (5, 2, 11, 8)}),
    "global maximum": (GlobalPoolLayer, {"image_shape": (2, 11, 8), "pool": "max"}),
    **{
        f"connected {name}": (FullyConnectedLayer, {**FULL, "activation_fn": f})
        for name, f in ACTIVATIONS.items()
        if name != "step"  # the derivative of a perceptron is 0
    },
    "connected dropout": (FullyConnectedLayer, {**FULL, "p_dropout": 0.25}),
    "regression": (RegressionLayer, FULL),
    "softmax": (SoftmaxLayer, FULL),
    "softmax dropout": (SoftmaxLayer, {**FULL, "p_dropout": 0.5}),
}
NORMALIZED = {name for name, (kind, given) in LAYERS.items() if kind is BatchNormLayer or given.get("batch_norm")}
WEIGHTLESS = {name for name, (kind, _) in LAYERS.items() if kind in (DropoutLayer, GlobalPoolLayer)}
each_layer = pytest.mark.parametrize("name", LAYERS)
each_trained = pytest.mark.parametrize("name", [name for name in LAYERS if name not in WEIGHTLESS])
each_type = pytest.mark.parametrize("dtype", ["float32", "float64"])


@pytest.fixture
def make():
    """Build a layer of the table, of the requested type, with initial values other than 0."""

    def make(name, dtype="float64", initializer=normalized):
        network3.use(floatX=dtype)
        kind, arguments = LAYERS[name]
        return built(kind, arguments, initializer)

    return make


def built(kind, arguments, initializer=normalized):
    """Build a layer, with drawn weights if it has any."""
    drawn = {"initializer": initializer, "rng": np.random.default_rng(3)}
    return kind(**arguments, **(drawn if "initializer" in inspect.signature(kind).parameters else {}))


def images(layer, dtype="float64"):
    return np.random.default_rng(4).uniform(0, 1, (5, math.prod(layer.input_shape))).astype(dtype)


def distance(output):
    """Return a cost for any output: the mean squared distance from fixed random values."""
    expected = np.random.default_rng(6).uniform(0, 1, (5, *output.type.shape[1:])).astype(output.dtype)
    return pt.mean((output - expected) ** 2, acc_dtype=output.dtype)


@each_layer
@pytest.mark.parametrize("batch", [None, 5], ids=["open batch", "fixed batch"])
def test_output_shape_is_the_shape_computed(make, connect, compute, name, batch):
    layer = make(name)
    x = connect(layer, batch)
    expected_shape = layer.output_shape((batch, *x.type.shape[1:]))
    assert expected_shape == layer.output_shape((batch, *layer.input_shape))
    assert expected_shape == layer.output.type.shape == layer.output_dropout.type.shape
    for output in compute([layer.output, layer.output_dropout], {x: images(layer)}):
        assert output.shape == (5, *expected_shape[1:])


def test_an_open_batch_accepts_any_number_of_examples(make, connect):
    for name in LAYERS:
        layer = make(name)
        x = connect(layer)
        function = pytensor.function([x], layer.output, mode="FAST_COMPILE")
        batch, one = function(images(layer)), function(images(layer)[:1])
        np.testing.assert_allclose(one, batch[:1], rtol=1e-12)


@each_layer
@each_type
@pytest.mark.parametrize("pytensor_floatX", ["float64", "float32"])
def test_the_type_is_the_same_everywhere(make, connect, name, dtype, pytensor_floatX):
    """Parameters, outputs, gradients and intermediate values, independent of PyTensor's own setting."""
    with pytensor.config.change_flags(floatX=pytensor_floatX):
        layer = make(name, dtype)
        x = connect(layer)
        cost = distance(layer.output_dropout)
        expressions = [layer.output, layer.output_dropout, cost, *pytensor.grad(cost, [x, *layer.params])]
        expressions += [value for _, value in layer.updates]
        function = pytensor.function([x], expressions, mode="FAST_COMPILE")
        computed = function(images(layer, dtype))
    assert {variable.dtype for variable in [*layer.params, *layer.buffers]} <= {dtype}
    assert len(layer.params) == (0 if name in WEIGHTLESS else 3 if "w" in vars(layer) and layer.buffers else 2)
    assert {value.dtype for value in computed} == {np.dtype(dtype)}
    intermediate = {out.dtype for node in function.maker.fgraph.toposort() for out in node.outputs}
    assert {kind for kind in intermediate if kind.startswith("float")} == {dtype}


@each_layer
@each_type
def test_blank_images_give_no_nan(make, connect, compute, name, dtype):
    """The margin of a digit is blank, and filters of 0 also give windows whose norm is 0."""
    for initializer in (normalized, zeros):
        layer = make(name, dtype, initializer)
        x = connect(layer)
        cost = distance(layer.output_dropout)
        expressions = [layer.output, cost, *pytensor.grad(cost, [*layer.params, x])]
        expressions += [value for _, value in layer.updates]
        for value in compute(expressions, {x: np.zeros_like(images(layer, dtype))}):
            assert np.isfinite(value).all()


@each_layer
def test_a_nan_pixel_gives_nan_for_its_example_only(make, connect, compute, name):
    layer = make(name)
    x, values = connect(layer), images(layer)
    values[3, values.shape[1] // 2] = np.nan
    # While training, a batch normalization mixes the examples of a batch.
    outputs = [layer.output] if name in NORMALIZED else [layer.output, layer.output_dropout]
    for output in compute(outputs, {x: values}):
        assert [bool(np.isnan(example).any()) for example in output] == [False, False, False, True, False]


@each_layer
def test_evaluation_is_the_same_each_time(make, connect, name):
    """It is not random and has no state between calls."""
    layer = make(name)
    x, values = connect(layer), images(layer)
    function = pytensor.function([x], layer.output, mode="FAST_COMPILE")
    first = function(values)
    function(values + 1)
    np.testing.assert_array_equal(function(values), first)
    assert dropout_states(layer.output) == []
    assert len(dropout_states(layer.output_dropout)) == (layer.p_dropout > 0)


@each_trained
def test_gradient_steps_reduce_the_cost(make, connect, name):
    layer = make(name)
    x, values, before = connect(layer), images(layer), [param.get_value() for param in layer.params]
    cost = distance(layer.output_dropout)
    gradients = pytensor.grad(cost, layer.params)
    updates = [(param, param - 0.05 * gradient) for param, gradient in zip(layer.params, gradients, strict=True)]
    step = pytensor.function([x], cost, updates=updates, mode="FAST_COMPILE")
    costs = [step(values) for _ in range(3)]
    assert costs[0] > costs[1] > costs[2]
    for param, old in zip(layer.params, before, strict=True):
        assert param.get_value().shape == old.shape
        assert (param.get_value() != old).mean() > 0.5


@each_layer
def test_config_builds_an_equal_layer(make, connect, compute, name):
    layer = make(name)
    config = json.loads(json.dumps(layer.config()))
    arguments = {key: tuple(value) if isinstance(value, list) else value for key, value in config.items()}
    if "activation_fn" in arguments:
        arguments["activation_fn"] = ACTIVATIONS[arguments["activation_fn"]]
    rebuilt = built(type(layer), arguments)
    assert rebuilt.config() == layer.config()
    assert repr(rebuilt) == repr(layer)
    x, y = connect(layer), connect(rebuilt)
    np.testing.assert_array_equal(*compute([layer.output, rebuilt.output], {x: images(layer), y: images(layer)}))


@each_layer
def test_repr_shows_the_arguments(make, name):
    kind, arguments = LAYERS[name]
    text = repr(make(name))
    assert text.startswith(f"{kind.__name__}(")
    assert text.endswith(")")
    pairs, shapes = {"poolsize", "stride"}, {"shape"}
    for key, value in arguments.items():
        if isinstance(value, int) and key in pairs | shapes:
            value = (value, value) if key in pairs else (value,)
        value = getattr(value, "__name__", value)
        assert f"{key}={value}" in text
