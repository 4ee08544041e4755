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

from network3.layers.backends import OPS
from network3.layers.ops import DropoutMask, conv2d, conv2d_transpose, pool2d, upsample2d


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


def conv(stride=1, padding="valid", flip=True, taps=(3, 2), static=True, nan=False, dilation=1, groups=1):
    def case(dtype):
        rng = np.random.default_rng(7)
        filters = (4, 3) if groups == 1 else (2 * groups, 3 // groups)
        x, w = rng.normal(size=(2, 3, 6, 7)).astype(dtype), rng.normal(size=(*filters, *taps)).astype(dtype)
        shape = conv2d(*variables(x, w), flip, stride, padding, dilation=dilation, groups=groups).type.shape
        g = rng.normal(size=shape).astype(dtype)
        if nan:
            x[1, 2, 3, 3], g[0, 1, 1, 1] = np.nan, np.nan
        inputs = variables(x, w, g, static=static)
        y = conv2d(*inputs[:2], flip, stride, padding, dilation=dilation, groups=groups)
        return Case(dtype, inputs, [y, *pullback(y, inputs[:2], inputs[2])], [x, w, g])

    return case


def transposed(static=True, groups=1, taps=(3, 2), **settings):
    """Transposed convolution, its gradients, and their gradients."""

    def case(dtype):
        rng = np.random.default_rng(7)
        x, w = rng.normal(size=(2, 4, 3, 4)).astype(dtype), rng.normal(size=(4, 3, *taps)).astype(dtype)
        inputs = variables(x, w, static=static)
        y = conv2d_transpose(*inputs, groups=groups, **settings)
        gradients = pullback(y, inputs, y)
        return Case(dtype, inputs, [y, *gradients, *pullback(gradients[0], inputs, inputs[0])], [x, w])

    return case


def conv_of_views(dtype):
    """Images and filters that are transposed in memory."""
    rng = np.random.default_rng(8)
    x, w = rng.normal(size=(7, 6, 3, 2)).astype(dtype), rng.normal(size=(3, 4, 2, 3)).astype(dtype)
    inputs = variables(x, w)
    images, filters = inputs[0].transpose(3, 2, 1, 0), inputs[1].transpose(1, 0, 3, 2)
    y = conv2d(images, filters, padding="full")
    return Case(dtype, inputs, [y, *pullback(y, [images, filters], y)], [x, w])


def pool(size, mode, x=None, static=True, **settings):
    """The pooled values, the gradient, and its own gradients with respect to the images and the output's gradient."""

    def case(dtype):
        rng = np.random.default_rng(9)
        images = (rng.normal(size=(2, 3, 7, 8)) if x is None else x()).astype(dtype)
        g = rng.normal(size=pool2d(pt.constant(images), size, mode, **settings).type.shape).astype(dtype)
        c = rng.normal(size=images.shape).astype(dtype)
        inputs = variables(images, g, c, static=static)
        y = pool2d(inputs[0], size, mode, **settings)
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


def upsampled(factor, mode="nearest", static=True):
    """Enlarged images, the gradient, and its gradient."""

    def case(dtype):
        x = np.random.default_rng(15).normal(size=(2, 3, 4, 5)).astype(dtype)
        (images,) = variables(x, static=static)
        y = upsample2d(images, factor, mode)
        (dx,) = pullback(y, [images], y * y)
        return Case(dtype, [images], [y, dx, *pullback(dx, [images], images)], [x])

    return case


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
    "conv same": conv(2, "same", taps=(2, 5)),
    "conv with sides that differ": conv((1, 2), ((2, 0), (1, 3))),
    "conv with dilation": conv((2, 1), "half", dilation=(2, 3)),
    "conv in groups": conv(1, (1, 0), groups=3),
    "conv of unknown shapes, same": conv((2, 1), "same", static=False, dilation=(1, 2), groups=3),
    "transposed conv": transposed(stride=(2, 1), padding="half", output_padding=(1, 0)),
    "transposed conv in groups": transposed(groups=2, stride=2, dilation=(1, 2), flip=False),
    "transposed conv of a size": transposed(stride=(2, 3), padding="same", output_size=(5, 10)),
    "transposed conv of unknown shapes": transposed(static=False, groups=2, stride=2, padding=((1, 0), (0, 1))),
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
    "max of ties, overlapping": pool((3, 3), "max", tied, stride=(2, 1), padding=1),
    "max of NaN, incomplete": pool((2, 3), "max", with_nan, stride=(3, 2), padding=((0, 1), (2, 0)), ceil=True),
    "l2 of unknown shapes, apart": pool((1, 2), "l2", blank, static=False, stride=3),
    "average of unknown shapes": pool(3, "average", static=False, stride=2, padding=1, ceil=True),
    "average without padding": pool((3, 2), "average_exclude_padding", with_nan, padding=((2, 0), (0, 1))),
    "average without padding, of unknown shapes": pool(3, "average_exclude_padding", static=False, padding=(0, 2)),
    "upsampling of unknown shapes": upsampled((3, 1), static=False),
    "upsampling, bilinear": upsampled((1, 3), "bilinear"),
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


@pytest.fixture(params=OPS)
def kind(request):
    """Each class of our Ops."""
    return request.param
