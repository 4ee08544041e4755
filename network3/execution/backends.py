"""The back ends by name: their runners and scorers, and the contexts in which they compile and run."""

from contextlib import AbstractContextManager
from functools import partial
from importlib import import_module

from network3.data import Examples

from .functions import Compiled, Step
from .runner import Runner, Scorer
from .sharding import DeviceMesh

MODULES = {"network3": ".runners.planned", "numba": ".runners.numba", "jax": ".runners.jax"}


def make_runner(backend: str, step: Step, examples: Examples, dtype: str, mesh: DeviceMesh | None = None) -> Runner:
    """Return the runner of a compiled step over a data set.

    Parameters
    ----------
    backend : "network3", "numba" or "jax"
    step : Step
    examples : Examples
    dtype : "float32" or "float64"
    mesh : DeviceMesh, optional
        JAX's devices; None for the CPU.
    """
    if mesh is not None:
        from .runners.jax_loop import LoopRunner

        return LoopRunner(step, examples, dtype, mesh)
    if backend == "network3":
        from .runners.planned import PlannedRunner, plan_of

        if (plan := plan_of(step)) is not None:
            return PlannedRunner(step, plan, examples, dtype)
    from .runners.stepwise import StepwiseRunner

    return StepwiseRunner(partial(execution_context, backend, dtype), step, examples, dtype)


def make_scorer(
    backend: str,
    function: Compiled,
    examples: Examples,
    dtype: str,
    mesh: DeviceMesh | None = None,
    storages: list[list] | None = None,
) -> Scorer:
    """Return the scorer of a compiled function over a data set.

    Parameters
    ----------
    backend, examples, dtype, mesh
        See `make_runner`.
    function : Compiled
    storages : list of one-element lists, optional
        With a mesh: the values of another network's parameters than those that the function was compiled for.
    """
    if mesh is not None:
        from .runners.jax_loop import LoopScorer

        return LoopScorer(function, examples, dtype, mesh, storages)
    if backend == "network3":
        from .runners.planned import PlannedScorer, plan_of

        if (plan := plan_of(function)) is not None:
            return PlannedScorer(function, plan, examples, dtype)
    from .runners.stepwise import StepwiseScorer

    return StepwiseScorer(partial(execution_context, backend, dtype), function, examples, dtype)


def execution_context(backend: str, dtype: str) -> AbstractContextManager[None]:
    """Return the context in which functions of `backend` must be called."""
    return import_module(MODULES[backend], __package__).execution_context(dtype)


def compile_context(backend: str, dtype: str) -> AbstractContextManager[None]:
    """Return the context in which functions of `backend` must be compiled."""
    return import_module(MODULES[backend], __package__).compile_context(dtype)
