"""Theano's convolutions against loops in NumPy: borders, strides, flips, dilation, groups, declared shapes."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

from network3.theano.gpuarray.dnn import dnn_conv
from network3.theano.tensor.nnet import conv2d, conv2d_grad_wrt_inputs, conv2d_transpose
from network3.theano.tensor.nnet.abstract_conv import AbstractConv2d_gradInputs
from network3.theano.tensor.nnet.conv import conv2d as old_conv2d


def zeros_around(border, taps, dilation):
    """Return ((top, bottom), (left, right)) for a `border_mode`, by the rules of Theano's documentation."""
    length = [(k - 1) * d + 1 for k, d in zip(taps, dilation, strict=True)]
    named = {"valid": (0, 0), "half": [k // 2 for k in length], "full": [k - 1 for k in length]}
    sides = named[border] if isinstance(border, str) else (border, border) if isinstance(border, int) else border
    return [side if isinstance(side, tuple) else (side, side) for side in sides]


def convolved(x, w, border="valid", stride=(1, 1), flip=True, dilation=(1, 1), groups=1):
    """Return the convolution of images, one output value at a time."""
    x = np.pad(x, [(0, 0), (0, 0), *zeros_around(border, w.shape[2:], dilation)])
    w = w[:, :, ::-1, ::-1] if flip else w
    filters, maps, kh, kw = w.shape
    reach = (kh - 1) * dilation[0] + 1, (kw - 1) * dilation[1] + 1
    shape = [(n - k) // s + 1 for n, k, s in zip(x.shape[2:], reach, stride, strict=True)]
    y = np.zeros((len(x), filters, *shape))
    for n, f, i, j in np.ndindex(y.shape):
        group = f // (filters // groups)
        top, left = i * stride[0], j * stride[1]
        patch = x[n, group * maps : (group + 1) * maps, top : top + reach[0], left : left + reach[1]]
        y[n, f, i, j] = (patch[:, :: dilation[0], :: dilation[1]] * w[f]).sum()
    return y


CASES = {
    "plain": {},
    "half": {"border_mode": "half"},
    "full": {"border_mode": "full"},
    "number": {"border_mode": 2},
    "rows and columns": {"border_mode": (2, 1)},
    "a pair for columns": {"border_mode": (1, (0, 2))},
    "pairs": {"border_mode": ((0, 3), (2, 1))},
    "strides": {"subsample": (2, 3)},
    "half with strides": {"border_mode": "half", "subsample": (3, 2)},
    "cross-correlation": {"filter_flip": False},
    "dilation": {"filter_dilation": (2, 1)},
    "half with dilation": {"border_mode": "half", "filter_dilation": (1, 2)},
    "groups": {"num_groups": 2},
    "all": {
        "border_mode": "full",
        "subsample": (1, 2),
        "filter_flip": False,
        "filter_dilation": (2, 2),
        "num_groups": 2,
    },
}
NAMES = {
    "border_mode": "border",
    "subsample": "stride",
    "filter_flip": "flip",
    "filter_dilation": "dilation",
    "num_groups": "groups",
}


@pytest.fixture
def arrays(rng):
    def arrays(case, taps=(3, 2)):
        maps = 4 // CASES[case].get("num_groups", 1)
        return rng.normal(size=(2, 4, 9, 8)), rng.normal(size=(6, maps, *taps))

    return arrays


@pytest.mark.parametrize("taps", [(3, 2), (2, 3)], ids=["odd rows", "odd columns"])
@pytest.mark.parametrize("case", CASES)
def test_values_are_those_of_the_loops(evaluate, arrays, case, taps):
    x, w = arrays(case, taps)
    expected = convolved(x, w, **{NAMES[key]: value for key, value in CASES[case].items()})
    found = evaluate(lambda x, w: conv2d(x, w, **CASES[case]), x, w)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)
    declared = conv2d(pt.dtensor4(), pt.dtensor4(), x.shape, w.shape, **CASES[case])
    assert declared.type.shape == expected.shape


@pytest.mark.parametrize("case", [case for case in CASES if case not in ("a pair for columns", "pairs")])
def test_transposed_is_the_adjoint(evaluate, arrays, rng, case):
    x, w = arrays(case)
    y = convolved(x, w, **{NAMES[key]: value for key, value in CASES[case].items()})
    g = rng.normal(size=y.shape)
    settings = dict(CASES[case])
    found = evaluate(lambda g, w: conv2d_grad_wrt_inputs(g, w, (None, None, 9, 8), **settings), g, w)
    assert found.shape == x.shape
    np.testing.assert_allclose((found * x).sum(), (g * y).sum(), rtol=1e-9)
    settings["input_dilation"] = settings.pop("subsample", (1, 1))
    again = evaluate(lambda g, w: conv2d_transpose(g, w, (None, None, 9, 8), **settings), g, w)
    np.testing.assert_array_equal(again, found)


def test_transposed_takes_sizes_that_are_expressions(evaluate, rng):
    x, w = rng.normal(size=(2, 3, 8, 7)), rng.normal(size=(5, 3, 3, 3))
    settings = {"border_mode": "half", "subsample": (2, 2)}

    def enlarged(x, w):
        g = conv2d(x, w, **settings)
        return conv2d_grad_wrt_inputs(g, w, (None, 3, x.shape[2], x.shape[3]), **settings)

    fixed = evaluate(lambda x, w: conv2d_grad_wrt_inputs(conv2d(x, w, **settings), w, (2, 3, 8, 7), **settings), x, w)
    np.testing.assert_allclose(evaluate(enlarged, x, w), fixed, rtol=1e-12)


def test_the_op_of_the_gradient_is_called_with_filters_first(evaluate, rng):
    g, w = rng.normal(size=(2, 5, 4, 3)), rng.normal(size=(5, 3, 3, 3))
    op = AbstractConv2d_gradInputs(border_mode="half", subsample=(2, 2))
    found = evaluate(lambda g, w: op(w, g, (8, 6)), g, w)
    settings = {"border_mode": "half", "subsample": (2, 2)}
    expected = evaluate(lambda g, w: conv2d_grad_wrt_inputs(g, w, (None, None, 8, 6), **settings), g, w)
    np.testing.assert_array_equal(found, expected)


def test_older_interfaces_compute_the_same(evaluate, rng):
    x, w = rng.normal(size=(2, 3, 6, 7)), rng.normal(size=(4, 3, 3, 2))
    expected = convolved(x, w, "full", (2, 1))
    found = evaluate(lambda x, w: old_conv2d(x, w, (2, 3, 6, 7), (4, 3, 3, 2), "full", (2, 1)), x, w)
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    found = evaluate(lambda x, w: dnn_conv(x, w, "full", (2, 1)), x, w)
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    found = evaluate(lambda x, w: dnn_conv(x, w, conv_mode="cross"), x, w)
    np.testing.assert_allclose(found, convolved(x, w, flip=False), rtol=1e-10)


def test_older_names_are_accepted_with_a_warning():
    x, w = pt.ftensor4(), pt.ftensor4()
    with pytest.warns(
        DeprecationWarning, match=r"conv2d: expected input_shape=; got its older name image_shape=\. "
    ) as caught:
        y = conv2d(x, w, image_shape=(10, 1, 8, 7), filter_shape=(3, 1, 3, 3))
    assert y.type.shape == (10, 3, 6, 5)
    with pytest.warns(DeprecationWarning, match=r"got unroll_batch=") as second:
        conv2d(x, w, unroll_batch=4)
    with pytest.warns(DeprecationWarning, match=r"got unroll_patch=") as third:
        old_conv2d(x, w, unroll_patch=True)
    assert {warning[0].filename for warning in (caught, second, third)} == {__file__}


def test_another_shape_than_the_declared_one_is_an_error():
    x, w = pt.dtensor4(), pt.dtensor4()
    compute = pytensor.function([x, w], conv2d(x, w, (2, 1, 10, 10), (3, 1, 3, 3)), mode="FAST_COMPILE")
    assert compute(np.ones((2, 1, 10, 10)), np.ones((3, 1, 3, 3))).shape == (2, 3, 8, 8)
    with pytest.raises(AssertionError, match="shape"):
        compute(np.ones((2, 1, 20, 10)), np.ones((3, 1, 3, 3)))
    with pytest.raises(AssertionError, match="shape"):
        compute(np.ones((2, 1, 10, 10)), np.ones((3, 1, 3, 4)))


def test_none_and_constants_are_sizes():
    y = conv2d(pt.ftensor4(), pt.ftensor4(), (None, 1, pt.constant(9), 8), [3, None, 2, 2])
    assert y.type.shape == (None, 3, 8, 7)
