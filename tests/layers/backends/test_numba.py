"""Our Ops on Numba give what NumPy gives.

Compiling takes seconds a function, so a few joined cases and the kernels themselves are run; the table is slow.
"""

import numba
import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.link.numba.dispatch.basic import numba_funcify, numba_funcify_default_op_cache_key

from network3.layers.backends.numba.conv import _convolve, _gradient_to_input, _gradient_to_weight
from network3.layers.ops import DropoutMask
from network3.layers.ops.conv import Conv2D, Conv2DGradInput, Conv2DGradWeight, border
from network3.layers.ops.pool import MaxPool2DGrad, Unpool2D

JOINED = {
    "conv": ["conv of views", "cross-correlation striding", "conv of NaN, padded"],
    "pool": ["max of NaN", "max of ties", "l2 of NaN", "l2 of blanks", "sum of NaN"],
    "masks": ["masks, odd", "masks, even", "masks of high words", "masks that keep all", "masks that keep nothing"],
    "net": ["net of max"],
}
STRIDES = [(1, 1), (2, 1), (1, 2), (2, 3)]
PADDINGS = ["valid", "half", "full", (1, 2)]
FILTERS = [(3, 2), (2, 5), (1, 1), (6, 7)]


@pytest.mark.parametrize(
    ("names", "dtype"), [("conv", "float32"), ("pool", "float64"), ("masks", "float32"), ("net", "float32")]
)
def test_joined_cases_agree_with_numpy(cases, names, dtype):
    case = cases(dtype, *JOINED[names])
    case.agree(case.compile("NUMBA")(*case.values))


@pytest.mark.slow
def test_each_case_agrees_with_numpy(case):
    case.agree(case.compile("NUMBA")(*case.values))


def test_a_float32_net_holds_no_float64(small_net, doubles):
    assert not doubles(small_net.compile("NUMBA"))


@numba.njit
def convolve(x, w, g, stride, pad, flip):
    return _convolve(x, w, stride, pad, flip)


@numba.njit
def gradient_to_input(x, w, g, stride, pad, flip):
    return _gradient_to_input(w, g, x, stride, pad, flip)


@numba.njit
def gradient_to_weight(x, w, g, stride, pad, flip):
    return _gradient_to_weight(x, g, w, stride, pad, flip)


KERNELS = [convolve, gradient_to_input, gradient_to_weight]


def performed(op, *arrays):
    """What the Op's NumPy gives."""
    storage = [[None]]
    op.perform(None, arrays, storage)
    return storage[0][0]


@pytest.mark.parametrize("flip", [True, False])
@pytest.mark.parametrize("filter_size", FILTERS)
@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("stride", STRIDES)
def test_kernels_agree_with_numpy_in_every_setting(stride, padding, filter_size, flip):
    """Stride, border and flip are values to the kernels: one compilation serves them all."""
    rng = np.random.default_rng(14)
    x, w = rng.normal(size=(2, 3, 6, 7)), rng.normal(size=(4, 3, *filter_size))
    settings = stride, padding, flip
    y = performed(Conv2D(*settings), x, w)
    g = rng.normal(size=y.shape)
    expected = [y, performed(Conv2DGradInput(*settings), w, g, x), performed(Conv2DGradWeight(*settings), x, g, w)]
    for kernel, value in zip(KERNELS, expected, strict=True):
        result = kernel(x, w, g, stride, border(padding, filter_size), flip)
        np.testing.assert_allclose(result, value, rtol=1e-11, atol=1e-12)


X, W, G = np.ones((2, 3, 6, 7)), np.ones((4, 3, 3, 2)), np.ones((2, 4, 4, 6))
MISFITS = {
    "filters of fewer maps": (X, W[:, :2].copy(), G, "same number of maps"),
    "images of fewer maps": (X[:, :1].copy(), W, G, "same number of maps"),
    "tall filters": (X, np.ones((4, 3, 7, 2)), G, "must fit"),
    "wide filters": (X, np.ones((4, 3, 3, 8)), G, "must fit"),
}
MISFIT_GRADIENTS = {
    "too few images": (X, W, G[:1].copy(), "output's shape"),
    "too many images": (X, W, np.ones((3, 4, 4, 6)), "output's shape"),
    "too few maps": (X, W, G[:, :3].copy(), "output's shape"),
    "too many rows": (X, W, np.ones((2, 4, 5, 6)), "output's shape"),
    "too few columns": (X, W, np.ones((2, 4, 4, 5)), "output's shape"),
}


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("name", MISFITS)
def test_misfit_shapes_are_refused_rather_than_read(kernel, name):
    *arrays, words = MISFITS[name]
    with pytest.raises(ValueError, match=words):
        kernel(*arrays, (1, 1), (0, 0), True)


@pytest.mark.parametrize("kernel", KERNELS[1:])
@pytest.mark.parametrize("name", MISFIT_GRADIENTS)
def test_misfit_gradients_are_refused_rather_than_read(kernel, name):
    *arrays, words = MISFIT_GRADIENTS[name]
    with pytest.raises(ValueError, match=words):
        kernel(*arrays, (1, 1), (0, 0), True)


def numba_function(op, *arrays):
    inputs = [pt.tensor(shape=(None,) * a.ndim, dtype=a.dtype) for a in arrays]
    return pytensor.function(inputs, op(*inputs), mode="NUMBA")


def test_a_convolution_of_unknown_shapes_refuses_other_maps():
    f = numba_function(Conv2D((2, 1), "half"), X, W)
    np.testing.assert_allclose(f(X, W), performed(Conv2D((2, 1), "half"), X, W))
    with pytest.raises(ValueError, match="same number of maps"):
        f(X, np.ones((4, 4, 3, 2)))
    with pytest.raises(ValueError, match="same number of maps"):
        f(X, np.ones((4, 2, 3, 2)))


def test_gradients_of_unknown_shapes_refuse_what_is_not_the_outputs_shape():
    pooled = np.ones((2, 3, 3, 2))
    spread, paid = numba_function(Unpool2D((2, 3)), pooled, X), numba_function(MaxPool2DGrad((2, 3)), X, pooled, pooled)
    for misfit in (pooled[:1], pooled[:, :2], pooled[:, :, :2], np.ones((2, 3, 3, 3))):
        with pytest.raises(ValueError, match="output's shape"):
            spread(misfit, X)
        with pytest.raises(ValueError, match="output's shape"):
            paid(X, pooled, misfit)
        with pytest.raises(ValueError, match="output's shape"):
            paid(X, misfit, pooled)


def test_a_mask_refuses_a_state_that_is_not_three_numbers():
    state = np.ones(3, "int32")
    f = numba_function(DropoutMask(0.5), X, state)
    np.testing.assert_array_equal(f(X, state), performed(DropoutMask(0.5), X, state))
    for misfit in (np.ones(2, "int32"), np.ones(4, "int32")):
        with pytest.raises(ValueError, match="seed, stream and step"):
            f(X, misfit)


def test_every_op_is_dispatched_and_cached(kind):
    for registry in (numba_funcify, numba_funcify_default_op_cache_key):
        assert registry.dispatch(kind) is not registry.dispatch(object)


def test_an_op_without_a_dispatch_is_an_error(unknown_op):
    with pytest.raises(UserWarning, match="Numba will use object mode to run Nameless"):
        unknown_op.compile("NUMBA")(*unknown_op.values)
