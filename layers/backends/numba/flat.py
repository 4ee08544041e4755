"""Elementwise expressions over all but small arrays as one flat loop, shared out to threads.

PyTensor's loops are nested as deep as the arrays, and a vector ends where the innermost does: after 12 of the numbers
of a feature map. Here an array is rows that follow each other, in which every input is either there number by number,
or one number for the row (a map's bias), or the same for all rows (a layer's biases).
"""

import math
from hashlib import sha256

import numpy as np
from pytensor.compile.mode import optdb
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.graph.rewriting.basic import in2out, node_rewriter
from pytensor.link.numba.dispatch.basic import numba_funcify_and_cache_key, register_funcify_and_cache_key
from pytensor.scalar.basic import Composite, Exp, Log, Tanh
from pytensor.scalar.math import Sigmoid
from pytensor.tensor.elemwise import Elemwise
from pytensor.tensor.type import TensorType

from .kernel import kernel
from .memory import get, put
from .sharing import shared_out
from .version import VERSION

LEAST = 4096  # numbers: fewer are left to PyTensor, whose loops are compiled sooner and as fast
SLOW, LEAST_SLOW = (Exp, Log, Sigmoid, Tanh), 500  # but for these, of which it calculates one at a time
PART = 4096  # numbers, about, of a part: another thread is not there sooner
EACH, ONE, BY_ROW, ALONG = "each", "one", "by row", "along"

# Inputs are of different types: Numba has no loop over such.
SOURCE = """
def part(p, {arrays}):
    for r in range(p * together, min(rows, (p + 1) * together)):
        start = r * length
        {row_values}
        for k in range(start, min(size, start + length)):
            {results} = value({values})
            {stores}
"""
CALL = """
def elementwise({inputs}):
    {outputs}
    run(parts, ({flat}))
    return {returned}
"""


class FlatElemwise(Op):
    """Elemwise(scalar_op) of arrays of fixed shape; `kinds` says how each input lies in rows of `length` numbers."""

    __props__ = ("scalar_op", "shape", "length", "group", "kinds")

    def __init__(self, scalar_op, shape, length, group, kinds):
        self.scalar_op, self.shape, self.length, self.group, self.kinds = scalar_op, shape, length, group, kinds

    def make_node(self, *inputs):
        outputs = Elemwise(self.scalar_op).make_node(*inputs).outputs
        return Apply(self, inputs, [TensorType(out.dtype, shape=self.shape)() for out in outputs])

    def perform(self, node, inputs, output_storage):
        plain = Elemwise(self.scalar_op).make_node(*node.inputs)
        plain.op.prepare_node(plain, None, None, "py")
        plain.op.perform(plain, inputs, output_storage)


@register_funcify_and_cache_key(FlatElemwise)
def numba_flat_elemwise(op, node, **kwargs):
    scalar_node = Elemwise(op.scalar_op).make_scalar_node(*node.inputs)
    value, scalar_key = numba_funcify_and_cache_key(op.scalar_op, node=scalar_node, **kwargs)
    ins, outs = [f"x{i}" for i in range(len(node.inputs))], [f"y{i}" for i in range(len(node.outputs))]
    size, length = math.prod(op.shape), op.length
    rows = -(-size // length)
    together = max(1, PART // length)
    in_row = {EACH: "get({0}, k)", ALONG: "get({0}, k - start)"}
    once = {ONE: "get({0}, 0)", BY_ROW: "get({0}, r % group)"}
    kinds = list(zip(ins, op.kinds, strict=True))
    scope = {"__name__": __name__, "get": get, "put": put, "value": value, "rows": rows, "length": length}
    scope |= {"together": together, "size": size, "group": op.group}
    source = SOURCE.format(
        arrays=", ".join(ins + outs),
        row_values="\n        ".join(f"{x}_ = {once[kind].format(x)}" for x, kind in kinds if kind in once) or "pass",
        results=", ".join(f"{y}_" for y in outs),
        values=", ".join(in_row[kind].format(x) if kind in in_row else f"{x}_" for x, kind in kinds),
        stores="\n            ".join(f"put({y}, k, {y}_)" for y in outs),
    )
    types = [f"np.{out.dtype}" if out.dtype != "bool" else "np.bool_" for out in node.outputs]
    call = CALL.format(
        inputs=", ".join(ins),
        outputs="\n    ".join(f"{y} = np.empty({op.shape}, {kind})" for y, kind in zip(outs, types, strict=True)),
        flat=", ".join([f"np.ascontiguousarray({x}).reshape(-1)" for x in ins] + [f"{y}.reshape(-1)" for y in outs]),
        returned=", ".join(outs),
    )
    exec(source, scope)
    scope |= {"run": shared_out(kernel(scope["part"])), "parts": -(-rows // together), "np": np}
    exec(call, scope)
    if scalar_key is None:
        return kernel(scope["elementwise"]), None
    key = f"{scalar_key} {VERSION} {op.shape} {length} {op.group} {op.kinds}"
    return kernel(scope["elementwise"]), sha256(key.encode()).hexdigest()


def _slow(scalar_op) -> bool:
    """Whether one of `SLOW` is in it."""
    inner = [node.op for node in scalar_op.fgraph.apply_nodes] if isinstance(scalar_op, Composite) else [scalar_op]
    return any(isinstance(op, SLOW) for op in inner)


@node_rewriter([Elemwise])
def flatten(fgraph, node):
    """Take large arrays of known shape in which no more than one group of axes is spread."""
    shape = node.outputs[0].type.shape
    if type(node.op) is not Elemwise or None in shape or node.op.inplace_pattern:
        return None
    if math.prod(shape) < (LEAST_SLOW if _slow(node.op.scalar_op) else LEAST):
        return None
    if any(None in x.type.shape for x in node.inputs):
        return None
    scalar_node = node.op.make_scalar_node(*node.inputs)
    if numba_funcify_and_cache_key(node.op.scalar_op, node=scalar_node)[1] is None:
        return None  # runs in Python, perhaps: a helper that needs Python's lock waits for one who waits for it
    varying = [tuple(d for d, n in enumerate(shape) if n > 1 and x.type.shape[d] > 1) for x in node.inputs]
    every = tuple(d for d, n in enumerate(shape) if n > 1)
    partly = {axes for axes in varying if axes not in ((), every)}
    if len(partly) > 1:
        return None
    length, group, kind = math.prod(shape), 1, EACH
    if partly:
        (axes,) = partly
        first, last = axes[0], axes[-1]
        if axes != tuple(d for d in every if first <= d <= last):
            return None
        inner, middle = math.prod(shape[last + 1 :]), math.prod(shape[first : last + 1])
        length, group, kind = (inner, middle, BY_ROW) if inner > 1 else (middle, 1, ALONG)
    else:
        length = min(length, PART)
    kinds = tuple(EACH if axes == every else ONE if axes == () else kind for axes in varying)
    return FlatElemwise(node.op.scalar_op, shape, length, group, kinds).make_node(*node.inputs).outputs


# After PyTensor's own fusion, before what works in place.
optdb.register("network3_flatten", in2out(flatten), "numba", position=49.3)
