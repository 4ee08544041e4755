"""JAX without a library of layers on a GPU: data on the device, and chunks of steps in loops, as ours."""

from collections.abc import Sequence
from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.configurations import Configuration
from benchmarks.peers.jax_jit import Jax, Params, cost
from network3.execution.runners.jax_program import STEPS, Program, gpu_options


def build(config: Configuration, weights: Sequence[np.ndarray], batch: int) -> "Loop":
    return Loop(config, weights, batch)


def train_steps(
    params: Params,
    key: jax.Array,
    x: jax.Array,
    y: jax.Array,
    start: jax.Array,
    count: int,
    config: Configuration,
    decay: float,
) -> tuple[Params, jax.Array]:
    """Take `count` steps on the mini-batches `x`, (batches, batch, 784), cyclically from index `start`."""

    def body(k: jax.Array, carried: tuple[Params, jax.Array]) -> tuple[Params, jax.Array]:
        params, key = carried
        mask_key, key = jax.random.split(key) if config.p_dropout else (None, key)
        index = (start + k) % len(x)
        gradient = jax.grad(cost)(params, x[index], y[index], config, decay, mask_key)
        return [p - config.eta * g for p, g in zip(params, gradient, strict=True)], key

    return jax.lax.fori_loop(0, count, body, (params, key))


@lru_cache
def program(count: int, config: Configuration, decay: float) -> Program:
    """Return `train_steps` for a fixed number of steps, compiled with the same options as ours."""

    def loop(state: tuple[Params, jax.Array], x: jax.Array, y: jax.Array, start: jax.Array) -> tuple:
        return train_steps(*state, x, y, start, count, config, decay)

    return Program(loop, gpu_options(jax.default_backend()))


class Loop(Jax):
    """The parameters, the key of the dropout masks, and all mini-batches on the device."""

    steps_together = STEPS

    def load(self, x: np.ndarray, y: np.ndarray) -> None:
        count = len(x) // self.batch
        self.x, self.y = (jnp.array(a[: count * self.batch].reshape(count, self.batch, *a.shape[1:])) for a in (x, y))
        self.position = 0

    def run(self, steps: int) -> None:
        state = self.params, self.key
        for done in range(0, steps, STEPS):
            count = min(STEPS, steps - done)
            state = program(count, self.config, self.decay)(state, self.x, self.y, jnp.int32(self.position))
            self.position = (self.position + count) % len(self.x)
        self.params, self.key = jax.block_until_ready(state)
