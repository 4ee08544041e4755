"""What describes a run that the book publishes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal


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
        The book's test accuracy at the best validation epoch, in [0, 1]; None where it states none.
    data : "mnist" or "expanded"
        MNIST's 50,000 training images, or the 250,000 of `network3.datasets.expand`.
    nets : int
        How many networks are trained from seeds in a row, and vote.
    scan : dict of str to tuple
        Values of an argument that the original tried one after the other, instead of the one in `training`.
    note : str
        What the book says besides.
    """

    name: str
    row: str
    says: str
    layers: Callable[[int], list]
    training: dict[str, Any]
    published: float | None = None
    data: Literal["mnist", "expanded"] = "mnist"
    nets: int = 1
    scan: dict[str, tuple] = field(default_factory=dict)
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return all but the builder as plain values, for machines."""
        return {
            "name": self.name,
            "row": self.row,
            "says": self.says,
            "data": self.data,
            "nets": self.nets,
            "training": dict(self.training),
            "scan": {name: list(values) for name, values in self.scan.items()},
            "published_test_accuracy": self.published,
            "note": self.note,
        }
