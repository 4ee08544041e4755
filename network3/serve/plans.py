"""What a training in the page trains: a run of the catalogue, a saved network, or one that is put together there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from network3.datasets import load_mnist
from network3.graph import NetworkLike
from network3.layers.checks import error_message, integer, nearest, real, shown
from network3.layers.costs import cross_entropy
from network3.network import Network

from .composition import compose, cost_for

IMAGES = {"mnist": 50_000, "expanded": 250_000}  # by the data of a run
MOST = {"epochs": 1000, "mini_batch_size": 1000, "images": 250_000}
SETTINGS = {"epochs": 10, "mini_batch_size": 10, "eta": 0.1, "lmbda": 0.0, "images": 50_000, "seed": 0}
DataSets = Sequence[Any]  # training, validation and test: pairs (images, labels)


class CatalogueRun(Protocol):
    """What is used of a run of the catalogue, see `network3.experiments.catalogue.Run`."""

    name: str
    row: str
    description: str
    layers: Callable[..., list[Any]]
    training: dict[str, Any]
    methods: dict[str, Callable[..., Any]]
    cost: Callable | None
    data: str
    image_counts: tuple[int | None, int | None]


@dataclass(frozen=True)
class Catalogue:
    """The runs that the page offers.

    Attributes
    ----------
    runs : dict of str to CatalogueRun
    load : callable
        Returns training, validation and test data of a run.
    """

    runs: Mapping[str, CatalogueRun] = field(default_factory=dict)
    load: Callable[[Any], DataSets] | None = None

    def rows(self) -> list[dict[str, Any]]:
        """Return what the page lists."""
        return [
            {
                "name": run.name,
                "row": run.row,
                "description": run.description,
                "settings": settings(None, run_settings(run)),
            }
            for run in self.runs.values()
        ]


@dataclass(frozen=True)
class Plan:
    """A training that is about to begin.

    Attributes
    ----------
    name, description : str
    build : callable
        Returns the network.
    load : callable
        Returns training, validation and test data.
    cost : callable or None
    settings : dict
        ``{"epochs", "mini_batch_size", "eta", "lmbda", "images", "seed"}``.
    methods : dict
        Further arguments of `Network.SGD`.
    """

    name: str
    description: str
    build: Callable[[], Network]
    load: Callable[[], DataSets]
    cost: Callable | None
    settings: dict[str, Any]
    methods: dict[str, Any] = field(default_factory=dict)

    def data(self) -> tuple[Any, Any, Any]:
        """Return training, validation and test data, of the training data the first images."""
        (images, labels), validation, test = self.load()
        count = self.settings["images"]
        return (images[:count], labels[:count]), validation, test

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of `Network.SGD`, without the data."""
        names = ("epochs", "mini_batch_size", "eta", "lmbda", "seed")
        return {name: self.settings[name] for name in names} | {"cost": self.cost} | self.methods


def plan_run(catalogue: Catalogue, name: Any, given: Any = None) -> Plan:
    """Return the plan of a run of the catalogue, with the settings of the page in place of its own.

    Raises
    ------
    ValueError
        No run of that name, or a setting outside its limits.
    """
    if not isinstance(name, str) or name not in catalogue.runs:
        near = nearest(name, catalogue.runs) if isinstance(name, str) else None
        hint = f'Perhaps you meant "{near}".' if near else "network3 list shows them."
        raise ValueError(error_message("serve: run", "expected the name of a run", shown(name), hint))
    run = catalogue.runs[name]
    others = {key: value for key, value in run.training.items() if key not in SETTINGS}
    chosen = settings(given, run_settings(run))

    def build() -> Network:
        np.random.seed(chosen["seed"])  # as `network3 train` draws initial weights
        return Network(run.layers(chosen["mini_batch_size"]), chosen["mini_batch_size"])

    def load() -> DataSets:
        return load_mnist() if catalogue.load is None else catalogue.load(run)

    return Plan(name, run.description, build, load, run.cost, chosen, others | run.methods)


def run_settings(run: CatalogueRun) -> dict[str, Any]:
    """Return those settings of a run that the page may change."""
    images = run.image_counts[0] or IMAGES[run.data]
    return {key: run.training[key] for key in SETTINGS if key in run.training} | {"images": images}


def plan_composed(layers: Any, given: Any = None, cost: Any = None) -> Plan:
    """Return the plan of a network that is put together in the page, see `composition.compose`."""
    chosen = settings(given)
    built = compose(layers, chosen["seed"])
    size = chosen["mini_batch_size"]
    description = ", ".join(type(layer).__name__.removesuffix("Layer") for layer in built)
    return Plan("own", description, lambda: Network(built, size), load_mnist, cost_for(built, cost), chosen)


def plan_saved(net: NetworkLike, name: str, given: Any = None) -> Plan:
    """Return the plan of going on with a network; the cost is its last layer's own, otherwise cross-entropy."""
    chosen = settings(given)
    cost = None if hasattr(net.layers[-1], "cost") else cross_entropy
    description = ", ".join(type(layer).__name__.removesuffix("Layer") for layer in net.layers)
    return Plan(name, description, lambda: net, load_mnist, cost, chosen)  # type: ignore[return-value,arg-type]


def settings(given: Any, defaults: Mapping[str, Any] = SETTINGS) -> dict[str, Any]:
    """Return the settings of a training, checked.

    Raises
    ------
    ValueError
        An unknown name, or a value outside its limits.
    """
    if given is not None and not isinstance(given, dict):
        hint = 'Write e.g. {"epochs": 10}.'
        raise ValueError(error_message("training", "expected settings by name", shown(given), hint))
    unknown = sorted(set(given or {}) - set(SETTINGS))
    if unknown:
        expected = f"expected settings among {', '.join(SETTINGS)}"
        raise ValueError(error_message("training", expected, shown(unknown[0]), "Leave it out."))
    chosen = SETTINGS | dict(defaults) | (given or {})
    for name, value in chosen.items():
        if name in ("eta", "lmbda"):
            chosen[name] = rate(name, value)
        else:
            chosen[name] = integer(f"training: {name}", value, least=int(name != "seed"))
            if name in MOST and chosen[name] > MOST[name]:
                expected, hint = f"expected at most {MOST[name]:,}", f"Write {MOST[name]}."
                raise ValueError(error_message(f"training: {name}", expected, shown(value), hint))
    return chosen


def rate(name: str, value: Any) -> float:
    """Return a learning rate or a regularization.

    Raises
    ------
    ValueError
        No finite number from 0 to 1,000.
    """
    return real(f"training: {name}", value, least=0.0, most=1000.0)
