"""The table of graphs on which every back end must agree with NumPy."""

from dataclasses import dataclass
from itertools import chain

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.gradient import pullback
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op

from network3.layers.ops import DropoutMask, conv2d, pool2d
from network3.layers.ops.conv import Conv2D, Conv2DGradInput, Conv2DGradWeight
from network3.layers.ops.pool import MaxPool2DGrad, Pool2D, Unpool2D


@dataclass
class Case:
    """A graph of one floating-point type, and values for its inputs."""

    dtype: str
    inputs: list
    outputs: list
    values: list

    def compile(self, mode):
        return pytensor.function(self.inputs, self.outputs, mode=mode)

    def assert_agrees(self, results):
        """Compare with NumPy: type, shape, value, and the places of NaN."""
        tolerance = 1e-11 if self.dtype == "float64" else 3e-5
        for result, expected in zip(results, self.compile("FAST_COMPILE")(*self.values), strict=True):
            assert (result.dtype, result.shape) == (expected.dtype, expected.shape)
            assert result.dtype == self.dtype
            np.testing.assert_allclose(result, expected, rtol=tolerance, atol=tolerance)


def joined(cases):
    """Return several cases as one, so that there is one function to compile."""
    parts = zip(*((case.inputs, case.outputs, case.values) for case in cases), strict=True)
    return Case(cases[0].dtype, *([*chain(*part)] for part in parts))


def variables(*arrays, static=True):
    """Return variables for the arrays, of static or unknown shape."""
    return [pt.tensor(shape=a.shape if static else (None,) * a.ndim, dtype=a.dtype) for a in arrays]


def conv(stride=1, padding="valid", flip=True, taps=(3, 2), static=True, nan=False):
    def case(dtype):
        rng = np.random.default_rng(7)
        x, w = rng.normal(size=(2, 3, 6, 7)).astype(dtype), rng.normal(size=(4, 3, *taps)).astype(dtype)
        shape = conv2d(*variables(x, w), flip, stride, padding).type.shape
        g = rng.normal(size=shape).astype(dtype)
        if nan:
            x[1, 2, 3, 3], g[0, 1, 1, 1] = np.nan, np.nan
        inputs = variables(x, w, g, static=static)
        y = conv2d(*inputs[:2], flip, stride, padding)
        return Case(dtype, inputs, [y, *pullback(y, inputs[:2], inputs[2])], [x, w, g])

    return case


def conv_of_views(dtype):
    """Images and filters that are transposed in memory."""
    rng = np.random.default_rng(8)
    x, w = rng.normal(size=(7, 6, 3, 2)).astype(dtype), rng.normal(size=(3, 4, 2, 3)).astype(dtype)
    inputs = variables(x, w)
    images, filters = inputs[0].transpose(3, 2, 1, 0), inputs[1].transpose(1, 0, 3, 2)
    y = conv2d(images, filters, padding="full")
    return Case(dtype, inputs, [y, *pullback(y, [images, filters], y)], [x, w])


def pool(size, mode, x=None, static=True):
    """The pooled values, the gradient, and its own gradients with respect to the images and the output's gradient."""

    def case(dtype):
        rng = np.random.default_rng(9)
        images = (rng.normal(size=(2, 3, 7, 8)) if x is None else x()).astype(dtype)
        n, maps, height, width = images.shape
        g = rng.normal(size=(n, maps, height // size[0], width // size[1])).astype(dtype)
        c = rng.normal(size=images.shape).astype(dtype)
        inputs = variables(images, g, c, static=static)
        y = pool2d(inputs[0], size, mode)
        (dx,) = pullback(y, [inputs[0]], inputs[1])
        second = pullback(dx, inputs[:2], inputs[2], disconnected_inputs="ignore")
        return Case(dtype, inputs, [y, dx, *second], [images, g, c])

    return case


def tied():
    return np.random.default_rng(10).integers(0, 3, (2, 3, 7, 8)).astype("float64")


def blank():
    x = np.random.default_rng(11).normal(size=(2, 3, 7, 8))
    x[0], x[1, 1, 2:4, 3:6] = 0, 0
    return x


def with_nan():
    x = np.random.default_rng(12).normal(size=(2, 3, 7, 8))
    x[0, 1, 0, 0], x[1, 2, 2, 4], x[1, 0, 3, 5] = np.nan, np.nan, np.nan  # first, middle and last of a window
    x[0, 2, 2, 3] = np.inf
    return x


def masks(*shape, keep, state):
    def case(dtype):
        x, words = np.full(shape, np.nan, dtype), np.array(state, "int32")
        inputs = variables(x, words)
        return Case(dtype, inputs, [DropoutMask(keep)(*inputs)], [x, words])

    return case


def net(mode):
    """Images, convolved, pooled and masked by dropout; a cost and its gradients."""

    def case(dtype):
        rng = np.random.default_rng(13)
        x, w = rng.normal(size=(2, 3, 7, 8)).astype(dtype), rng.normal(size=(4, 3, 2, 3)).astype(dtype)
        state = np.array([1, 2, 3], "int32")
        inputs = variables(x, w, state)
        pooled = pool2d(conv2d(*inputs[:2]), (2, 2), mode)
        cost = (pooled * DropoutMask(0.5)(pooled, inputs[2])).sum(acc_dtype=dtype)
        return Case(dtype, inputs, [cost, *pt.grad(cost, inputs[:2])], [x, w, state])

    return case


CONV = {
    "conv": conv(),
    "conv of views": conv_of_views,
    "conv of unknown shapes": conv((2, 1), "half", static=False),
    "conv half": conv(1, "half", taps=(2, 5)),
    "conv full, stride along rows": conv((1, 2), "full"),
    "cross-correlation full": conv(1, "full", flip=False),
    "cross-correlation with strides": conv((2, 3), (1, 2), flip=False),
    "cross-correlation of unknown shapes": conv(1, (1, 2), flip=False, static=False),
    "conv of one tap": conv((2, 1), taps=(1, 1)),
    "conv as large as the image": conv(taps=(6, 7)),
    "conv of NaN": conv(nan=True),
    "conv of NaN, padded": conv((2, 1), "half", nan=True, taps=(3, 3)),
    "conv of NaN under 3 by 3": conv(nan=True, taps=(3, 3)),
}
POOL = {
    **{f"{mode} {size}": pool(size, mode) for mode in ("max", "l2", "sum") for size in [(2, 2), (2, 3), (3, 2)]},
    **{f"{mode} of NaN": pool((2, 3), mode, with_nan) for mode in ("max", "l2", "sum")},
    **{f"{mode} of unknown shapes": pool((2, 3), mode, static=False) for mode in ("max", "l2", "sum")},
    "max of ties": pool((2, 3), "max", tied),
    "max of one pixel": pool((1, 1), "max"),
    "l2 of blanks": pool((2, 3), "l2", blank),
}
MASKS = {
    "masks, odd": masks(3, 5, keep=0.5, state=(0, 0, 0)),
    "masks, even": masks(4, 3, 2, keep=0.7, state=(7, 3, 11)),
    "masks of one": masks(1, keep=0.7, state=(1, 2, 3)),
    "masks of high words": masks(101, keep=0.5, state=(-1, 2**31 - 1, -(2**31))),
    "masks that keep all": masks(3, 5, keep=1.0, state=(7, 3, 11)),
    "masks that keep nothing": masks(3, 5, keep=0.0, state=(7, 3, 11)),
}
NETS = {f"net of {mode}": net(mode) for mode in ("max", "l2", "sum")}
TABLE = CONV | POOL | MASKS | NETS


@pytest.fixture(params=["float32", "float64"])
def dtype(request):
    return request.param


@pytest.fixture(params=TABLE)
def case(request, dtype):
    return TABLE[request.param](dtype)


@pytest.fixture
def cases():
    """Return several of the table's cases as one."""
    return lambda dtype, *names: joined([TABLE[name](dtype) for name in names])


@pytest.fixture(params=["max", "l2", "sum"])
def small_net(request):
    """A convolution, pooling and dropout, a cost and its gradients, all in float32."""
    return net(request.param)("float32")


@pytest.fixture
def float64_variables():
    """Return the variables of float64 in the graph of a compiled function."""
    return lambda f: [v for v in f.maker.fgraph.variables if v.type.dtype == "float64"]


class Nameless(Op):
    """An Op without an implementation on any back end."""

    __props__ = ()

    def make_node(self, x):
        return Apply(self, [x], [x.type()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0] + 1


@pytest.fixture
def unknown_op():
    x = pt.tensor("x", shape=(None,), dtype="float32")
    return Case("float32", [x], [Nameless()(x)], [np.zeros(2, "float32")])


@pytest.fixture(params=[Conv2D, Conv2DGradInput, Conv2DGradWeight, Pool2D, Unpool2D, MaxPool2DGrad, DropoutMask])
def kind(request):
    """Each class of our Ops."""
    return request.param
