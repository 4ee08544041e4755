"""Pooling and upsampling on PyTorch."""

from collections.abc import Callable
from typing import Any, TypeAlias

import torch
import torch.nn.functional as F
from pytensor.link.pytorch.dispatch import pytorch_funcify

from network3.layers.ops.pool import Pool2D, Unpool2D
from network3.layers.ops.pool_counts import WindowCounts
from network3.layers.ops.pool_maxima import MaxPool2DGrad, SumAtMaxima2D
from network3.layers.ops.pool_shapes import Windows
from network3.layers.ops.upsample import Upsample2D

Function: TypeAlias = Callable[..., torch.Tensor]


def _extended(x: torch.Tensor, windows: Windows, fill: float) -> torch.Tensor:
    """Return images that begin with their first window and end with their last one."""
    (top, bottom), (left, right) = windows.beyond(x.shape[2:], windows.output_size(x.shape[2:]))
    return F.pad(x, (left, right, top, bottom), value=fill)


def _cropped(dx: torch.Tensor, windows: Windows, x: torch.Tensor) -> torch.Tensor:
    """Return the pixels of an array of the size of `_extended`; those outside of windows are 0."""
    (top, bottom), (left, right) = windows.beyond(x.shape[2:], windows.output_size(x.shape[2:]))
    return F.pad(dx, (-left, -right, -top, -bottom))


@pytorch_funcify.register(Pool2D)
def pytorch_pool2d(op: Pool2D, **kwargs: Any) -> Function:
    (rows, columns), (down, right) = op.windows.size, op.windows.stride

    def pool2d(x: torch.Tensor) -> torch.Tensor:
        op.windows.check_image(x.shape[2:])
        pixels = _extended(x, op.windows, -torch.inf if op.mode == "max" else 0)
        blocks = pixels.unfold(2, rows, down).unfold(3, columns, right)
        if op.mode == "max":
            return blocks.amax((4, 5))
        if op.mode == "l2":
            return torch.sqrt((blocks * blocks).sum((4, 5)))
        return blocks.sum((4, 5))

    return pool2d


@pytorch_funcify.register(Unpool2D)
def pytorch_unpool2d(op: Unpool2D, **kwargs: Any) -> Function:
    def unpool2d(g: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        dx = torch.zeros((*x.shape[:2], *op.windows.extent(g.shape[2:])), dtype=g.dtype, device=g.device)
        for rows, columns in op.windows.taps(g.shape[2:]):
            dx[:, :, rows, columns] += g
        return _cropped(dx, op.windows, x)

    return unpool2d


@pytorch_funcify.register(MaxPool2DGrad)
def pytorch_max_pool2d_grad(op: MaxPool2DGrad, **kwargs: Any) -> Function:
    def max_pool2d_grad(x: torch.Tensor, y: torch.Tensor, g: torch.Tensor) -> torch.Tensor:
        # Not PyTorch's own gradient, in which only the first of tied maxima receives it.
        pixels = _extended(x, op.windows, -torch.inf)
        dx = torch.zeros_like(pixels)
        for rows, columns in op.windows.taps(y.shape[2:]):
            dx[:, :, rows, columns] += torch.where(pixels[:, :, rows, columns] == y, g, 0)
        return _cropped(dx, op.windows, x)

    return max_pool2d_grad


@pytorch_funcify.register(SumAtMaxima2D)
def pytorch_sum_at_maxima2d(op: SumAtMaxima2D, **kwargs: Any) -> Function:
    def sum_at_maxima2d(x: torch.Tensor, y: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
        pixels, values = _extended(x, op.windows, -torch.inf), _extended(c, op.windows, 0)
        sums = torch.zeros_like(y)
        for rows, columns in op.windows.taps(y.shape[2:]):
            sums += torch.where(pixels[:, :, rows, columns] == y, values[:, :, rows, columns], 0)
        return sums

    return sum_at_maxima2d


@pytorch_funcify.register(WindowCounts)
def pytorch_window_counts(op: WindowCounts, node: Any = None, **kwargs: Any) -> Function:
    def window_counts(x: torch.Tensor) -> torch.Tensor:
        return torch.as_tensor(op.windows.counts(x.shape[2:], op.padding_counts)[None, None]).to(x)

    return window_counts


@pytorch_funcify.register(Upsample2D)
def pytorch_upsample2d(op: Upsample2D, **kwargs: Any) -> Function:
    def upsample2d(x: torch.Tensor) -> torch.Tensor:
        return x.repeat_interleave(op.factor[0], 2).repeat_interleave(op.factor[1], 3)

    return upsample2d
