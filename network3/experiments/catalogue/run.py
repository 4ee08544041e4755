"""What describes a training that the book publishes, and the numbers it gives of it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from network3.training.history import History

BEST_VALIDATION: Final = "best validation"


@dataclass(frozen=True)
class Figure:
    """A number that the book gives of a training, and where in our record its like stands.

    Attributes
    ----------
    value : float or None
        The book's: an accuracy in [0, 1], or a cost. None where the book states none.
    of : str
        "test_accuracy", "validation_accuracy", "training_accuracy", "training_cost" or "test_cost".
    at : "best", "best validation" or int
        The best epoch by this number itself; that of the best validation accuracy; or an epoch, from 0.
    """

    value: float | None
    of: str
    at: Literal["best", "best validation"] | int = "best"

    @property
    def label(self) -> str:
        """What the number is, in words."""
        of = self.of.replace("_", " ")
        if self.at == BEST_VALIDATION:
            return f"{of} at the best validation epoch"
        if self.at == "best":
            return f"{'lowest' if self.of.endswith('cost') else 'best'} {of}"
        return f"{of}, epoch {self.at}"

    @property
    def is_accuracy(self) -> bool:
        """Whether it is a share; otherwise it is a cost."""
        return self.of.endswith("accuracy")

    @property
    def told(self) -> str:
        """The book's number with the data it is of, as "test 97.80%"; "-" if there is none."""
        if self.value is None:
            return "-"
        name = self.of.removesuffix("_accuracy").replace("_", " ")
        return f"{name} {self.value:.2%}" if self.is_accuracy else f"{name} {self.value:.4f}"

    def ours(self, history: History) -> float | None:
        """Return the number in `history`; None if it is not there."""
        if self.at == BEST_VALIDATION:
            return history.corresponding_test_accuracy
        values = history.validation_accuracy if self.of == "validation_accuracy" else history.monitors.get(self.of, [])
        if isinstance(self.at, int):
            return values[self.at] if self.at < len(values) else None
        return (min if self.of.endswith("cost") else max)(values, default=None)


@dataclass(frozen=True)
class Run:
    """One network and how it is trained.

    Attributes
    ----------
    name : str
        As on the command line; the original's function, where there is one.
    row : str
        Chapter and number, such as "6.7"; 7, which the book has not, for what goes past it.
    says : str
        What it is, in a line.
    layers : callable
        ``layers(mini_batch_size) -> list of layers``, newly drawn.
    training : dict
        Arguments of `Network.SGD` that are plain values, besides the data and the cost.
    figures : tuple of Figure
        What the book publishes of it; the first is its result.
    methods : dict of str to callable
        Arguments that are objects which tell their settings: a rule, a schedule, what augments the images.
    cost : callable or None
        As in `Network.SGD`; None for the last layer's own.
    data : "mnist" or "expanded"
        MNIST's 50,000 training images, or the 250,000 of `network3.datasets.expand`.
    first : (int or None, int or None)
        How many training and validation images are used, from the first on; None for all.
    nets : int
        How many networks are trained from seeds in a row, and vote.
    of : str
        The run whose repeats those networks are; "" if there is no vote.
    test_in_training : bool
        Whether the test images are looked at whenever the validation accuracy is a new best, as the original does;
        else once, in the end.
    scan : dict of str to tuple
        Values of an argument that the original tried one after the other, instead of the one in `training`.
    points : dict of str to dict of int to float
        What else the book shows of the learning curves: a name as in `Figure.of`, epochs, values.
    note : str
        What there is to say besides.
    """

    name: str
    row: str
    says: str
    layers: Callable[[int], list]
    training: dict[str, Any]
    figures: tuple[Figure, ...]
    methods: dict[str, Callable] = field(default_factory=dict)
    cost: Callable | None = None
    data: Literal["mnist", "expanded"] = "mnist"
    first: tuple[int | None, int | None] = (None, None)
    nets: int = 1
    of: str = ""
    test_in_training: bool = True
    scan: dict[str, tuple] = field(default_factory=dict)
    points: dict[str, dict[int, float]] = field(default_factory=dict)
    note: str = ""

    trains = True

    @property
    def random(self) -> bool:
        """Whether it is repeated from other seeds; those of a vote are the repeats of its networks."""
        return self.nets == 1

    @property
    def described(self) -> dict[str, str]:
        """The methods as they would be written."""
        return {name: repr(method) for name, method in self.methods.items()}

    @property
    def settings(self) -> dict[str, Any]:
        """How it is trained, as plain values."""
        return self.training | self.described

    @property
    def result(self) -> Figure:
        """The first of the figures."""
        return self.figures[0]

    @property
    def published(self) -> dict[str, float | None]:
        """The book's numbers by their labels."""
        return {figure.label: figure.value for figure in self.figures}

    @property
    def chapter(self) -> int:
        """The first number of the row: the book's chapter, or 7."""
        return int(self.row.split(".")[0])

    def variants(self) -> list["Run"]:
        """Return this run; one for each of its values, named after it, where the original scanned."""
        return [
            replace(self, name=f"{self.name}-{argument}-{value:g}", training=self.training | {argument: value}, scan={})
            for argument, values in self.scan.items()
            for value in values
        ] or [self]

    def as_dict(self) -> dict[str, Any]:
        """Return all but the functions as plain values, for machines."""
        return {
            "name": self.name,
            "row": self.row,
            "says": self.says,
            "data": self.data,
            "first": list(self.first),
            "nets": self.nets,
            "of": self.of,
            "cost": "the last layer's" if self.cost is None else self.cost.__name__,
            "training": self.settings,
            "scan": {name: list(values) for name, values in self.scan.items()},
            "published": self.published,
            "note": self.note,
        }
