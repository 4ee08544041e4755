"""Chapter 3's neuron with one input, which is to learn to give 0 for 1."""

import contextlib
import io

import numpy as np

from network3.layers import RegressionLayer, sigmoid
from network3.layers.costs import cross_entropy, quadratic
from network3.network import Network

EPOCHS = 300
TASK = (np.array([[1.0]]), np.array([[0.0]]))


def outputs(w, b, cost, eta, epochs=EPOCHS):
    """Return what the neuron gives before and after each epoch, an array of ``epochs + 1`` values.

    Parameters
    ----------
    w, b : float
        Its first weight and bias.
    cost : callable
        As in `Network.SGD`.
    eta : float
    """
    net = Network([RegressionLayer(1, 1, activation_fn=sigmoid)], 1)
    net.set_weights([[[w]], [b]])
    seen = [net.predict(TASK[0])[0, 0]]

    def look(progress):
        if progress.epoch_done:
            seen.append(progress.net.predict(TASK[0])[0, 0])

    with contextlib.redirect_stdout(io.StringIO()):
        net.SGD(TASK, epochs, 1, eta, cost=cost, callbacks=[look])
    return np.array(seen)


def measure(seed):
    """Return the outputs that the chapter names, with the quadratic cost; the slow start with the cross-entropy's."""
    near, far = outputs(0.6, 0.9, quadratic, 0.15), outputs(2.0, 2.0, quadratic, 0.15)
    entropy = outputs(2.0, 2.0, cross_entropy, 0.005)
    return {
        "quadratic, from w = 0.6, b = 0.9: first output": float(near[0]),
        "quadratic, from w = 0.6, b = 0.9: last output": float(near[-1]),
        "quadratic, from w = b = 2: first output": float(far[0]),
        "quadratic, from w = b = 2: output after 150 epochs": float(far[150]),
        "cross-entropy, from w = b = 2: output after 150 epochs": float(entropy[150]),
    }
