"""The update of a layer's weights as one Op: the gradient x' d is never kept."""

import pytensor.tensor as pt
from pytensor.compile.mode import optdb
from pytensor.graph.rewriting.basic import in2out, node_rewriter
from pytensor.scalar.basic import Add, Mul, Neg, Sub
from pytensor.tensor.elemwise import DimShuffle, Elemwise
from pytensor.tensor.math import Dot

from network3.layers.backends.cpu.ops import Descend


@node_rewriter([Elemwise])
def take_descent(fgraph, node):
    """Take the whole of an update that is old * w + new * x' d, whatever sums and products say so."""
    if node.outputs[0].ndim != 2 or node.outputs[0] not in fgraph.outputs:
        return None
    terms = _terms(node.outputs[0])
    if terms is None or len(terms) != 2:
        return None
    for (w, old), (gradient, new) in (terms, terms[::-1]):
        x = _transposed(gradient.owner.inputs[0]) if _is_dot(gradient) else None
        if x is None or w.owner is not None:
            continue
        d = gradient.owner.inputs[1]
        if not _fit(w, x, d):
            continue
        old, new = (pt.cast(number, w.dtype) for number in (old, new))
        return [Descend(inplace=False)(w, x, d, old, new)]
    return None


@node_rewriter([Descend])
def descend_in_place(fgraph, node):
    """Change the weights where they are, once PyTensor watches over who reads them."""
    if node.op.inplace:
        return None
    return [Descend(inplace=True)(*node.inputs)]


def _is_dot(variable) -> bool:
    return variable.owner is not None and isinstance(variable.owner.op, Dot)


def _transposed(variable):
    """Return the matrix of which `variable` is the transpose, or None."""
    node = variable.owner
    if node is None or not isinstance(node.op, DimShuffle) or node.op.new_order != (1, 0):
        return None
    return node.inputs[0]


def _fit(w, x, d) -> bool:
    """Return whether all are matrices of one floating-point type and of known shapes that belong together."""
    if {v.dtype for v in (w, x, d)} not in ({"float32"}, {"float64"}) or any(v.ndim != 2 for v in (w, x, d)):
        return False
    if any(None in v.type.shape for v in (w, x, d)) or 0 in (*x.type.shape, *d.type.shape):
        return False
    (batch, n_in), (d_batch, n_out) = x.type.shape, d.type.shape
    return w.type.shape == (n_in, n_out) and d_batch == batch


def _number(variable):
    """Return the 0-d variable that `variable` spreads over a matrix, or None."""
    if variable.ndim == 0:
        return variable
    node = variable.owner
    if node is not None and isinstance(node.op, DimShuffle) and node.inputs[0].ndim == 0:
        return node.inputs[0]
    if hasattr(variable, "data") and variable.data.size == 1:
        return pt.constant(variable.data.reshape(()))
    if node is not None and isinstance(node.op, Elemwise) and all(variable.type.broadcastable):
        numbers = [_number(part) for part in node.inputs]
        return None if None in numbers else node.op(*numbers)
    return None


def _terms(variable) -> list[tuple] | None:
    """Return a sum of matrices as pairs (matrix, number that multiplies it), equal matrices together."""
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
    sums: list[tuple] = []
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


optdb.register("network3_take_descent", in2out(take_descent), "network3", position=2.54)
# After PyTensor's own fusion, where updates in place begin to be watched.
optdb.register("network3_descend_in_place", in2out(descend_in_place), "network3", position=50.2)
