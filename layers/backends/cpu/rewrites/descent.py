"""Fuses the update of a layer's weights into one Op, so that the gradient x' d is never stored."""

from typing import cast

import pytensor.tensor as pt
from pytensor.compile.mode import optdb
from pytensor.graph.basic import Apply
from pytensor.graph.fg import FunctionGraph
from pytensor.graph.rewriting.basic import in2out, node_rewriter
from pytensor.scalar.basic import Add, Mul, Neg, Sub
from pytensor.tensor.elemwise import DimShuffle, Elemwise
from pytensor.tensor.math import Dot
from pytensor.tensor.variable import TensorVariable

from network3.layers.backends.cpu.ops import Descend
from network3.layers.backends.cpu.tensors import inputs_of


@node_rewriter([Elemwise])
def fuse_descent(fgraph: FunctionGraph, node: Apply) -> list[TensorVariable] | None:
    """Fuse an update that is equal to old * w + new * x' d, in whatever form its sums and products are written."""
    if node.outputs[0].type.ndim != 2 or node.outputs[0] not in fgraph.outputs:
        return None
    terms = _terms(cast(TensorVariable, node.outputs[0]))
    if terms is None or len(terms) != 2:
        return None
    for (w, old), (gradient, new) in (terms, terms[::-1]):
        x = _transposed(gradient.owner.inputs[0]) if _is_dot(gradient) else None
        if x is None or w.owner is not None:
            continue
        d = gradient.owner.inputs[1]
        if not _match(w, x, d):
            continue
        old, new = (pt.cast(number, w.dtype) for number in (old, new))
        return [Descend(inplace=False)(w, x, d, old, new)]
    return None


@node_rewriter([Descend])
def descend_in_place(fgraph: FunctionGraph, node: Apply) -> list[TensorVariable] | None:
    """Update the weights in place, once PyTensor checks for conflicts with their other uses."""
    if node.op.inplace:
        return None
    return [Descend(inplace=True)(*node.inputs)]


def _is_dot(variable: TensorVariable) -> bool:
    return variable.owner is not None and isinstance(variable.owner.op, Dot)


def _transposed(variable: TensorVariable) -> TensorVariable | None:
    """Return the matrix whose transpose is `variable`, or None."""
    node = variable.owner
    if node is None or not isinstance(node.op, DimShuffle) or node.op.new_order != (1, 0):
        return None
    return node.inputs[0]


def _match(w: TensorVariable, x: TensorVariable, d: TensorVariable) -> bool:
    """Return whether all are matrices of one floating-point type whose shapes are known and match."""
    if {v.dtype for v in (w, x, d)} not in ({"float32"}, {"float64"}) or any(v.ndim != 2 for v in (w, x, d)):
        return False
    if any(None in v.type.shape for v in (w, x, d)) or 0 in (*x.type.shape, *d.type.shape):
        return False
    (batch, n_in), (d_batch, n_out) = x.type.shape, d.type.shape
    return w.type.shape == (n_in, n_out) and d_batch == batch


def _number(variable: TensorVariable) -> TensorVariable | None:
    """Return the scalar that `variable` broadcasts to a matrix, or None."""
    if variable.ndim == 0:
        return variable
    node = variable.owner
    if node is not None and isinstance(node.op, DimShuffle) and node.inputs[0].ndim == 0:
        return node.inputs[0]
    if hasattr(variable, "data") and variable.data.size == 1:
        return pt.constant(variable.data.reshape(()))
    if node is not None and isinstance(node.op, Elemwise) and all(variable.type.broadcastable):
        numbers = [_number(part) for part in inputs_of(node)]
        return None if None in numbers else cast(TensorVariable, node.op(*numbers))
    return None


def _terms(variable: TensorVariable) -> list[tuple[TensorVariable, TensorVariable]] | None:
    """Return the terms of a sum of matrices as pairs (matrix, scalar factor); equal matrices are combined."""
    node = variable.owner
    kind = node.op.scalar_op if node is not None and isinstance(node.op, Elemwise) else None
    if isinstance(kind, Sub | Add | Neg):
        signs = {Sub: (1, -1), Neg: (-1,)}.get(type(kind), (1,) * len(node.inputs))
        parts = list(zip(signs, node.inputs, strict=True))
    elif isinstance(kind, Mul):
        numbers = [number for number in map(_number, node.inputs) if number is not None]
        matrices = [part for part in node.inputs if _number(part) is None]
        if len(matrices) != 1:
            return None
        factor = numbers[0] if len(numbers) == 1 else pt.mul(*numbers)
        inner = _terms(matrices[0])
        return None if inner is None else [(matrix, factor * number) for matrix, number in inner]
    else:
        return [(variable, pt.constant(1, dtype=variable.dtype))]
    sums: list[tuple[TensorVariable, TensorVariable]] = []
    for sign, part in parts:
        if _number(part) is not None:
            return None
        inner = _terms(part)
        if inner is None:
            return None
        for matrix, number in inner:
            signed = number if sign == 1 else -number
            place = next((k for k, (known, _) in enumerate(sums) if known is matrix), None)
            if place is None:
                sums.append((matrix, signed))
            else:
                sums[place] = (matrix, sums[place][1] + signed)
    return sums


optdb.register("network3_fuse_descent", in2out(fuse_descent), "network3", position=2.54)
# After PyTensor's own fusion, when its checks of updates in place are active.
optdb.register("network3_descend_in_place", in2out(descend_in_place), "network3", position=50.2)
