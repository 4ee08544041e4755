"""Epochs on the CPU: one compiled loop gathers each mini-batch and takes its step, without returning to Python.

The loop is compiled around PyTensor's compiled step and cached on disk with it. It reads images where they lie,
float or uint8, in whatever order the rows say.
"""

import hashlib
from contextlib import contextmanager

import numpy as np
from pytensor.link.numba.cache import CACHED_SRC_FUNCTIONS, compile_numba_function_src

from network3.blas import one_blas_thread
from network3.data import GREY_LEVELS
from network3.heap import keep_freed_memory
from network3.layers.backends.numba import sharing
from network3.layers.backends.numba.kernel import kernel
from network3.layers.backends.numba.team import at_work
from network3.layers.backends.numba.version import source_version

VERSION = source_version(__file__)

# One variable a shared array, since their types differ: Numba has no loop over such.
LOOP = """
def epoch(rows, images, targets, scale, eta, lmbda, {state}):
    steps, batch = rows.shape
    x = np.empty((batch, images.shape[1]), scale.dtype)
    y = np.empty((batch, *targets.shape[1:]), targets.dtype)
    costs = np.empty(steps, np.float64)
    for s in range(steps):
        gathered(-(-batch // TOGETHER), (rows[s], images, scale, x))
        for k in range(batch):
            y[k] = targets[rows[s, k]]
        result = step(x, y, eta, lmbda, {state})
        costs[s] = result[0].item()
        {updates}
    return costs, ({updated},)
"""

TOGETHER = 16  # examples that one thread gathers


@kernel
def _gather(part, rows, images, scale, x):
    """Copy some examples of a mini-batch from where they lie, scaled if they are grey levels."""
    for k in range(part * TOGETHER, min(len(rows), (part + 1) * TOGETHER)):
        image, row = images[rows[k]], x[k]
        for j in range(len(image)):
            row[j] = image[j] * scale[0]


gathered = sharing.shared_out(_gather)


@contextmanager
def calling(dtype):
    """Let our kernels' threads work, and hold BLAS at one."""
    keep_freed_memory()
    with one_blas_thread(), at_work():
        yield


class Runner:
    """See `network3.runners`."""

    def __init__(self, step, examples, dtype):
        self.images, self.targets, self.dtype = examples.images, examples.targets, np.dtype(dtype)
        self.scale = np.array([1 / GREY_LEVELS if self.images.dtype == np.uint8 else 1], self.dtype)
        self._storage = [container.storage for container in step.input_storage[4:]]
        graph = step.maker.fgraph
        # Output k of the compiled step is the next value of input i: PyTensor's own record of the updates.
        self._updates = {k: i - 4 for k, i in graph.update_mapping.items()}
        self._loop = _compile_loop(step.vm.jit_fn, len(self._storage), self._updates)

    def take(self, images):
        """Read these from now on."""
        self.images = images

    def run(self, rows, eta, lmbda):
        scalars = (np.asarray(value, self.dtype) for value in (eta, lmbda))
        state = [storage[0] for storage in self._storage]
        with calling(self.dtype):
            costs, updated = self._loop(rows, self.images, self.targets, self.scale, *scalars, *state)
        for index, value in zip(self._updates.values(), updated, strict=True):
            self._storage[index][0] = value
        return costs

    def close(self):
        """Nothing to do: the loop works on the shared variables' own arrays."""


def _compile_loop(step, count, updates):
    """Return the loop around `step`, which takes `count` shared arrays; `updates` maps its outputs to those."""
    names = [f"state{i}" for i in range(count)]
    source = LOOP.format(
        state=", ".join(names),
        updates="\n        ".join(f"{names[i]} = result[{k}]" for k, i in updates.items()),
        updated=", ".join(names[i] for i in updates.values()),
    )
    step_key = CACHED_SRC_FUNCTIONS.get(step.py_func)
    key = None if step_key is None else hashlib.sha256(f"{step_key}{VERSION}{source}".encode()).hexdigest()
    # Numba finds the globals of a cached function again by the name of their module.
    scope = {"__name__": __name__, "np": np, "step": step, "gathered": gathered, "TOGETHER": TOGETHER}
    loop = compile_numba_function_src(source, "epoch", scope, cache_key=key)
    # Without Python's lock, so that helpers can come in, and bars be drawn.
    return kernel(loop, final_function=True, nogil=True, cache=key is not None)
