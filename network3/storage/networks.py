"""Saved networks: parameters in safetensors, the architecture as JSON in the header of the file; never a pickle."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import network3.layers as all_layers
from network3.graph import NetworkLike
from network3.layers import ACTIVATIONS, Layer
from network3.layers.checks import error_message, integer
from network3.layers.initializers import zeros
from network3.layers.precision import FLOATS, graph_flags

from .atomic import atomic_write
from .versioned_json import MALFORMED, DamagedError, read_safetensors

FORMAT = 1
KEY = "network3"
LAYER_TYPES: dict[str, Any] = {  # every layer that `network3.layers` exports
    name: value
    for name, value in vars(all_layers).items()
    if isinstance(value, type) and issubclass(value, Layer) and value is not Layer
}


@dataclass(frozen=True)
class SavedNetwork:
    """The content of a file.

    Attributes
    ----------
    layers : list of layers, not yet connected
    mini_batch_size : int
    floatX : "float32" or "float64"
    weights : list of arrays
        Values of ``Network.params``, in order.
    """

    layers: list[Any]
    mini_batch_size: int
    floatX: str
    weights: list[np.ndarray]


def write(net: NetworkLike, filename: str | os.PathLike[str]) -> None:
    """Write `net` to `filename`; an existing file is replaced only when the new one is complete."""
    from safetensors.numpy import save as to_bytes

    architecture = {
        "format": FORMAT,
        "floatX": net.floatX,
        "mini_batch_size": net.mini_batch_size,
        "layers": [description(layer) for layer in net.layers],
    }
    tensors = dict(zip(_parameter_names(net.layers), net.get_weights(), strict=True))
    with atomic_write(filename) as file:
        file.write(to_bytes(tensors, {KEY: json.dumps(architecture)}))


def read(filename: str | os.PathLike[str], layers: list[Any] | None = None) -> SavedNetwork:
    """Read a file of `write`, for the given `layers` or for new ones of the saved architecture; see `network3.load`.

    Raises
    ------
    FileNotFoundError
        No such file.
    ValueError
        Not a file of `write`, one of a newer format, or one whose parameters do not fit the layers.
    """
    path = Path(filename)
    if not path.is_file():
        expected = "expected a file that net.save(filename) wrote"
        raise FileNotFoundError(error_message("load", expected, f"{path}, which does not exist", "Check the path."))
    try:
        architecture, _, weights = read_safetensors(path, KEY, FORMAT, f"load: {path}")
    except DamagedError as error:
        raise ValueError(_not_a_network(path, "a file without a valid header")) from error
    dtype = architecture.get("floatX")
    if dtype not in FLOATS:
        raise ValueError(_not_a_network(path, f"the type {dtype!r}"))
    size, layers = _build(path, architecture, weights, dtype, layers)
    names = _parameter_names(layers)
    if set(names) != set(weights):
        expected = f"expected the parameters {', '.join(names)}"
        hint = "Pass the layers of the network that was saved."
        raise ValueError(error_message(f"load: {path}", expected, ", ".join(sorted(weights)), hint))
    return SavedNetwork(layers, size, dtype, [weights[name] for name in names])


def description(layer: Any) -> dict[str, Any]:
    """Return what `write` stores of `layer`: its type and its arguments, or only the type if it has code of its own."""
    kind = type(layer).__name__
    if LAYER_TYPES.get(kind) is not type(layer):
        return {"kind": kind}
    config = layer.config()
    name = config.get("activation_fn")
    custom = name is not None and ACTIVATIONS.get(name) is not layer.activation_fn
    return {"kind": kind} if custom else {"kind": kind, "config": config}


def _build(
    path: Path, architecture: dict[str, Any], weights: dict[str, np.ndarray], dtype: str, layers: list[Any] | None
) -> tuple[int, list[Any]]:
    """Return the mini-batch size and, unless they are given, new layers of the saved architecture."""
    try:
        size = integer("mini_batch_size", architecture["mini_batch_size"])
        if layers is None:
            with graph_flags(dtype):
                layers = [_build_layer(path, k, entry, weights) for k, entry in enumerate(architecture["layers"])]
        return size, layers
    except MALFORMED as error:
        if str(error).startswith("load: "):
            raise
        if "; got " in str(error):  # a more precise error of a layer or of a check
            raise ValueError(f"{path}: {error}") from None
        raise ValueError(_not_a_network(path, "a damaged header")) from error


def _build_layer(path: Path, index: int, entry: dict[str, Any], weights: dict[str, np.ndarray]) -> Any:
    """Return the layer of an entry; its size must first agree with the file's arrays, which bounds the memory."""
    kind, config = entry["kind"], entry.get("config")
    if kind not in LAYER_TYPES or config is None:
        raise ValueError(
            error_message(
                f"load: {path}",
                f"expected layers among {', '.join(LAYER_TYPES)}, with network3's activations",
                f"a {kind} with code of its own",
                "Build the layers as before and pass them: network3.load(filename, layers=[...]).",
            )
        )
    arguments = {name: tuple(value) if isinstance(value, list) else value for name, value in config.items()}
    if "activation_fn" in config:
        arguments["activation_fn"] = ACTIVATIONS[config["activation_fn"]]
    shape = arguments["filter_shape"] if "filter_shape" in arguments else (arguments["n_in"], arguments["n_out"])
    stored = weights[f"layers.{index}.w"].shape
    if shape != stored:
        raise ValueError(_not_a_network(path, f"a layer of {shape} with weights of {stored}"))
    return LAYER_TYPES[kind](**arguments, initializer=zeros)


def _parameter_names(layers: Sequence[Any]) -> list[str]:
    """Return the name of each parameter of `layers` in the file, such as ``layers.0.w``."""
    names = []
    for index, layer in enumerate(layers):
        for k, param in enumerate(layer.params):
            attributes = [name for name in ("w", "b") if getattr(layer, name, None) is param]
            names.append(f"layers.{index}.{attributes[0] if attributes else k}")
    return names


def _not_a_network(path: Path, got: str) -> str:
    return error_message(f"load: {path}", "expected a file that net.save(filename) wrote", got, "Pass such a file.")
