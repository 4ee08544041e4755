"""Our Ops on PyTensor's PyTorch back end. Import this module before compiling with ``mode="PYTORCH"``.

Only the Ops are supported, for graphs of your own; networks train on Numba or JAX.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import torch
import torch.nn.functional as F
from pytensor.link.pytorch.dispatch import pytorch_funcify

from network3.layers.ops.conv import Conv2D, Conv2DGradInput, Conv2DGradWeight
from network3.layers.ops.conv_transpose import Conv2DTranspose
from network3.layers.ops.convolution import Convolution
from network3.layers.ops.dropout_mask import DropoutMask, threefry2x32

from . import pytorch_pool as pytorch_pool

Function: TypeAlias = Callable[..., torch.Tensor]


def _flipped(op: Convolution, w: torch.Tensor) -> torch.Tensor:
    return torch.flip(w, (2, 3)) if op.flip else w


def _gradients(
    op: Convolution, g: torch.Tensor, x: torch.Tensor, w: torch.Tensor, output_mask: tuple[bool, bool, bool]
) -> tuple[torch.Tensor, ...]:
    """Call PyTorch's backward pass; `output_mask` selects the gradients to compute, of images, filters and bias.

    The images have their border, since PyTorch's own has equal sides.
    """
    return torch.ops.aten.convolution_backward(
        g, x, _flipped(op, w), None, op.stride, (0, 0), op.dilation, False, (0, 0), op.groups, output_mask
    )


def _bordered(op: Convolution, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    (top, bottom), (left, right) = op.border(x.shape, w.shape)
    return F.pad(x, (left, right, top, bottom))


def _to_images(op: Convolution, w: torch.Tensor, g: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    (top, _), (left, _) = op.border(x.shape, w.shape)
    height, width = x.shape[2:]
    dx = _gradients(op, g, _bordered(op, x, w), w, (True, False, False))[0]
    return dx[:, :, top : top + height, left : left + width]


@pytorch_funcify.register(Conv2D)
def pytorch_conv2d(op: Conv2D, **kwargs: Any) -> Function:
    def conv2d(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        op.fitting_output_shape(x.shape, w.shape)
        images, taps = _bordered(op, x, w), _flipped(op, w)
        return F.conv2d(images, taps, stride=op.stride, dilation=op.dilation, groups=op.groups)

    return conv2d


@pytorch_funcify.register(Conv2DGradInput)
def pytorch_conv2d_grad_input(op: Conv2DGradInput, **kwargs: Any) -> Function:
    def conv2d_grad_input(w: torch.Tensor, g: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        op.check_gradient(g.shape, op.fitting_output_shape(x.shape, w.shape))
        return _to_images(op, w, g, x)

    return conv2d_grad_input


@pytorch_funcify.register(Conv2DTranspose)
def pytorch_conv2d_transpose(op: Conv2DTranspose, **kwargs: Any) -> Function:
    def conv2d_transpose(w: torch.Tensor, g: torch.Tensor) -> torch.Tensor:
        return _to_images(op, w, g, g.new_empty(op.fitting_images_shape(w.shape, g.shape)))

    return conv2d_transpose


@pytorch_funcify.register(Conv2DGradWeight)
def pytorch_conv2d_grad_weight(op: Conv2DGradWeight, **kwargs: Any) -> Function:
    def conv2d_grad_weight(x: torch.Tensor, g: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        op.check_gradient(g.shape, op.fitting_output_shape(x.shape, w.shape))
        return _flipped(op, _gradients(op, g, _bordered(op, x, w), w, (False, True, False))[1])

    return conv2d_grad_weight


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
