"""Convolution on Numba by im2col: an image's patches become the columns of a matrix, and one product does the rest.

One image at a time, so the matrix stays in the cache: (maps x taps, positions) values. The product is BLAS's.
"""

import numpy as np
from pytensor.link.numba.dispatch.basic import register_funcify_default_op_cache_key

from ...ops.conv import Conv2D, Conv2DGradInput, Conv2DGradWeight
from .kernel import kernel
from .version import VERSION


@kernel
def _patches(padded, kh, kw, stride, flip, oh, ow, columns):
    """Fill `columns` (maps * kh * kw, oh * ow) with what each tap of a filter meets in `padded` (maps, rows, cols)."""
    for c in range(padded.shape[0]):
        for i in range(kh):
            for j in range(kw):
                down, right = (kh - 1 - i, kw - 1 - j) if flip else (i, j)
                row = (c * kh + i) * kw + j
                for y in range(oh):
                    for x in range(ow):
                        columns[row, y * ow + x] = padded[c, y * stride[0] + down, x * stride[1] + right]


@kernel
def _add_patches(columns, kh, kw, stride, flip, oh, ow, padded):
    """Add `columns` (maps * kh * kw, oh * ow) back to where `_patches` found them in `padded`."""
    for c in range(padded.shape[0]):
        for i in range(kh):
            for j in range(kw):
                down, right = (kh - 1 - i, kw - 1 - j) if flip else (i, j)
                row = (c * kh + i) * kw + j
                for y in range(oh):
                    for x in range(ow):
                        padded[c, y * stride[0] + down, x * stride[1] + right] += columns[row, y * ow + x]


@kernel
def _check_shapes(x_shape, w_shape, g_shape, stride, pad):
    """Refuse shapes that do not belong together: compiled code would read past the end of an array."""
    if x_shape[1] != w_shape[1]:
        raise ValueError(
            "conv2d: images and filters must have the same number of maps; got others. Make their second axes equal."
        )
    oh = (x_shape[2] + 2 * pad[0] - w_shape[2]) // stride[0] + 1
    ow = (x_shape[3] + 2 * pad[1] - w_shape[3]) // stride[1] + 1
    if oh < 1 or ow < 1:
        raise ValueError(
            "conv2d: a filter must fit into its padded image; got a larger one. Use smaller filters or more padding."
        )
    if g_shape != (x_shape[0], w_shape[0], oh, ow):
        raise ValueError(
            "conv2d: the output's gradient must have the output's shape; got another. Pass that of this output."
        )


@kernel
def _padded(x, pad):
    """Return an array of zeros for one image of `x` with its border, and where in it the image lies."""
    _, maps, height, width = x.shape
    buffer = np.zeros((maps, height + 2 * pad[0], width + 2 * pad[1]), x.dtype)
    return buffer, buffer[:, pad[0] : pad[0] + height, pad[1] : pad[1] + width]


@kernel
def _convolve(x, w, stride, pad, flip):
    n, maps, height, width = x.shape
    filters, _, kh, kw = w.shape
    oh = (height + 2 * pad[0] - kh) // stride[0] + 1
    ow = (width + 2 * pad[1] - kw) // stride[1] + 1
    _check_shapes(x.shape, w.shape, (n, filters, oh, ow), stride, pad)
    y = np.empty((n, filters, oh * ow), x.dtype)
    columns = np.empty((maps * kh * kw, oh * ow), x.dtype)
    padded, inner = _padded(x, pad)
    flat = np.ascontiguousarray(w).reshape(filters, maps * kh * kw)
    for image in range(n):
        inner[:] = x[image]
        _patches(padded, kh, kw, stride, flip, oh, ow, columns)
        np.dot(flat, columns, y[image])
    return y.reshape(n, filters, oh, ow)


@kernel
def _gradient_to_input(w, g, x, stride, pad, flip):
    n, filters, oh, ow = g.shape
    _, maps, kh, kw = w.shape
    _check_shapes(x.shape, w.shape, g.shape, stride, pad)
    dx = np.empty(x.shape, x.dtype)
    columns = np.empty((maps * kh * kw, oh * ow), x.dtype)
    padded, inner = _padded(x, pad)
    flat = np.ascontiguousarray(w).reshape(filters, maps * kh * kw).T
    gradient = np.ascontiguousarray(g).reshape(n, filters, oh * ow)
    for image in range(n):
        padded[:] = 0
        np.dot(flat, gradient[image], columns)
        _add_patches(columns, kh, kw, stride, flip, oh, ow, padded)
        dx[image] = inner
    return dx


@kernel
def _gradient_to_weight(x, g, w, stride, pad, flip):
    n, filters, oh, ow = g.shape
    _, maps, kh, kw = w.shape
    _check_shapes(x.shape, w.shape, g.shape, stride, pad)
    dw = np.zeros((filters, maps * kh * kw), x.dtype)
    columns = np.empty((maps * kh * kw, oh * ow), x.dtype)
    padded, inner = _padded(x, pad)
    gradient = np.ascontiguousarray(g).reshape(n, filters, oh * ow)
    for image in range(n):
        inner[:] = x[image]
        _patches(padded, kh, kw, stride, flip, oh, ow, columns)
        dw += np.dot(gradient[image], columns.T)
    return dw.reshape(w.shape)


@kernel
def _border(padding, kh, kw):
    """Resolve `padding`, (rows, columns) or -1 and -2 in both places for half and full, for this filter."""
    if padding[0] == -1:
        return (kh // 2, kw // 2)
    if padding[0] == -2:
        return (kh - 1, kw - 1)
    return padding


def _settings(op):
    padding = {"valid": (0, 0), "half": (-1, -1), "full": (-2, -2)}.get(op.padding, op.padding)
    return op.stride, padding, op.flip


@register_funcify_default_op_cache_key(Conv2D)
def numba_conv2d(op, node, **kwargs):
    stride, padding, flip = _settings(op)

    @kernel
    def conv2d(x, w):
        return _convolve(x, w, stride, _border(padding, w.shape[2], w.shape[3]), flip)

    return conv2d, VERSION


@register_funcify_default_op_cache_key(Conv2DGradInput)
def numba_conv2d_grad_input(op, node, **kwargs):
    stride, padding, flip = _settings(op)

    @kernel
    def conv2d_grad_input(w, g, x):
        return _gradient_to_input(w, g, x, stride, _border(padding, w.shape[2], w.shape[3]), flip)

    return conv2d_grad_input, VERSION


@register_funcify_default_op_cache_key(Conv2DGradWeight)
def numba_conv2d_grad_weight(op, node, **kwargs):
    stride, padding, flip = _settings(op)

    @kernel
    def conv2d_grad_weight(x, g, w):
        return _gradient_to_weight(x, g, w, stride, _border(padding, w.shape[2], w.shape[3]), flip)

    return conv2d_grad_weight, VERSION
