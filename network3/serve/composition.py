"""A network that is put together in the page: the book's layers for MNIST, whose shapes follow by themselves."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from network3.graph import follow_shapes
from network3.layers import (
    ACTIVATIONS,
    BatchNormLayer,
    ConvPoolLayer,
    DropoutLayer,
    FullyConnectedLayer,
    GlobalPoolLayer,
    Layer,
    SoftmaxLayer,
)
from network3.layers.checks import error_message, integer, one_of, real, shown
from network3.layers.costs import cross_entropy, quadratic

CLASSES = 10
MOST_LAYERS, MOST_WEIGHTS = 12, 5_000_000
COSTS: dict[str, Callable | None] = {"log-likelihood": None, "cross-entropy": cross_entropy, "quadratic": quadratic}
POOLING = ("max", "l2", "average")
HIDDEN_ACTIVATIONS = tuple(name for name in ACTIVATIONS if name not in ("softmax", "step"))
Shape = tuple[int, ...]
IMAGE: Shape = (1, 28, 28)


class Entry:
    """The description of one layer, as the page sends it, whose values are checked as they are read."""

    def __init__(self, who: str, given: Mapping[str, Any], rng: np.random.Generator):
        self.who, self.given, self.rng = who, given, rng
        self.read: set[str] = {"kind"}

    def count(self, name: str, default: int, most: int) -> int:
        """Return a whole number from 1 to `most`."""
        value = integer(f"{self.who}: {name}", self._value(name, default))
        if value > most:
            hint = f"Write {most}, or build the network in Python."
            raise ValueError(error_message(f"{self.who}: {name}", f"expected at most {most}", value, hint))
        return value

    def name(self, name: str, default: str, names: tuple[str, ...]) -> str:
        """Return one of `names`."""
        return one_of(f"{self.who}: {name}", self._value(name, default), names)

    def share(self, name: str) -> float:
        """Return a number in [0, 1), default 0."""
        return real(f"{self.who}: {name}", self._value(name, 0.0), least=0.0, below=1.0)

    def activation(self) -> Any:
        """Return the activation."""
        return ACTIVATIONS[self.name("activation", "sigmoid", HIDDEN_ACTIVATIONS)]

    def check_weights(self, count: int) -> None:
        """Raise ValueError for more weights than the page trains, before they are drawn."""
        if count > MOST_WEIGHTS:
            expected, hint = f"expected at most {MOST_WEIGHTS:,} weights", "Use fewer filters or neurons, or pool more."
            raise ValueError(error_message(self.who, expected, f"{count:,}", hint))

    def finish(self) -> None:
        """Raise ValueError for a value that the kind of layer does not have."""
        unknown = sorted(set(self.given) - self.read)
        if unknown:
            expected = f"expected values among {', '.join(sorted(self.read))}"
            raise ValueError(error_message(self.who, expected, shown(unknown[0]), "Leave it out."))

    def _value(self, name: str, default: Any) -> Any:
        self.read.add(name)
        return self.given.get(name, default)


def _convolution(entry: Entry, shape: Shape) -> Layer:
    maps, rows, columns = _image(entry, shape)
    filters, size, pool = entry.count("filters", 20, 64), entry.count("size", 5, 28), entry.count("pool", 2, 28)
    pooling, activation = entry.name("pooling", "max", POOLING), entry.activation()
    padding = entry.name("padding", "valid", ("valid", "half"))
    return ConvPoolLayer(
        (filters, maps, size, size),
        (maps, rows, columns),
        (pool, pool),
        activation,
        pool=pooling,
        padding=padding,
        rng=entry.rng,
    )


def _fully_connected(entry: Entry, shape: Shape) -> Layer:
    neurons, activation = entry.count("neurons", 100, 2000), entry.activation()
    entry.check_weights(math.prod(shape) * neurons)
    return FullyConnectedLayer(math.prod(shape), neurons, activation, entry.share("dropout"), rng=entry.rng)


def _softmax(entry: Entry, shape: Shape) -> Layer:
    return SoftmaxLayer(math.prod(shape), CLASSES, entry.share("dropout"), rng=entry.rng)


def _batch_norm(entry: Entry, shape: Shape) -> Layer:
    return BatchNormLayer(shape, entry.activation() if "activation" in entry.given else ACTIVATIONS["linear"])


def _dropout(entry: Entry, shape: Shape) -> Layer:
    return DropoutLayer(shape, entry.share("dropout"))


def _global_pool(entry: Entry, shape: Shape) -> Layer:
    return GlobalPoolLayer(_image(entry, shape), entry.name("pooling", "average", ("average", "max")))


KINDS: dict[str, Callable[[Entry, Shape], Layer]] = {
    "ConvPoolLayer": _convolution,
    "FullyConnectedLayer": _fully_connected,
    "BatchNormLayer": _batch_norm,
    "DropoutLayer": _dropout,
    "GlobalPoolLayer": _global_pool,
    "SoftmaxLayer": _softmax,
}


def compose(given: Any, seed: int = 0) -> list[Layer]:
    """Return new layers for the images of MNIST, from what the page sends.

    Parameters
    ----------
    given : list of dict
        Such as ``[{"kind": "ConvPoolLayer", "filters": 20, "size": 5, "pool": 2}, {"kind": "SoftmaxLayer"}]``; sizes
        that follow from the layer before are not given.
    seed : int
        Of the initial weights.

    Raises
    ------
    ValueError
        Another kind of layer or value, layers that do not fit each other, or too many.
    """
    if not isinstance(given, list) or not 1 <= len(given) <= MOST_LAYERS:
        got = f"{len(given)} layers" if isinstance(given, list) else shown(given)
        expected = f"expected a list of 1 to {MOST_LAYERS} layers"
        raise ValueError(error_message("network", expected, got, "Add or remove layers."))
    rng, layers, shape = np.random.default_rng(seed), list[Layer](), IMAGE
    for k, entry in enumerate(given):
        if not isinstance(entry, dict):
            hint = 'Write e.g. {"kind": "SoftmaxLayer"}.'
            raise ValueError(error_message(f"layer {k}", "expected an object with a kind", shown(entry), hint))
        kind = one_of(f"layer {k}: kind", entry.get("kind"), KINDS)
        if layers and isinstance(layers[-1], SoftmaxLayer):
            hint = "Move the SoftmaxLayer to the end."
            raise ValueError(error_message(f"layer {k}", "expected nothing after a SoftmaxLayer", f"a {kind}", hint))
        layer, shape = _built(Entry(f"layer {k} ({kind})", entry, rng), kind, shape)
        layers.append(layer)
        Entry(f"layers 0 to {k}", {}, rng).check_weights(sum(map(parameters, layers)))
    if shape != (CLASSES,):
        got = f"an output of {' x '.join(map(str, shape))} values"
        hint = "End with a SoftmaxLayer, or with a FullyConnectedLayer of 10 neurons."
        raise ValueError(error_message("network", f"expected {CLASSES} outputs, one for each digit", got, hint))
    return layers


def cost_for(layers: list[Layer], name: Any = None) -> Callable | None:
    """Return the cost of a training: the last layer's own after a softmax, otherwise cross-entropy or quadratic."""
    if isinstance(layers[-1], SoftmaxLayer):
        return COSTS[one_of("network: cost", name or "log-likelihood", ["log-likelihood"])]
    return COSTS[one_of("network: cost", name or "cross-entropy", ["cross-entropy", "quadratic"])]


def table(layers: list[Layer]) -> list[dict[str, Any]]:
    """Return what the page shows of each layer: its kind, the shape of its output, and its parameters."""
    shapes = follow_shapes(layers)
    return [
        {
            "kind": type(layer).__name__,
            "shape": list(shape[1:]) if shape else [],
            "parameters": parameters(layer),
        }
        for layer, shape in zip(layers, shapes, strict=True)
    ]


def parameters(layer: Layer) -> int:
    """Return the number of parameters of a layer."""
    return sum(param.get_value(borrow=True).size for param in layer.params)


def _built(entry: Entry, kind: str, shape: Shape) -> tuple[Layer, Shape]:
    """Return the layer of an entry and the shape of its output; errors begin with its number."""
    try:
        layer = KINDS[kind](entry, shape)
    except ValueError as error:
        name, _, rest = str(error).partition(": ")
        if name != kind:  # not of the layer's own checks, which have no number
            raise
        raise ValueError(f"{entry.who}: {rest}") from None
    entry.finish()
    return layer, tuple(layer.output_shape((None, *shape))[1:])


def _image(entry: Entry, shape: Shape) -> tuple[int, int, int]:
    if len(shape) != 3:
        hint = "Move it before the first FullyConnectedLayer."
        raise ValueError(error_message(entry.who, "expected maps of rows and columns", f"{shape[0]} values", hint))
    maps, rows, columns = shape
    return maps, rows, columns
