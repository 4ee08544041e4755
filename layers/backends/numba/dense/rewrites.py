"""Which products and updates of weights the dense kernels take: for Numba only, where all sizes are known."""

import pytensor.tensor as pt
from pytensor.compile.mode import optdb
from pytensor.graph.rewriting.basic import in2out, node_rewriter
from pytensor.scalar.basic import Add, Mul, Neg, Sub
from pytensor.tensor.elemwise import DimShuffle, Elemwise
from pytensor.tensor.math import Dot

from .ops import Descend, Product, ProductWithTransposed
from .sizes import Sizes

LEAST = 30_000  # multiplications: below, BLAS has the answer before a kernel of ours is under way


@node_rewriter([Dot])
def take_product(fgraph, node):
    """Take x w, and d w' for the transpose of a matrix."""
    left, right = node.inputs
    turned = _transposed(right)
    if turned is None:
        sizes = _sizes(left, right)
        return None if sizes is None or sizes.n_out < sizes.lanes else [Product(sizes)(left, right)]
    if _transposed(left) is not None:
        return None
    sizes = _sizes(left, turned, transposed=True)
    return None if sizes is None else [ProductWithTransposed(sizes)(left, turned)]


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
        sizes = _sizes(x, w)
        if sizes is None or sizes.n_out < sizes.lanes or d.type.shape != (sizes.batch, sizes.n_out):
            continue
        old, new = (pt.cast(number, sizes.dtype) for number in (old, new))
        return [Descend(sizes, inplace=False)(w, x, d, old, new)]
    return None


@node_rewriter([Descend])
def descend_in_place(fgraph, node):
    """Change the weights where they are, once PyTensor watches over who reads them."""
    if node.op.inplace:
        return None
    return [Descend(node.op.sizes, inplace=True)(*node.inputs)]


def _is_dot(variable) -> bool:
    return variable.owner is not None and isinstance(variable.owner.op, Dot)


def _transposed(variable):
    """Return the matrix of which `variable` is the transpose, or None."""
    node = variable.owner
    if node is None or not isinstance(node.op, DimShuffle) or node.op.new_order != (1, 0):
        return None
    return node.inputs[0]


def _sizes(x, w, transposed=False) -> Sizes | None:
    """Return the sizes of x w, or of d w' for x = d, if both are matrices of one type and size enough."""
    if x.ndim != 2 or w.ndim != 2 or x.dtype != w.dtype or w.dtype not in ("float32", "float64"):
        return None
    if None in (*x.type.shape, *w.type.shape):
        return None
    (batch, common), (n_in, n_out) = x.type.shape, w.type.shape
    if common != (n_out if transposed else n_in) or batch * n_in * n_out < LEAST:
        return None
    return Sizes(batch, n_in, n_out, w.dtype)


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


# The update first: what it takes is no product of its own any more.
optdb.register("network3_take_descent", in2out(take_descent), "numba", position=2.54)
optdb.register("network3_take_product", in2out(take_product), "numba", position=2.55)
# After PyTensor's own fusion, where updates in place begin to be watched.
optdb.register("network3_descend_in_place", in2out(descend_in_place), "numba", position=50.2)
