"""Epochs on JAX, step by step: XLA's loops are slow on a CPU."""

import warnings
from contextlib import contextmanager

import jax
import numpy as np
import pytensor.link.jax.dispatch  # noqa: F401  (sets JAX's x64 by PyTensor's own floatX: let that be the user's)

from network3.data import scaled


@contextmanager
def calling(dtype):
    """Hold JAX's x64 to what `dtype` needs, whatever it is outside."""
    with jax.enable_x64(dtype == "float64"), warnings.catch_warnings():
        # PyTensor asks for float64 accumulators and int64 indices; in float32 networks 32 bits are what is wanted.
        warnings.filterwarnings("ignore", message="Explicitly requested dtype")
        yield


class Runner:
    """See `network3.runners`."""

    def __init__(self, step, examples, dtype):
        self.step, self.images, self.targets, self.dtype = step, examples.images, examples.targets, dtype
        step.trust_input = True
        self._storage = [container.storage for container in step.input_storage[4:]]

    def take(self, images):
        """Read these from now on."""
        self.images = images

    def run(self, rows, eta, lmbda):
        eta, lmbda = (np.asarray(value, self.dtype) for value in (eta, lmbda))
        costs = []
        with calling(self.dtype):
            for batch in rows:
                x, y = scaled(self.images[batch], self.dtype), self.targets[batch]
                costs.append(self.step(x, y, eta, lmbda))
        return np.array([float(cost) for cost in costs])

    def close(self):
        for storage in self._storage:
            storage[0] = np.array(storage[0])
