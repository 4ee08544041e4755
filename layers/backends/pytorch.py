"""Our Ops on PyTensor's PyTorch back end. Import this module before compiling with ``mode="PYTORCH"``.

The Ops only: networks train on Numba or JAX.
"""

import torch
import torch.nn.functional as F
from pytensor.link.pytorch.dispatch import pytorch_funcify

from network3.layers.ops.conv import Conv2D, Conv2DGradInput, Conv2DGradWeight, border
from network3.layers.ops.dropout_mask import DropoutMask, threefry2x32
from network3.layers.ops.pool import MaxPool2DGrad, Pool2D, Unpool2D, windows


def _flipped(op, w):
    return torch.flip(w, (2, 3)) if op.flip else w


def _gradients(op, g, x, w, expected):
    """Call PyTorch's own backward pass; `expected` says which of images, filters and bias get a gradient."""
    pad = border(op.padding, w.shape[2:])
    return torch.ops.aten.convolution_backward(
        g, x, _flipped(op, w), None, op.stride, pad, (1, 1), False, (0, 0), 1, expected
    )


@pytorch_funcify.register(Conv2D)
def pytorch_conv2d(op, **kwargs):
    def conv2d(x, w):
        return F.conv2d(x, _flipped(op, w), stride=op.stride, padding=border(op.padding, w.shape[2:]))

    return conv2d


@pytorch_funcify.register(Conv2DGradInput)
def pytorch_conv2d_grad_input(op, **kwargs):
    def conv2d_grad_input(w, g, x):
        return _gradients(op, g, x, w, (True, False, False))[0]

    return conv2d_grad_input


@pytorch_funcify.register(Conv2DGradWeight)
def pytorch_conv2d_grad_weight(op, **kwargs):
    def conv2d_grad_weight(x, g, w):
        return _flipped(op, _gradients(op, g, x, w, (False, True, False))[1])

    return conv2d_grad_weight


@pytorch_funcify.register(Pool2D)
def pytorch_pool2d(op, **kwargs):
    def pool2d(x):
        blocks = windows(x, op.size)
        if op.mode == "max":
            return blocks.amax((3, 5))
        if op.mode == "l2":
            return torch.sqrt((blocks * blocks).sum((3, 5)))
        return blocks.sum((3, 5))

    return pool2d


def _spread(g, size, x):
    """Repeat each value over its window; zeros beyond the last window."""
    (rows, columns), (height, width) = size, x.shape[2:]
    y = g.repeat_interleave(rows, 2).repeat_interleave(columns, 3)
    return F.pad(y, (0, width - y.shape[3], 0, height - y.shape[2]))


@pytorch_funcify.register(Unpool2D)
def pytorch_unpool2d(op, **kwargs):
    def unpool2d(g, x):
        return _spread(g, op.size, x)

    return unpool2d


@pytorch_funcify.register(MaxPool2DGrad)
def pytorch_max_pool2d_grad(op, **kwargs):
    def max_pool2d_grad(x, y, g):
        # Not PyTorch's own gradient, which pays the first of tied maxima alone. Beyond the last window g is 0.
        return torch.where(x == _spread(y, op.size, x), _spread(g, op.size, x), 0)

    return max_pool2d_grad


_block = threefry2x32(lambda word: word & 0xFFFFFFFF)


@pytorch_funcify.register(DropoutMask)
def pytorch_dropout_mask(op, **kwargs):
    def mask(x, state):
        # PyTorch's unsigned 32-bit arithmetic is incomplete: 64-bit integers, cut to 32 bits, stand in for it.
        half = (x.numel() + 1) // 2
        seed, stream, step = (state.to(torch.int64) & 0xFFFFFFFF)[:, None]
        words = _block(seed, stream, step, torch.arange(half, device=x.device))
        kept = torch.cat(words)[: x.numel()] >> 8 < op.threshold
        return kept.to(x.dtype).reshape(x.shape)

    return mask
