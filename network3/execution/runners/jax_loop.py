"""Epochs on a GPU, or on several devices: the data lie there, and one call takes many steps, see `jax_program`.

Parameters and the states of masks and rules stay on the devices, each call being donated those of the call before;
what crosses to the devices in a call is which examples make up the mini-batches.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache

import jax
import numpy as np
from jax import Array, lax
from numpy.typing import NDArray

from network3.data import Examples
from network3.execution.functions import Compiled, Step
from network3.execution.sharding import DeviceMesh
from network3.layers.checks import error_message

from .jax import execution_context
from .jax_program import KEPT, STEPS, States, as_input, chunk_program, gather


class LoopRunner:
    """See `network3.execution.runner.Runner`; each mini-batch is sharded along the devices of `mesh`.

    Parameters
    ----------
    step : Step
    examples : Examples
    dtype : "float32" or "float64"
    mesh : DeviceMesh
    """

    def __init__(self, step: Step, examples: Examples, dtype: str, mesh: DeviceMesh):
        self.dtype, self.mesh = dtype, mesh
        self._storage = [container.storage for container in step.shared]
        self._program = chunk_program(step.jax_function, step.results, step.updates, dtype, mesh)
        self._scalars: dict[float, Array] = {}
        with execution_context(dtype), enough_memory(examples.images, dtype):
            self.targets = mesh.replicate(examples.targets)
            self.images = mesh.shard_examples(examples.images)
        self._given = examples.images

    def set_images(self, images: np.ndarray) -> None:
        """Put the images of an epoch on the devices, unless they are there."""
        if images is not self._given:
            with execution_context(self.dtype), enough_memory(images, self.dtype):
                self.images = self.mesh.shard_examples(images)
            self._given = images

    def run(self, rows: NDArray[np.int64], eta: float, lmbda: float) -> NDArray[np.float64]:
        """Take a step for each row of `rows`; return the costs."""
        costs = [np.empty(0)]  # in case there are no steps
        with execution_context(self.dtype), enough_memory(self._given, self.dtype, rows.shape[1]):
            rates = self._scalar(eta), self._scalar(lmbda)
            for chunk, steps, count in chunks(rows, self.mesh):
                states = [self.mesh.replicate(storage[0]) for storage in self._storage]
                states, found = self._program(states, self.images, self.targets, chunk, *rates, count)
                # This waits for the devices, which report errors only then.
                costs.append(np.asarray(found, np.float64)[:steps])
                for storage, state in zip(self._storage, states, strict=True):
                    storage[0] = state  # those before are gone
        return np.concatenate(costs)

    def close(self) -> None:
        """Store the parameters as NumPy arrays."""
        for storage in self._storage:
            storage[0] = np.array(storage[0])

    def _scalar(self, value: float) -> Array:
        if value not in self._scalars:
            self._scalars[value] = self.mesh.replicate(np.asarray(value, self.dtype))
        return self._scalars[value]


@contextmanager
def enough_memory(images: np.ndarray, dtype: str, batch: int | None = None) -> Iterator[None]:
    """Report what would fit, where the memory of a device is too small.

    Raises
    ------
    MemoryError
        In four parts.
    """
    try:
        yield
    except jax.errors.JaxRuntimeError as error:
        if "RESOURCE_EXHAUSTED" not in str(error):
            raise
        size = f"{images.nbytes / 1e6:,.0f} MB of {images.dtype} images"
        expected = f"expected memory for {size}" + (f" and mini-batches of {batch}" if batch else "")
        ways = [f"a mini_batch_size below {batch}"] if batch else []
        if images.dtype != np.uint8:
            smaller = images.size / 1e6
            ways.append(f"load_data_shared(storage='uint8'), which makes them {smaller:,.0f} MB")
        hint = f"Try {', or '.join([*ways, 'fewer images'])}."
        raise MemoryError(error_message("SGD", expected, str(error).splitlines()[0], hint)) from error


def chunks(rows: NDArray[np.int64], mesh: DeviceMesh) -> Iterator[tuple[Array, int, Array | None]]:
    """Yield `rows` on the devices in chunks of `STEPS` steps, each with its number of steps.

    The last, if it has fewer, is filled up and comes with their number as an array on the devices, the others with
    None: so there are two programs, whatever the lengths.
    """
    for start in range(0, len(rows), STEPS):
        part = rows[start : start + STEPS].astype(np.int32)
        count = None
        if len(part) < STEPS:
            count = mesh.replicate(np.int32(len(part)))
        filled = np.concatenate([part, np.zeros((STEPS - len(part), *part.shape[1:]), np.int32)])
        yield mesh.shard(filled), len(part), count


class LoopScorer:
    """See `network3.execution.runner.Scorer`: all chunks of a data set on the devices in one call.

    `storages` hold the values of the parameters, if they are not those that the function was compiled for.
    """

    def __init__(
        self, function: Compiled, examples: Examples, dtype: str, mesh: DeviceMesh, storages: list[list] | None = None
    ):
        self.dtype, self.mesh = dtype, mesh
        own = [container.storage for container in function.shared]
        self._storage = own if storages is None else storages
        self._means, self._given = _compile_means(function.jax_function, dtype), examples.images
        with execution_context(dtype), enough_memory(examples.images, dtype):
            self._data = [mesh.shard_examples(examples.images), mesh.replicate(examples.targets)]

    def means(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the results for each row of `rows`."""
        with execution_context(self.dtype), enough_memory(self._given, self.dtype):
            params = [self.mesh.replicate(storage[0]) for storage in self._storage]
            found = self._means(*self._data, self.mesh.replicate(rows.astype(np.int32)), params)
            return np.stack([np.asarray(part, np.float64) for part in found], axis=1)


@lru_cache(KEPT)
def _compile_means(function: Callable, dtype: str) -> Callable:
    """Return ``means(images, targets, rows, params)``: the results of each chunk, one array for each of them."""

    def means(images: Array, targets: Array, rows: Array, params: States) -> tuple[Array, ...]:
        return lax.map(
            lambda chunk: tuple(function(as_input(gather(images, chunk), dtype), gather(targets, chunk), *params)), rows
        )

    return jax.jit(means)
