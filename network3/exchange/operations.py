"""The operations that networks consist of, with their arrays, in the conventions of network3."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from pytensor.compile.sharedvalue import SharedVariable

Values: TypeAlias = np.ndarray | SharedVariable  # of a file, or of a layer
Pair: TypeAlias = tuple[int, int]
Sides: TypeAlias = tuple[Pair, Pair]  # (top, bottom), (left, right)

NO_SIDES: Sides = ((0, 0), (0, 0))


def array_of(values: Values) -> np.ndarray:
    """Return the numbers of `values` as an array, which may not be changed."""
    return values if isinstance(values, np.ndarray) else values.get_value(borrow=True)


def shape_of(values: Values) -> tuple[int, ...]:
    """Return the shape of `values`."""
    return array_of(values).shape


@dataclass(frozen=True)
class Operation:
    """One step of a chain.

    Attributes
    ----------
    where : str
        The layer of which it is a part, or the node or module of another library, for messages.
    """

    where: str


@dataclass(frozen=True)
class Reshape(Operation):
    """Examples in another shape, with their values in the same order; `shape` is None if it is unknown."""

    shape: tuple[int, ...] | None


@dataclass(frozen=True)
class Convolve(Operation):
    """Convolution with filters `w` of shape (filters, maps, rows, columns), which are flipped.

    `padding` is "same" if it depends on the size of the `image`, (rows, columns), which is None if it is unknown.
    """

    w: Values
    stride: Pair
    padding: Sides | str
    dilation: Pair
    groups: int
    image: Pair | None = None


@dataclass(frozen=True)
class Multiply(Operation):
    """The product of rows of values and `w`, of shape (n_in, n_out)."""

    w: Values


@dataclass(frozen=True)
class Bias(Operation):
    """The sum of each feature, on axis 1, and an entry of `b`."""

    b: Values


@dataclass(frozen=True)
class Normalize(Operation):
    """Batch normalization of each feature, on axis 1: ``gamma (x - mean) / sqrt(variance + epsilon) + b``.

    `momentum` is the share of the running averages that a step of training keeps.
    """

    gamma: Values
    b: Values
    mean: Values
    variance: Values
    epsilon: float
    momentum: float = 0.9


@dataclass(frozen=True)
class Pool(Operation):
    """The "max", "l2" norm or "average" of windows; padding is never the maximum, and counts as 0 in the others."""

    mode: str
    size: Pair
    stride: Pair
    padding: Sides


@dataclass(frozen=True)
class PoolAll(Operation):
    """The "max" or "average" of each map."""

    mode: str


@dataclass(frozen=True)
class Activate(Operation):
    """An activation function: "sigmoid", "tanh", "ReLU", "sign" or "softmax"; that is over axis 1, or the last one."""

    function: str
    axis: int = -1


@dataclass(frozen=True)
class Drop(Operation):
    """Dropout: a share `p` masked while training, and all multiplied by `scale` in evaluation."""

    p: float
    scale: float


Chain: TypeAlias = list[Operation]
