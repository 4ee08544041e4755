"""Arguments that Ops refuse; each message has four parts: who, expected, got and hint."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

from network3.layers.ops import DropoutMask, conv2d
from network3.layers.ops.conv import Conv2D, Conv2DGradInput, Conv2DGradWeight


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
    "padding sane": (
        lambda: convolve(padding="sane"), ValueError, "Conv2D", "'valid', 'half', 'full', 'same'", "'sane'", "'half'"
    ),
    "a side of -1": (
        lambda: convolve(padding=((1, 2), (-1, 0))), ValueError, "Conv2D: padding", "0 or more", r"\(-1, 0\)", "Write"
    ),
    "three sides": (
        lambda: convolve(padding=((1, 2, 3), 0)), ValueError, "Conv2D: padding", "2 whole", r"\(1, 2, 3\)", "Write"
    ),
    "dilation 0": (lambda: convolve(dilation=0), ValueError, "Conv2D: dilation", "1 or more", r"\(0, 0\)", "Write"),
    "groups 0": (lambda: convolve(groups=0), ValueError, "Conv2D: groups", "1 or more", "0", "Write"),
    "groups of 1.5": (lambda: convolve(groups=1.5), ValueError, "Conv2D: groups", "whole", "1.5", "Write"),
    "groups that do not divide the filters": (
        lambda: convolve(groups=3), ValueError, "conv2d: groups", r"divide .*filters.*\(4, 3, 3, 2\)", "3", "divisor"
    ),
    "groups that do not divide the maps": (
        lambda: convolve(groups=2), ValueError, "conv2d", "have 6 maps.* in 2 groups", r"\(2, 3, 6, 7\)", "divide the 3"
    ),
    "filters of all maps in groups": (
        lambda: conv2d(X, tensor(6, 3, 3, 2), groups=3), ValueError, "conv2d", "have 9 maps", "2, 3, 6", "second axis 1"
    ),
    "dilated filters": (
        lambda: convolve(dilation=(3, 1)), ValueError, "conv2d", "fit into .*6, 7",
        r"\(3, 2\) and dilation \(3, 1\)", "smaller"
    ),
    "dilated filters in a border": (
        lambda: convolve(dilation=(1, 9), padding=((5, 5), (1, 1))), ValueError, "conv2d", r"fit .*padding \(5, 1\)",
        r"\(3, 2\) and dilation \(1, 9\)", "more padding"
    ),
    "a gradient of another shape": (
        lambda: Conv2DGradInput()(W, tensor(2, 4, 4, 5), X), ValueError, "conv2d", r"shape, \(2, 4, 4, 6\)",
        r"\(2, 4, 4, 5\)", "Pass"
    ),
    "padding -1": (lambda: convolve(padding=-1), ValueError, "Conv2D: padding", "0 or more", "-1", "Write"),
    "padding None": (lambda: convolve(padding=None), ValueError, "Conv2D: padding", "whole", "None", "Write"),
    "gradient of 3 axes": (
        lambda: Conv2DGradInput()(W, tensor(4, 4, 6), X), TypeError, "Conv2DGradInput", "g must have 4", "3", "Reshape"
    ),
    "gradient of another type": (
        lambda: Conv2DGradWeight()(X, W64, W), TypeError, "Conv2DGradWeight", "one type", "g float64, w float32", "Cast"
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
    "other maps": (Conv2D(), (IMAGES, FILTERS[:, :2]), r"conv2d: .*have 2 maps.*; got .*\(2, 3, 6, 7\)\. Make .*3\."),
    "other groups": (Conv2D(groups=3), (IMAGES, FILTERS[:, :1]), r"conv2d: groups: must divide .*; got 3\. Use"),
    "one map in the filters": (Conv2D(), (IMAGES, FILTERS[:, :1]), "have 1 maps"),
    "one map in the images": (Conv2D(), (IMAGES[:, :1], FILTERS), "have 3 maps"),
    "tall filters": (Conv2D(), (IMAGES, np.ones((4, 3, 7, 2))), r"conv2d: .*fit.*\(6, 7\).*; got .*\(7, 2\)\. Use"),
    "wide filters": (Conv2D(), (IMAGES, np.ones((4, 3, 3, 9))), r"conv2d: .*fit.*\(6, 7\).*; got .*\(3, 9\)\. Use"),
    "filters of fewer maps": (Conv2DGradInput(), (FILTERS[:, :2], ZEROS, IMAGES), "have 2 maps"),
    "gradient of more maps": (Conv2DGradInput(), (FILTERS[:3], ZEROS, IMAGES), r"conv2d: .*shape, \(2, 3, 4, 6\)"),
    "gradient of fewer images": (
        Conv2DGradWeight(),
        (IMAGES, ZEROS[:1], FILTERS),
        r"conv2d: .*shape, .*; got .*\(1, 4, 4, 6\)\. Pass",
    ),
    "images of fewer maps": (Conv2DGradWeight(), (IMAGES[:, :2], ZEROS, FILTERS), "have 3 maps"),
    "state of 2 entries": (DropoutMask(0.5), (IMAGES, np.ones(2, "int32")), "unpack"),
}


@pytest.mark.parametrize("name", REFUSED_WHEN_RUN)
def test_arrays_are_refused_at_run_time_if_shapes_are_unknown(name):
    op, arrays, message = REFUSED_WHEN_RUN[name]
    inputs = variables(*arrays)
    f = pytensor.function(inputs, op(*inputs), mode="FAST_COMPILE")
    with pytest.raises(ValueError, match=message):
        f(*arrays)
