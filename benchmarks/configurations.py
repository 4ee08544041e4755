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
EPSILON, MOMENTUM = 1e-5, 0.9  # of batch normalization
MNIST, BATCHES = (1, SIDE, SIDE), (10, 64, 256)


@dataclass(frozen=True)
class Configuration:
    """A network of convolutional and fully connected layers, and how it is trained.

    Parameters
    ----------
    name : str
    maps : tuple of int
        Feature maps of each convolutional layer.
    hidden : tuple of int
        Neurons of each fully connected layer; a softmax of ten follows.
    activation : "sigmoid" or "relu"
    eta, lmbda : float
        Learning rate, and strength of the L2 term, which is divided by the number of mini-batches in an epoch.
    p_dropout : float
        Share of the inputs masked before each fully connected layer and the softmax.
    image : (maps, rows, columns)
        Shape of an example; those of MNIST's shape are MNIST's images, others are random.
    filter, padding : int
        Rows and columns of every filter, and zeros on each side of its images.
    pools : tuple of int
        Rows and columns of the pooling windows of each convolutional layer, 1 for none; () for 2 everywhere.
    batches : tuple of int
        Mini-batch sizes that are timed by default.
    """

    name: str
    maps: tuple[int, ...]
    hidden: tuple[int, ...]
    activation: Literal["sigmoid", "relu"]
    eta: float
    lmbda: float = 0.0
    p_dropout: float = 0.0
    image: tuple[int, int, int] = MNIST
    filter: int = FILTER
    padding: int = 0
    pools: tuple[int, ...] = ()
    batches: tuple[int, ...] = BATCHES

    @property
    def poolings(self) -> tuple[int, ...]:
        """Rows and columns of the pooling windows of each convolutional layer."""
        return self.pools or (POOL,) * len(self.maps)

    @property
    def image_shapes(self) -> tuple[tuple[int, int, int], ...]:
        """Input shape of each convolutional layer, then the output shape of the last: (maps, rows, columns)."""
        shapes = [self.image]
        for maps, pool in zip(self.maps, self.poolings, strict=True):
            side = (shapes[-1][1] + 2 * self.padding - self.filter + 1) // pool
            shapes.append((maps, side, side))
        return tuple(shapes)

    @property
    def has_filters(self) -> bool:
        """Whether the network takes images, not rows of numbers."""
        return bool(self.maps)

    def data_set(self, name: str) -> str:
        """Return the file name of the data set `name` with images of this network's shape."""
        return name if self.image == MNIST else f"{name}-{'x'.join(map(str, self.image))}"

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
            (maps, before[0], self.filter, self.filter)
            for maps, before in zip(self.maps, self.image_shapes, strict=False)
        ]
        arrays = [(rng.normal(0, np.prod(s[1:]) ** -0.5, s), rng.normal(0, 0.1, s[0])) for s in shapes]
        for n_in, n_out in zip(self.widths, self.widths[1:], strict=False):
            arrays.append((rng.normal(0, n_in**-0.5, (n_in, n_out)), rng.normal(0, 0.1, n_out)))
        return [array.astype(np.float32) for pair in arrays for array in pair]


@dataclass(frozen=True)
class ResidualConfiguration(Configuration):
    """A residual network (He et al. 2015): a convolution, blocks, the mean of each map, and a softmax.

    A block is two convolutions of 3 x 3, the first with the block's stride, and a shortcut: the identity, or a
    convolution of 1 x 1 where the shape changes. After each convolution follows batch normalization, with
    rectification except at the end of a path, where it follows the sum. The weights of each convolution are its
    filters, gamma and beta, a block's shortcut last.

    Parameters
    ----------
    stages : tuple of int
        Feature maps of the blocks, one block each; all but the first have stride 2.
    """

    stages: tuple[int, ...] = ()

    @property
    def blocks(self) -> tuple[tuple[int, int, int], ...]:
        """Input maps, maps and stride of each block."""
        before = (self.stages[0], *self.stages[:-1])
        return tuple((n, m, 2 if i else 1) for i, (n, m) in enumerate(zip(before, self.stages, strict=True)))

    @property
    def image_shapes(self) -> tuple[tuple[int, int, int], ...]:
        """Input shape, and the shape of the means."""
        return (self.image, (self.stages[-1], 1, 1))

    @property
    def has_filters(self) -> bool:
        """Whether the network takes images, not rows of numbers."""
        return True

    def weights(self, seed: int = 0) -> list[np.ndarray]:
        """Return filters, gamma and beta of each convolution in turn, then ``[w, b]`` of the softmax; float32."""
        rng = np.random.default_rng(seed)
        shapes: list[tuple[int, ...]] = [(self.stages[0], self.image[0], 3, 3)]
        for n_in, n_out, stride in self.blocks:
            shapes += [(n_out, n_in, 3, 3), (n_out, n_out, 3, 3)]
            shapes += [(n_out, n_in, 1, 1)] if stride > 1 or n_in != n_out else []
        arrays: list[np.ndarray] = []
        for shape in shapes:
            arrays += [rng.normal(0, np.prod(shape[1:]) ** -0.5, shape), rng.normal(1, 0.1, shape[0])]
            arrays.append(rng.normal(0, 0.1, shape[0]))
        n_in, n_out = self.widths
        arrays += [rng.normal(0, n_in**-0.5, (n_in, n_out)), rng.normal(0, 0.1, n_out)]
        return [array.astype(np.float32) for array in arrays]


def vgg(maps: int) -> Configuration:
    """Return a network as those of Simonyan and Zisserman (2014): pairs of 3 x 3 filters, then pooling."""
    return Configuration(
        f"vgg{maps}",
        tuple(maps * factor for factor in (1, 1, 2, 2, 4, 4)),
        (128,),
        "relu",
        0.03,
        image=(3, 32, 32),
        filter=3,
        padding=1,
        pools=(1, 2, 1, 2, 1, 2),
        batches=(10, 64),
    )


RESNET = ResidualConfiguration("resnet", (), (), "relu", 0.03, image=(3, 32, 32), batches=(10, 64), stages=(16, 32, 64))
CHAPTER6 = ("fc", "one_conv", "two_conv", "dropout")
CONFIGURATIONS = {
    c.name: c
    for c in (
        Configuration("fc", (), (100,), "sigmoid", 0.1),
        Configuration("one_conv", (20,), (100,), "sigmoid", 0.1),
        Configuration("two_conv", (20, 40), (100,), "relu", 0.03, lmbda=0.1),
        Configuration("dropout", (20, 40), (1000, 1000), "relu", 0.03, p_dropout=0.5),
        vgg(16),
        vgg(64),
        RESNET,
    )
}
TITLES = {
    "fc": "one hidden layer of 100",
    "one_conv": "one convolution, 100",
    "two_conv": "two convolutions, 100, ReLU",
    "dropout": "two convolutions, 1000, 1000, dropout",
    "vgg16": "six convolutions of 16 to 64 maps",
    "vgg64": "six convolutions of 64 to 256 maps",
    "resnet": "residual, 16 to 64 maps",
}


def configuration(name: str, **changes: Any) -> Configuration:
    """Return the configuration `name`, with some of its fields changed."""
    return replace(CONFIGURATIONS[name], **changes)


def flipped(filters: np.ndarray) -> np.ndarray:
    """Rotate filters by 180 degrees, so that a correlation with them is a convolution; its own inverse."""
    return filters[:, :, ::-1, ::-1].copy()  # with positive strides, which PyTorch needs


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
    matrix = next(i for i, array in enumerate(arrays) if array.ndim == 2)
    if matrix:
        first = arrays[matrix]
        shape = [config.image_shapes[-1][axis] for axis in order]
        moved = first.reshape(*shape, -1).transpose(*axes, 3)
        arrays[matrix] = np.ascontiguousarray(moved).reshape(first.shape)
    return [np.ascontiguousarray(filters(array)) if array.ndim == 4 else array for array in arrays]
