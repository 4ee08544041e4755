"""Compiled functions of unknown shapes raise errors for shapes that do not match, instead of reading past an array."""

import numpy as np
import pytest

from network3.layers.ops import DropoutMask
from network3.layers.ops.conv import Conv2D, Conv2DGradInput, Conv2DGradWeight
from network3.layers.ops.conv_transpose import Conv2DTranspose
from network3.layers.ops.pool import Unpool2D
from network3.layers.ops.pool_maxima import MaxPool2DGrad
from tests.layers.backends.single_ops import POOLED, STATE, G, W, X, numba_function, numbers, numpy_result

SHAPES = {
    # name: (images, filters, gradient, part of the message)
    "filters of fewer maps": (X, W[:, :2].copy(), G, "as many maps"),
    "filters of more maps": (X, numbers(4, 4, 3, 2), G, "as many maps"),
    "images of fewer maps": (X[:, :1].copy(), W, G, "as many maps"),
    "tall filters": (X, numbers(4, 3, 7, 2), G, "must fit"),
    "wide filters": (X, numbers(4, 3, 3, 8), G, "must fit"),
}
GRADIENT_SHAPES = {
    "too few images": (X, W, G[:1].copy(), "output's shape"),
    "too many images": (X, W, numbers(3, 4, 4, 6), "output's shape"),
    "too few maps": (X, W, G[:, :3].copy(), "output's shape"),
    "too many rows": (X, W, numbers(2, 4, 5, 6), "output's shape"),
    "too few columns": (X, W, numbers(2, 4, 4, 5), "output's shape"),
}


def message(who, expected):
    """Return a pattern of the four parts of a message."""
    return rf"^{who}: .*{expected}.*; got .+\. [A-Z].*\."


@pytest.fixture(scope="module")
def convolution_functions():
    """The three functions, of unknown shapes, each called with images, filters and gradient."""
    forward = numba_function(Conv2D(), X, W)
    to_input, to_weight = numba_function(Conv2DGradInput(), W, G, X), numba_function(Conv2DGradWeight(), X, G, W)
    return [lambda x, w, g: forward(x, w), lambda x, w, g: to_input(w, g, x), lambda x, w, g: to_weight(x, g, w)]


@pytest.mark.parametrize("name", [*SHAPES, *GRADIENT_SHAPES])
def test_convolutions_refuse_shapes_that_do_not_match(convolution_functions, name):
    *arrays, expected = (SHAPES | GRADIENT_SHAPES)[name]
    for function in convolution_functions if name in SHAPES else convolution_functions[1:]:
        with pytest.raises(ValueError, match=message("conv2d", expected)):
            function(*arrays)


def test_groups_that_divide_neither_maps_nor_filters_are_refused():
    function = numba_function(Conv2D(groups=2), X, W)
    for x, w in [(X, W), (X[:, :2].copy(), numbers(3, 1, 3, 2)), (X, numbers(4, 1, 3, 2))]:
        with pytest.raises(ValueError, match=message("conv2d", "groups must divide")):
            function(x, w)


def test_transposed_convolutions_refuse_shapes_that_do_not_match():
    wide, sized = Conv2DTranspose(padding=3), Conv2DTranspose(output_size=(6, 7))
    with pytest.raises(ValueError, match=message("conv2d_transpose", "at least one row")):
        numba_function(wide, W, G)(W, G)
    function = numba_function(sized, W, G)
    assert function(W, G).shape == X.shape
    for w, g in [(W, G[:, :3].copy()), (W, G[:, :, :3].copy()), (numbers(3, 3, 3, 2), G)]:
        with pytest.raises(ValueError, match=message("conv2d", "output's shape")):
            function(w, g)


def test_gradients_of_pooling_refuse_another_shape_than_the_outputs():
    unpool = numba_function(Unpool2D((2, 3)), POOLED, X)
    max_gradient = numba_function(MaxPool2DGrad((2, 3)), X, POOLED, POOLED)
    for wrong in (POOLED[:1], POOLED[:, :2], POOLED[:, :, :2], numbers(2, 3, 3, 3)):
        with pytest.raises(ValueError, match=message("pool2d", "output's shape")):
            unpool(wrong, X)
        with pytest.raises(ValueError, match=message("pool2d", "output's shape")):
            max_gradient(X, POOLED, wrong)
        with pytest.raises(ValueError, match=message("pool2d", "output's shape")):
            max_gradient(X, wrong, POOLED)


def test_a_mask_refuses_a_state_that_is_not_three_numbers():
    f = numba_function(DropoutMask(0.5), X, STATE)
    np.testing.assert_array_equal(f(X, STATE), numpy_result(DropoutMask(0.5), X, STATE))
    for wrong in (np.ones(2, "int32"), np.ones(4, "int32")):
        with pytest.raises(ValueError, match=message("DropoutMask", "seed, stream and step")):
            f(X, wrong)
