"""How an epoch is run on each back end.

A runner is made from a compiled step and a data set. ``take(images)`` gives it the images of an epoch, which are the
data set's own or others of their shape and type. ``run(rows, eta, lmbda)`` takes one step for each row of `rows`,
an int array (steps, batch) of example numbers, and returns the costs, float64 of shape (steps,). ``collect()``
brings the parameters, wherever they are, back to their shared variables as NumPy arrays. A back end's ``calling``
is the state in which its functions are compiled and called.
"""

from importlib import import_module

MODULES = {"numba": ".numba", "jax": ".jax"}


def make_runner(backend, step, examples, dtype):
    """Return the runner of `backend`, "numba" or "jax", for a compiled `step` over `examples`."""
    return _module(backend).Runner(step, examples, dtype)


def calling(backend, dtype):
    """Return the context in which functions of `backend` must be compiled and called."""
    return _module(backend).calling(dtype)


def _module(backend):
    return import_module(MODULES[backend], __package__)
