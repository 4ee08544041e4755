"""Our Ops in ordinary NUMBA graphs give what NumPy gives: the kernels are called by address, whatever comes."""

from pathlib import Path

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

import network3.layers.backends.numba_ops  # noqa: F401  (registers our Ops)
from network3.layers.ops import DropoutMask
from network3.layers.ops.conv import Conv2D, Conv2DGradInput, Conv2DGradWeight
from network3.layers.ops.pool import MaxPool2DGrad, Pool2D, Unpool2D

ROOT = Path(__file__).parents[3]
JOINED = {
    "conv": ["conv of views", "cross-correlation striding", "conv of NaN, padded"],
    "pool": ["max of NaN", "max of ties", "l2 of NaN", "l2 of blanks", "sum of NaN"],
    "masks": ["masks, odd", "masks, even", "masks of high words", "masks that keep all", "masks that keep nothing"],
    "net": ["net of max"],
}
RNG = np.random.default_rng(14)


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


def performed(op, *arrays):
    """What the Op's NumPy gives."""
    storage = [[None]]
    op.perform(None, arrays, storage)
    return storage[0][0]


def numba_function(op, *arrays):
    """Compile an Op for arrays of these types and numbers of axes, and of any lengths."""
    inputs = [pt.tensor(shape=(None,) * a.ndim, dtype=a.dtype) for a in arrays]
    return pytensor.function(inputs, op(*inputs), mode="NUMBA", on_unused_input="ignore")


def numbers(*shape, dtype="float64"):
    return RNG.normal(size=shape).astype(dtype)


X, W, G = numbers(2, 3, 6, 7), numbers(4, 3, 3, 2), numbers(2, 4, 4, 6)
POOLED = numbers(2, 3, 3, 2)
OPS = {
    "Conv2D": (Conv2D(), X, W),
    "Conv2DGradInput": (Conv2DGradInput(), W, G, X),
    "Conv2DGradWeight": (Conv2DGradWeight(), X, G, W),
    "Pool2D": (Pool2D((2, 3)), X),
    "Unpool2D": (Unpool2D((2, 3)), POOLED, X),
    "MaxPool2DGrad": (MaxPool2DGrad((2, 3)), X, performed(Pool2D((2, 3)), X), POOLED),
    "DropoutMask": (DropoutMask(0.5), X, np.array([7, 3, 11], "int32")),
}
# How an array may lie in memory: rows of other arrays, from the end, by columns, spread, not to be written.
LAYOUTS = {
    "every second": lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
    "reversed": lambda a: a[::-1, ..., ::-1].copy()[::-1, ..., ::-1],
    "by columns": np.asfortranarray,
    "inside another": lambda a: np.pad(a, 1)[(slice(1, -1),) * a.ndim],
    "read only": lambda a: np.frombuffer(a.tobytes(), a.dtype).reshape(a.shape),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", OPS)
def test_arrays_may_lie_in_memory_as_they_like(name, dtype):
    op, *arrays = OPS[name]
    arrays = [a.astype(dtype) if a.dtype.kind == "f" else a for a in arrays]
    f, expected = numba_function(op, *arrays), performed(op, *arrays)
    for layout in LAYOUTS.values() if dtype == "float32" else [np.copy, LAYOUTS["reversed"]]:
        result = f(*map(layout, arrays))
        assert result.dtype == expected.dtype
        np.testing.assert_allclose(result, expected, rtol=2e-5 if dtype == "float32" else 1e-12, atol=1e-5)
