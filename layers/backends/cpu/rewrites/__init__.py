"""Rewrites of the mode ``NETWORK3``: several Ops are fused into one that has a kernel.

They are registered under a tag of their own, so that importing them does not affect graphs of other modes.
"""

from typing import Any

from pytensor.graph.fg import FunctionGraph

from network3.layers.backends.cpu import ops

from . import batch_norm as batch_norm
from . import convolution as convolution
from . import descent as descent
from . import reductions as reductions
from . import shapes as shapes

OPS: tuple[Any, ...] = tuple(kind for kind in vars(ops).values() if isinstance(kind, type))


def restore(fgraph: FunctionGraph) -> None:
    """Replace the fused Ops by plain ones, in a graph that is passed to another linker."""
    # In reverse order: once an Op is expanded, outputs of other fused Ops that only it used have no clients.
    for node in reversed(fgraph.toposort()):
        if isinstance(node.op, OPS) and node in fgraph.apply_nodes:
            plain = node.op.expand(node)
            pairs = [pair for pair in zip(node.outputs, plain, strict=True) if fgraph.clients[pair[0]]]
            fgraph.replace_all(pairs, reason="network3_restore", import_missing=True)
