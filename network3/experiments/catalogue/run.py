"""A training that the book publishes: the network, its settings, and the numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

from pytensor.tensor.variable import TensorVariable

from network3.layers import Layer

from .entry import Entry


@dataclass(frozen=True)
class Run(Entry):
    """One network and how it is trained.

    Attributes
    ----------
    name, row, description, published_values, points, note
        As those of an `Entry`.
    layers : callable
        ``layers(mini_batch_size, n_in=784, n_out=10) -> list of layers`` with new initial weights; for other data than
        MNIST, `n_in` are the values of an image and `n_out` the classes.
    training : dict
        Arguments of `Network.SGD` that are plain values, except the data and the cost.
    methods : dict of str to callable
        Arguments that are objects whose repr states their settings: a rule, a schedule, an augmentation.
    cost : callable or None
        As in `Network.SGD`; None for the last layer's own.
    data : "mnist", "expanded" or "all"
        MNIST's 50,000 training images; the 250,000 of `network3.datasets.expand`; or all 60,000, so that no images are
        left for validation and the last epoch counts.
    image_counts : (int or None, int or None)
        How many training and validation images are used, the first ones; None for all.
    nets : int
        How many networks are trained, with consecutive seeds, and vote.
    voters_of : tuple of str
        The runs whose repeats are those networks, in turn; () if there is no vote.
    test_in_training : bool
        Whether the test images are evaluated after each epoch with a new best validation accuracy, as in the original;
        otherwise once, after the training.
    scan : dict of str to tuple
        Values of an argument that the original tried one after the other, instead of the one in `training`.
    """

    layers: Callable[..., list[Layer]]
    training: dict[str, Any]
    methods: dict[str, Callable[..., Any]] = field(default_factory=dict)
    cost: Callable[[TensorVariable, TensorVariable], TensorVariable] | None = None
    data: Literal["mnist", "expanded", "all"] = "mnist"
    image_counts: tuple[int | None, int | None] = (None, None)
    nets: int = 1
    voters_of: tuple[str, ...] = ()
    test_in_training: bool = True
    scan: dict[str, tuple[float, ...]] = field(default_factory=dict)

    @property
    def kind(self) -> Literal["training", "vote"]:
        """Whether a network is trained, or the networks of other runs vote."""
        return "vote" if self.voters_of else "training"

    @property
    def trains(self) -> bool:
        """Whether networks are trained for it."""
        return True

    @property
    def random(self) -> bool:
        """Whether it is repeated with other seeds; instead of a vote, its networks are repeated."""
        return self.nets == 1

    @property
    def validates(self) -> bool:
        """Whether some images are kept for validation."""
        return self.data != "all"

    @property
    def described_methods(self) -> dict[str, str]:
        """The methods as Python code."""
        return {name: repr(method) for name, method in self.methods.items()}

    @property
    def settings(self) -> dict[str, Any]:
        """How it is trained, as plain values."""
        return self.training | self.described_methods

    @property
    def epochs(self) -> int:
        """How many epochs the training has."""
        return self.training["epochs"]

    def voter(self, number: int) -> tuple[str, int]:
        """Return the run of which the network of this number, from 0, is a repeat, and which: its seed, from 0."""
        return self.voters_of[number % len(self.voters_of)], number // len(self.voters_of)

    def variants(self) -> Sequence[Self]:
        """Return this run; if the original tried several values, a run for each, named after it."""
        return [
            replace(self, name=f"{self.name}-{argument}-{value:g}", training=self.training | {argument: value}, scan={})
            for argument, values in self.scan.items()
            for value in values
        ] or [self]

    def as_dict(self) -> dict[str, Any]:
        """Return all but the functions, under the keys that `network3 list --json` prints."""
        return {
            "name": self.name,
            "row": self.row,
            "says": self.description,
            "data": self.data,
            "first": list(self.image_counts),
            "nets": self.nets,
            "of": list(self.voters_of),
            "cost": "the last layer's" if self.cost is None else self.cost.__name__,
            "training": self.settings,
            "scan": {name: list(values) for name, values in self.scan.items()},
            "published": self.published,
            "note": self.note,
        }
