"""The linker: compiles PyTensor's rewritten graph to a plan, or, if a node or a shape has no lowering, with Numba.

PyTensor owns the graph and its storage; the plan reads inputs in place and updates in place what PyTensor allows it
to. Compilation runs in the background until the function is called for the first time.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pytensor.graph.basic import Apply, Variable
from pytensor.graph.fg import FunctionGraph
from pytensor.graph.op import InputStorageType, OutputStorageType, StorageMapType
from pytensor.link.basic import Container, PerformLinker
from pytensor.link.numba.linker import NumbaLinker
from pytensor.link.utils import map_storage

from network3.layers.compile_folder import check_folder

from .unsupported import UnsupportedError

if TYPE_CHECKING:
    from pytensor.compile.debug.profiling import ProfileStats


class Network3Linker(NumbaLinker):
    """PyTensor's linker of the mode ``NETWORK3``.

    A subclass of the Numba linker, which compiles graphs that have no plan.

    Attributes
    ----------
    checking : bool, default False
        Whether kernels check every array access, for tests; a violation raises RuntimeError.
    """

    required_rewrites: tuple[str, ...] = ("minimum_compile", "numba", "network3")  # type: ignore[assignment]  # NumbaLinker's has two
    incompatible_rewrites: tuple[str, ...] = (  # type: ignore[assignment]  # NumbaLinker's has a fixed length
        *NumbaLinker.incompatible_rewrites,
        "ShapeOpt",  # shapes are static: `rewrites.shapes` folds them
        "UnShapeOpt",
        "fuse_indexed_into_elemwise",  # PyTensor 3.3: creates Ops that only Numba supports
        "network3_import_numba",
    )

    def __init__(self, *args: Any, checking: bool = False, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.checking = checking

    def accept(
        self,
        fgraph: FunctionGraph,
        no_recycling: Sequence[Variable] | None = None,
        profile: "bool | ProfileStats | None" = None,
    ) -> PerformLinker:
        """Accept a graph; a linker that already has one passes another graph to a copy of itself."""
        if self.fgraph is not None and self.fgraph is not fgraph:
            return type(self)(allow_gc=self.allow_gc, checking=self.checking).accept(fgraph, no_recycling, profile)
        return super().accept(fgraph, no_recycling, profile)

    def make_all(
        self,
        input_storage: InputStorageType | None = None,
        output_storage: OutputStorageType | None = None,
        storage_map: StorageMapType | None = None,
    ) -> tuple[Any, list[Any], list[Any], list[Any], list[Apply]]:
        """Return the thunk and containers from which PyTensor builds a function; see `PerformLinker.make_all`."""
        # Imported here, so that `import network3` does not pay for the compiler.
        from .lowerings import Lowering
        from .plan import Plan
        from .planned import Planned
        from .rewrites import restore

        fgraph = self.fgraph
        assert fgraph is not None, "accept comes first"
        order = self.schedule(fgraph)
        try:
            planned = Planned(Lowering(fgraph, order, Plan(checking=self.checking)))
        except UnsupportedError as reason:
            check_folder()
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
