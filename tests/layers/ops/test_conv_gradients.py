"""First and second derivatives of convolutions, against finite differences."""

import numpy as np
import pytensor.tensor as pt
import pytest

from network3.layers.ops import conv2d
from network3.layers.ops.conv import Conv2DGradInput, Conv2DGradWeight

STRIDES = [1, (2, 1), (1, 2), (2, 3)]
PADDINGS = ["valid", "half", "full", (1, 2)]
SETTINGS = [(stride, padding, flip) for stride in STRIDES for padding in PADDINGS for flip in (True, False)]
FEW = [(1, "valid", True), ((2, 1), "half", False), ((1, 2), "full", True), ((2, 3), (1, 2), False)]


def batch(filter_size=(3, 2), dtype="float64"):
    rng = np.random.default_rng(2)
    return rng.normal(size=(2, 2, 5, 6)).astype(dtype), rng.normal(size=(3, 2, *filter_size)).astype(dtype)


@pytest.mark.parametrize(("stride", "padding", "flip"), SETTINGS)
def test_gradient(check_gradient, stride, padding, flip):
    check_gradient(lambda x, w: conv2d(x, w, flip, stride, padding), *batch())


@pytest.mark.parametrize("filter_size", [(1, 1), (2, 3), (5, 6)])
@pytest.mark.parametrize(("stride", "padding", "flip"), FEW)
def test_gradient_of_other_filters(check_gradient, stride, padding, flip, filter_size):
    check_gradient(lambda x, w: conv2d(x, w, flip, stride, padding), *batch(filter_size))


@pytest.mark.parametrize(("stride", "padding", "flip"), FEW)
def test_gradient_in_float32(check_gradient, stride, padding, flip):
    check_gradient(lambda x, w: conv2d(x, w, flip, stride, padding), *batch(dtype="float32"), eps=1e-2)


@pytest.mark.parametrize(("stride", "padding", "flip"), SETTINGS[::3])
def test_second_derivative(check_gradient, stride, padding, flip):
    """The cost is cubic in the output, so its gradients are nonlinear in images and filters."""

    def gradients(x, w):
        y = conv2d(x, w, flip, stride, padding)
        dx, dw = pt.grad((y**3).sum() / 100, [x, w])
        return pt.concatenate([dx.ravel(), dw.ravel()])

    x, w = batch()
    check_gradient(gradients, x[:1, :, :4, :5], w[:2])


OPTIONS = [
    {"padding": "same", "stride": 2},
    {"padding": ((1, 0), (0, 2)), "stride": (2, 1), "flip": False},
    {"dilation": (2, 1), "padding": "half"},
    {"dilation": 2, "stride": (1, 2), "padding": "same", "groups": 2},
    {"groups": 2, "padding": 1},
]


@pytest.mark.parametrize("options", OPTIONS)
def test_first_and_second_derivatives_with_the_other_options(check_gradient, options):
    def gradients(x, w):
        y = conv2d(x, w, **options)
        dx, dw = pt.grad((y**3).sum() / 100, [x, w])
        return pt.concatenate([y.ravel(), dx.ravel(), dw.ravel()])

    x, w = batch((2, 2))
    groups = options.get("groups", 1)
    check_gradient(gradients, x[:1, :, :4], w[:2, : 2 // groups])


@pytest.mark.parametrize(("stride", "padding", "flip"), FEW)
def test_gradient_of_the_gradient_to_images(check_gradient, evaluate, stride, padding, flip):
    x, w = batch()
    g = evaluate(lambda x, w: conv2d(x, w, flip, stride, padding), x, w)
    check_gradient(lambda w, g: Conv2DGradInput(stride, padding, flip)(w, g, x), w, g)


@pytest.mark.parametrize(("stride", "padding", "flip"), FEW)
def test_gradient_of_the_gradient_to_filters(check_gradient, evaluate, stride, padding, flip):
    x, w = batch()
    g = evaluate(lambda x, w: conv2d(x, w, flip, stride, padding), x, w)
    check_gradient(lambda x, g: Conv2DGradWeight(stride, padding, flip)(x, g, w), x, g)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gradients_have_the_type_and_shape_of_their_variable(evaluate, dtype):
    x, w = batch(dtype=dtype)
    dx, dw = evaluate(lambda x, w: pt.grad((conv2d(x, w, stride=(2, 3)) ** 2).sum(), [x, w]), x, w)
    assert (dx.dtype, dx.shape, dw.dtype, dw.shape) == (dtype, x.shape, dtype, w.shape)


def test_pixels_skipped_by_all_positions_have_gradient_zero(evaluate):
    x, w = batch((2, 2))
    dx = evaluate(lambda x, w: pt.grad(conv2d(x, w, stride=(3, 2)).sum(), x), x, w)
    assert not dx[:, :, 2].any()
    assert dx[:, :, [0, 1, 3, 4]].all()


@pytest.mark.parametrize("op", [Conv2DGradInput(), Conv2DGradWeight()])
def test_the_tensor_that_defines_the_shape_only_is_disconnected(op):
    a, b, shaped_like = (pt.tensor(shape=(None,) * 4, dtype="float64") for _ in range(3))
    y = op(a, b, shaped_like)
    assert op.connection_pattern(y.owner) == [[True], [True], [False]]
    zero = pt.grad(y.sum(), shaped_like, disconnected_inputs="ignore")
    np.testing.assert_array_equal(zero.eval({shaped_like: np.ones((1, 2, 3, 4))}, mode="FAST_COMPILE"), 0)
