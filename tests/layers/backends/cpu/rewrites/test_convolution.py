"""Fusion of convolution and pooling: where it applies, and that results are the same as without it."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.compile.mode import get_mode

from network3.layers.backends.cpu.ops import ConvMaxPool, GradientToInput, GradientToWeight
from network3.layers.backends.cpu.processor import lanes_of
from network3.layers.ops import conv2d, pool2d
from network3.layers.ops.conv import Conv2D
from network3.layers.ops.pool import Pool2D
from network3.layers.ops.pool_maxima import MaxPool2DGrad

FUSED = [f"network3_fuse_{name}" for name in ("gradient", "pool", "plain_gradient", "plain")]
GENERIC = get_mode("NETWORK3").excluding(*FUSED)
X, W = (np.random.default_rng(k).normal(size=shape) for k, shape in enumerate([(3, 2, 11, 9), (5, 2, 4, 3)]))
G = np.random.default_rng(2).normal(size=(3, 5, 4, 3))


def variables(x=(3, 2, 11, 9), w=(5, 2, 4, 3), dtype="float64"):
    return pt.tensor("x", dtype=dtype, shape=x), pt.tensor("w", dtype=dtype, shape=w)


def ops(function):
    return [type(node.op) for node in function.maker.fgraph.toposort()]


def graph(x, w, **how):
    pooled = pool2d(conv2d(x, w, **how), (2, 2))
    return pooled, pt.grad((pooled * G).sum(), [x, w])


def test_the_forward_pass_alone_stores_no_bits():
    x, w = variables()
    function = pytensor.function([x, w], graph(x, w)[0], mode="NETWORK3")
    (node,) = (node for node in function.maker.fgraph.toposort() if isinstance(node.op, ConvMaxPool))
    assert not node.op.keep
    assert not {Conv2D, Pool2D} & set(ops(function))
    np.testing.assert_allclose(
        function(X, W), pytensor.function([x, w], graph(x, w)[0], mode=GENERIC)(X, W), rtol=1e-12
    )


def test_the_forward_pass_and_its_gradients_share_one_pass_over_the_images():
    x, w = variables()
    pooled, gradients = graph(x, w)
    function = pytensor.function([x, w], [pooled, *gradients], mode="NETWORK3")
    used = ops(function)
    assert used.count(ConvMaxPool) == used.count(GradientToInput) == used.count(GradientToWeight) == 1
    assert not {Conv2D, Pool2D, MaxPool2DGrad} & set(used)
    for got, expected in zip(
        function(X, W), pytensor.function([x, w], [pooled, *gradients], mode=GENERIC)(X, W), strict=True
    ):
        np.testing.assert_allclose(got, expected, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("which", [0, 1])
def test_a_gradient_that_is_not_requested_is_not_computed(which):
    x, w = variables()
    used = ops(pytensor.function([x, w], graph(x, w)[1][which], mode="NETWORK3"))
    assert (GradientToInput in used, GradientToWeight in used) == (which == 0, which == 1)


@pytest.mark.parametrize("how", [{"padding": "half"}, {"padding": (1, 2)}, {"flip": False}, {"stride": (2, 1)}])
def test_every_convolution_is_fused(how):
    x, w = variables()
    rows = pool2d(conv2d(x, w, **how), (2, 2))
    cost = (rows**2).sum()
    outputs = [rows, *pt.grad(cost, [x, w])]
    fused, generic = (pytensor.function([x, w], outputs, mode=mode) for mode in ("NETWORK3", GENERIC))
    assert ConvMaxPool in ops(fused)
    assert ConvMaxPool not in ops(generic)
    for got, expected in zip(fused(X, W), generic(X, W), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-11, atol=1e-12)


def pooling(function):
    """Return the windows of the fused convolutions: (1, 1) is one without pooling."""
    return [node.op.geometry.size for node in function.maker.fgraph.toposort() if isinstance(node.op, ConvMaxPool)]


def test_other_back_ends_use_the_generic_ops():
    x, w = variables()
    assert ConvMaxPool not in ops(pytensor.function([x, w], graph(x, w)[0], mode="FAST_COMPILE"))
    assert ConvMaxPool not in ops(pytensor.function([x, w], graph(x, w)[0], mode="JAX"))


def test_other_kinds_of_pooling_are_not_fused():
    x, w = variables()
    for pooled in (pool2d(conv2d(x, w), (2, 2), mode="l2"), pool2d(conv2d(x, w), (4, 3)), conv2d(x, w)):
        assert pooling(pytensor.function([x, w], pooled, mode="NETWORK3")) == [(1, 1)]
    assert not pooling(pytensor.function([x], pool2d(x, (2, 2)), mode="NETWORK3"))


@pytest.mark.parametrize("how", [{}, {"stride": (2, 1)}, {"padding": "half"}, {"flip": False}])
@pytest.mark.parametrize("maps", [2, 5])
def test_convolutions_without_pooling_and_their_gradients(how, maps):
    x, w = variables(x=(3, maps, 11, 9), w=(5, maps, 4, 3))
    values = [np.random.default_rng(k).normal(size=v.type.shape) for k, v in enumerate((x, w))]
    y = conv2d(x, w, **how)
    outputs = [y, *pt.grad((y**3).sum(), [x, w])]
    fused, generic = (pytensor.function([x, w], outputs, mode=mode) for mode in ("NETWORK3", GENERIC))
    # Rows shorter than a vector are left to products of matrices.
    assert (GradientToWeight in ops(fused)) == (GradientToInput in ops(fused)) == (3 * maps >= lanes_of("float64"))
    for got, expected in zip(fused(*values), generic(*values), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("shape", [(None, 2, 11, 9), (3, 2, None, 9)])
def test_unknown_shapes_are_compiled_with_numba(shape):
    x, w = variables(x=shape)
    function = pytensor.function([x, w], pool2d(conv2d(x, w), (2, 2)), mode="NETWORK3")
    assert "unknown shape" in function.vm.reason
    assert ConvMaxPool not in ops(function)
    x, w = variables()
    known = pytensor.function([x, w], graph(x, w)[0], mode="NETWORK3")
    np.testing.assert_allclose(function(X, W), known(X, W), rtol=1e-12)


def test_maxima_are_searched_among_values_of_the_same_pass():
    """A gradient that is not fused compares the convolved values with the maxima, to the last digit."""
    x, w = variables(dtype="float32")
    convolved = conv2d(x, w)
    pooled = pool2d(convolved, (2, 2))
    to_convolved = pt.grad((pooled * G.astype("float32")).sum(), convolved)  # without the gradient of the convolution
    function = pytensor.function([x, w], [pooled, to_convolved], mode="NETWORK3")
    assert pooling(function) == [(1, 1)]
    _, received = function(X.astype("float32"), W.astype("float32"))
    assert (np.count_nonzero(received, axis=(2, 3)) == 12).all()


def test_the_second_derivative_agrees_with_the_generic_ops():
    x, w = variables()
    cost = (pool2d(conv2d(x, w), (2, 2)) ** 2).sum()
    (first,) = pt.grad(cost, [w])
    second = pt.grad((first**2).sum(), w)
    fused, generic = (pytensor.function([x, w], second, mode=mode)(X, W) for mode in ("NETWORK3", GENERIC))
    np.testing.assert_allclose(fused, generic, rtol=1e-9)


UNFUSED = [{"dilation": 2}, {"groups": 2}, {"padding": ((1, 0), (0, 2))}, {"padding": "same"}]


@pytest.mark.parametrize("how", UNFUSED)
def test_dilation_groups_and_sides_that_differ_are_not_fused(how):
    filters = (6, 1, 3, 2) if "groups" in how else (6, 2, 3, 2)
    x, w = variables(w=filters)
    values = X, np.random.default_rng(3).normal(size=filters)
    pooled = pool2d(conv2d(x, w, **how), (2, 2))
    outputs = [pooled, *pt.grad((pooled**2).sum(), [x, w])]
    function, plain = (pytensor.function([x, w], outputs, mode=mode) for mode in ("NETWORK3", "FAST_COMPILE"))
    assert Conv2D in ops(function)
    assert not {ConvMaxPool, GradientToInput, GradientToWeight} & set(ops(function))
    assert not hasattr(function.vm, "reason")
    for got, expected in zip(function(*values), plain(*values), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-11)


def test_same_padding_with_equal_sides_is_fused():
    x, w = variables(w=(5, 2, 3, 5))
    function = pytensor.function([x, w], pool2d(conv2d(x, w, padding="same"), (2, 2)), mode="NETWORK3")
    assert pooling(function) == [(2, 2)]


@pytest.mark.parametrize("windows", [{"stride": 1}, {"padding": ((0, 1), 0)}, {"ceil": True}, {"mode": "sum"}])
def test_only_maxima_of_plain_windows_are_fused(windows):
    x, w = variables()
    pooled = pool2d(conv2d(x, w), 2, **windows)
    outputs = [pooled, *pt.grad((pooled**3).sum(), [x, w])]
    function = pytensor.function([x, w], outputs, mode="NETWORK3")
    assert Pool2D in ops(function)
    for got, expected in zip(
        function(X, W), pytensor.function([x, w], outputs, mode="FAST_COMPILE")(X, W), strict=True
    ):
        np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-11)
