"""Global pooling against NumPy."""

import numpy as np
import pytensor
import pytest

from network3.layers import GlobalPoolLayer, ShapeError

X = np.random.default_rng(2).normal(size=(6, 3, 5, 4))
FORMS = {"average": lambda x: x.mean(axis=(2, 3)), "max": lambda x: x.max(axis=(2, 3))}


@pytest.mark.parametrize("pool", FORMS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("batch", [None, 6], ids=["open batch", "fixed batch"])
def test_values_and_gradients(connect, compute, pool, dtype, batch):
    with pytensor.config.change_flags(floatX=dtype):
        layer = GlobalPoolLayer((3, 5, 4), pool)
        x = pytensor.tensor.tensor("x", shape=(batch, 60), dtype=dtype)
        layer.set_inpt(x, x, 6)
    values = X.astype(dtype)
    values[1, 2, 3] = values[1, 2].max()  # a row of equal maxima
    weights = np.random.default_rng(3).normal(size=(6, 3)).astype(dtype)
    gradient = pytensor.grad((layer.output_dropout * weights).sum(), x)
    output, other, found = compute([layer.output, layer.output_dropout, gradient], {x: values.reshape(6, 60)})
    np.testing.assert_allclose(output, FORMS[pool](values.astype("float64")), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(output, other)
    # Each maximum of a map receives all of the gradient.
    share = values == values.max(axis=(2, 3), keepdims=True) if pool == "max" else np.full_like(values, 1 / 20)
    np.testing.assert_allclose(found.reshape(X.shape), share * weights[:, :, None, None], rtol=1e-5)


def test_shapes():
    layer = GlobalPoolLayer((7, 3, 5, 4))
    assert layer.input_shape == (3, 5, 4)
    assert layer.output_shape((None, 60)) == layer.output_shape((None, 3, 5, 4)) == (None, 3)
    with pytest.raises(ShapeError, match=r"image_shape must be \(4, 5, 3\).*; got \(3, 5, 4\)\. Write \(4, 5, 3\)"):
        layer.output_shape((None, 4, 5, 3))


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: GlobalPoolLayer((3, 5)), r"GlobalPoolLayer: image_shape: expected 3 .*; got \(3, 5\)"),
        (lambda: GlobalPoolLayer((3, 5, 4), "mean"), "GlobalPoolLayer: pool: .*average, max; got 'mean'"),
    ],
)
def test_wrong_arguments_are_refused(act, message):
    with pytest.raises(ValueError, match=message):
        act()
