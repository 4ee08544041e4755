"""Static shapes, shapes computed without values, and equality of Ops by their properties."""

import pickle
from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.compile.mode import Mode

from network3.layers.backends import OPS
from network3.layers.ops import DropoutMask, conv2d, conv2d_transpose, pool2d, upsample2d
from network3.layers.ops.conv import Conv2D, Conv2DGradInput, Conv2DGradWeight
from network3.layers.ops.conv_transpose import Conv2DTranspose
from network3.layers.ops.pool import Pool2D, Unpool2D
from network3.layers.ops.pool_counts import WindowCounts
from network3.layers.ops.pool_maxima import MaxPool2DGrad, SumAtMaxima2D
from network3.layers.ops.upsample import Upsample2D

STRIDES = [(1, 1), (2, 1), (2, 3)]
PADDINGS = ["valid", "half", "full", (1, 2), "same", ((2, 0), (0, 1))]
KNOWN = [(1, 1, 1, 1), (0, 1, 1, 1), (1, 0, 0, 1), (0, 0, 0, 0)]


def image(*shape, name="x"):
    return pt.tensor(name, shape=shape, dtype="float32")


def masked(known, shape):
    """Return the shape with None for the sizes that are not known."""
    return tuple(length if is_known else None for is_known, length in zip(known, shape, strict=True))


@pytest.mark.parametrize("known", [(1, 1, 1, 1), (0, 1, 1, 1), (1, 0, 0, 1), (0, 0, 0, 0)])
@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("stride", STRIDES)
def test_the_static_shape_of_conv2d_is_the_shape_computed(evaluate, stride, padding, known):
    x, w = np.ones((2, 3, 6, 7), "float32"), np.ones((4, 3, 3, 2), "float32")
    computed = evaluate(lambda x, w: conv2d(x, w, stride=stride, padding=padding), x, w).shape
    static = conv2d(image(*masked(known, x.shape)), image(*w.shape), stride=stride, padding=padding).type.shape
    assert static == masked((known[0], 1, *known[2:]), computed)


@pytest.mark.parametrize("known", KNOWN)
@pytest.mark.parametrize("padding", PADDINGS)
def test_the_static_shape_with_dilation_and_groups_is_the_shape_computed(evaluate, padding, known):
    x, w = np.ones((2, 6, 6, 7), "float32"), np.ones((4, 3, 3, 2), "float32")
    options = {"padding": padding, "stride": (1, 2), "dilation": (2, 3), "groups": 2}
    computed = evaluate(lambda x, w: conv2d(x, w, **options), x, w).shape
    static = conv2d(image(*masked(known, x.shape)), image(*w.shape), **options).type.shape
    assert static == masked((known[0], 1, *known[2:]), computed)


@pytest.mark.parametrize("known", KNOWN)
@pytest.mark.parametrize("padding", PADDINGS)
def test_the_static_shape_of_conv2d_transpose_is_the_shape_computed(evaluate, padding, known):
    x, w = np.ones((2, 4, 6, 7), "float32"), np.ones((4, 3, 3, 2), "float32")
    options = {"padding": padding, "stride": (1, 2), "dilation": (1, 3), "groups": 2}
    computed = evaluate(lambda x, w: conv2d_transpose(x, w, **options), x, w).shape
    static = conv2d_transpose(image(*masked(known, x.shape)), image(*w.shape), **options).type.shape
    assert static == masked((known[0], 1, *known[2:]), computed)
    assert computed[1] == 6


def test_unknown_filters_give_unknown_outputs():
    assert conv2d(image(2, 3, 6, 7), image(4, None, None, 2)).type.shape == (2, 4, None, 6)
    assert conv2d(image(2, 3, 6, 7), image(None, 3, 3, None)).type.shape == (2, None, 4, None)
    assert conv2d(image(2, 3, 6, 7), image(4, 3, None, 2), padding="same").type.shape == (2, 4, None, 7)
    assert conv2d_transpose(image(2, 4, 6, 7), image(4, None, None, 2)).type.shape == (2, None, None, 8)
    sized = conv2d_transpose(image(None, 4, None, None), image(4, 3, None, 2), output_size=(9, 8))
    assert sized.type.shape == (None, 3, 9, 8)


@pytest.mark.parametrize("known", [(1, 1, 1, 1), (0, 1, 1, 1), (1, 0, 0, 1), (0, 0, 0, 0)])
@pytest.mark.parametrize("mode", ["max", "l2", "sum"])
@pytest.mark.parametrize("size", [(1, 1), (2, 3), (3, 2)])
def test_the_static_shape_of_pool2d_is_the_shape_computed(evaluate, size, mode, known):
    x = np.ones((2, 3, 7, 8), "float32")
    computed = evaluate(lambda x: pool2d(x, size, mode), x).shape
    assert pool2d(image(*masked(known, x.shape)), size, mode).type.shape == masked(known, computed)


def test_gradients_and_masks_have_the_static_shape_of_their_variable():
    x, w, g, pooled = image(2, 3, 6, None), image(4, 3, None, 2), image(2, 4, None, None), image(2, 3, 3, None)
    assert Conv2DGradInput()(w, g, x).type.shape == x.type.shape
    assert Conv2DGradWeight()(x, g, w).type.shape == w.type.shape
    assert Unpool2D()(pooled, x).type.shape == x.type.shape
    assert MaxPool2DGrad()(x, pooled, pooled).type.shape == x.type.shape
    assert SumAtMaxima2D()(x, pooled, x).type.shape == pooled.type.shape
    assert DropoutMask(0.5)(x, pt.ivector()).type.shape == x.type.shape


EXPRESSIONS = {
    "Conv2D": lambda x, w, state: conv2d(x, w, stride=(2, 1), padding="half"),
    "Conv2D full": lambda x, w, state: conv2d(x, w, stride=(1, 3), padding="full"),
    "Conv2D same": lambda x, w, state: conv2d(x, w, stride=(2, 3), padding="same"),
    "Conv2D in groups": lambda x, w, state: conv2d(x, w[:3, :1], dilation=2, padding=((1, 0), (0, 2)), groups=3),
    "Conv2DTranspose": lambda x, w, state: conv2d_transpose(x, w[:3], stride=(2, 3), padding=1, output_padding=(1, 2)),
    "Conv2DTranspose same": lambda x, w, state: conv2d_transpose(x, w[:3], stride=2, padding="same"),
    "Conv2DGradInput": lambda x, w, state: pt.grad(conv2d(x, w).sum(), x),
    "Conv2DGradWeight": lambda x, w, state: pt.grad(conv2d(x, w).sum(), w),
    "Pool2D": lambda x, w, state: pool2d(x, (2, 3)),
    "Unpool2D": lambda x, w, state: pt.grad(pool2d(x, (2, 3), "l2").sum(), x),
    "Pool2D with ceil": lambda x, w, state: pool2d(x, 3, stride=(2, 1), padding=((1, 0), 2), ceil=True),
    "WindowCounts": lambda x, w, state: WindowCounts((2, 3), stride=2, padding=(0, 1), ceil=True)(x),
    "SumAtMaxima2D": lambda x, w, state: SumAtMaxima2D(3, stride=2)(x, pool2d(x, 3, stride=2), x),
    "Upsample2D": lambda x, w, state: upsample2d(x, (2, 3)),
    "MaxPool2DGrad": lambda x, w, state: pt.grad(pool2d(x, (2, 3)).sum(), x),
    "DropoutMask": lambda x, w, state: DropoutMask(0.5)(x, state),
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_a_shape_is_computed_without_the_values(name):
    inputs = [image(*[None] * 4), image(*[None] * 4, name="w"), pt.ivector("state")]
    arrays = [np.ones((2, 3, 6, 7), "float32"), np.ones((4, 3, 3, 2), "float32"), np.array([1, 2, 3], "int32")]
    y = EXPRESSIONS[name](*inputs)
    values = pytensor.function(inputs, y, mode="FAST_COMPILE", on_unused_input="ignore")
    shape = pytensor.function(inputs, y.shape, mode=Mode("py", "fast_run"), on_unused_input="ignore")
    assert any(isinstance(node.op, OPS) for node in values.maker.fgraph.apply_nodes)
    assert not any(isinstance(node.op, OPS) for node in shape.maker.fgraph.apply_nodes)
    np.testing.assert_array_equal(shape(*arrays), values(*arrays).shape)


SETTINGS: list[tuple[Any, ...]] = [
    *((), ((2, 1),), ((1, 1), "half"), ((1, 1), (1, 1)), ((1, 1), "valid", False)),
    *((1, "same"), (1, ((1, 1), (1, 0))), (1, "valid", True, (2, 1)), (1, "valid", True, 1, 2)),
]
VARIANTS = [
    *(kind(*settings) for kind in (Conv2D, Conv2DGradInput, Conv2DGradWeight) for settings in SETTINGS),
    *(
        Conv2DTranspose(*settings)
        for settings in [*SETTINGS, (2, "valid", True, 1, 1, 1), (2, 0, True, 1, 1, 0, (9, 9))]
    ),
    *(Pool2D(size, mode) for size in [(2, 2), (2, 3)] for mode in ("max", "l2", "sum")),
    *(kind(size) for kind in (Unpool2D, MaxPool2DGrad, SumAtMaxima2D, Upsample2D) for size in [(2, 2), (2, 3)]),
    *(WindowCounts(2, padding_counts, stride=1) for padding_counts in (True, False)),
    *(Pool2D(3, "max", *settings) for settings in [(2,), (2, 1), (2, ((1, 0), 1)), (2, 0, True)]),
    *(DropoutMask(keep) for keep in (0.5, 0.7)),
]


def test_ops_are_equal_if_their_properties_are():
    unpickled = pickle.loads(pickle.dumps(VARIANTS))
    assert unpickled == VARIANTS
    assert [hash(op) for op in unpickled] == [hash(op) for op in VARIANTS]
    assert len(set(VARIANTS)) == len(VARIANTS)


def test_ops_written_differently_are_equal():
    assert Conv2D(2, 1, 1) == Conv2D((2, 2), [1, 1], True)
    assert hash(Conv2D(2, 1, 1)) == hash(Conv2D((2, 2), [1, 1], True))
    assert Conv2D(1, ((1, 1), (2, 2))) == Conv2D(1, (1, 2))
    assert Conv2DTranspose(2, 1, True, 1, 1, 1, None) == Conv2DTranspose((2, 2), 1, output_padding=[1, 1])
    assert Pool2D(np.int64(3)) == Pool2D([3, 3], "max") == Pool2D(3, stride=(3, 3), padding=((0, 0), 0))
    assert Upsample2D(2) == Upsample2D([2, np.int64(2)])
    assert DropoutMask(1) == DropoutMask(1.0)
