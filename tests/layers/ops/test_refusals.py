"""Arguments that Ops refuse; each message has four parts: who, expected, got and hint."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

from network3.layers.ops import DropoutMask, conv2d, pool2d
from network3.layers.ops.conv import Conv2D, Conv2DGradInput, Conv2DGradWeight
from network3.layers.ops.pool import MaxPool2DGrad, Unpool2D


def tensor(*shape, dtype="float32"):
    return pt.tensor(shape=shape, dtype=dtype)


X, W, STATE = tensor(2, 3, 6, 7), tensor(4, 3, 3, 2), tensor(3, dtype="int32")
W64, INTEGERS = tensor(4, 3, 3, 2, dtype="float64"), tensor(2, 3, 6, 7, dtype="int64")


# Not annotated, since the type checker would report some of the wrong arguments itself.
def convolve(**keywords):
    return conv2d(X, W, **keywords)


def mask(keep):
    return DropoutMask(keep)


REFUSED = {
    # name: (call, error, who, expected, got, hint)
    "images of 3 axes": (lambda: conv2d(tensor(3, 6, 7), W), TypeError, "Conv2D", "x must have 4 axes", "3", "Reshape"),
    "filters of 2 axes": (lambda: conv2d(X, tensor(3, 2)), TypeError, "Conv2D", "w must have 4 axes", "2", "Reshape"),
    "two types": (lambda: conv2d(X, W64), TypeError, "Conv2D", "one type", "x float32, w float64", "Cast"),
    "whole numbers": (lambda: conv2d(INTEGERS, INTEGERS), TypeError, "Conv2D", "float32 or float64", "x int64", "Cast"),
    "half precision": (
        lambda: conv2d(X.astype("float16"), W.astype("float16")), TypeError, "Conv2D", "float32", "x float16", "Cast"
    ),
    "other maps": (
        lambda: conv2d(X, tensor(4, 2, 3, 2)), ValueError, "conv2d", "have 2 maps", r"\(2, 3, 6, 7\)", "second axis 3"
    ),
    "tall filters": (
        lambda: conv2d(X, tensor(4, 3, 7, 2)), ValueError, "conv2d", "fit into .*6, 7.*valid", r"\(7, 2\)", "smaller"
    ),
    "wide filters": (
        lambda: conv2d(X, tensor(4, 3, None, 9), padding=(9, 0)), ValueError, "conv2d", "fit", "None, 9", "padding"
    ),
    "stride 0": (lambda: convolve(stride=0), ValueError, "Conv2D: stride", "1 or more", r"\(0, 0\)", "Write"),
    "stride of 3": (lambda: convolve(stride=(1, 1, 1)), ValueError, "Conv2D: stride", "2 whole", "1, 1, 1", "e.g."),
    "fractional stride": (lambda: convolve(stride=1.5), ValueError, "Conv2D: stride", "whole", "1.5", "Write"),
    "padding same": (
        lambda: convolve(padding="same"), ValueError, "Conv2D", "'valid', 'half', 'full'", "'same'", "'half'"
    ),
    "padding -1": (lambda: convolve(padding=-1), ValueError, "Conv2D: padding", "0 or more", "-1", "Write"),
    "padding None": (lambda: convolve(padding=None), ValueError, "Conv2D: padding", "whole", "None", "Write"),
    "gradient of 3 axes": (
        lambda: Conv2DGradInput()(W, tensor(4, 4, 6), X), TypeError, "Conv2DGradInput", "g must have 4", "3", "Reshape"
    ),
    "gradient of another type": (
        lambda: Conv2DGradWeight()(X, W64, W), TypeError, "Conv2DGradWeight", "one type", "g float64, w float32", "Cast"
    ),
    "maps of 3 axes": (lambda: pool2d(tensor(3, 6, 7)), TypeError, "Pool2D", "4 axes", "3 axes of float32", "Reshape"),
    "whole features": (lambda: pool2d(INTEGERS), TypeError, "Pool2D", "float32 or", "4 axes of int64", "cast"),
    "tall window": (lambda: pool2d(X, (7, 1)), ValueError, "pool2d", r"fit into .*\(6, 7\)", r"\(7, 1\)", "smaller"),
    "wide window": (lambda: pool2d(X, (1, 8)), ValueError, "pool2d", "fit", r"\(1, 8\)", "smaller"),
    "window 0": (lambda: pool2d(X, 0), ValueError, "Pool2D: size", "1 or more", r"\(0, 0\)", "Write"),
    "window of 1 number": (lambda: pool2d(X, (2,)), ValueError, "Pool2D: size", "2 whole", r"\(2,\)", "Write"),
    "mode maxx": (lambda: pool2d(X, 2, "maxx"), ValueError, "pool2d: mode", "max, l2, sum", "'maxx'", 'meant "max"'),
    "mode average": (lambda: pool2d(X, 2, "average"), ValueError, "pool2d: mode", "max, l2", "'average'", "Write"),
    "repeated other type": (lambda: Unpool2D()(W64, X), TypeError, "Unpool2D", "all float32", "of float64", "cast"),
    "maxima of 3 axes": (
        lambda: MaxPool2DGrad()(X, tensor(3, 3, 3), X), TypeError, "MaxPool2DGrad", "4 axes", "3 axes", "Reshape"
    ),
    "keep -0.1": (lambda: mask(-0.1), ValueError, "DropoutMask: keep", "at least 0", "-0.1", "Give"),
    "keep 1.5": (lambda: mask(1.5), ValueError, "DropoutMask: keep", "0 to 1", "1.5", "1 - p_dropout"),
    "keep NaN": (lambda: mask(np.nan), ValueError, "DropoutMask: keep", "finite", "nan", "Give"),
    "keep half": (lambda: mask("half"), ValueError, "DropoutMask: keep", "number", "'half'", "Give"),
    "mask of whole numbers": (
        lambda: DropoutMask(0.5)(INTEGERS, STATE), TypeError, "DropoutMask", "x of float", "x of int64", "dropout_state"
    ),
    "state of int64": (
        lambda: DropoutMask(0.5)(X, STATE.astype("int64")), TypeError, "DropoutMask", "int32", "of int64", "Make"
    ),
    "state of 2 axes": (
        lambda: DropoutMask(0.5)(X, tensor(1, 3, dtype="int32")), TypeError, "DropoutMask", "shape", r"\(1, 3\)", "Make"
    ),
    "state of 2 entries": (
        lambda: DropoutMask(0.5)(X, tensor(2, dtype="int32")), TypeError, "DropoutMask", r"\(3,\)", r"\(2,\)", "Make"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_has_the_four_parts_of_a_message(name):
    call, error, who, expected, got, hint = REFUSED[name]
    with pytest.raises(error, match=rf"^{who}: .*{expected}.*; got .*{got}.*\. .*{hint}.*\.$"):
        call()


def variables(*arrays):
    """Return variables of unknown shapes for the arrays."""
    return [pt.tensor(shape=(None,) * a.ndim, dtype=a.dtype) for a in arrays]


IMAGES, FILTERS = np.ones((2, 3, 6, 7)), np.ones((4, 3, 3, 2))
ZEROS = np.zeros((2, 4, 4, 6))
REFUSED_WHEN_RUN = {
    "other maps": (Conv2D(), (IMAGES, FILTERS[:, :2]), "shape-mismatch"),
    "one map in the filters": (Conv2D(), (IMAGES, FILTERS[:, :1]), "shape-mismatch"),
    "one map in the images": (Conv2D(), (IMAGES[:, :1], FILTERS), "shape-mismatch"),
    "tall filters": (Conv2D(), (IMAGES, np.ones((4, 3, 7, 2))), r"conv2d: .*fit.*\(6, 7\).*; got .*\(7, 2\)\. Use"),
    "wide filters": (Conv2D(), (IMAGES, np.ones((4, 3, 3, 9))), r"conv2d: .*fit.*\(6, 7\).*; got .*\(3, 9\)\. Use"),
    "filters of fewer maps": (Conv2DGradInput(), (FILTERS[:, :2], ZEROS, IMAGES), "shape|broadcast"),
    "gradient of more maps": (Conv2DGradInput(), (FILTERS[:3], ZEROS, IMAGES), "shape-mismatch"),
    "gradient of fewer images": (Conv2DGradWeight(), (IMAGES, ZEROS[:1], FILTERS), "shape-mismatch"),
    "images of fewer maps": (Conv2DGradWeight(), (IMAGES[:, :2], ZEROS, FILTERS), "shape|broadcast"),
    "state of 2 entries": (DropoutMask(0.5), (IMAGES, np.ones(2, "int32")), "unpack"),
}


@pytest.mark.parametrize("name", REFUSED_WHEN_RUN)
def test_arrays_are_refused_at_run_time_if_shapes_are_unknown(name):
    op, arrays, message = REFUSED_WHEN_RUN[name]
    inputs = variables(*arrays)
    f = pytensor.function(inputs, op(*inputs), mode="FAST_COMPILE")
    with pytest.raises(ValueError, match=message):
        f(*arrays)


@pytest.mark.parametrize("mode", ["FAST_COMPILE", "NUMBA", "NETWORK3", "JAX"])
@pytest.mark.parametrize("size", [(7, 2), (2, 8)])
def test_a_window_larger_than_an_image_of_unknown_size_is_refused_at_run_time(mode, size):
    x = pt.tensor(shape=(None,) * 4, dtype="float64")
    f = pytensor.function([x], pool2d(x, size), mode=mode)
    assert f(np.ones((2, 3, 8, 9))).shape == (2, 3, 8 // size[0], 9 // size[1])
    with pytest.raises(ValueError, match=r"^pool2d: a window must fit into its image.*; got .*Use smaller windows"):
        f(IMAGES)
