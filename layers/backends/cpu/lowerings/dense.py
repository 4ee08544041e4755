"""Lowerings of matrix products, by the kernel that fits the operands' layout, and of weight updates."""

import numpy as np
from pytensor.graph.basic import Apply
from pytensor.tensor.math import Dot

from network3.layers.backends.cpu.kernels.descent import descent, descent_layout, scale_deltas
from network3.layers.backends.cpu.kernels.matrix_product import matrix_product, matrix_product_layout
from network3.layers.backends.cpu.kernels.product import product, product_layout, sum_of_slices
from network3.layers.backends.cpu.kernels.product_transposed import (
    product_transposed,
    transpose_deltas,
    transposed_layout,
)
from network3.layers.backends.cpu.kernels.sizes import Sizes
from network3.layers.backends.cpu.ops import Descend
from network3.layers.backends.cpu.plan import View
from network3.layers.backends.cpu.unsupported import UnsupportedError

from .elementwise import contiguous, copy_to
from .registry import Lowering, lowers


@lowers(Dot)
def lower_dot(low: Lowering, node: Apply, left: View, right: View) -> View:
    """Multiply matrices; a vector is a matrix of one row, or one column."""
    if left.dtype != right.dtype or left.dtype not in ("float32", "float64"):
        raise UnsupportedError(f"{node.op} of {left.dtype} and {right.dtype}")
    a = left if len(left.shape) == 2 else _matrix(left, (1, 0))
    b = right if len(right.shape) == 2 else _matrix(right, (0, 1))
    out = low.new(left.dtype, (a.shape[0], b.shape[1]))
    if out.size and a.size:
        _multiply(low, a, b, out)
    elif out.size:
        copy_to(low, low.plan.constant(np.zeros((), out.dtype)), out)
    shape = left.shape[:-1] + (right.shape[1:] if len(right.shape) == 2 else ())
    strides = tuple(out.strides[d] for d in range(2) if (len(left.shape) == 2, len(right.shape) == 2)[d])
    return View(out.buffer, out.dtype, shape, strides)


def _matrix(vector: View, order: tuple[int, int]) -> View:
    """Return a vector as a matrix; it runs along the axis that has 0 in `order`."""
    (n,), (step,) = vector.shape, vector.strides
    shape, strides = tuple((n, 1)[k] for k in order), tuple((step, 0)[k] for k in order)
    return View(vector.buffer, vector.dtype, shape, strides, vector.offset)


def transposed(view: View) -> View:
    """Return the transpose of a matrix, as a view."""
    return View(view.buffer, view.dtype, view.shape[::-1], view.strides[::-1], view.offset)


def _multiply(low: Lowering, a: View, b: View, out: View) -> None:
    """Add the commands of a product, by the kernel for this layout of the operands."""
    (rows, common), columns = a.shape, b.shape[1]
    if a.contiguous and b.contiguous:
        _product(low, Sizes(rows, common, columns, a.dtype), a, b, out)
    elif a.contiguous and transposed(b).contiguous:
        _product_transposed(low, Sizes(rows, columns, common, a.dtype), a, transposed(b), out)
    elif transposed(a).contiguous and b.contiguous:
        _gradient(low, Sizes(common, rows, columns, a.dtype), transposed(a), b, out)
    else:
        layout = matrix_product_layout(rows, common, columns, a.dtype)
        arguments: list[View | int] = [a, b, out, rows, common, columns, *a.strides, *b.strides]
        low.run(matrix_product(a.dtype), [*arguments, *layout.sizes], layout.parts)


def _product(low: Lowering, s: Sizes, x: View, w: View, out: View) -> None:
    layout = product_layout(s)
    if layout.slices == 1:
        low.run(product(layout.tile), [x, w, out, *layout.sizes], layout.parts)
        return
    found = low.new(s.dtype, (layout.slices * s.batch * s.n_out,))
    low.run(product(layout.tile), [x, w, found, *layout.sizes], layout.parts)
    low.run(sum_of_slices(s.dtype), [found, out, s.batch * s.n_out, layout.slices])


def _product_transposed(low: Lowering, s: Sizes, d: View, w: View, out: View) -> None:
    layout = transposed_layout(s)
    deltas = low.new(s.dtype, (layout.transposed,))
    low.run(transpose_deltas(s.dtype), [d, deltas, s.batch, s.n_out, layout.tile.span], layout.panels)
    low.run(product_transposed(layout.tile), [deltas, w, out, *layout.sizes], layout.parts)


def _gradient(low: Lowering, s: Sizes, x: View, d: View, out: View) -> None:
    one = low.plan.constant(np.ones((), s.dtype))
    _descend(low, s, out, x, d, one, one, fresh=True)


def _descend(low: Lowering, s: Sizes, w: View, x: View, d: View, old: View, new: View, *, fresh: bool) -> None:
    layout = descent_layout(s)
    deltas = low.new(s.dtype, (layout.deltas,))
    low.run(scale_deltas(s.dtype), [d, new, deltas, *layout.delta_sizes])
    low.run(descent(layout.tile, fresh), [w, x, deltas, old, *layout.sizes], layout.parts)


@lowers(Descend)
def lower_descend(low: Lowering, node: Apply, w: View, x: View, d: View, old: View, new: View) -> View:
    """Update weights in place, or in a copy."""
    (batch, n_in), n_out = x.shape, d.shape[1]
    if not node.op.inplace or not w.contiguous:
        changed = low.new(w.dtype, w.shape)
        copy_to(low, w, changed)
    else:
        changed = w
    sizes = Sizes(batch, n_in, n_out, w.dtype)
    _descend(low, sizes, changed, contiguous(low, x), contiguous(low, d), old, new, fresh=False)
    return changed
