"""What the answers of sheet 2, how networks learn, must fulfil."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from checking import Sheet

from network3 import FullyConnectedLayer, Network, SoftmaxLayer
from network3.datasets import load_mnist
from network3.layers.initializers import normalized


def descent(answer: Sequence[float]) -> str | None:
    """Check w and b after a step of a sigmoid neuron with the quadratic cost, from w = 0.6, b = 0.9, x = 1, y = 0."""
    z = 0.6 + 0.9
    a = 1 / (1 + np.exp(-z))
    slope = a * a * (1 - a)
    if np.shape(answer) != (2,):
        return "Give w and b after the step as a pair, (w, b)."
    w, b = answer
    if np.allclose([w, b], [0.6 - 0.15 * a, 0.9 - 0.15 * a], atol=5e-4):
        return "That is the step for the cross-entropy. The quadratic cost has the factor sigma'(z) as well."
    if np.allclose([w, b], [0.6 + 0.15 * slope, 0.9 + 0.15 * slope], atol=5e-4):
        return "The step goes uphill: subtract eta times the derivative."
    if np.allclose([w, b], [0.6 - 0.15 * slope, 0.9 - 0.15 * slope], atol=5e-4):
        return None
    return "dC/dw = (a - y) sigma'(z) x with z = w x + b, a = sigma(z) and sigma'(z) = a (1 - a)."


def softmax(answer: Callable[[np.ndarray], np.ndarray]) -> str | None:
    """Check softmax of the rows of a matrix."""
    z = np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]])
    a = np.asarray(answer(z), float)
    if a.shape != z.shape:
        return f"It must return a matrix of the shape {z.shape}; yours is {a.shape}."
    if np.isclose(a.sum(), 1):
        return "All values together add up to 1: divide by the sum of each row, with axis=1 and keepdims=True."
    if not np.allclose(a.sum(axis=1), 1):
        return f"The rows add up to {a.sum(axis=1).round(3)} instead of 1."
    if not np.allclose(a, np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)):
        return "The rows add up to 1, but the values are not e^z divided by their sum."
    with np.errstate(all="ignore"):
        large = np.asarray(answer(z + 1000), float)
    return None if np.allclose(large, a) else "For z + 1000 it overflows: subtract the maximum of each row first."


def error_of_outputs(answer: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> str | None:
    """Check delta of softmax outputs and the log-likelihood cost, for labels."""
    a, labels = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]]), np.array([0, 1])
    delta = np.asarray(answer(a, labels), float)
    expected = a - np.eye(3)[labels]
    if delta.shape != a.shape:
        return f"It must have a value for each output, of the shape {a.shape}; yours is {delta.shape}."
    if np.allclose(delta, -expected):
        return "The sign is wrong: delta = dC/dz, and a larger z of a wrong class raises the cost."
    return None if np.allclose(delta, expected) else "delta = a - y, where y is 1 at the label: np.eye(3)[labels]."


def weight_decay(answer: float) -> str | None:
    """Check the factor of a weight in one step with eta 0.5, lambda 5 and 50,000 examples."""
    if np.isclose(answer, 0.5 * 5 / 50_000):
        return "That is what is subtracted. What is the weight multiplied by?"
    return None if np.isclose(answer, 1 - 0.5 * 5 / 50_000, rtol=0, atol=1e-9) else "w becomes (1 - eta lambda / n) w."


def learning_rate(answer: Mapping[str, float]) -> str | None:
    """Check eta and lmbda: 30 hidden neurons must reach 93 % after 5 epochs of 10,000 images."""
    training, validation, _ = load_mnist()
    rng = np.random.default_rng(0)
    layers = [FullyConnectedLayer(784, 30, initializer=normalized, rng=rng), SoftmaxLayer(30, 10)]
    data = training[0][:10_000], training[1][:10_000]
    history = Network(layers, 10).SGD(data, 5, 10, validation_data=validation, seed=0, verbose=False, **answer)
    best = history.best_validation_accuracy or 0
    if best >= 0.93:
        return None
    advice = "raise eta" if history.cost[-1] > 0.3 and answer["eta"] < 0.1 else "try a factor of 3 up or down"
    return f"The best validation accuracy is {best:.2%}, the last cost {history.cost[-1]:.3g}: {advice}."


sheet = Sheet(
    {"2a": descent, "2b": softmax, "2c": error_of_outputs, "2d": weight_decay, "2e": learning_rate},
)
check = sheet.check
