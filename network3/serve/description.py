"""A network as plain values for JSON: what the page's JavaScript computes it from, see ``static/network.js``.

::

    {"format": 1, "name": "dbl_conv_relu", "facts": {"epochs": "10"}, "floatX": "float32",
     "input_shape": [1, 28, 28], "labels": ["0", ..., "9"],
     "layers": [{"kind": "ConvPoolLayer", "input_shape": [1, 28, 28], "output_shape": [20, 12, 12],
                 "config": {"activation_fn": "ReLU", "poolsize": [2, 2], ...},
                 "weights": {"w": {"shape": [20, 1, 5, 5], "data": "base64"}, ...}}, ...]}

A config has every option that the layer's formula uses, with paddings as numbers, so that JavaScript needs no defaults.
Weights are float32, little endian, in C order.
"""

import base64
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from network3.graph import NetworkLike, layer_name
from network3.layers.checks import error_message
from network3.layers.ops.conv_shapes import border
from network3.storage.architecture import description, layer_variables

FORMAT = 1
# Layers and activations that static/layers.js and static/activations.js compute.
KINDS = (
    "BatchNormLayer",
    "ConvPoolLayer",
    "DropoutLayer",
    "FullyConnectedLayer",
    "GlobalPoolLayer",
    "RegressionLayer",
    "SoftmaxLayer",
)


def describe(net: NetworkLike, name: str = "network", facts: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return a network, with its weights, as plain values for JSON.

    Parameters
    ----------
    net : Network
    name : str
        What the page calls it.
    facts : dict of str to str, optional
        What the page shows about it, such as its accuracy.

    Raises
    ------
    ValueError
        A layer or an activation that is not network3's own, or shapes that are not known.
    """
    entries = [_entry(net, index) for index in range(len(net.layers))]
    return {
        "format": FORMAT,
        "name": name,
        "facts": dict(facts or {}),
        "floatX": net.floatX,
        "input_shape": _image_shape(entries[0]["input_shape"]),
        "labels": [str(label) for label in range(math.prod(entries[-1]["output_shape"]))],
        "layers": entries,
    }


def network_weights(net: NetworkLike) -> list[dict[str, dict[str, Any]]]:
    """Return the weights of each layer, as `describe` does: what an update of the page needs."""
    return [layer_weights(layer) for layer in net.layers]


def layer_weights(layer: Any) -> dict[str, dict[str, Any]]:
    """Return the weights of a layer: ``{"w": {"shape": [...], "data": base64 of float32}, ...}``."""
    return {name: _encoded(variable.get_value(borrow=True)) for name, variable in layer_variables(layer).items()}


def _entry(net: NetworkLike, index: int) -> dict[str, Any]:
    layer, shape = net.layers[index], net.shapes[index]
    saved = description(layer)
    if saved["kind"] not in KINDS or "config" not in saved or saved.get("custom") or shape is None:
        activation = saved.get("config", {}).get("activation_fn")
        got = f"the activation {activation!r}" if saved.get("custom") else f"a layer of the kind {saved['kind']}"
        raise ValueError(
            error_message(
                f"page: {layer_name(net.layers, index)}",
                f"expected a layer among {', '.join(KINDS)}, with network3's activations",
                got,
                "Only Python can compute code of your own; the page has its own for network3's layers.",
            )
        )
    return {
        "kind": saved["kind"],
        "input_shape": list(layer.input_shape),
        "output_shape": list(shape[1:]),
        "config": _resolved(layer, saved["config"]),
        "weights": layer_weights(layer),
    }


def _resolved(layer: Any, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a layer with the options that it left out, and with paddings as numbers of zeros."""
    resolved = dict(config)
    if type(layer).__name__ == "SoftmaxLayer":
        resolved["activation_fn"] = "softmax"
    if hasattr(layer, "filter_shape"):
        image, area = layer.input_shape[1:], layer.filter_shape[2:]
        sides = border(layer.padding, image, area, layer.stride, layer.dilation)
        for name in ("pool_stride", "dilation", "groups", "batch_norm"):
            resolved[name] = getattr(layer, name)
        resolved["padding"] = sides
        resolved["pool_padding"] = border(layer.pool_padding, (1, 1), (1, 1))
    if hasattr(layer, "epsilon"):
        resolved["epsilon"] = layer.epsilon
    return resolved


def _encoded(array: np.ndarray) -> dict[str, Any]:
    content = np.ascontiguousarray(array, dtype="<f4").tobytes()
    return {"shape": list(array.shape), "data": base64.b64encode(content).decode("ascii")}


def _image_shape(shape: list[int]) -> list[int]:
    """Return the shape of an input as the page shows it: a flat one of n * n values is an image."""
    side = math.isqrt(shape[0])
    return [1, side, side] if len(shape) == 1 and side * side == shape[0] > 1 else shape
