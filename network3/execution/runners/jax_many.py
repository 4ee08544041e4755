"""Epochs of several networks of one architecture as one program: on a GPU they cost little more than one.

Each has its own parameters, states, order of the examples and rates; the training images are for all.
"""

from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from .jax import execution_context
from .jax_loop import KEPT, NONE, SLOTS, enough_memory, step_taker


class ManyRunner:
    """Like `network3.execution.runner`' runners, with an axis for the networks before all others.

    Parameters
    ----------
    step : compilation.Step
        The first network's.
    storages : list of lists of one-element lists
        Each network's values for the step's shared variables, in its order.
    examples : Examples
    dtype : "float32" or "float64"
    mesh : DeviceMesh
    """

    def __init__(self, step, storages, examples, dtype, mesh):
        self.dtype, self.mesh = dtype, mesh
        self._storages = storages
        self._loop = _compile(step.function.vm.jit_fn, step.updates, dtype, mesh)
        self._given = examples.images
        with execution_context(dtype), enough_memory(examples.images, dtype):
            self._data = [mesh.replicate(part) for part in (examples.images, examples.targets)]
            self._states = [jnp.stack([storage[0] for storage in same]) for same in zip(*self._storages, strict=True)]
            self._states = [mesh.replicate(state) for state in self._states]

    def run(self, rows, etas, lmbdas):
        """Take a step for each of `rows`, (networks, steps, batch); return the costs, (networks, steps)."""
        networks, steps, batch = rows.shape
        filled = np.full((-(-steps // SLOTS) * SLOTS, networks, batch), NONE, np.int32)
        filled[:steps] = rows.transpose(1, 0, 2)
        with execution_context(self.dtype), enough_memory(self._given, self.dtype, batch):
            rates = [self.mesh.replicate(np.asarray(rate, self.dtype)) for rate in (etas, lmbdas)]
            rows = self.mesh.shard(filled)
            self._states, costs = self._loop(self._states, *self._data, rows, *rates)
            return np.asarray(costs, np.float64)[:steps].T

    def spread(self):
        """Give each network's shared variables their values."""
        with execution_context(self.dtype):
            for state, same in zip(self._states, zip(*self._storages, strict=True), strict=True):
                values = np.asarray(state)
                for value, storage in zip(values, same, strict=True):
                    storage[0] = value.copy()


@lru_cache(KEPT)
def _compile(step, updates, dtype, mesh):
    """Return ``loop(states, images, targets, rows, eta, lmbda) -> states, costs``, each network's in a row."""
    take = jax.vmap(step_taker(step, updates, dtype, mesh), in_axes=(0, None, None, 0, 0, 0))

    def loop(states, images, targets, rows, eta, lmbda):
        def body(k, carried):
            states, costs = carried
            states, cost = take(states, images, targets, rows[k], eta, lmbda)
            return states, costs.at[k].set(cost)

        steps = (rows[:, 0, 0] != NONE).sum()
        return lax.fori_loop(0, steps, body, (list(states), jnp.zeros(rows.shape[:2], dtype)))

    return jax.jit(loop, donate_argnums=0)
