"""What plots use of the records of a training."""

from collections.abc import Sequence
from typing import Protocol

from numpy.typing import NDArray

from network3.graph import NetworkLike


class RecordedTraining(Protocol):
    """What plots use of a `network3.History`; see there."""

    cost: list[float]
    validation_accuracy: list[float]
    validation_cost: list[float]
    monitors: dict[str, list[float]]

    @property
    def epochs(self) -> int: ...

    @property
    def best_epoch(self) -> int | None: ...

    @property
    def best_validation_accuracy(self) -> float | None: ...

    @property
    def best_validation_cost(self) -> float | None: ...


class RecordedNorms(Protocol):
    """What plots use of a `network3.GradientNorms`; see there."""

    net: NetworkLike
    of: str

    @property
    def layers(self) -> Sequence[int]: ...

    @property
    def norms(self) -> NDArray: ...
