"""Our Ops on PyTensor's PyTorch back end. Import this module before compiling with ``mode="PYTORCH"``.

Only the Ops are supported, for graphs of your own; networks train on Numba or JAX.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import torch
import torch.nn.functional as F
from pytensor.link.pytorch.dispatch import pytorch_funcify

from network3.layers.ops.conv import Conv2D, Conv2DGradInput, Conv2DGradWeight, Convolution
from network3.layers.ops.conv_shapes import border
from network3.layers.ops.dropout_mask import DropoutMask, threefry2x32
from network3.layers.ops.pool import MaxPool2DGrad, Pool2D, Unpool2D, windows

Function: TypeAlias = Callable[..., torch.Tensor]


def _flipped(op: Convolution, w: torch.Tensor) -> torch.Tensor:
    return torch.flip(w, (2, 3)) if op.flip else w


def _gradients(
    op: Convolution, g: torch.Tensor, x: torch.Tensor, w: torch.Tensor, output_mask: tuple[bool, bool, bool]
) -> tuple[torch.Tensor, ...]:
    """Call PyTorch's backward pass; `output_mask` selects the gradients to compute, of images, filters and bias."""
    pad = border(op.padding, w.shape[2:])
    return torch.ops.aten.convolution_backward(
        g, x, _flipped(op, w), None, op.stride, pad, (1, 1), False, (0, 0), 1, output_mask
    )


@pytorch_funcify.register(Conv2D)
def pytorch_conv2d(op: Conv2D, **kwargs: Any) -> Function:
    def conv2d(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        return F.conv2d(x, _flipped(op, w), stride=op.stride, padding=border(op.padding, w.shape[2:]))

    return conv2d


@pytorch_funcify.register(Conv2DGradInput)
def pytorch_conv2d_grad_input(op: Conv2DGradInput, **kwargs: Any) -> Function:
    def conv2d_grad_input(w: torch.Tensor, g: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        return _gradients(op, g, x, w, (True, False, False))[0]

    return conv2d_grad_input


@pytorch_funcify.register(Conv2DGradWeight)
def pytorch_conv2d_grad_weight(op: Conv2DGradWeight, **kwargs: Any) -> Function:
    def conv2d_grad_weight(x: torch.Tensor, g: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        return _flipped(op, _gradients(op, g, x, w, (False, True, False))[1])

    return conv2d_grad_weight


@pytorch_funcify.register(Pool2D)
def pytorch_pool2d(op: Pool2D, **kwargs: Any) -> Function:
    def pool2d(x: torch.Tensor) -> torch.Tensor:
        op.fitting_output_shape(x.shape)
        blocks = windows(x, op.size)
        if op.mode == "max":
            return blocks.amax((3, 5))
        if op.mode == "l2":
            return torch.sqrt((blocks * blocks).sum((3, 5)))
        return blocks.sum((3, 5))

    return pool2d


def _spread(g: torch.Tensor, size: Sequence[int], x: torch.Tensor) -> torch.Tensor:
    """Repeat each value over its window of an image of the shape of `x`; zeros outside the windows."""
    (rows, columns), (height, width) = size, x.shape[2:]
    y = g.repeat_interleave(rows, 2).repeat_interleave(columns, 3)
    return F.pad(y, (0, width - y.shape[3], 0, height - y.shape[2]))


@pytorch_funcify.register(Unpool2D)
def pytorch_unpool2d(op: Unpool2D, **kwargs: Any) -> Function:
    def unpool2d(g: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        return _spread(g, op.size, x)

    return unpool2d


@pytorch_funcify.register(MaxPool2DGrad)
def pytorch_max_pool2d_grad(op: MaxPool2DGrad, **kwargs: Any) -> Function:
    def max_pool2d_grad(x: torch.Tensor, y: torch.Tensor, g: torch.Tensor) -> torch.Tensor:
        # Not PyTorch's own gradient, in which only the first of tied maxima receives it. Outside the windows g is 0.
        return torch.where(x == _spread(y, op.size, x), _spread(g, op.size, x), 0)

    return max_pool2d_grad


_block = threefry2x32(lambda word: word & 0xFFFFFFFF)


@pytorch_funcify.register(DropoutMask)
def pytorch_dropout_mask(op: DropoutMask, **kwargs: Any) -> Function:
    def mask(x: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        # PyTorch's unsigned 32-bit arithmetic is incomplete, so 64-bit integers are reduced to 32 bits instead.
        half = (x.numel() + 1) // 2
        seed, stream, step = (state.to(torch.int64) & 0xFFFFFFFF)[:, None]
        words = _block(seed, stream, step, torch.arange(half, device=x.device))
        kept = torch.cat(words)[: x.numel()] >> 8 < op.threshold
        return kept.to(x.dtype).reshape(x.shape)

    return mask
