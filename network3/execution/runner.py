"""How an epoch is run on each back end.

A runner is made from a compiled step and a data set. ``set_images(images)`` gives it the images of an epoch, which are
the data set's own or others of their shape and type. ``run(rows, eta, lmbda)`` takes one step for each row of `rows`,
an int array (steps, batch) of example numbers, and returns the costs, float64 of shape (steps,). ``close()``
brings the parameters, wherever they are, back to their shared variables as NumPy arrays.

A scorer is made from a compiled function of mini-batches and a data set. ``means(rows)`` returns what the function
gives for each row of `rows`, an int array (chunks, size) of example numbers: float64 of shape (chunks, results).

A back end's ``compile_context`` is the state in which its functions are compiled,
``execution_context`` that in which they are called.
"""

from importlib import import_module

MODULES = {"network3": ".runners.planned", "numba": ".runners.numba", "jax": ".runners.jax"}


def make_runner(backend, step, examples, dtype, mesh=None):
    """Return the runner of `backend`, "network3", "numba" or "jax", for a compiled `step` over `examples`.

    `mesh` is that of JAX's devices; without, it is the CPU.
    """
    if mesh is not None:
        from .runners.jax_loop import LoopRunner

        return LoopRunner(step, examples, dtype, mesh)
    if backend == "network3":
        from .runners.planned import PlannedRunner, plan_of

        if plan_of(step) is not None:
            return PlannedRunner(step, examples, dtype)
    from .runners.stepwise import Runner

    return Runner(backend, step, examples, dtype)


def make_scorer(backend, function, examples, dtype, mesh=None, storages=None):
    """Return the scorer of `backend` for a compiled `function` over `examples`.

    With a mesh, `storages` may be those of another network's parameters than the function was compiled for.
    """
    if mesh is not None:
        from .runners.jax_loop import LoopScorer

        return LoopScorer(function, examples, dtype, mesh, storages)
    if backend == "network3":
        from .runners.planned import PlannedScorer, plan_of

        if plan_of(function) is not None:
            return PlannedScorer(function, examples, dtype)
    from .runners.stepwise import Scorer

    return Scorer(backend, function, examples, dtype)


def execution_context(backend, dtype):
    """Return the context in which functions of `backend` must be called."""
    return import_module(MODULES[backend], __package__).execution_context(dtype)


def compile_context(backend, dtype):
    """Return the context in which functions of `backend` must be compiled."""
    return import_module(MODULES[backend], __package__).compile_context(dtype)
