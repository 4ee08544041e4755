"""A plan with its ends: which inputs it reads, where its outputs are found, which inputs it replaces."""

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
    """A graph as a plan, and how PyTensor calls it.

    Parameters
    ----------
    low : Lowering

    Attributes
    ----------
    plan : Plan
    inputs : list of View
    outputs : list of View or None
        None for what is not taken from the plan: an input that is handed on, or its new value in its own place.
    in_place : dict of {output: input}
        The outputs that are next values of inputs and are written in the place of those.

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
        self._end(low)
        for view in self.outputs:
            if view is not None:
                self.plan.keep(view)
        self.plan.lay_out()
        check_memory(self.plan)
        self._finished = False
        self.lock = threading.Lock()

    def _end(self, low: Lowering) -> None:
        """Bring outputs to where they are found: new values of inputs into these, others to places of their own."""
        fgraph = low.fgraph
        updates = dict(getattr(fgraph, "update_mapping", None) or {})
        given = set(fgraph.inputs)
        # Where an input is handed on as it is, its array may be elsewhere too: no update may be written there.
        handed_on = any(v in given for v in fgraph.outputs)
        moves: list[tuple[View, View]] = []
        for k, variable in enumerate(fgraph.outputs):
            view = low.view(variable)
            target = low.views[fgraph.inputs[updates[k]]] if k in updates else None
            if variable in given:
                self.outputs.append(None)  # PyTensor's storage of this output is the input's own
            elif target is not None and not handed_on:
                if view.buffer is not target.buffer:
                    moves.append((view, target))
                elif not view.contiguous or view.offset:
                    moves.append((copied(low, view), target))
                self.in_place[k] = updates[k]
                self.outputs.append(None)
            else:
                own = view.buffer.memory is None and not view.buffer.given and view.contiguous
                self.outputs.append(view if own else copied(low, view))
        # Once nothing reads the old values any more.
        for view, target in [(copied(low, v) if v.buffer.given else v, t) for v, t in moves]:
            copy_to(low, view, target)

    def finish(self) -> None:
        """Wait for the kernels, once."""
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

    def point(self, input_storage: list[list]) -> None:
        """Tell the plan where the inputs are."""
        for k, (storage, view, dtype) in enumerate(zip(input_storage, self.inputs, self._dtypes, strict=True)):
            array, flags = storage[0], storage[0].flags
            if array.shape != view.shape or array.dtype != dtype:
                got, expected = (f"{v.dtype} of shape {v.shape}" for v in (array, view))
                raise ValueError(
                    error_message(f"NETWORK3: input {k}", f"expected {expected}", got, "Compile the graph anew.")
                )
            if not (flags.c_contiguous and flags.aligned and (flags.writeable or k not in self._written)):
                storage[0] = array = np.array(array, order="C")
            self.plan.point(view.buffer, array.ctypes.data)

    def thunk(self, input_storage: list[list], output_storage: list[list]) -> Any:
        """Return the function that PyTensor calls."""

        def run() -> None:
            with self.lock:
                self.finish()
                self.point(input_storage)
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
        """In checking mode, raise RuntimeError if a kernel left an array."""
        if self.plan.report[0]:
            _, line, index, length = self.plan.report
            expected, got = f"expected indices of an array of {length}", f"{index}"
            raise RuntimeError(
                error_message(f"a kernel, in line {line}", expected, got, "Correct the kernel, or its caller.")
            )


def check_memory(plan: Plan) -> None:
    """Refuse a plan whose arena no memory holds.

    Raises
    ------
    MemoryError
    """
    needed, there = plan.arena_size, total_memory()
    if there is None or needed <= there:
        return
    largest = max((b for b in plan.buffers if not b.given), key=lambda b: b.size)
    got = f"{needed:,} bytes, of which {largest.size:,} are for {_described(largest.owner)}"
    raise MemoryError(
        error_message(
            "NETWORK3", f"expected values of at most {there:,} bytes, this machine's memory", got, "Use fewer."
        )
    )


def _described(node: Apply | None) -> str:
    if node is None:
        return "a value"
    out: Variable = node.outputs[0]
    return f"{node.op} of shape {out.type.shape}"
