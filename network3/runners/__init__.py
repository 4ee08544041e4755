"""How an epoch is run on each back end.

A runner is made from a compiled step and a data set. ``take(images)`` gives it the images of an epoch, which are the
data set's own or others of their shape and type. ``run(rows, eta, lmbda)`` takes one step for each row of `rows`,
an int array (steps, batch) of example numbers, and returns the costs, float64 of shape (steps,). ``close()``
brings the parameters, wherever they are, back to their shared variables as NumPy arrays.

A scorer is made from a compiled function of mini-batches and a data set. ``means(rows)`` returns what the function
gives for each row of `rows`, an int array (chunks, size) of example numbers: float64 of shape (chunks, results).

A back end's ``calling`` is the state in which its functions are compiled and called.
"""

from importlib import import_module

import numpy as np

from network3.data import scaled

MODULES = {"numba": ".numba", "jax": ".jax"}


def make_runner(backend, step, examples, dtype, placement=None):
    """Return the runner of `backend`, "numba" or "jax", for a compiled `step` over `examples`.

    `placement` is that of JAX's devices; without, it is the CPU, step by step.
    """
    if placement is None:
        return _module(backend).Runner(step, examples, dtype)
    from .jax_loop import LoopRunner

    return LoopRunner(step, examples, dtype, placement)


def make_scorer(backend, function, examples, dtype, placement=None, storages=None):
    """Return the scorer of `backend` for a compiled `function` over `examples`.

    With a placement, `storages` may be those of another network's parameters than the function was compiled for.
    """
    if placement is None:
        return Scorer(backend, function, examples, dtype)
    from .jax_loop import LoopScorer

    return LoopScorer(function, examples, dtype, placement, storages)


class Scorer:
    """Calls a compiled function for one mini-batch after the other."""

    def __init__(self, backend, function, examples, dtype):
        self.backend, self.function, self.examples, self.dtype = backend, function, examples, dtype

    def means(self, rows):
        images, targets, found = self.examples.images, self.examples.targets, []
        with calling(self.backend, self.dtype):
            for chunk in rows:
                x = scaled(images[chunk], self.dtype)
                found.append([float(mean) for mean in self.function(x, targets[chunk])])
        return np.array(found)


def calling(backend, dtype):
    """Return the context in which functions of `backend` must be compiled and called."""
    return _module(backend).calling(dtype)


def _module(backend):
    return import_module(MODULES[backend], __package__)
