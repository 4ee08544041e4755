"""Chapter 5: gradients vanish, or explode, from the last layer of a deep network to the first."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from network3.datasets import load_mnist
from network3.layers import ACTIVATIONS, FullyConnectedLayer
from network3.layers.checks import error_message, integer, one_of, real
from network3.layers.costs import cross_entropy
from network3.layers.initializers import Initializer, book_normal, he, normalized
from network3.network import Network
from network3.training.gradient_norms import GradientNorms, gradient_norms

MOST_LAYERS, MOST_CHAIN, NEURONS, IMAGES = 8, 12, 30, 1000
ACTIVATION_NAMES = ("sigmoid", "tanh", "ReLU")
INITIALIZERS: dict[str, Initializer] = {"1/sqrt(n_in)": normalized, "He": he, "chapter 6": book_normal}


def gradients(
    layers: Any = 4, activation: Any = "sigmoid", initializer: Any = "1/sqrt(n_in)", epochs: Any = 20, seed: Any = 0
) -> dict[str, Any]:
    r"""Train hidden layers of 30 neurons on 1,000 images, and return how fast each layer learns.

    Returns
    -------
    dict
        ``{"norms": lists of :math:`\|\partial C / \partial b\|`, one row at the start and after each epoch, a value for
        each layer, "ratio": the first row's last hidden layer over its first}``.

    Raises
    ------
    ValueError
        More than 8 layers, an unknown name, or more than 50 epochs.
    """
    depth, count = _at_most("layers", layers, MOST_LAYERS), _at_most("epochs", epochs, 50)
    function: Callable = ACTIVATIONS[one_of("gradients: activation", activation, ACTIVATION_NAMES)]
    drawn = INITIALIZERS[one_of("gradients: initializer", initializer, INITIALIZERS)]
    rng = np.random.default_rng(integer("gradients: seed", seed, least=0))
    sizes = [784, *[NEURONS] * depth]
    hidden = [FullyConnectedLayer(a, b, function, initializer=drawn, rng=rng) for a, b in pairwise(sizes)]
    net = Network([*hidden, FullyConnectedLayer(NEURONS, 10, initializer=drawn, rng=rng)], 10)
    images, labels = load_mnist()[0]
    data = images[:IMAGES], labels[:IMAGES]
    norms = GradientNorms(net, data, cost=cross_entropy)
    net.SGD(data, count, 10, 0.1, cost=cross_entropy, shuffle=True, seed=0, callbacks=[norms], verbose=False)
    first = norms.norms[0]
    return {"norms": norms.norms.tolist(), "ratio": float(first[-2] / first[0]) if first[0] else None}


def explode(weight: Any = 100.0, length: Any = 6) -> dict[str, Any]:
    r"""Return the gradients of a chain of single sigmoid neurons whose weighted inputs are all 0.

    There :math:`\sigma' = 1/4`, so that each layer multiplies the gradient by :math:`w / 4`.

    Raises
    ------
    ValueError
        A weight outside -1,000 to 1,000, or a length outside 2 to 12.
    """
    w, count = real("explode: weight", weight, least=-1000.0, most=1000.0), _at_most("length", length, MOST_CHAIN)
    net = Network([FullyConnectedLayer(1, 1) for _ in range(count)], 1)
    net.set_weights([np.full((1, 1), w), np.full(1, -w / 2)] * count)  # 0.5 at every neuron
    norms = gradient_norms(net, (np.array([[0.5]]), np.array([0])), cost=cross_entropy)
    return {"norms": norms.tolist(), "factor": w / 4}


def _at_most(name: str, value: Any, most: int) -> int:
    count = integer(f"chapter 5: {name}", value)
    if count > most:
        raise ValueError(error_message(f"chapter 5: {name}", f"expected at most {most}", count, f"Write {most}."))
    return count
