"""Arguments that pooling refuses; each message has four parts: who, expected, got and hint."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

from network3.layers.ops import pool2d
from network3.layers.ops.pool import Unpool2D
from network3.layers.ops.pool_maxima import MaxPool2DGrad, SumAtMaxima2D


def tensor(*shape, dtype="float32"):
    return pt.tensor(shape=shape, dtype=dtype)


X, POOLED = tensor(2, 3, 6, 7), tensor(2, 3, 3, 3)
INTEGERS, W64 = tensor(2, 3, 6, 7, dtype="int64"), tensor(4, 3, 3, 2, dtype="float64")


# Not annotated, since the type checker would report some of the wrong arguments itself.
def pooled(size=2, mode="max", x=X, **settings):
    return pool2d(x, size, mode, **settings)


def anything(*arguments, **keywords):
    return pool2d(*arguments, **keywords)


REFUSED = {
    # name: (call, error, who, expected, got, hint)
    "maps of 3 axes": (lambda: pool2d(tensor(3, 6, 7)), TypeError, "Pool2D", "4 axes", "3 axes of float32", "Reshape"),
    "whole features": (lambda: pool2d(INTEGERS), TypeError, "Pool2D", "float32 or", "4 axes of int64", "cast"),
    "whole features, averaged": (
        lambda: pooled(mode="average", x=INTEGERS), TypeError, "Pool2D", "float32 or", "4 axes of int64", "cast"
    ),
    "half precision": (
        lambda: pool2d(X.astype("float16"), 2, stride=1), TypeError, "Pool2D", "float32 or", "of float16", "cast"
    ),
    "half precision, averaged": (
        lambda: pooled(mode="average", x=X.astype("float16")), TypeError, "Pool2D", "float32 or", "of float16", "cast"
    ),
    "tall window": (lambda: pool2d(X, (7, 1)), ValueError, "pool2d", r"fit into .*\(6, 7\)", r"\(7, 1\)", "smaller"),
    "wide window": (lambda: pool2d(X, (1, 8)), ValueError, "pool2d", "fit", r"\(1, 8\)", "smaller"),
    "window larger than the padded image": (
        lambda: pooled((9, 3), padding=(1, 0)), ValueError, "pool2d", r"padding \(\(1, 1\)", r"\(9, 3\)", "smaller"
    ),
    "images without rows": (
        lambda: pooled(x=tensor(2, 3, 0, 7), ceil=True), ValueError, "pool2d", r"fit .*\(0, 7\)", r"\(2, 2\)", "pixels"
    ),
    "images without columns": (
        lambda: pooled(3, "average", x=tensor(2, 3, 6, 0), padding=2), ValueError, "pool2d", "fit", "3, 3", "pixels"
    ),
    "window 0": (lambda: pool2d(X, 0), ValueError, "Pool2D: size", "1 or more", r"\(0, 0\)", "Write"),
    "window -2": (lambda: pooled((2, -2)), ValueError, "Pool2D: size", "1 or more", r"\(2, -2\)", "Write"),
    "window of 1 number": (lambda: pool2d(X, (2,)), ValueError, "Pool2D: size", "2 whole", r"\(2,\)", "Write"),
    "stride 0": (lambda: pooled(stride=0), ValueError, "Pool2D: stride", "1 or more", r"\(0, 0\)", "Write"),
    "stride -1": (lambda: pooled(stride=(1, -1)), ValueError, "Pool2D: stride", "1 or more", r"\(1, -1\)", "Write"),
    "stride of 3": (lambda: pooled(stride=(1, 1, 1)), ValueError, "Pool2D: stride", "2 whole", "1, 1, 1", "Write"),
    "fractional stride": (lambda: pooled(stride=1.5), ValueError, "Pool2D: stride", "whole", "1.5", "Write"),
    "padding -1": (lambda: pooled(padding=-1), ValueError, "Pool2D: padding", "0 or more", "-1", "Write"),
    "a side of -1": (
        lambda: pooled(padding=((1, 0), (-1, 0))), ValueError, "Pool2D: padding", "0 or more", r"\(-1, 0\)", "Write"
    ),
    "three sides": (
        lambda: pooled(padding=((1, 2, 3), 0)), ValueError, "Pool2D: padding", "2 whole", r"\(1, 2, 3\)", "Write"
    ),
    "padding half": (lambda: pooled(padding="half"), ValueError, "Pool2D: padding", "whole", "'half'", "Write"),
    "padding None": (lambda: pooled(padding=None), ValueError, "Pool2D: padding", "whole", "None", "Write"),
    "padding as large as the window": (
        lambda: pooled(mode="average_exclude_padding", padding=2), ValueError, "Pool2D: padding",
        r"smaller than the window of \(2, 2\)", "2", "less"
    ),
    "padding as large as the window on one side": (
        lambda: pooled((2, 3), padding=(0, (1, 3))), ValueError, "Pool2D: padding",
        r"smaller than the window of \(2, 3\)", r"\(0, \(1, 3\)\)", "less"
    ),
    "averaged padding": (
        lambda: pooled(3, "average", padding=3), ValueError, "Pool2D: padding", "smaller than", "3", "less"
    ),
    "ceil as a text": (lambda: pooled(ceil="yes"), TypeError, "Pool2D: ceil", "True or False", "'yes'", "quotes"),
    "mode maxx": (
        lambda: pool2d(X, 2, "maxx"), ValueError, "pool2d: mode", "max, l2, sum, average, average_exclude_padding",
        "'maxx'", 'meant "max"'
    ),
    "mode None": (lambda: pooled(mode=None), ValueError, "pool2d: mode", "max, l2", "None", "Write"),
    "stride by position": (lambda: anything(X, 2, "max", 2), TypeError, "pool2d", "at most 3", "4", "Pass stride"),
    "Theano's ws": (lambda: anything(X, ws=2), TypeError, "pool2d", "among x, size", "ws=", "size="),
    "repeated other type": (lambda: Unpool2D()(W64, X), TypeError, "Unpool2D", "all float32", "of float64", "cast"),
    "maxima of 3 axes": (
        lambda: MaxPool2DGrad()(X, tensor(3, 3, 3), X), TypeError, "MaxPool2DGrad", "4 axes", "3 axes", "Reshape"
    ),
    "a gradient of another shape": (
        lambda: MaxPool2DGrad()(X, POOLED, X), ValueError, "pool2d", r"shape, \(2, 3, 3, 3\)", r"\(2, 3, 6, 7\)", "Pass"
    ),
    "maxima of another shape": (
        lambda: SumAtMaxima2D()(X, X, X), ValueError, "pool2d", r"shape, \(2, 3, 3, 3\)", r"\(2, 3, 6, 7\)", "Pass"
    ),
    "values of another shape": (
        lambda: SumAtMaxima2D()(X, POOLED, POOLED), ValueError, "pool2d", r"\(2, 3, 6, 7\)", r"\(2, 3, 3, 3\)", "Pass"
    ),
    "another gradient of a sum": (
        lambda: Unpool2D(3)(POOLED, X), ValueError, "pool2d", r"shape, \(2, 3, 2, 2\)", r"\(2, 3, 3, 3\)", "Pass"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_has_the_four_parts_of_a_message(name):
    call, error, who, expected, got, hint = REFUSED[name]
    with pytest.raises(error, match=rf"^{who}: .*{expected}.*; got .*{got}.*\. .*{hint}.*\.$"):
        call()


IMAGES, SMALL = np.ones((2, 3, 6, 7)), np.ones((2, 3, 3, 3))
REFUSED_WHEN_RUN = {
    "gradient of a sum": (Unpool2D(3), (SMALL, IMAGES), r"shape, \(2, 3, 2, 2\); got .*\(2, 3, 3, 3\)\. Pass"),
    "gradient of maxima": (MaxPool2DGrad(), (IMAGES, SMALL, IMAGES), r"shape, .*; got .*\(2, 3, 6, 7\)\. Pass"),
    "values at maxima": (SumAtMaxima2D(), (IMAGES, SMALL, SMALL), r"images, .*; got \(2, 3, 3, 3\)\. Pass"),
}


@pytest.mark.parametrize("name", REFUSED_WHEN_RUN)
def test_arrays_are_refused_at_run_time_if_shapes_are_unknown(name):
    op, arrays, message = REFUSED_WHEN_RUN[name]
    inputs = [tensor(*[None] * 4, dtype="float64") for _ in arrays]
    with pytest.raises(ValueError, match=f"^pool2d: .*{message}"):
        pytensor.function(inputs, op(*inputs), mode="FAST_COMPILE")(*arrays)


@pytest.mark.parametrize("mode", ["FAST_COMPILE", "NUMBA", "NETWORK3", "JAX"])
def test_a_window_larger_than_an_image_of_unknown_size_is_refused_at_run_time(mode):
    x = tensor(*[None] * 4, dtype="float64")
    outputs = [pool2d(x, (7, 2)), pool2d(x, (3, 10), "average", stride=2, padding=(0, 1))]
    f = pytensor.function([x], outputs, mode=mode)
    assert [y.shape for y in f(np.ones((2, 3, 8, 9)))] == [(2, 3, 1, 4), (2, 3, 3, 1)]
    for shape in [(2, 3, 6, 9), (2, 3, 7, 7), (2, 3, 7, 0)]:
        with pytest.raises(ValueError, match=r"^pool2d: a window must fit into its image.*; got .*Use "):
            f(np.ones(shape))
