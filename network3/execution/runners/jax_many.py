"""Epochs of several networks of one architecture as one program: on a GPU they cost little more than one.

Each network has its own parameters, state, order of the examples and rates; the training images are the same.
"""

import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from network3.data import Examples
from network3.execution.functions import Step
from network3.execution.sharding import DeviceMesh

from .jax import execution_context
from .jax_loop import chunks, enough_memory
from .jax_program import chunk_program


class VectorizedRunner:
    """See `network3.execution.runner.ManyRunner`.

    Parameters
    ----------
    step : Step
        The first network's.
    storages : list of lists of one-element lists
        Each network's values for the step's shared variables, in its order.
    examples : Examples
    dtype : "float32" or "float64"
    mesh : DeviceMesh
    """

    def __init__(self, step: Step, storages: list[list[list]], examples: Examples, dtype: str, mesh: DeviceMesh):
        self.dtype, self.mesh = dtype, mesh
        self._storages = storages
        self._program = chunk_program(step.jax_function, step.results, step.updates, dtype, mesh, networks=True)
        self._given = examples.images
        self._states: list[Array] | None = None  # on the devices, between `run` and `sync`
        with execution_context(dtype), enough_memory(examples.images, dtype):
            self._data = [mesh.shard_examples(examples.images), mesh.replicate(examples.targets)]

    def set_images(self, images: np.ndarray) -> None:
        """Put the images of an epoch on the devices, unless they are there."""
        if images is not self._given:
            with execution_context(self.dtype), enough_memory(images, self.dtype):
                self._data[0] = self.mesh.shard_examples(images)
            self._given = images

    def run(self, rows: NDArray[np.int64], etas: list[float], lmbdas: list[float]) -> NDArray[np.float64]:
        """Take a step for each of `rows`, (networks, steps, batch); return the costs, (networks, steps)."""
        costs = [np.empty((0, *rows.shape[:-2]))]  # in case there are no steps
        with execution_context(self.dtype), enough_memory(self._given, self.dtype, rows.shape[2]):
            rates = [self.mesh.replicate(np.asarray(rate, self.dtype)) for rate in (etas, lmbdas)]
            for chunk, steps, count in chunks(rows.transpose(1, 0, 2), self.mesh):
                states = self._stacked() if self._states is None else self._states
                self._states = None  # donated, whether the program succeeds or not
                self._states, found = self._program(states, *self._data, chunk, *rates, count)
                costs.append(np.asarray(found, np.float64)[:steps])
        return np.concatenate(costs).T

    def close(self) -> None:
        """Store the parameters as NumPy arrays."""
        self.sync()

    def sync(self) -> None:
        """Store each network's parameters in its shared variables."""
        if self._states is None:
            return
        with execution_context(self.dtype):
            for state, same in zip(self._states, zip(*self._storages, strict=True), strict=True):
                for value, storage in zip(np.asarray(state), same, strict=True):
                    storage[0] = value.copy()
        self._states = None

    def _stacked(self) -> list[Array]:
        """Return the networks' parameters and states, stacked along a new first axis."""
        stacks = (jnp.stack([storage[0] for storage in same]) for same in zip(*self._storages, strict=True))
        return [self.mesh.replicate(stack) for stack in stacks]
