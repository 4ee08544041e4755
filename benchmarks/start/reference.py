"""Reference implementation of the networks in NumPy, to check what the libraries report."""

from collections.abc import Callable

import numpy as np

from benchmarks.configurations import POOL, SIDE, Configuration, flipped

CHUNK = 250  # images at a time, to limit the memory for the windows of a convolution


def cost_and_accuracy(
    config: Configuration, weights: list[np.ndarray], x: np.ndarray, y: np.ndarray
) -> tuple[float, float]:
    """Return the mean cross-entropy and the accuracy over images (n, 784) and labels (n,)."""
    return scores(lambda images: logits(config, weights, images), x, y)


def scores(network: Callable[[np.ndarray], np.ndarray], x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Return the mean cross-entropy and the accuracy of `network`, which returns the logits of some images."""
    z = np.concatenate([network(x[i : i + CHUNK]) for i in range(0, len(x), CHUNK)]).astype(np.float64)
    z -= z.max(1, keepdims=True)
    costs = np.log(np.exp(z).sum(1)) - z[np.arange(len(y)), y]
    return float(costs.mean()), float(np.mean(z.argmax(1) == y))


def logits(config: Configuration, weights: list[np.ndarray], x: np.ndarray) -> np.ndarray:
    """Return the weighted inputs of the softmax, (n, 10), without dropout."""
    pairs = list(zip(weights[::2], weights[1::2], strict=True))
    convolutions, dense = pairs[: len(config.maps)], pairs[len(config.maps) :]
    a = x.reshape(-1, 1, SIDE, SIDE) if convolutions else x
    for w, b in convolutions:
        a = _activation(config, pooled(convolved(a, w)) + b[:, None, None])
    a = a.reshape(len(a), -1)
    for w, b in dense[:-1]:
        a = _activation(config, a @ w + b)
    w, b = dense[-1]
    return a @ w + b


def convolved(a: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Return the convolution of images (n, maps, rows, columns) with filters `w`."""
    windows = np.lib.stride_tricks.sliding_window_view(a, w.shape[2:], (2, 3))
    return np.tensordot(windows, flipped(w), axes=((1, 4, 5), (1, 2, 3))).transpose(0, 3, 1, 2)


def pooled(a: np.ndarray) -> np.ndarray:
    """Return the maxima of windows without overlap."""
    n, maps, rows, columns = a.shape
    return a.reshape(n, maps, rows // POOL, POOL, columns // POOL, POOL).max((3, 5))


def _activation(config: Configuration, z: np.ndarray) -> np.ndarray:
    return np.maximum(z, 0) if config.activation == "relu" else 1 / (1 + np.exp(-z))
