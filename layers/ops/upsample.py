"""Enlarged feature maps: each pixel repeated, or interpolated linearly between pixels."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.op import OutputStorageType
from pytensor.tensor.type import TensorType
from pytensor.tensor.variable import TensorVariable

from network3.layers.calls import keywords_checked
from network3.layers.checks import error_message, one_of, shown, sizes

from .base import TensorOp, Tensors
from .pool import Pool2D
from .pool_base import check_maps

MODES = ("nearest", "bilinear")
MAX_FACTOR = 65_536


class Upsample2D(TensorOp):
    """Each pixel repeated over a block of `factor` (rows, columns)."""

    __props__ = ("factor",)

    def __init__(self, factor: int | Sequence[int] = (2, 2)):
        self.factor = sizes("upsample2d: factor", factor, 2)
        if max(self.factor) > MAX_FACTOR:
            hint = "Write the factor, e.g. 2, not the size of the result."
            expected = f"expected at most {MAX_FACTOR:,}"
            raise ValueError(error_message("upsample2d: factor", expected, shown(max(self.factor)), hint))

    def output_shape(self, shape: Sequence[Any]) -> tuple[Any, ...]:
        """Return the shape of the enlarged maps; sizes are numbers, symbolic, or None if unknown."""
        return (*shape[:2], *(None if n is None else n * f for n, f in zip(shape[2:], self.factor, strict=True)))

    def make_node(self, *inputs: Variable) -> Apply:
        (x,) = check_maps("upsample2d", inputs)
        return Apply(self, [x], [TensorType(x.type.dtype, shape=self.output_shape(x.type.shape))()])

    # PyTensor 3.0 passes (fgraph, node, shapes), later versions (node, shapes).
    def infer_shape(self, *arguments: Any) -> list[tuple[Any, ...]]:
        return [self.output_shape(arguments[-1][0])]

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: OutputStorageType) -> None:
        rows, columns = self.factor
        output_storage[0][0] = inputs[0].repeat(rows, 2).repeat(columns, 3)

    def pullback(self, inputs: Tensors, outputs: Tensors, cotangents: Tensors) -> list[Variable]:
        return [Pool2D(self.factor, "sum")(cotangents[0])]


@keywords_checked("upsample2d")
def upsample2d(x: TensorVariable, factor: int | Sequence[int], mode: str = "nearest") -> TensorVariable:
    r"""Enlarge each feature map by whole factors.

    .. math:: y_{ij} = x_{\lfloor i / r \rfloor \lfloor j / c \rfloor} \quad\text{("nearest", factors r and c)}

    Parameters
    ----------
    x : tensor of shape (images, maps, rows, columns), float32 or float64
    factor : int or (int, int)
        Rows and columns that each pixel becomes.
    mode : "nearest" or "bilinear", default "nearest"
        Repeat each pixel, or interpolate linearly between the centers of pixels, with the outermost pixels continued
        to the border, as PyTorch's ``interpolate(mode="bilinear", align_corners=False)``.

    Returns
    -------
    tensor of shape (images, maps, rows * factor[0], columns * factor[1]), type as x

    Raises
    ------
    TypeError
        Not four axes, or not a floating-point type.
    ValueError
        A factor below 1 or above 65,536, or an unknown mode.

    Notes
    -----
    The gradient of a pixel is the sum of those of its block. Source: Theano's and Lasagne's ``Upscale2DLayer``.

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> upsample2d(pt.tensor("x", shape=(10, 20, 5, 4), dtype="float32"), (2, 3)).type.shape
    (10, 20, 10, 12)
    """
    op = Upsample2D(factor)
    if one_of("upsample2d: mode", mode, MODES) == "nearest":
        return op(x)
    (x,) = check_maps("upsample2d", [x])
    for axis, times in zip((2, 3), op.factor, strict=True):
        x = _interpolated(x, axis, times)
    return x


def _interpolated(x: TensorVariable, axis: int, factor: int) -> TensorVariable:
    """Enlarge one axis: new pixel i is at ``(i + 1/2) / factor - 1/2``, between two pixels."""
    if factor == 1:
        return x
    lead = (slice(None),) * axis
    before = pt.concatenate([x[(*lead, slice(0, 1))], x[(*lead, slice(0, -1))]], axis)
    after = pt.concatenate([x[(*lead, slice(1, None))], x[(*lead, slice(-1, None))]], axis)
    distances = (np.arange(factor) + 0.5) / factor - 0.5
    half = factor // 2
    parts = [_between(x, before, axis, -distances[:half]), _between(x, after, axis, distances[factor - half :])]
    if factor % 2:  # the pixel itself: its neighbors, which may be NaN, have no share
        parts.insert(1, pt.expand_dims(x, axis + 1))
    length = x.type.shape[axis]
    shape = [x.shape[k] if n is None else n for k, n in enumerate(x.type.shape)]
    shape[axis] = (x.shape[axis] if length is None else length) * factor
    return pt.concatenate(parts, axis + 1).reshape(shape)


def _between(x: TensorVariable, near: TensorVariable, axis: int, shares: np.ndarray) -> TensorVariable:
    """Return the values between `x` and `near`, with these shares of `near`, along a new axis behind `axis`."""
    shape = [1] * (x.ndim + 1)
    shape[axis + 1] = len(shares)
    share = shares.astype(x.type.dtype).reshape(shape)
    one, other = (pt.expand_dims(v, axis + 1) for v in (x, near))
    return one * (1 - share) + other * share
