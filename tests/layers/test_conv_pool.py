"""The convolutional layer against loops: true convolution, pooling, the bias after pooling, the activation."""

import inspect
import math

import numpy as np
import pytensor.tensor as pt
import pytest

from network3.layers import ConvPoolLayer, ReLU, linear, sigmoid, tanh
from network3.layers.initializers import normalized

FORMS = {sigmoid: lambda z: 1 / (1 + math.exp(-z)), tanh: math.tanh, ReLU: lambda z: max(z, 0.0), linear: float}
POOLS = {"max": lambda window: window.max(), "l2": lambda window: math.sqrt((window**2).sum())}
MAPS, ROWS, COLUMNS = 2, 10, 7
VARIANTS: dict[str, dict] = {
    # 8 x 6 values after a valid convolution with filters of 3 x 2
    "as the book's": {},
    "a column dropped": {"poolsize": (2, 4)},
    "a row and a column dropped": {"poolsize": (3, 5)},
    "one window": {"poolsize": (8, 6)},
    "no pooling": {"poolsize": (1, 1)},
    "a number for poolsize": {"poolsize": 3},
    "tanh": {"activation_fn": tanh},
    "ReLU": {"activation_fn": ReLU},
    "linear": {"activation_fn": linear},
    "l2": {"pool": "l2", "poolsize": (2, 3)},
    "l2, no pooling": {"pool": "l2", "poolsize": (1, 1), "activation_fn": linear},
    "stride": {"stride": (2, 1), "poolsize": (2, 3)},
    "stride that drops a row": {"stride": (3, 2), "poolsize": (1, 1)},
    "a number for stride": {"stride": 2, "poolsize": (1, 1)},
    "half": {"padding": "half", "poolsize": (2, 3)},
    "full": {"padding": "full", "poolsize": (3, 2)},
    "padding of rows": {"padding": (2, 0)},
    "a number for padding": {"padding": 1},
    "stride and padding": {"stride": (2, 3), "padding": (1, 3), "poolsize": (2, 1)},
    "image of 3 entries": {"image_shape": (MAPS, ROWS, COLUMNS)},
}
BORDERS = {"valid": (0, 0), "half": (1, 1), "full": (2, 1), 1: (1, 1)}
each_variant = pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)


def make(**variant):
    arguments = {"image_shape": (5, MAPS, ROWS, COLUMNS), **variant}
    return ConvPoolLayer((3, MAPS, 3, 2), **arguments, initializer=normalized, rng=np.random.default_rng(2))


def as_pair(value):
    return (value, value) if isinstance(value, int) else value


def by_loops(images, layer, *, poolsize=2, pool="max", stride=1, padding="valid", activation_fn=sigmoid, **_):
    """Compute the output in float64 from the variant's arguments and the layer's parameters."""
    w, b = (param.get_value().astype("float64") for param in layer.params)
    (above, left), (down, along), (high, wide) = BORDERS.get(padding, padding), as_pair(stride), as_pair(poolsize)
    padded = np.zeros((len(images), MAPS, ROWS + 2 * above, COLUMNS + 2 * left))
    padded[:, :, above : above + ROWS, left : left + COLUMNS] = images
    rows, columns = (padded.shape[2] - 3) // down + 1, (padded.shape[3] - 2) // along + 1
    convolved = np.zeros((len(images), len(w), rows, columns))
    for n, f, r, c in np.ndindex(convolved.shape):
        for m, i, j in np.ndindex(MAPS, 3, 2):
            convolved[n, f, r, c] += w[f, m, i, j] * padded[n, m, down * r + 2 - i, along * c + 1 - j]
    out = np.zeros((len(images), len(w), rows // high, columns // wide))
    for n, f, r, c in np.ndindex(out.shape):
        window = convolved[n, f, high * r : high * (r + 1), wide * c : wide * (c + 1)]
        out[n, f, r, c] = FORMS[activation_fn](POOLS[pool](window) + b[f])
    return out


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(1).normal(size=(4, MAPS, ROWS, COLUMNS)).astype("float32")


@each_variant
def test_the_output_agrees_with_loops(compute, connect, images, variant):
    layer = make(**variant)
    x, expected = connect(layer), by_loops(images, layer, **variant)
    for output in compute([layer.output, layer.output_dropout], {x: images.reshape(4, -1)}):
        assert output.dtype == "float32"
        np.testing.assert_allclose(output, expected, rtol=1e-5, atol=1e-5)


@each_variant
@pytest.mark.parametrize("batch", [None, 4])
def test_output_shape_agrees_with_loops(images, variant, batch):
    layer = make(**variant)
    shape = (batch, *by_loops(images[:1], layer, **variant).shape[1:])
    assert layer.output_shape((batch, MAPS * ROWS * COLUMNS)) == shape
    assert layer.output_shape((batch, MAPS, ROWS, COLUMNS)) == shape


def test_the_books_shapes():
    first = ConvPoolLayer(image_shape=(10, 1, 28, 28), filter_shape=(20, 1, 5, 5), poolsize=(2, 2))
    second = ConvPoolLayer(image_shape=(10, 20, 12, 12), filter_shape=(40, 20, 5, 5), poolsize=(2, 2))
    assert first.output_shape((None, 784)) == (None, 20, 12, 12)
    assert second.output_shape((None, 20, 12, 12)) == (None, 40, 4, 4)


def test_feature_maps_and_flat_examples_give_the_same_output(compute, images):
    layer = make()
    maps = pt.tensor("maps", shape=(None, MAPS, ROWS, COLUMNS), dtype="float32")
    layer.set_inpt(maps, maps, 4)
    assert layer.inpt is maps
    np.testing.assert_allclose(compute(layer.output, {maps: images}), by_loops(images, layer), rtol=1e-5)


def test_the_batch_of_image_shape_has_no_effect(compute, connect, images):
    layer = make(image_shape=(100, MAPS, ROWS, COLUMNS))
    x = connect(layer)
    for count in (1, 3):
        output = compute(layer.output, {x: images[:count].reshape(count, -1)})
        np.testing.assert_allclose(output, by_loops(images[:count], layer), rtol=1e-5)


@pytest.mark.parametrize("variant", ["as the book's", "linear", "l2", "full"])
def test_nan_affects_the_windows_that_contain_it_and_no_others(compute, connect, images, variant):
    layer, with_nan = make(**VARIANTS[variant]), images.copy()
    with_nan[2, 1, 4, 3] = np.nan
    x, expected = connect(layer), by_loops(with_nan, layer, **VARIANTS[variant])
    assert 0 < np.isnan(expected).sum() < expected[2].size
    output = compute(layer.output, {x: with_nan.reshape(4, -1)})
    np.testing.assert_allclose(output, expected, rtol=1e-5, atol=1e-5)  # NaN at the same places


def test_training_uses_the_masked_input(compute, images):
    layer = make()
    x, masked = (pt.tensor(shape=(None, MAPS * ROWS * COLUMNS), dtype="float32") for _ in range(2))
    layer.set_inpt(x, masked, 4)
    values = {x: images.reshape(4, -1), masked: images[::-1].reshape(4, -1)}
    out, trained = compute([layer.output, layer.output_dropout], values)
    np.testing.assert_allclose(out, by_loops(images, layer), rtol=1e-5)
    np.testing.assert_allclose(trained, by_loops(images[::-1], layer), rtol=1e-5)


def test_the_signature_is_the_originals_and_new_arguments_are_keyword_only():
    parameters = inspect.signature(ConvPoolLayer).parameters
    empty = inspect.Parameter.empty
    original = {"filter_shape": empty, "image_shape": empty, "poolsize": (2, 2), "activation_fn": sigmoid}
    assert {n: p.default for n, p in parameters.items() if p.kind is p.POSITIONAL_OR_KEYWORD} == original
    assert list(parameters)[:4] == list(original)
    assert {n for n, p in parameters.items() if p.kind is p.KEYWORD_ONLY} == set(parameters) - set(original)
    layer = ConvPoolLayer((3, 2, 3, 2), (5, 2, 10, 7), (2, 3), tanh)
    attributes = (layer.filter_shape, layer.image_shape, layer.poolsize, layer.activation_fn)
    assert attributes == ((3, 2, 3, 2), (5, 2, 10, 7), (2, 3), tanh)


def test_the_originals_attributes_before_and_after_set_inpt(connect):
    layer = make()
    set_by_set_inpt = ("inpt", "output", "output_dropout")
    assert not any(hasattr(layer, name) for name in set_by_set_inpt)
    assert (layer.params[0], layer.params[1]) == (layer.w, layer.b)
    assert (layer.w.type.shape, layer.b.type.shape) == ((3, 2, 3, 2), (3,))
    connect(layer)
    assert all(hasattr(layer, name) for name in set_by_set_inpt)
    assert layer.output.type.shape == (None, 3, 4, 3)
    assert not any(hasattr(layer, name) for name in ("cost", "accuracy", "y_out"))
