"""Rewrites of the mode ``NETWORK3``: several Ops become one that has a kernel. Other modes' graphs keep theirs.

They hang on a tag of our own, so that nobody else's graph is changed by an import.
"""

from typing import Any

from pytensor.graph.fg import FunctionGraph

from network3.layers.backends.cpu import ops

from . import convolution as convolution
from . import descent as descent
from . import reductions as reductions
from . import shapes as shapes

OPS: tuple[Any, ...] = tuple(kind for kind in vars(ops).values() if isinstance(kind, type))


def restore(fgraph: FunctionGraph) -> None:
    """Put plain Ops back in the place of ours, in a graph that goes to another linker."""
    # The last first: what an Op hands to another of ours is asked for by nobody then.
    for node in reversed(fgraph.toposort()):
        if isinstance(node.op, OPS) and node in fgraph.apply_nodes:
            plain = node.op.expand(node)
            pairs = [pair for pair in zip(node.outputs, plain, strict=True) if fgraph.clients[pair[0]]]
            fgraph.replace_all(pairs, reason="network3_restore", import_missing=True)
