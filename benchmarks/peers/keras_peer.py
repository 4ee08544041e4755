"""Keras 3 on JAX, its fastest back end on a CPU: a Sequential, SGD, and one jitted stateless step."""

import itertools
import math
from collections.abc import Iterator, Sequence

import jax
import keras
import numpy as np
from keras import layers

from benchmarks.configurations import Configuration, channels_first, channels_last

from . import mini_batches

PREDICT_BATCH = 500  # images at a time
State = list[jax.Array]


def build(config: Configuration, weights: Sequence[np.ndarray], batch: int) -> "Keras":
    return Keras(config, weights, batch)


def network(config: Configuration, decay: float) -> keras.Sequential:
    """Return the network up to the logits. Keras's L2 term has no factor 1/2."""
    l2 = keras.regularizers.L2(decay / 2) if decay else None
    stack = [layers.Input((math.prod(config.image),))]
    if config.maps:
        stack += [layers.Reshape(config.image), layers.Permute((2, 3, 1))]
    for maps, pool in zip(config.maps, config.poolings, strict=True):
        stack += [layers.ZeroPadding2D(config.padding)] if config.padding else []
        stack += [layers.Conv2D(maps, config.filter, kernel_regularizer=l2)]
        stack += [layers.MaxPooling2D(pool)] if pool > 1 else []
        stack.append(layers.Activation(config.activation))
    if config.maps:
        stack.append(layers.Flatten())
    for i, width in enumerate(config.widths[1:]):
        if config.p_dropout:  # the book's dropout: masked, not rescaled; evaluation multiplies by 1 - p
            stack += [layers.Dropout(config.p_dropout, seed=i), layers.Rescaling(1 - config.p_dropout)]
        activation = config.activation if i < len(config.hidden) else None
        stack.append(layers.Dense(width, activation, kernel_regularizer=l2))
    return keras.Sequential(stack)


class Keras:
    """The state of the network and its optimizer, and a loop over mini-batches on the device."""

    def __init__(self, config: Configuration, weights: Sequence[np.ndarray], batch: int) -> None:
        self.config, self.batch = config, batch
        self.net = network(config, config.decay(batch))
        self.net.set_weights(_with_seeds(self.net, channels_last(config, weights)))
        self.optimizer = keras.optimizers.SGD(config.eta)
        self.optimizer.build(self.net.trainable_variables)
        self.state = self._state()
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

        def cost(trainable: State, fixed: State, x: jax.Array, y: jax.Array, training: bool) -> tuple[jax.Array, State]:
            output, fixed, losses = self.net.stateless_call(trainable, fixed, x, training=training, return_losses=True)
            return loss(y, output) + sum(losses), fixed

        def step(
            trainable: State, fixed: State, slots: State, x: jax.Array, y: jax.Array
        ) -> tuple[State, State, State, jax.Array]:
            (value, fixed), gradient = jax.value_and_grad(cost, has_aux=True)(trainable, fixed, x, y, True)
            trainable, slots = self.optimizer.stateless_apply(slots, gradient, trainable)
            return trainable, fixed, slots, value

        def labels(trainable: State, fixed: State, x: jax.Array) -> jax.Array:
            return self.net.stateless_call(trainable, fixed, x, training=False)[0].argmax(1)

        self.step, self.labels = jax.jit(step, donate_argnums=(0, 1, 2)), jax.jit(labels)
        self.evaluate = jax.jit(cost, static_argnums=4)

    def _state(self) -> list[State]:
        """Copy the variables of Keras, which must stay valid when a step reuses the memory of its arguments."""
        groups = (self.net.trainable_variables, self.net.non_trainable_variables, self.optimizer.variables)
        return [[jax.numpy.array(v.value) for v in group] for group in groups]

    def load(self, x: np.ndarray, y: np.ndarray) -> None:
        self.batches: Iterator[tuple[jax.Array, ...]] = itertools.cycle(
            [tuple(map(jax.numpy.array, pair)) for pair in mini_batches(self.batch, x, y)]
        )

    def run(self, steps: int) -> None:
        for x, y in itertools.islice(self.batches, steps):
            *self.state, _ = self.step(*self.state, x, y)
        jax.block_until_ready(self.state[0])

    def cost(self, x: np.ndarray, y: np.ndarray) -> float:
        return float(self.evaluate(*self.state[:2], x, y, False)[0])

    def predict(self, x: np.ndarray) -> np.ndarray:
        chunks = [x[i : i + PREDICT_BATCH] for i in range(0, len(x), PREDICT_BATCH)]
        return np.concatenate([self.labels(*self.state[:2], chunk) for chunk in chunks])

    def weights(self) -> list[np.ndarray]:
        return channels_first(self.config, self.state[0])


def _with_seeds(net: keras.Sequential, weights: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return the argument of ``set_weights``: `weights`, then the current seeds of the dropout masks."""
    return [*weights, *net.get_weights()[len(weights) :]]
