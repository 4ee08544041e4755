"""What the answers of sheet 3, convolutional networks, must fulfil."""

from collections.abc import Callable, Sequence

import numpy as np
from checking import Sheet

from network3 import ConvPoolLayer, Network, SoftmaxLayer
from network3.datasets import load_mnist
from network3.layers.initializers import large


def sizes(answer: Sequence[tuple[int, int]]) -> str | None:
    """Check the sizes of the maps after two layers of 5 x 5 filters and 2 x 2 pooling, from 28 x 28."""
    if len(answer) != 4:
        return f"Give four sizes: convolution, pooling, convolution, pooling; you gave {len(answer)}."
    if any(np.shape(size) != (2,) for size in answer):
        return "Give each size as a pair of rows and columns, such as (28, 28)."
    for step, (got, expected) in enumerate(zip(answer, [(24, 24), (12, 12), (8, 8), (4, 4)], strict=True)):
        if tuple(got) != expected:
            rule = "28 - 5 + 1 places for a filter in a row" if step == 0 else "pooling halves, a filter of 5 takes 4"
            return f"The size number {step + 1} is not {tuple(got)}: {rule}."
    return None


def parameters(answer: int) -> str | None:
    """Check the parameters of 20 filters of 5 x 5, and 40 of 5 x 5 over the 20 maps."""
    if answer == 20 * 25 + 40 * 25 + 60:
        return "Each of the 40 filters covers all 20 maps, so it has 20 x 5 x 5 weights."
    if answer == 20 * 25 + 40 * 500:
        return "These are the weights: each map has a bias, too."
    return None if answer == 20_560 else "Weights: 20 filters of 25, and 40 of 20 times 25. Then add one bias a map."


def convolution(answer: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> str | None:
    """Check the convolution of an image with a filter, without padding."""
    rng = np.random.default_rng(0)
    image, kernel = rng.integers(0, 9, (6, 7)).astype(float), rng.integers(-3, 4, (3, 2)).astype(float)
    places = [(i, j) for i in range(4) for j in range(6)]
    plain = np.array([(image[i : i + 3, j : j + 2] * kernel).sum() for i, j in places]).reshape(4, 6)
    turned = np.array([(image[i : i + 3, j : j + 2] * kernel[::-1, ::-1]).sum() for i, j in places]).reshape(4, 6)
    result = np.asarray(answer(image, kernel), float)
    if result.shape != (4, 6):
        return f"For an image of 6 x 7 and a filter of 3 x 2 the result has 4 x 6 values; yours has {result.shape}."
    if np.allclose(result, plain):
        return "That is the cross-correlation: a convolution turns the filter, kernel[::-1, ::-1]."
    return None if np.allclose(result, turned) else "Each value is the sum of a window of the image times the filter."


def misclassified(answer: Callable[[Network, np.ndarray, np.ndarray], Sequence[int]]) -> str | None:
    """Check a function that returns the rows of the images that a network misclassifies."""
    net = Network([SoftmaxLayer(n_in=64, n_out=10, initializer=large, rng=np.random.default_rng(2))], 10)
    images, labels = np.random.default_rng(0).random((50, 64)), np.random.default_rng(1).integers(0, 10, 50)
    rows = sorted(int(row) for row in answer(net, images, labels))
    expected = np.flatnonzero(net.predict(images) != labels).tolist()
    if rows == sorted(set(range(50)) - set(expected)):
        return "These are the images that are right."
    return None if rows == expected else "Compare net.predict(images) with labels, then np.flatnonzero."


def small_network(answer: Callable[[], Network]) -> str | None:
    """Check a function that returns a network of at most 20,000 parameters; it must reach 95 % after 3 epochs."""
    net = answer()
    size = sum(param.get_value().size for param in net.params)
    if not any(isinstance(layer, ConvPoolLayer) for layer in net.layers):
        return "The network has no ConvPoolLayer."
    if size > 20_000:
        return f"It has {size:,} parameters, more than 20,000: most are where maps meet a fully connected layer."
    training, validation, _ = load_mnist()
    data = training[0][:10_000], training[1][:10_000]
    best = net.SGD(data, 3, 10, 0.1, validation, seed=0, verbose=False).best_validation_accuracy or 0
    if best >= 0.95:
        return None
    return f"After 3 epochs of 10,000 images it reaches {best:.2%}. Try ReLU, the initializer he, and more maps."


sheet = Sheet(
    {"3a": sizes, "3b": parameters, "3c": convolution, "3d": misclassified, "3e": small_network},
)
check = sheet.check
