"""What describes a run that the book publishes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Run:
    """One network and how it is trained.

    Attributes
    ----------
    name : str
        As on the command line; the original's function, where there is one.
    row : str
        Chapter and number, such as "6.7".
    says : str
        What it is, in a line.
    layers : callable
        ``layers(mini_batch_size) -> list of layers``, newly drawn.
    training : dict
        Arguments of `Network.SGD` besides the data.
    published : float or None
        The book's test accuracy at the best validation epoch, in [0, 1].
    """

    name: str
    row: str
    says: str
    layers: Callable[[int], list]
    training: dict[str, Any] = field(default_factory=dict)
    published: float | None = None
