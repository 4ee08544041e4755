"""The program of a chunk of training steps: a loop of known length, compiled with XLA's options for GPUs."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from network3.data import GREY_LEVELS
from network3.execution.sharding import DeviceMesh
from network3.layers.checks import one_of

from .jax_few_kernels import FewKernels

States = list[Array]
Take = Callable[[States, Array, Array, Array, Array], tuple[States, Sequence[Array]]]

STEPS = 250  # of a full chunk; fewer, of whatever number, are one more program
KEPT = 16  # programs, for trainings that come back to them; each keeps its network's code alive
GPUS = ("gpu", "cuda")  # names of their platform
SWITCH = "NETWORK3_GPU_GRAPHS"

# Kernels recorded as CUDA graphs, so that the host launches one graph per step instead of each kernel; the graph's
# independent branches run side by side. Without "CONVOLUTION" a step with convolutions is cut into several graphs.
GPU_OPTIONS = {
    "xla_gpu_enable_command_buffer": (
        "FUSION,CUBLAS,CUBLASLT,CUDNN,CUSTOM_CALL,CONDITIONAL,DYNAMIC_SLICE_FUSION,CONVOLUTION"
    ),
    "xla_gpu_command_buffer_scheduling_mode": "CONCURRENT",
}


def gpu_options(platform: str) -> dict[str, Any]:
    """Return XLA's options for a platform: `GPU_OPTIONS` on GPUs, unless ``NETWORK3_GPU_GRAPHS=off``."""
    switch = one_of(SWITCH, os.environ.get(SWITCH, "on"), ("on", "off"))
    return dict(GPU_OPTIONS) if platform in GPUS and switch == "on" else {}


class Program:
    """A jitted function, compiled with options as far as this release of XLA has them.

    Parameters
    ----------
    function : callable
        Its first argument is donated.
    options : dict
        XLA's options; one that is refused is left out, and all of them if the program cannot be compiled with them.
    """

    def __init__(self, function: Callable, options: dict[str, Any]):
        self._function, self.options = function, options
        self._jit = self._jitted()

    def _jitted(self) -> Any:
        return jax.jit(self._function, donate_argnums=0, compiler_options=self.options or None)

    def __call__(self, *arguments: Any) -> Any:
        """Run the function, compiled at the first call with arguments of these shapes."""
        while True:
            try:
                return self._jit(*arguments)
            except (jax.errors.JaxRuntimeError, ValueError) as error:
                if not self.options or any(state.is_deleted() for state in jax.tree.leaves(arguments[0])):
                    raise
                refused = [name for name in self.options if name in str(error)]
                if not refused and "RESOURCE_EXHAUSTED" in str(error):
                    raise
                # Options change from release to release; they are for speed only.
                self.options = {k: v for k, v in self.options.items() if refused and k not in refused}
                self._jit = self._jitted()


@lru_cache(KEPT)
def chunk_program(
    step: Callable,
    results: tuple[str, ...],
    updates: tuple[tuple[int, int], ...],
    dtype: str,
    mesh: DeviceMesh,
    networks: bool = False,
) -> Program:
    """Return ``program(states, images, targets, rows, eta, lmbda, count) -> states, costs``: a step for each of `rows`.

    With a `count`, an int32, there are only so many steps: a loop of open length, compiled once for all counts.

    Parameters
    ----------
    step : callable
        JAX's function of a compiled step.
    results, updates
        See `network3.execution.functions.Compiled`.
    dtype : "float32" or "float64"
    mesh : DeviceMesh
    networks : bool, default False
        Whether the states, rates and rows are those of several networks, along an axis of their own.
    """
    platform = mesh.devices[0].platform
    form = Form(networks=networks, few_kernels=platform in GPUS)
    return Program(make_loop(step, results, updates, dtype, mesh, form), gpu_options(platform))


@dataclass(frozen=True)
class Form:
    """How the loop is written.

    Attributes
    ----------
    networks : bool
        For several networks, along an axis of their own.
    few_kernels : bool
        As fits a GPU, see `jax_few_kernels`: the penalty of the cost is computed at the ends of a chunk and
        interpolated, the convolutions of several networks are matrix products.
    """

    networks: bool = False
    few_kernels: bool = False


def make_loop(
    step: Callable,
    results: tuple[str, ...],
    updates: tuple[tuple[int, int], ...],
    dtype: str,
    mesh: DeviceMesh,
    form: Form,
) -> Callable:
    """Return the function that `chunk_program` compiles."""
    apart = form.few_kernels and "penalty" in results
    cost = results.index("unpenalized" if apart else "cost")

    def loop(
        states: States,
        images: Array,
        targets: Array,
        rows: Array,
        eta: Array,
        lmbda: Array,
        count: Array | None = None,
    ) -> tuple:
        steps = len(rows) if count is None else count
        labels = gather(targets, rows)

        def inputs(k: Array | int) -> tuple[Array, ...]:
            return as_input(gather(images, rows[k]), dtype), labels[k], eta, lmbda

        if form.few_kernels:
            few = FewKernels(step, updates, cost, results.index("penalty") if apart else None, mesh, form.networks)
            return few.run(states, inputs, labels, steps)
        take: Callable = _make_take(step, updates, mesh)
        take = jax.vmap(take) if form.networks else take

        def body(k: Array, carried: tuple[States, Array]) -> tuple[States, Array]:
            states, costs = carried
            states, outputs = take(states, *inputs(k))
            return states, costs.at[k].set(outputs[cost])

        # A length that is data makes XLA ask the device before each step whether there is another.
        return lax.fori_loop(0, steps, body, (states, jnp.zeros(rows.shape[:-1], dtype)))

    return loop


def _make_take(step: Callable, updates: Sequence[tuple[int, int]], mesh: DeviceMesh) -> Take:
    """Return ``take(states, x, y, eta, lmbda) -> states, outputs`` of one mini-batch."""

    def take(states: States, x: Array, y: Array, eta: Array, lmbda: Array) -> tuple[States, Sequence[Array]]:
        outputs = step(mesh.keep_sharded(x), mesh.keep_sharded(y), eta, lmbda, *states)
        states = list(states)
        for output, state in updates:
            states[state] = mesh.keep_replicated(outputs[output])
        return states, outputs

    return take


def gather(examples: Array, rows: Array) -> Array:
    """Return the examples `rows`, all of which exist."""
    return examples.at[rows].get(mode="promise_in_bounds")


def as_input(images: Array, dtype: str) -> Array:
    """Return grey levels (uint8) divided by 256, and floats as they are."""
    x = images.astype(dtype)
    return x * np.asarray(1 / GREY_LEVELS, dtype) if images.dtype == np.uint8 else x
