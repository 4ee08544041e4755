"""How each back end runs our Ops; a back end's module is imported when PyTensor first compiles for it."""

from importlib import import_module

from pytensor.compile.mode import optdb
from pytensor.graph.rewriting.basic import GraphRewriter


class _ImportBackend(GraphRewriter):
    """Imports a module that registers our Ops with PyTensor; changes nothing in the graph.

    PyTensor has no hook for "about to compile for Numba", but it runs the rewrites tagged for a back end just
    then, so importing network3 costs neither Numba nor JAX.
    """

    def __init__(self, module: str):
        self.module = module

    def apply(self, fgraph):
        import_module(self.module, __package__)


optdb.register("network3_import_numba", _ImportBackend(".numba"), "numba", position=0)
optdb.register("network3_import_jax", _ImportBackend(".jax"), "jax", position=0)
