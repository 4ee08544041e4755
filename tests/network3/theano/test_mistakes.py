"""Mistakes of somebody who ports a program: each is answered by an error in four parts that names the argument."""

import pytensor.tensor as pt
import pytest

from network3.theano.tensor.nnet import conv2d, conv2d_grad_wrt_inputs, conv2d_transpose
from network3.theano.tensor.signal.pool import pool_2d

X = pt.tensor("x", shape=(10, 4, 9, 8), dtype="float32")
W = pt.tensor("w", shape=(6, 4, 3, 3), dtype="float32")
CONVOLUTIONS = {
    "same": ({"border_mode": "same"}, ValueError, "conv2d: border_mode: expected valid.*; got 'same'.*half"),
    "negative border": ({"border_mode": -1}, ValueError, "conv2d: border_mode: expected 2 whole numbers.*; got .*-1"),
    "three borders": ({"border_mode": (1, 1, 1)}, ValueError, r"conv2d: border_mode: .*; got \(1, 1, 1\)"),
    "one pair": ({"border_mode": ((1, 1),)}, ValueError, "conv2d: border_mode: expected a pair for rows and one"),
    "both names": ({"input_shape": (10, 4, 9, 8), "image_shape": (10, 4, 9, 8)}, ValueError, "image_shape.*Leave out"),
    "other shape": ({"input_shape": (10, 4, 9, 9)}, ValueError, r"conv2d: input_shape: .*; got \(10, 4, 9, 9\)"),
    "other filters": ({"filter_shape": (6, 1, 3, 3)}, ValueError, r"conv2d: filter_shape: .*; got \(6, 1, 3, 3\)"),
    "short shape": ({"input_shape": (4, 9, 8)}, ValueError, r"conv2d: input_shape: expected 4 sizes; got \(4, 9, 8\)"),
    "size 0": ({"filter_shape": (0, 4, 3, 3)}, ValueError, "conv2d: filter_shape: expected a whole number, 1 or more"),
    "shape that is an expression": (
        {"input_shape": pt.dtensor4().shape},
        ValueError,
        "conv2d: input_shape: expected 4 sizes; got",
    ),
    "size that is an expression": (
        {"input_shape": (pt.iscalar("n"), 4, 9, 8)},
        TypeError,
        "conv2d: input_shape: expected numbers or None; got the expression n. Write None",
    ),
    "typo": ({"subsampel": (2, 2)}, TypeError, "conv2d: .*; got subsampel=.*Perhaps you meant subsample="),
    "unshared": ({"unshared": True}, TypeError, "conv2d: .*; got unshared=.*Leave it out"),
    "upsampling": ({"kshp_logical": (9, 9)}, TypeError, "conv2d: .*; got kshp_logical="),
    "groups": ({"num_groups": 3}, ValueError, "conv2d.*group"),
    "dilation 0": ({"filter_dilation": (1, 0)}, ValueError, "conv2d: filter_dilation: "),
    "half a group": ({"num_groups": 0.5}, ValueError, "conv2d: num_groups: .*; got 0.5"),
    "stride 0": ({"subsample": 0}, ValueError, "conv2d: subsample: expected 2 whole numbers, each 1 or more; got"),
}
POOLS = {
    "no window": ({"ws": None}, ValueError, r"pool_2d: ws: .*; got None\. Write \(2, 2\)"),
    "both names": ({"ds": (2, 2)}, ValueError, "pool_2d: expected ws or its older name ds; got .*Leave out ds"),
    "both strides": ({"stride": (1, 1), "st": (2, 2)}, ValueError, "older name st"),
    "both paddings": ({"pad": (1, 1), "padding": (1, 1)}, ValueError, "older name padding"),
    "mode": ({"mode": "average"}, ValueError, "pool_2d: mode: expected one of max, sum, average_inc_pad"),
    "large padding": ({"pad": (2, 1)}, ValueError, r"pool_2d: pad: expected padding smaller .*; got \(2, 1\)"),
    "padding with partial windows": (
        {"pad": (1, 1), "ignore_border": False},
        ValueError,
        r"pool_2d: pad: expected \(0, 0\) without ignore_border=True; got \(1, 1\)",
    ),
    "negative padding": ({"pad": (0, -1)}, ValueError, "pool_2d: pad: .*0 or more; got"),
    "symbolic window": ({"ws": pt.ivector("size")}, TypeError, "pool_2d: ws: .*; got the expression size"),
    "three sizes": ({"ws": (2, 2, 2)}, ValueError, r"pool_2d: ws: expected 2 whole numbers.*; got \(2, 2, 2\)"),
    "too large": ({"ws": (10, 2)}, ValueError, "window"),
    "text": ({"ignore_border": "yes"}, TypeError, "pool_2d: ignore_border: expected True or False; got 'yes'"),
    "typo": ({"strides": (2, 2)}, TypeError, "pool_2d: .*; got strides=.*Perhaps you meant stride="),
}


@pytest.mark.parametrize("mistake", CONVOLUTIONS)
@pytest.mark.filterwarnings("ignore:conv2d. expected input_shape=:DeprecationWarning")
def test_of_convolutions(mistake):
    settings, kind, message = CONVOLUTIONS[mistake]
    with pytest.raises(kind, match=rf"^.*{message}") as error:
        conv2d(X, W, **settings)
    assert "; got " in str(error.value)


@pytest.mark.parametrize("mistake", POOLS)
def test_of_pooling(mistake):
    settings, kind, message = POOLS[mistake]
    with pytest.raises(kind, match=rf"^.*{message}") as error:
        pool_2d(X, **{"ws": (2, 2), "ignore_border": True} | settings)
    assert "; got " in str(error.value)


def test_one_axis_cannot_be_pooled():
    with pytest.raises(TypeError, match=r"^pool_2d: input: expected 2 or more axes; got 1 axes\. Reshape"):
        pool_2d(pt.dvector(), (2, 2), ignore_border=True)


@pytest.mark.parametrize("convolve", [conv2d, conv2d_transpose])
def test_types_that_differ_are_named(convolve):
    shape = [] if convolve is conv2d else [(None, None, 11, 10)]
    with pytest.raises(TypeError, match=r"float32.*float64|float64.*float32"):
        convolve(X, pt.tensor("w", shape=(4, 4, 3, 3), dtype="float64"), *shape)
    with pytest.raises(TypeError, match=r"uint8"):
        convolve(pt.tensor4(dtype="uint8"), pt.tensor("w", shape=(4, 4, 3, 3), dtype="float32"), *shape)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((None, None, 12, 12), r"expected images whose convolution has the size \(9, 8\); got \(12, 12\), whose .*10"),
        ((None, None, None, 12), r"expected 4 sizes, rows and columns not None; got \(None, None, None, 12\)"),
        ((18, 16), r"expected 4 sizes, rows and columns not None; got \(18, 16\)"),
        ((None, 3, 11, 10), r"expected the shape \(10, 5, 11, 10\) of the tensor; got \(None, 3, None, None\)"),
    ],
)
@pytest.mark.parametrize(
    ("enlarge", "argument"), [(conv2d_grad_wrt_inputs, "input_shape"), (conv2d_transpose, "output_shape")]
)
def test_the_size_of_a_transposed_convolution_must_fit(enlarge, argument, shape, message):
    w = pt.tensor("w", shape=(4, 5, 3, 3), dtype="float32")
    assert enlarge(X, w, (None, None, 11, 10)).type.shape == (10, 5, 11, 10)
    with pytest.raises(ValueError, match=rf"^{enlarge.__name__}: {argument}: {message}"):
        enlarge(X, w, shape)
