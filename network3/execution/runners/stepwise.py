"""Epochs step by step: a compiled function is called from Python for each mini-batch."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import numpy as np
from numpy.typing import NDArray

from network3.data import Examples, scaled
from network3.execution.functions import Compiled, Step

Context = Callable[[], AbstractContextManager[None]]


class StepwiseRunner:
    """See `network3.execution.runner.Runner`.

    Parameters
    ----------
    context : callable
        Returns the context in which the step must be called.
    step : Step
    examples : Examples
    dtype : "float32" or "float64"
    """

    def __init__(self, context: Context, step: Step, examples: Examples, dtype: str):
        self.context, self.step, self.dtype = context, step, dtype
        self.images, self.targets = examples.images, examples.targets
        step.function.trust_input = True
        self._storage = [container.storage for container in step.shared]

    def set_images(self, images: np.ndarray) -> None:
        """Train on these from now on."""
        self.images = images

    def run(self, rows: NDArray[np.int64], eta: float, lmbda: float) -> NDArray[np.float64]:
        """Take a step for each row of `rows`; return the costs."""
        rates = [np.asarray(value, self.dtype) for value in (eta, lmbda)]
        costs = []
        with self.context():
            for batch in rows:
                x, y = scaled(self.images[batch], self.dtype), self.targets[batch]
                costs.append(self.step(x, y, *rates)[0])  # the first result is the cost
        return np.array([float(np.asarray(cost).item()) for cost in costs])

    def close(self) -> None:
        """Store the parameters as NumPy arrays."""
        for storage in self._storage:
            storage[0] = np.array(storage[0])


class StepwiseScorer:
    """See `network3.execution.runner.Scorer`; the parameters are those of `StepwiseRunner`."""

    def __init__(self, context: Context, function: Compiled, examples: Examples, dtype: str):
        self.context, self.function, self.examples, self.dtype = context, function, examples, dtype

    def means(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the results for each row of `rows`."""
        images, targets, found = self.examples.images, self.examples.targets, []
        with self.context():
            for chunk in rows:
                x = scaled(images[chunk], self.dtype)
                found.append([float(mean) for mean in self.function(x, targets[chunk])])
        return np.array(found)
