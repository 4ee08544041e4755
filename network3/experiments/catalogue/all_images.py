"""A network of the catalogue trained once more, with the settings found by the validation images, on these as well."""

import numpy as np

from network3.datasets import load_mnist
from network3.network import Network

from .published import TEST_ACCURACY
from .run import Run


class AllImages:
    """The network of a run, trained with its settings on all 60,000 images; no epoch is chosen, the last one counts.

    Parameters
    ----------
    run : Run
        Its settings must have been chosen before, since no images are left for validation.
    """

    def __init__(self, run: Run):
        self.run = run

    def __call__(self, seed: int) -> dict[str, float]:
        """Train it, and return its accuracy over the test images, which are evaluated once."""
        training, validation, test = load_mnist()
        images, labels = (np.concatenate(arrays) for arrays in zip(training, validation, strict=True))
        np.random.seed(seed)  # as `network3 train` draws initial weights
        batch = self.run.training["mini_batch_size"]
        net = Network(self.run.layers(batch), batch)
        settings = self.run.training | self.run.methods
        net.SGD((images, labels), **settings, cost=self.run.cost, seed=seed, verbose=False)
        return {TEST_ACCURACY.name: net.accuracy(test)}
