"""Epochs on the CPU by plans: one compiled loop gathers each mini-batch and takes its step, without Python.

The loop is the same code for all networks. It reads the images in place, float or uint8, in the order of the rows.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray
from pytensor.scalar.basic import convert_to_float64

from network3.data import GREY_LEVELS, Examples
from network3.execution.functions import Compiled, Step
from network3.layers.backends.cpu.compiler import Kernel
from network3.layers.backends.cpu.kernels.argmax import argmax
from network3.layers.backends.cpu.kernels.descent import scale_deltas
from network3.layers.backends.cpu.kernels.gather import gather
from network3.layers.backends.cpu.kernels.product_transposed import transpose_deltas
from network3.layers.backends.cpu.kernels.reductions import LANES, sum_columns, sum_rows
from network3.layers.backends.cpu.kernels.softmax import softmax
from network3.layers.backends.cpu.lowerings.elementwise import calculate
from network3.layers.backends.cpu.plan import Plan, View
from network3.layers.backends.cpu.planned import Planned
from network3.layers.backends.cpu.store import request
from network3.layers.backends.cpu.threads import StepLoop, thread_pool
from network3.layers.backends.cpu.threads.loops import run_steps
from network3.layers.backends.cpu.threads.worker import worker_loop

GATHERED = 1 << 13  # elements that one thread gathers at a time, about


@contextmanager
def execution_context(dtype: str) -> Iterator[None]:
    """Let the threads of the kernels work."""
    with thread_pool():
        yield


@contextmanager
def compile_context(dtype: str) -> Iterator[None]:
    """Request first what all networks need: it is compiled in the background while the graph is rewritten."""
    for needed in (run_steps(), worker_loop(), *common_kernels(dtype)):
        request(needed)
    yield


def common_kernels(dtype: str) -> list[Kernel]:
    """Return the kernels of most networks: gathering labels, the last layer, updates of weights and biases."""
    sums = sum_columns(False, dtype, "float64", dtype), sum_rows(False, dtype, "float64", dtype, LANES)
    return [
        gather("int32", "int32"),
        softmax(dtype),
        scale_deltas(dtype),
        *sums,
        argmax(dtype),
        transpose_deltas(dtype),
    ]


def plan_of(compiled: Compiled) -> Planned | None:
    """Return the plan of a compiled graph that can run in a loop; None if Numba runs it, or arrays leave it."""
    planned = getattr(compiled.function.vm, "planned", None)
    if planned is None or len(planned.in_place) < len(compiled.updates):
        return None
    if any(view is None for view in planned.outputs[: len(compiled.results)]):
        return None
    return planned


class Loop:
    """A compiled graph of mini-batches, ``compiled(x, y, *numbers)``, in a loop over a data set.

    Its kernels are compiled in the background until it is called for the first time.
    """

    def __init__(self, compiled: Compiled, planned: Planned, examples: Examples, dtype: str):
        self.planned = planned
        views = dict(zip(compiled.arguments, self.planned.inputs, strict=False))
        x, y = (np.zeros(views[name].shape, views[name].dtype) for name in ("x", "y"))
        self.numbers = [np.zeros((), dtype) for _ in compiled.arguments[2:]]
        # The plan reads the mini-batch and the numbers from here, shared variables in place.
        self._storage: list[list] = [[x], [y], *([n] for n in self.numbers), *(c.storage for c in compiled.shared)]
        self._before, self._after = Plan(), Plan()
        self._rows = self._before.external("int64", (len(x),))
        grey = np.array([1 / GREY_LEVELS if examples.images.dtype == np.uint8 else 1], dtype)
        self.images = self._gathered(examples.images, grey, x)
        self.targets = self._gathered(examples.targets, np.ones(1, y.dtype), y)
        self.found = np.zeros(len(compiled.results))
        self._outputs = [view for view in planned.outputs[: self.found.size] if view is not None]  # all, see plan_of
        self._numbers_found = [self._collected(k) for k in range(self.found.size)]
        self._loop: StepLoop | None = None

    def _gathered(self, data: np.ndarray, factor: np.ndarray, batch: np.ndarray) -> View:
        """Add the command that gathers the rows of a mini-batch from `data`; return where these are."""
        plan, count, width = self._before, len(batch), math.prod(batch.shape[1:])
        source, per = plan.external(data.dtype.name, (data.size,)), max(1, GATHERED // max(1, width))
        arguments: list[View | int] = [
            self._rows,
            source,
            plan.constant(factor),
            plan.view_of(batch),
            width,
            count,
            per,
        ]
        types = data.dtype.name, batch.dtype.name
        if data.dtype == batch.dtype:  # copied as they are: the kernel that labels need does as well for images
            types = (f"int{8 * data.itemsize}",) * 2
        plan.run(gather(*types), arguments, -(-count // per))
        return source

    def _collected(self, k: int) -> View:
        """Add the command that copies the k-th result, a number, into `found`; return its source."""
        number = self._after.external(self._outputs[k].dtype, ())
        calculate(self._after, convert_to_float64, [number], [self._after.view_of(self.found[k : k + 1])])
        return number

    def _finished(self) -> StepLoop:
        """Wait for the kernels, and return the loop."""
        self.planned.finish()
        for extra in (self._before, self._after):
            extra.lay_out()
            extra.finish()
        for number, view in zip(self._numbers_found, self._outputs, strict=True):
            self._after.set_address(number.buffer, self.planned.plan.array(view).ctypes.data)
        table = np.concatenate([plan.table for plan in (self._before, self.planned.plan, self._after)])
        return StepLoop(table, self.planned.scratch, self._before.word_addresses(self._rows), self.found)

    def __call__(
        self, images: np.ndarray, targets: np.ndarray, rows: NDArray[np.int64], *values: float
    ) -> NDArray[np.float64]:
        """Return the results for each row of `rows`, example numbers: float64 of shape (steps, results)."""
        with self.planned.lock:
            self._loop = self._loop or self._finished()
            for number, value in zip(self.numbers, values, strict=True):
                number[()] = value
            self.planned.set_inputs(self._storage)
            for view, data in zip((self.images, self.targets), (images, targets), strict=True):
                self._before.set_address(view.buffer, data.ctypes.data)
            found = self._loop(rows)
        self.planned.check()
        return found


class PlannedRunner:
    """See `network3.execution.runner.Runner`; for a step that has a plan."""

    def __init__(self, step: Step, planned: Planned, examples: Examples, dtype: str):
        self._loop, self.dtype = Loop(step, planned, examples, dtype), dtype
        self.images, self.targets = examples.images, examples.targets

    def set_images(self, images: np.ndarray) -> None:
        """Train on these from now on."""
        self.images = images

    def run(self, rows: NDArray[np.int64], eta: float, lmbda: float) -> NDArray[np.float64]:
        """Take a step for each row of `rows`; return the costs."""
        with execution_context(self.dtype):
            return self._loop(self.images, self.targets, rows, eta, lmbda)[:, 0]

    def close(self) -> None:
        """Do nothing: plans work on the shared variables' own arrays."""


class PlannedScorer:
    """See `network3.execution.runner.Scorer`; for a function that has a plan."""

    def __init__(self, function: Compiled, planned: Planned, examples: Examples, dtype: str):
        self._loop, self.examples, self.dtype = Loop(function, planned, examples, dtype), examples, dtype

    def means(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the results for each row of `rows`."""
        with execution_context(self.dtype):
            return self._loop(self.examples.images, self.examples.targets, rows)
