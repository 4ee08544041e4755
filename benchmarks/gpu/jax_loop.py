"""JAX without a library of layers on a GPU: data on the device, and all steps in one ``fori_loop``."""

from collections.abc import Sequence
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.configurations import Configuration
from benchmarks.peers.jax_jit import Jax, Params, cost


def build(config: Configuration, weights: Sequence[np.ndarray], batch: int) -> "Loop":
    return Loop(config, weights, batch)


@partial(jax.jit, static_argnames=("config", "decay"), donate_argnames=("params", "key"))
def train_steps(
    params: Params,
    key: jax.Array,
    x: jax.Array,
    y: jax.Array,
    start: int,
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


class Loop(Jax):
    """The parameters, the key of the dropout masks, and all mini-batches on the device."""

    def load(self, x: np.ndarray, y: np.ndarray) -> None:
        count = len(x) // self.batch
        self.x, self.y = (jnp.array(a[: count * self.batch].reshape(count, self.batch, *a.shape[1:])) for a in (x, y))
        self.position = 0

    def run(self, steps: int) -> None:
        self.params, self.key = train_steps(
            self.params, self.key, self.x, self.y, self.position, steps, self.config, self.decay
        )
        jax.block_until_ready(self.params)
        self.position = (self.position + steps) % len(self.x)
