"""How each back end runs our Ops; a back end's module is imported when PyTensor first compiles some of them for it."""

from importlib import import_module

from pytensor.compile.mode import optdb
from pytensor.graph.fg import FunctionGraph
from pytensor.graph.op import HasInnerGraph
from pytensor.graph.rewriting.basic import GraphRewriter

from network3.layers.ops.conv import Conv2D, Conv2DGradInput, Conv2DGradWeight
from network3.layers.ops.dropout_mask import DropoutMask
from network3.layers.ops.pool import MaxPool2DGrad, Pool2D, Unpool2D

from .cpu import mode as mode

OPS = (Conv2D, Conv2DGradInput, Conv2DGradWeight, Pool2D, MaxPool2DGrad, Unpool2D, DropoutMask)


class _ImportBackend(GraphRewriter):
    """Imports a module that registers our Ops with PyTensor, for graphs that have some; changes nothing in the graph.

    PyTensor has no hook for "about to compile for Numba", but it runs the rewrites tagged for a back end just
    then, so importing network3 costs neither Numba nor JAX, and graphs of others cost nothing of ours.
    """

    def __init__(self, module: str):
        self.module = module

    def apply(self, fgraph: FunctionGraph) -> None:
        # An inner graph may have some too, and need not be rewritten by itself.
        if any(isinstance(node.op, (*OPS, HasInnerGraph)) for node in fgraph.apply_nodes):
            import_module(self.module, __package__)


optdb.register("network3_import_numba", _ImportBackend(".numba"), "numba", position=0)
optdb.register("network3_import_jax", _ImportBackend(".jax"), "jax", position=0)
