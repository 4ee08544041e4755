"""Epochs step by step: a compiled function is called from Python for each mini-batch."""

import numpy as np

from network3.data import scaled
from network3.execution.runner import execution_context


class Runner:
    """See `network3.execution.runner`."""

    def __init__(self, backend, step, examples, dtype):
        self.backend, self.step, self.dtype = backend, step, dtype
        self.images, self.targets = examples.images, examples.targets
        step.function.trust_input = True
        self._storage = [container.storage for container in step.shared]

    def set_images(self, images):
        """Read these from now on."""
        self.images = images

    def run(self, rows, eta, lmbda):
        """Take a step for each row of `rows`; return the costs."""
        eta, lmbda = (np.asarray(value, self.dtype) for value in (eta, lmbda))
        costs = []
        with execution_context(self.backend, self.dtype):
            for batch in rows:
                x, y = scaled(self.images[batch], self.dtype), self.targets[batch]
                costs.append(self.step(x, y, eta, lmbda))
        return np.array([float(np.asarray(cost).item()) for (cost,) in costs])

    def close(self):
        """Bring the parameters back as NumPy arrays."""
        for storage in self._storage:
            storage[0] = np.array(storage[0])


class Scorer:
    """See `network3.execution.runner`."""

    def __init__(self, backend, function, examples, dtype):
        self.backend, self.function, self.examples, self.dtype = backend, function, examples, dtype

    def means(self, rows):
        """Return the results for each row of `rows`."""
        images, targets, found = self.examples.images, self.examples.targets, []
        with execution_context(self.backend, self.dtype):
            for chunk in rows:
                x = scaled(images[chunk], self.dtype)
                found.append([float(mean) for mean in self.function(x, targets[chunk])])
        return np.array(found)
