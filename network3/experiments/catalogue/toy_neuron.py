"""Chapter 3's neuron with one input, which learns to output 0 for the input 1."""

from collections.abc import Callable

import numpy as np
from pytensor.tensor.variable import TensorVariable

from network3.layers import RegressionLayer, sigmoid
from network3.layers.costs import cross_entropy, quadratic
from network3.network import Network
from network3.training.callbacks import Progress

from .published import PublishedValue, Quantity

EPOCHS = 300
TASK = (np.array([[1.0]]), np.array([[0.0]]))


def outputs(
    w: float,
    b: float,
    cost: Callable[[TensorVariable, TensorVariable], TensorVariable],
    eta: float,
    epochs: int = EPOCHS,
) -> np.ndarray:
    """Return the neuron's output before training and after each epoch, an array of ``epochs + 1`` values.

    Parameters
    ----------
    w, b : float
        Its initial weight and bias.
    cost : callable
        As in `Network.SGD`.
    eta : float
    """
    net = Network([RegressionLayer(1, 1, activation_fn=sigmoid)], 1)
    net.set_weights([[[w]], [b]])
    recorded = [net.predict(TASK[0])[0, 0]]

    def record(progress: Progress) -> None:
        if progress.epoch_done:
            recorded.append(net.predict(TASK[0])[0, 0])

    net.SGD(TASK, epochs, 1, eta, cost=cost, callbacks=[record], verbose=False)
    return np.array(recorded)


def _published(label: str, value: float | None = None) -> PublishedValue:
    return PublishedValue(value, Quantity(label, "output"), at=None)


NEAR_FIRST = _published("quadratic, from w = 0.6, b = 0.9: first output", 0.82)
NEAR_LAST = _published("quadratic, from w = 0.6, b = 0.9: last output", 0.09)
FAR_FIRST = _published("quadratic, from w = b = 2: first output", 0.98)
FAR_MIDDLE = _published("quadratic, from w = b = 2: output after 150 epochs")
ENTROPY_MIDDLE = _published("cross-entropy, from w = b = 2: output after 150 epochs")
PUBLISHED = (NEAR_FIRST, NEAR_LAST, FAR_FIRST, FAR_MIDDLE, ENTROPY_MIDDLE)


def measure(seed: int) -> dict[str, float]:
    """Return the outputs that the chapter states for the quadratic cost, and the slow start with the cross-entropy."""
    near, far = outputs(0.6, 0.9, quadratic, 0.15), outputs(2.0, 2.0, quadratic, 0.15)
    entropy = outputs(2.0, 2.0, cross_entropy, 0.005)
    return {
        NEAR_FIRST.label: float(near[0]),
        NEAR_LAST.label: float(near[-1]),
        FAR_FIRST.label: float(far[0]),
        FAR_MIDDLE.label: float(far[150]),
        ENTROPY_MIDDLE.label: float(entropy[150]),
    }
