"""Keras 3 on JAX, its fastest back end on a CPU: a Sequential, SGD, and one jitted stateless step."""

import itertools

import jax
import keras
import numpy as np
from keras import layers

from benchmarks.configurations import FILTER, POOL, SIDE, channels_first, channels_last

from . import mini_batches

PREDICTED = 500  # images at a time


def build(config, weights, batch):
    return Keras(config, weights, batch)


def network(config, decay):
    """Return the network as far as the logits. Keras's L2 term has no factor 1/2."""
    l2 = keras.regularizers.L2(decay / 2) if decay else None
    stack = [layers.Input((SIDE * SIDE,))]
    if config.maps:
        stack.append(layers.Reshape((SIDE, SIDE, 1)))
    for maps in config.maps:
        stack += [layers.Conv2D(maps, FILTER, kernel_regularizer=l2), layers.MaxPooling2D(POOL)]
        stack.append(layers.Activation(config.activation))
    if config.maps:
        stack.append(layers.Flatten())
    for i, width in enumerate(config.widths[1:]):
        if config.p_dropout:  # the book's: masked and not rescaled; evaluation multiplies by 1 - p
            stack += [layers.Dropout(config.p_dropout, seed=i), layers.Rescaling(1 - config.p_dropout)]
        activation = config.activation if i < len(config.hidden) else None
        stack.append(layers.Dense(width, activation, kernel_regularizer=l2))
    return keras.Sequential(stack)


class Keras:
    """The state of the network and its optimizer, and a loop over mini-batches that lie on the device."""

    def __init__(self, config, weights, batch):
        self.config, self.batch = config, batch
        self.net = network(config, config.decay(batch))
        self.net.set_weights(_and_seeds(self.net, channels_last(config, weights)))
        self.optimizer = keras.optimizers.SGD(config.eta)
        self.optimizer.build(self.net.trainable_variables)
        self.state = self._state()
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

        def cost(trainable, fixed, x, y, training):
            output, fixed, losses = self.net.stateless_call(trainable, fixed, x, training=training, return_losses=True)
            return loss(y, output) + sum(losses), fixed

        def step(trainable, fixed, slots, x, y):
            (value, fixed), gradient = jax.value_and_grad(cost, has_aux=True)(trainable, fixed, x, y, True)
            trainable, slots = self.optimizer.stateless_apply(slots, gradient, trainable)
            return trainable, fixed, slots, value

        def labels(trainable, fixed, x):
            return self.net.stateless_call(trainable, fixed, x, training=False)[0].argmax(1)

        self.step, self.labels = jax.jit(step, donate_argnums=(0, 1, 2)), jax.jit(labels)
        self.evaluate = jax.jit(cost, static_argnums=4)

    def _state(self):
        """Copy the variables of Keras, which stay valid when a step takes its arguments' memory."""
        groups = (self.net.trainable_variables, self.net.non_trainable_variables, self.optimizer.variables)
        return [[jax.numpy.array(v.value) for v in group] for group in groups]

    def load(self, x, y):
        self.batches = itertools.cycle([tuple(map(jax.numpy.array, p)) for p in mini_batches(self.batch, x, y)])

    def run(self, steps):
        for x, y in itertools.islice(self.batches, steps):
            *self.state, _ = self.step(*self.state, x, y)
        jax.block_until_ready(self.state[0])

    def cost(self, x, y):
        return float(self.evaluate(*self.state[:2], x, y, False)[0])

    def predict(self, x):
        chunks = [x[i : i + PREDICTED] for i in range(0, len(x), PREDICTED)]
        return np.concatenate([self.labels(*self.state[:2], chunk) for chunk in chunks])

    def weights(self):
        return channels_first(self.config, self.state[0])


def _and_seeds(net, weights):
    """Return what ``set_weights`` wants: the weights, and after them the seeds of the masks as they are."""
    return [*weights, *net.get_weights()[len(weights) :]]
