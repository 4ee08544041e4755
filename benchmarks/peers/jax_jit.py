"""JAX without a library of layers: one jitted step of ``value_and_grad``, its parameters donated.

Images are (rows, columns, maps), and pooling is a maximum over a reshaped array: each was measured faster on a CPU than
the alternative, (maps, rows, columns) and ``reduce_window``.
"""

import itertools
from collections.abc import Iterator, Sequence
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.configurations import Configuration, ResidualConfiguration, channels_first, channels_last

from . import mini_batches

PREDICT_BATCH = 500  # images at a time
Params = list[jax.Array]


def build(config: Configuration, weights: Sequence[np.ndarray], batch: int) -> "Jax":
    if isinstance(config, ResidualConfiguration):
        from .jax_residual import ResidualJax  # which is a subclass of `Jax`

        return ResidualJax(config, weights, batch)
    return Jax(config, weights, batch)


def logits(params: Params, x: jax.Array, config: Configuration, key: jax.Array | None = None) -> jax.Array:
    """Return the weighted inputs of the softmax; `key` draws the dropout masks, None evaluates without masks."""
    f = {"sigmoid": jax.nn.sigmoid, "relu": jax.nn.relu}[config.activation]
    pairs = list(zip(params[::2], params[1::2], strict=True))
    if config.maps:
        x = channels_moved_last(x, config)
    border = 2 * [(config.padding, config.padding)]
    for (w, b), pool in zip(pairs, config.poolings, strict=False):
        x = jax.lax.conv_general_dilated(x, w, (1, 1), border, dimension_numbers=("NHWC", "HWIO", "NHWC"))
        n, rows, columns, maps = x.shape
        x = f(x.reshape(n, rows // pool, pool, columns // pool, pool, maps).max((2, 4)) + b)
    x = x.reshape(len(x), -1)
    dense = pairs[len(config.maps) :]
    for i, (w, b) in enumerate(dense):
        if config.p_dropout and key is not None:
            x = x * jax.random.bernoulli(jax.random.fold_in(key, i), 1 - config.p_dropout, x.shape)
        elif config.p_dropout:
            x = (1 - config.p_dropout) * x
        x = x @ w + b
        x = f(x) if i < len(dense) - 1 else x
    return x


def channels_moved_last(x: jax.Array, config: Configuration) -> jax.Array:
    """Return images of shape (n, maps * rows * columns) as (n, rows, columns, maps)."""
    return x.reshape(-1, *config.image).transpose(0, 2, 3, 1)


def cost(
    params: Params, x: jax.Array, y: jax.Array, config: Configuration, decay: float, key: jax.Array | None = None
) -> jax.Array:
    """Return the mean cross-entropy of a mini-batch, plus the L2 term."""
    log_p = jax.nn.log_softmax(logits(params, x, config, key))
    l2 = decay / 2 * sum((w**2).sum() for w in params[::2]) if decay else 0.0
    return l2 - jnp.take_along_axis(log_p, y[:, None], 1).mean()


@partial(jax.jit, static_argnames=("config", "decay"), donate_argnames=("params", "key"))
def step(
    params: Params, key: jax.Array, x: jax.Array, y: jax.Array, config: Configuration, decay: float
) -> tuple[Params, jax.Array, jax.Array]:
    """Take one step of gradient descent; return the parameters, the next key and the cost."""
    mask_key, key = jax.random.split(key) if config.p_dropout else (None, key)
    value, gradient = jax.value_and_grad(cost)(params, x, y, config, decay, mask_key)
    return [p - config.eta * g for p, g in zip(params, gradient, strict=True)], key, value


evaluate = jax.jit(cost, static_argnames=("config", "decay"))


@partial(jax.jit, static_argnames="config")
def labels(params: Params, x: jax.Array, config: Configuration) -> jax.Array:
    return logits(params, x, config).argmax(1)


class Jax:
    """The parameters, the key of the dropout masks, and a loop over mini-batches on the device."""

    def __init__(self, config: Configuration, weights: Sequence[np.ndarray], batch: int) -> None:
        self.config, self.batch, self.decay = config, batch, config.decay(batch)
        self.params = [jnp.array(w) for w in channels_last(config, weights)]
        self.key = jax.random.key(0, impl="rbg")  # the cheapest masks on a CPU

    def load(self, x: np.ndarray, y: np.ndarray) -> None:
        self.batches: Iterator[tuple[jax.Array, ...]] = itertools.cycle(
            [tuple(map(jnp.array, pair)) for pair in mini_batches(self.batch, x, y)]
        )

    def run(self, steps: int) -> None:
        for x, y in itertools.islice(self.batches, steps):
            self._step(x, y)
        jax.block_until_ready(self.params)

    def _step(self, x: jax.Array, y: jax.Array) -> None:
        self.params, self.key, _ = step(self.params, self.key, x, y, self.config, self.decay)

    def cost(self, x: np.ndarray, y: np.ndarray) -> float:
        return float(evaluate(self.params, x, y, self.config, self.decay))

    def predict(self, x: np.ndarray) -> np.ndarray:
        chunks = [x[i : i + PREDICT_BATCH] for i in range(0, len(x), PREDICT_BATCH)]
        return np.concatenate([self._labels(chunk) for chunk in chunks])

    def _labels(self, x: np.ndarray) -> jax.Array:
        return labels(self.params, x, self.config)

    def weights(self) -> list[np.ndarray]:
        return channels_first(self.config, self.params)
