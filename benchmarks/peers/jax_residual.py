"""The residual network of `ResidualConfiguration` in JAX, with the running averages of its normalizations."""

from collections.abc import Sequence
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.configurations import EPSILON, MOMENTUM, ResidualConfiguration

from .jax_jit import Jax, Params, channels_moved_last

Averages = list[tuple[jax.Array, jax.Array]]


def logits(
    params: Params, x: jax.Array, config: ResidualConfiguration, averages: Averages | None = None
) -> tuple[jax.Array, Averages]:
    """Return the weighted inputs of the softmax, and mean and unbiased variance of each normalization.

    Normalizations use `averages`, or the mini-batch if that is None.
    """
    remaining, found = list(params), []

    def normalized(x: jax.Array, stride: int) -> jax.Array:
        w, gamma, beta = (remaining.pop(0) for _ in range(3))
        border = 2 * [(len(w) // 2, len(w) // 2)]
        x = jax.lax.conv_general_dilated(x, w, 2 * (stride,), border, dimension_numbers=("NHWC", "HWIO", "NHWC"))
        if averages is None:
            mean, variance, count = x.mean((0, 1, 2)), x.var((0, 1, 2)), x.size // len(gamma)
            found.append((mean, count / (count - 1) * variance))
        else:
            mean, variance = averages[len(found)]
            found.append((mean, variance))
        return (x - mean) * (gamma * jax.lax.rsqrt(variance + EPSILON)) + beta

    x = jax.nn.relu(normalized(channels_moved_last(x, config), 1))
    for n_in, n_out, stride in config.blocks:
        y = normalized(jax.nn.relu(normalized(x, stride)), 1)
        x = jax.nn.relu(y + (normalized(x, stride) if stride > 1 or n_in != n_out else x))
    w, b = remaining
    return x.mean((1, 2)) @ w + b, found


def cost(params: Params, x: jax.Array, y: jax.Array, config: ResidualConfiguration) -> tuple[jax.Array, Averages]:
    """Return the mean cross-entropy of a mini-batch, and its means and variances."""
    weighted, found = logits(params, x, config)
    return -jnp.take_along_axis(jax.nn.log_softmax(weighted), y[:, None], 1).mean(), found


@partial(jax.jit, static_argnames="config", donate_argnames=("params", "averages"))
def step(
    params: Params, averages: Averages, x: jax.Array, y: jax.Array, config: ResidualConfiguration
) -> tuple[Params, Averages, jax.Array]:
    """Take one step of gradient descent; return the parameters, the running averages and the cost."""
    (value, found), gradient = jax.value_and_grad(cost, has_aux=True)(params, x, y, config)
    return [p - config.eta * g for p, g in zip(params, gradient, strict=True)], averaged(averages, found), value


def averaged(averages: Averages, found: Averages) -> Averages:
    """Return the running averages after a mini-batch."""
    return jax.tree.map(lambda old, new: MOMENTUM * old + (1 - MOMENTUM) * new, averages, found)


evaluate = jax.jit(cost, static_argnames="config")


@partial(jax.jit, static_argnames="config")
def labels(params: Params, averages: Averages, x: jax.Array, config: ResidualConfiguration) -> jax.Array:
    return logits(params, x, config, averages)[0].argmax(1)


class ResidualJax(Jax):
    """The parameters, the running averages, and a loop over mini-batches on the device."""

    config: ResidualConfiguration

    def __init__(self, config: ResidualConfiguration, weights: Sequence[np.ndarray], batch: int) -> None:
        super().__init__(config, weights, batch)
        gammas = self.params[1:-2:3]
        self.averages: Averages = [(jnp.zeros_like(gamma), jnp.ones_like(gamma)) for gamma in gammas]

    def _step(self, x: jax.Array, y: jax.Array) -> None:
        self.params, self.averages, _ = step(self.params, self.averages, x, y, self.config)

    def cost(self, x: np.ndarray, y: np.ndarray) -> float:
        value, found = evaluate(self.params, x, y, self.config)
        self.averages = averaged(self.averages, found)  # as with the other libraries
        return float(value)

    def _labels(self, x: np.ndarray) -> jax.Array:
        return labels(self.params, self.averages, x, self.config)
