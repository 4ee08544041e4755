"""Epochs on the CPU by plans: one compiled loop gathers each mini-batch and takes its step, without Python.

The loop is the same code for all networks. It reads images where they lie, float or uint8, in whatever order the rows
say.
"""

import math
from contextlib import contextmanager

import numpy as np
from pytensor.scalar.basic import convert_to_float64

from network3.data import GREY_LEVELS
from network3.layers.backends.cpu.compiler import Kernel
from network3.layers.backends.cpu.kernels.argmax import argmax
from network3.layers.backends.cpu.kernels.descent import scale_deltas
from network3.layers.backends.cpu.kernels.gather import gather
from network3.layers.backends.cpu.kernels.product_transposed import turn_deltas
from network3.layers.backends.cpu.kernels.reductions import LANES, sum_columns, sum_rows
from network3.layers.backends.cpu.kernels.softmax import softmax
from network3.layers.backends.cpu.lowerings.elementwise import calculate
from network3.layers.backends.cpu.plan import Plan, View
from network3.layers.backends.cpu.planned import Planned
from network3.layers.backends.cpu.store import request
from network3.layers.backends.cpu.threads import StepLoop, thread_pool
from network3.layers.backends.cpu.threads.loops import run_steps
from network3.layers.backends.cpu.threads.worker import worker_loop

TOGETHER = 16  # examples that one thread gathers


@contextmanager
def execution_context(dtype):
    """Let the kernels' threads work."""
    with thread_pool():
        yield


@contextmanager
def compile_context(dtype):
    """Ask first for what networks need whatever their sizes: it is compiled while the graph is rewritten."""
    for needed in (run_steps(), worker_loop(), *needed_by_most(dtype)):
        request(needed)
    yield


def needed_by_most(dtype) -> list[Kernel]:
    """Return the kernels of most networks: their labels, the last layer, and what updates weights and biases."""
    sums = sum_columns(False, dtype, "float64", dtype), sum_rows(False, dtype, "float64", dtype, LANES)
    return [gather("int32", "int32"), softmax(dtype), scale_deltas(dtype), *sums, argmax(dtype), turn_deltas(dtype)]


def plan_of(compiled) -> Planned | None:
    """Return the plan of a compiled graph that can be run in a loop; None if it is Numba's, or hands arrays over."""
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

    def __init__(self, compiled, examples, dtype):
        self.planned = plan_of(compiled)
        views = dict(zip(compiled.arguments, self.planned.inputs, strict=False))
        x, y = (np.zeros(views[name].shape, views[name].dtype) for name in ("x", "y"))
        self.numbers = [np.zeros((), dtype) for _ in compiled.arguments[2:]]
        # The plan reads the mini-batch and the numbers where they are put, shared variables where they are.
        self._storage = [[x], [y], *([n] for n in self.numbers), *(c.storage for c in compiled.shared)]
        self._before, self._after = Plan(), Plan()
        self._rows = self._before.given("int64", (len(x),))
        grey = np.array([1 / GREY_LEVELS if examples.images.dtype == np.uint8 else 1], dtype)
        self.images = self._gathered(examples.images, grey, x)
        self.targets = self._gathered(examples.targets, np.ones(1, y.dtype), y)
        self.found = np.zeros(len(compiled.results))
        self._numbers_found = [self._collected(k) for k in range(self.found.size)]
        self._loop = None

    def _gathered(self, data: np.ndarray, factor: np.ndarray, batch: np.ndarray) -> View:
        """Add the command that gathers the rows of a mini-batch from `data`; return where these are."""
        plan, count, width = self._before, len(batch), math.prod(batch.shape[1:])
        source, parts = plan.given(data.dtype.name, (data.size,)), -(-count // TOGETHER)
        arguments = [self._rows, source, plan.constant(factor), plan.of(batch), width, count, TOGETHER]
        types = data.dtype.name, batch.dtype.name
        if data.dtype == batch.dtype:  # copied as they are: the kernel that labels need does as well for images
            types = (f"int{8 * data.itemsize}",) * 2
        plan.run(gather(*types), arguments, parts)
        return source

    def _collected(self, k: int) -> View:
        """Add the command that brings a result, a number, to its place among the others; return where it comes from."""
        number = self._after.given(self.planned.outputs[k].dtype, ())
        calculate(self._after, convert_to_float64, [number], [self._after.of(self.found[k : k + 1])])
        return number

    def _finished(self) -> StepLoop:
        """Wait for the kernels, and return the loop."""
        self.planned.finish()
        for extra in (self._before, self._after):
            extra.lay_out()
            extra.finish()
        for number, view in zip(self._numbers_found, self.planned.outputs, strict=False):
            self._after.point(number.buffer, self.planned.plan.array(view).ctypes.data)
        table = np.concatenate([plan.table for plan in (self._before, self.planned.plan, self._after)])
        return StepLoop(table, self.planned.scratch, self._before.word_addresses(self._rows), self.found)

    def __call__(self, images, targets, rows, *values):
        """Return the results for each row of `rows`, example numbers: float64 of shape (steps, results)."""
        with self.planned.lock:
            self._loop = self._loop or self._finished()
            for number, value in zip(self.numbers, values, strict=True):
                number[()] = value
            self.planned.point(self._storage)
            for view, data in zip((self.images, self.targets), (images, targets), strict=True):
                self._before.point(view.buffer, data.ctypes.data)
            found = self._loop(rows)
        self.planned.check()
        return found


class PlannedRunner:
    """See `network3.execution.runner`."""

    def __init__(self, step, examples, dtype):
        self._loop, self.dtype = Loop(step, examples, dtype), dtype
        self.images, self.targets = examples.images, examples.targets

    def set_images(self, images):
        """Read these from now on."""
        self.images = images

    def run(self, rows, eta, lmbda):
        """Take a step for each row of `rows`; return the costs."""
        with execution_context(self.dtype):
            return self._loop(self.images, self.targets, rows, eta, lmbda)[:, 0]

    def close(self):
        """Nothing to do: plans work on the shared variables' own arrays."""


class PlannedScorer:
    """See `network3.execution.runner`."""

    def __init__(self, function, examples, dtype):
        self._loop, self.examples, self.dtype = Loop(function, examples, dtype), examples, dtype

    def means(self, rows):
        """Return the results for each row of `rows`."""
        with execution_context(self.dtype):
            return self._loop(self.examples.images, self.examples.targets, rows)
