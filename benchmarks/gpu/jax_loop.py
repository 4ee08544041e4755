"""JAX by hand on a GPU: the data lie on the device, and one call takes all steps in a ``fori_loop``."""

from functools import partial

import jax
import jax.numpy as jnp

from benchmarks.peers.jax_jit import Jax, cost


def build(config, weights, batch):
    return Loop(config, weights, batch)


@partial(jax.jit, static_argnames=("config", "decay"), donate_argnames=("params", "key"))
def steps_taken(params, key, x, y, first, count, config, decay):
    """Take `count` steps on the mini-batches (batches, batch, 784) from the `first` on, around and around."""

    def body(k, carried):
        params, key = carried
        mask_key, key = jax.random.split(key) if config.p_dropout else (None, key)
        at = (first + k) % len(x)
        gradient = jax.grad(cost)(params, x[at], y[at], config, decay, mask_key)
        return [p - config.eta * g for p, g in zip(params, gradient, strict=True)], key

    return jax.lax.fori_loop(0, count, body, (params, key))


class Loop(Jax):
    """The parameters, the key of the masks, and all mini-batches."""

    def load(self, x, y):
        count = len(x) // self.batch
        self.x, self.y = (jnp.array(a[: count * self.batch].reshape(count, self.batch, *a.shape[1:])) for a in (x, y))
        self.first = 0

    def run(self, steps):
        about = self.x, self.y, self.first, steps, self.config, self.decay
        self.params, self.key = steps_taken(self.params, self.key, *about)
        jax.block_until_ready(self.params)
        self.first = (self.first + steps) % len(self.x)
