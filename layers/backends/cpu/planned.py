"""A plan and its interface to PyTensor: the inputs that it reads, its outputs, and the inputs that it updates."""

import threading
from typing import Any

import numpy as np
from pytensor.graph.basic import Apply, Variable

from network3.layers.checks import error_message

from .lowerings import Lowering
from .lowerings.elementwise import copied, copy_to
from .memory import total_memory
from .plan import Plan, View
from .threads import PlanLoop, Scratch, threads


class Planned:
    """A graph compiled to a plan, and the thunk with which PyTensor runs it.

    Parameters
    ----------
    low : Lowering

    Attributes
    ----------
    plan : Plan
    inputs : list of View
    outputs : list of View or None
        None for outputs that are not copied from the plan: an input that is returned unchanged, or its update in place.
    in_place : dict of {output: input}
        The outputs that are updates of inputs, written to the memory of those inputs.

    Raises
    ------
    MemoryError
        The values do not fit into this machine's memory.
    """

    def __init__(self, low: Lowering):
        self.plan: Plan = low.plan
        self.inputs = [low.views[v] for v in low.fgraph.inputs]
        self._dtypes = [np.dtype(view.dtype) for view in self.inputs]
        self._written = set((getattr(low.fgraph, "update_mapping", None) or {}).values())
        self.outputs: list[View | None] = []
        self.in_place: dict[int, int] = {}
        self._place_outputs(low)
        for view in self.outputs:
            if view is not None:
                self.plan.keep(view)
        self.plan.lay_out()
        check_memory(self.plan)
        self._finished = False
        self.lock = threading.Lock()

    def _place_outputs(self, low: Lowering) -> None:
        """Assign memory to the outputs: updates of inputs to the inputs' memory, others to buffers of their own."""
        fgraph = low.fgraph
        updates = dict(getattr(fgraph, "update_mapping", None) or {})
        given = set(fgraph.inputs)
        # If an input is returned unchanged, its array may have other users: no update may be written to it.
        handed_on = any(v in given for v in fgraph.outputs)
        moves: list[tuple[View, View]] = []
        for k, variable in enumerate(fgraph.outputs):
            view = low.view(variable)
            target = low.views[fgraph.inputs[updates[k]]] if k in updates else None
            if variable in given:
                self.outputs.append(None)  # PyTensor uses the input's storage for this output
            elif target is not None and not handed_on:
                if view.buffer is not target.buffer:
                    moves.append((view, target))
                elif not view.contiguous or view.offset:
                    moves.append((copied(low, view), target))
                self.in_place[k] = updates[k]
                self.outputs.append(None)
            else:
                own = view.buffer.memory is None and not view.buffer.external and view.contiguous
                self.outputs.append(view if own else copied(low, view))
        # Last, when nothing reads the old values any more.
        for view, target in [(copied(low, v) if v.buffer.external else v, t) for v, t in moves]:
            copy_to(low, view, target)

    def finish(self) -> None:
        """Wait for the kernels and build the loop; later calls do nothing."""
        if self._finished:
            return
        plan = self.plan
        plan.finish()
        areas = threads()
        self.scratch_memory = np.zeros(areas * plan.scratch_size + 64, np.uint8)
        base = -(-self.scratch_memory.ctypes.data // 64) * 64
        self.scratch = Scratch(base, plan.scratch_size, areas)
        self.run = PlanLoop(plan.table, self.scratch)
        self._finished = True

    def set_inputs(self, input_storage: list[list[Any]]) -> None:
        """Set the addresses of the inputs."""
        for k, (storage, view, dtype) in enumerate(zip(input_storage, self.inputs, self._dtypes, strict=True)):
            array, flags = storage[0], storage[0].flags
            if array.shape != view.shape or array.dtype != dtype:
                got, expected = (f"{v.dtype} of shape {v.shape}" for v in (array, view))
                raise ValueError(
                    error_message(f"NETWORK3: input {k}", f"expected {expected}", got, "Compile the graph again.")
                )
            if not (flags.c_contiguous and flags.aligned and (flags.writeable or k not in self._written)):
                storage[0] = array = np.array(array, order="C")
            self.plan.set_address(view.buffer, array.ctypes.data)

    def thunk(self, input_storage: list[list[Any]], output_storage: list[list[Any]]) -> Any:
        """Return the thunk that PyTensor calls."""

        def run() -> None:
            with self.lock:
                self.finish()
                self.set_inputs(input_storage)
                self.run()
                for k, (storage, view) in enumerate(zip(output_storage, self.outputs, strict=True)):
                    if view is not None:
                        storage[0] = self.plan.array(view).copy()
                    elif k in self.in_place:
                        storage[0] = input_storage[self.in_place[k]][0]
            self.check()

        thunk: Any = run
        thunk.inputs, thunk.outputs, thunk.lazy = input_storage, output_storage, False
        thunk.planned = self
        return thunk

    def check(self) -> None:
        """In checking mode, raise RuntimeError if a kernel accessed memory outside of an array."""
        if self.plan.report[0]:
            _, line, index, length = self.plan.report
            expected, got = f"expected indices of an array of {length}", f"{index}"
            raise RuntimeError(
                error_message(f"a kernel, in line {line}", expected, got, "Correct the kernel, or its caller.")
            )


def check_memory(plan: Plan) -> None:
    """Raise an error if the arena is larger than this machine's memory.

    Raises
    ------
    MemoryError
    """
    needed, there = plan.arena_size, total_memory()
    if there is None or needed <= there:
        return
    largest = max((b for b in plan.buffers if not b.external), key=lambda b: b.size)
    got = f"{needed:,} bytes, of which {largest.size:,} are for {_describe(largest.owner)}"
    raise MemoryError(
        error_message(
            "NETWORK3", f"expected values of at most {there:,} bytes, this machine's memory", got, "Use fewer."
        )
    )


def _describe(node: Apply | None) -> str:
    if node is None:
        return "a value"
    out: Variable = node.outputs[0]
    return f"{node.op} of shape {out.type.shape}"
