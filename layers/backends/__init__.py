"""Implementations of our Ops on each back end; a module is imported when PyTensor first compiles our Ops for it."""

from importlib import import_module

from pytensor.compile.mode import optdb
from pytensor.graph.fg import FunctionGraph
from pytensor.graph.op import HasInnerGraph
from pytensor.graph.rewriting.basic import GraphRewriter

from network3.layers.ops.conv import Conv2D, Conv2DGradInput, Conv2DGradWeight
from network3.layers.ops.conv_transpose import Conv2DTranspose
from network3.layers.ops.dropout_mask import DropoutMask
from network3.layers.ops.pool import Pool2D, Unpool2D
from network3.layers.ops.pool_counts import WindowCounts
from network3.layers.ops.pool_maxima import MaxPool2DGrad, SumAtMaxima2D
from network3.layers.ops.upsample import Upsample2D

from .cpu import mode as mode

CONVOLUTIONS = (Conv2D, Conv2DGradInput, Conv2DGradWeight, Conv2DTranspose)
POOLING = (Pool2D, Unpool2D, MaxPool2DGrad, SumAtMaxima2D, WindowCounts, Upsample2D)
OPS = (*CONVOLUTIONS, *POOLING, DropoutMask)


class _ImportBackend(GraphRewriter):
    """Import a module that registers our Ops with PyTensor if the graph contains some; the graph is not changed.

    PyTensor has no hook that runs before it compiles for a back end, but it applies the rewrites tagged for that back
    end just then. So importing network3 imports neither Numba nor JAX, and other graphs import nothing of ours.
    """

    def __init__(self, module: str):
        self.module = module

    def apply(self, fgraph: FunctionGraph) -> None:
        # An inner graph may contain some too, and is not always rewritten on its own.
        if any(isinstance(node.op, (*OPS, HasInnerGraph)) for node in fgraph.apply_nodes):
            import_module(self.module, __package__)


optdb.register("network3_import_numba", _ImportBackend(".numba"), "numba", position=0)
optdb.register("network3_import_jax", _ImportBackend(".jax"), "jax", position=0)
