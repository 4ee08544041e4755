"""The linker: PyTensor's rewritten graph as a plan, or, where a node or a shape has no lowering, Numba's function.

PyTensor owns the graph and its storage; the plan reads inputs where they lie and changes in place what PyTensor lets
it. Compiling goes on in the background until the function is called for the first time.
"""

from typing import Any

from pytensor.link.basic import Container
from pytensor.link.numba.linker import NumbaLinker
from pytensor.link.utils import map_storage

from .unsupported import UnsupportedError


class Network3Linker(NumbaLinker):
    """PyTensor's linker of the mode ``NETWORK3``.

    A descendant of Numba's, to which graphs go as a whole that have no plan.

    Attributes
    ----------
    checking : bool, default False
        Whether kernels check every access to an array, for tests; a violation raises RuntimeError.
    """

    required_rewrites: tuple[str, ...] = ("minimum_compile", "numba", "network3")  # type: ignore[assignment]
    incompatible_rewrites: tuple[str, ...] = (  # type: ignore[assignment]
        *NumbaLinker.incompatible_rewrites,
        "ShapeOpt",  # shapes are known: a rewrite of ours folds them
        "UnShapeOpt",
        "fuse_indexed_into_elemwise",  # of PyTensor 3.3: makes Ops that only Numba knows
        "network3_import_numba",
    )

    def __init__(self, *args: Any, checking: bool = False, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.checking = checking

    def accept(self, fgraph, no_recycling=None, profile=None):
        """Take a graph; one that has taken another already hands it to a linker like itself."""
        if self.fgraph is not None and self.fgraph is not fgraph:
            return type(self)(allow_gc=self.allow_gc, checking=self.checking).accept(fgraph, no_recycling, profile)
        return super().accept(fgraph, no_recycling, profile)

    def make_all(self, input_storage=None, output_storage=None, storage_map=None):
        """Return what PyTensor makes its function of; see `pytensor.link.basic.PerformLinker`."""
        # Not above: import network3 costs nothing of what compile_context needs.
        from .lowerings import Lowering
        from .plan import Plan
        from .planned import Planned
        from .rewrites import restore

        fgraph = self.fgraph
        order = self.schedule(fgraph)
        try:
            planned = Planned(Lowering(fgraph, order, Plan(checking=self.checking)))
        except UnsupportedError as reason:
            from network3.layers.backends import numba  # noqa: F401  (registers our Ops with Numba)

            restore(fgraph)
            made = super().make_all(input_storage, output_storage, storage_map)
            made[0].reason = str(reason)
            return made
        input_storage, output_storage, storage_map = map_storage(
            fgraph, order, input_storage, output_storage, storage_map
        )
        thunk = planned.thunk(input_storage, output_storage)
        thunk.allow_gc, thunk.storage_map = self.allow_gc, storage_map
        inputs = [Container(v, storage) for v, storage in zip(fgraph.inputs, input_storage, strict=True)]
        outputs = [Container(v, s, readonly=True) for v, s in zip(fgraph.outputs, output_storage, strict=True)]
        return thunk, inputs, outputs, [thunk], order
