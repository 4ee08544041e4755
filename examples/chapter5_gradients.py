"""Chapter 5: vanishing gradients in deep networks of sigmoid neurons, and exploding ones; their curves as PNG."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from pytensor.tensor.variable import TensorVariable

from network3 import FullyConnectedLayer, GradientNorms, Network, ReLU, gradient_norms, load_data_shared, sigmoid
from network3.layers.costs import cross_entropy
from network3.layers.initializers import Initializer, he, normalized
from network3.plotting import draw_gradient_norms


def build(
    depth: int,
    neurons: Callable[[TensorVariable], TensorVariable] = sigmoid,
    initializer: Initializer = normalized,
) -> Network:
    """Return `depth` hidden layers of 30 neurons, then 10 sigmoid neurons."""
    np.random.seed(0)
    sizes = [784, *[30] * depth]
    hidden = [FullyConnectedLayer(a, b, activation_fn=neurons, initializer=initializer) for a, b in pairwise(sizes)]
    return Network([*hidden, FullyConnectedLayer(30, 10, initializer=initializer)], 10)


def explosive(length: int = 6) -> Network:
    """Return a chain of single neurons with weights of 100, whose weighted inputs are 0, where sigma' is 1/4."""
    net = Network([FullyConnectedLayer(1, 1) for _ in range(length)], 1)
    net.set_weights([[[100.0]], [-50.0]] * length)  # 0.5 at every neuron: z = 100 * 0.5 - 50 = 0
    return net


def main(epochs: int = 30) -> dict[str, np.ndarray]:
    """Print the norms before training, draw them along a training, and return them."""
    training, _, _ = (tuple(part.get_value() for part in pair) for pair in load_data_shared())
    images = tuple(part[:1000] for part in training)
    found = {}
    for name, description, net in (
        ("vanishing", "4 layers, sigmoid", build(4)),
        ("better", "4 layers, ReLU", build(4, ReLU, he)),
    ):
        norms = GradientNorms(net, images, cost=cross_entropy)
        net.SGD(images, epochs, 10, 0.1, cost=cross_entropy, shuffle=True, seed=0, callbacks=[norms], verbose=False)
        plot = f"gradients_{name}.png"
        draw_gradient_norms(norms).savefig(plot, dpi=120)
        found[name] = norms.norms
        values = ", ".join(f"{norm:.4f}" for norm in norms.norms[0])
        print(f"{name}: {description}: {values}; along the training in {plot}")
    chain = gradient_norms(explosive(), (np.array([[0.5]]), np.array([0])), cost=cross_entropy)
    print(f"exploding: {', '.join(f'{norm:.3g}' for norm in chain)}")
    return found | {"exploding": chain}


if __name__ == "__main__":
    main()
