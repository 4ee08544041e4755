"""The networks that are timed, as data that every peer can read: this module imports NumPy only.

Weights have the order and the layout of `network3.Network`; `flipped` and `channels_last` convert them for libraries
that correlate instead of convolving, or that keep an image's channels in its last axis.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

SIDE, CLASSES, EXAMPLES = 28, 10, 50_000
FILTER, POOL = 5, 2


@dataclass(frozen=True)
class Configuration:
    """A network of chapter 6, and how it is trained.

    Parameters
    ----------
    name : str
    maps : tuple of int
        Feature maps of each convolutional layer: filters of 5 x 5, pooled 2 x 2.
    hidden : tuple of int
        Neurons of each fully connected layer; a softmax of ten follows.
    activation : "sigmoid" or "relu"
    eta, lmbda : float
        Learning rate, and strength of the L2 term, which is divided by the number of mini-batches in an epoch.
    p_dropout : float
        Share of the inputs masked before each fully connected layer and the softmax.
    """

    name: str
    maps: tuple[int, ...]
    hidden: tuple[int, ...]
    activation: Literal["sigmoid", "relu"]
    eta: float
    lmbda: float = 0.0
    p_dropout: float = 0.0

    @property
    def image_shapes(self) -> tuple[tuple[int, int, int], ...]:
        """Input shape of each convolutional layer, then the output shape of the last: (maps, rows, columns)."""
        shapes = [(1, SIDE, SIDE)]
        for maps in self.maps:
            side = (shapes[-1][1] - FILTER + 1) // POOL
            shapes.append((maps, side, side))
        return tuple(shapes)

    @property
    def widths(self) -> tuple[int, ...]:
        """Neurons from the first fully connected layer's input to the softmax."""
        return (int(np.prod(self.image_shapes[-1])), *self.hidden, CLASSES)

    def decay(self, batch: int) -> float:
        """Return the factor of half the sum of the squared weights: lmbda / (mini-batches in an epoch)."""
        return self.lmbda / (EXAMPLES // batch)

    def without_dropout(self) -> "Configuration":
        """Return the same network without dropout, whose cost can be compared."""
        return replace(self, p_dropout=0.0)

    def weights(self, seed: int = 0) -> list[np.ndarray]:
        """Return ``[w, b]`` of each layer in turn, float32, with a variance at which every term of the cost matters.

        Filters are (maps, input maps, rows, columns), for a convolution; matrices are (inputs, outputs).
        """
        rng = np.random.default_rng(seed)
        shapes: list[tuple[int, ...]] = [
            (maps, before[0], FILTER, FILTER) for maps, before in zip(self.maps, self.image_shapes, strict=False)
        ]
        arrays = [(rng.normal(0, np.prod(s[1:]) ** -0.5, s), rng.normal(0, 0.1, s[0])) for s in shapes]
        for n_in, n_out in zip(self.widths, self.widths[1:], strict=False):
            arrays.append((rng.normal(0, n_in**-0.5, (n_in, n_out)), rng.normal(0, 0.1, n_out)))
        return [array.astype(np.float32) for pair in arrays for array in pair]


CONFIGURATIONS = {
    c.name: c
    for c in (
        Configuration("fc", (), (100,), "sigmoid", 0.1),
        Configuration("one_conv", (20,), (100,), "sigmoid", 0.1),
        Configuration("two_conv", (20, 40), (100,), "relu", 0.03, lmbda=0.1),
        Configuration("dropout", (20, 40), (1000, 1000), "relu", 0.03, p_dropout=0.5),
    )
}
TITLES = {
    "fc": "one hidden layer of 100",
    "one_conv": "one convolution, 100",
    "two_conv": "two convolutions, 100, ReLU",
    "dropout": "two convolutions, 1000, 1000, dropout",
}
BATCHES = (10, 64, 256)


def configuration(name: str, **changes: Any) -> Configuration:
    """Return the configuration `name`, with some of its fields changed."""
    return replace(CONFIGURATIONS[name], **changes)


def flipped(filters: np.ndarray) -> np.ndarray:
    """Rotate filters by 180 degrees, so that a correlation with them is a convolution; its own inverse."""
    return np.ascontiguousarray(filters[:, :, ::-1, ::-1])


def channels_last(config: Configuration, weights: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return `weights` for a library that correlates (rows, columns, maps): Keras, pytensor-ml, JAX at its fastest.

    Filters become (rows, columns, input maps, maps), and the rows of the first matrix follow the order in which such
    a library flattens its maps.
    """
    return _converted(config, weights, lambda w: flipped(w).transpose(2, 3, 1, 0), (0, 1, 2), (1, 2, 0))


def channels_first(config: Configuration, weights: Sequence[Any]) -> list[np.ndarray]:
    """Undo `channels_last`; `weights` may be arrays of any library that NumPy can convert."""
    return _converted(config, weights, lambda w: flipped(w.transpose(3, 2, 0, 1)), (1, 2, 0), (2, 0, 1))


def _converted(
    config: Configuration,
    weights: Sequence[Any],
    filters: Callable[[np.ndarray], np.ndarray],
    order: tuple[int, int, int],
    axes: tuple[int, int, int],
) -> list[np.ndarray]:
    """Convert the filters with `filters`, and permute the rows of the first matrix.

    Its rows are the flattened axes (maps, rows, columns) in `order`; `axes` is the permutation of these axes.
    """
    arrays = [np.asarray(w) for w in weights]
    convolutions = len(config.maps)
    for layer in range(convolutions):
        arrays[2 * layer] = np.ascontiguousarray(filters(arrays[2 * layer]))
    if convolutions:
        first = arrays[2 * convolutions]
        shape = [config.image_shapes[-1][axis] for axis in order]
        moved = first.reshape(*shape, -1).transpose(*axes, 3)
        arrays[2 * convolutions] = np.ascontiguousarray(moved).reshape(first.shape)
    return arrays
