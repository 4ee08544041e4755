"""Saved networks: parameters in safetensors, the architecture as JSON in the header of the file; never a pickle."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pytensor.tensor.sharedvar import TensorSharedVariable

from network3.datasets.formats.foreign import describe
from network3.graph import NetworkLike
from network3.layers.checks import error_message, integer
from network3.layers.precision import FLOATS, graph_flags

from .architecture import (
    build_layer,
    description,
    differences,
    largest_variable,
    layer_variables,
    network_variables,
    tie,
)
from .atomic import atomic_write
from .versioned_json import MALFORMED, DamagedError, read_safetensors

FORMAT = 2  # 1 left out parameters that are not in `params`, and ties
KEY = "network3"


@dataclass(frozen=True)
class SavedNetwork:
    """The content of a file.

    Attributes
    ----------
    path : Path
    format : int
    layers : list of layers, not yet connected
    mini_batch_size : int
    floatX : "float32" or "float64"
    variables : dict of str to array
        Values of the layers' variables by name, see `architecture.network_variables`.
    ties : dict of str to str
        Names of variables that are the same as others.
    """

    path: Path
    format: int
    layers: list[Any]
    mini_batch_size: int
    floatX: str
    variables: dict[str, np.ndarray]
    ties: dict[str, str]

    def assign(self, net: NetworkLike) -> None:
        """Set the variables of the connected network to those of the file, cast to their types.

        Raises
        ------
        ValueError
            Variables that are missing, of other shapes, or tied to others; nothing is changed then.
        """
        variables, ties = network_variables(net.layers)
        arrays = _renamed(self.variables, net.layers) if self.format == 1 else self.variables
        found = _tie_differences(self.ties, ties) or _shape_differences(arrays, variables)
        if found:
            raise ValueError(_other_layers(self.path, found))
        for name, variable in variables.items():
            variable.set_value(np.array(arrays[name], dtype=variable.dtype, order="C"), borrow=True)


def write(net: NetworkLike, filename: str | os.PathLike[str]) -> None:
    """Write `net` to `filename`; an existing file is replaced only when the new one is complete."""
    from safetensors.numpy import save as to_bytes

    architecture = {
        "format": FORMAT,
        "floatX": net.floatX,
        "mini_batch_size": net.mini_batch_size,
        "layers": [description(layer) for layer in net.layers],
    }
    variables, ties = network_variables(net.layers)
    if ties:
        architecture["ties"] = ties
    tensors = {name: np.array(variable.get_value(borrow=True), order="C") for name, variable in variables.items()}
    with atomic_write(filename) as file:
        file.write(to_bytes(tensors, {KEY: json.dumps(architecture)}))


def read(filename: str | os.PathLike[str], layers: list[Any] | None = None) -> SavedNetwork:
    """Read a file of `write`, for the given `layers` or for new ones of the saved architecture; see `network3.load`.

    Raises
    ------
    FileNotFoundError
        No such file.
    ValueError
        Not a file of `write`, one of a newer format, or one of other layers; the differences are named.
    """
    path = Path(filename)
    if not path.is_file():
        expected = "expected a file that net.save(filename) wrote"
        raise FileNotFoundError(error_message("load", expected, f"{path}, which does not exist", "Check the path."))
    try:
        architecture, version, arrays = read_safetensors(path, KEY, FORMAT, f"load: {path}")
    except DamagedError as error:
        raise ValueError(_foreign(path)) from error
    dtype = architecture.get("floatX")
    if dtype not in FLOATS:
        raise ValueError(_not_a_network(path, f"the type {dtype!r}"))
    try:
        size, entries = integer("mini_batch_size", architecture["mini_batch_size"]), architecture["layers"]
        ties = dict(architecture.get("ties", {}))
        if layers is None:
            with graph_flags(dtype):
                layers = [_build_layer(path, k, entry, arrays, ties) for k, entry in enumerate(entries)]
            tie(layers, ties)
        found = differences(entries, [description(layer) for layer in layers])
    except MALFORMED as error:
        if str(error).startswith("load: "):
            raise
        if "; got " in str(error):  # a more precise error of a layer or of a check
            raise ValueError(f"{path}: {error}") from None
        raise ValueError(_not_a_network(path, "a damaged header")) from error
    if found:
        raise ValueError(_other_layers(path, found))
    return SavedNetwork(path, version, layers, size, dtype, arrays, ties)


def _build_layer(
    path: Path, index: int, entry: dict[str, Any], arrays: dict[str, np.ndarray], ties: dict[str, str]
) -> Any:
    """Return the layer of an entry; its size must first agree with the file's arrays, which bounds the memory."""
    config = entry.get("config")
    largest = None if config is None else largest_variable(config)
    if largest is not None:
        local, shape = largest
        name = f"layers.{index}.{local}"
        stored = arrays[ties.get(name, name)].shape
        if shape != stored:
            raise ValueError(_not_a_network(path, f"a layer of {shape} with weights of {stored}"))
    return build_layer(f"load: {path}", entry)


def _renamed(arrays: dict[str, np.ndarray], layers: list[Any]) -> dict[str, np.ndarray]:
    """Return the arrays of a file of format 1, which named parameters besides ``w`` and ``b`` by their index."""
    names: dict[str, str] = {}
    for index, layer in enumerate(layers):
        local = {id(variable): name for name, variable in layer_variables(layer).items()}
        names |= {f"layers.{index}.{k}": f"layers.{index}.{local[id(p)]}" for k, p in enumerate(layer.params)}
    return {names.get(name, name): array for name, array in arrays.items()}


def _tie_differences(saved: dict[str, str], now: dict[str, str]) -> list[str]:
    return [
        f"{name} was {f'tied to {saved[name]}' if name in saved else 'not tied'} and is "
        f"{f'tied to {now[name]}' if name in now else 'not tied'}"
        for name in dict.fromkeys([*saved, *now])
        if saved.get(name) != now.get(name)
    ]


def _shape_differences(arrays: dict[str, np.ndarray], variables: dict[str, TensorSharedVariable]) -> list[str]:
    found = []
    for name in dict.fromkeys([*arrays, *variables]):
        saved = arrays[name].shape if name in arrays else None
        now = variables[name].get_value(borrow=True).shape if name in variables else None
        if saved != now:
            found.append(f"{name} was {_shape(saved)} and is {_shape(now)}")
    return found


def _shape(shape: tuple[int, ...] | None) -> str:
    return "missing" if shape is None else f"of shape {shape}"


def _other_layers(path: Path, found: list[str]) -> str:
    hint = "Pass the layers of the network that was saved."
    return error_message(f"load: {path}", "expected the layers of the saved network", "; ".join(found), hint)


def _foreign(path: Path) -> str:
    """Return the message for a file that another program wrote, such as the book's network2, or that is damaged."""
    try:
        is_network2 = {"sizes", "weights", "biases"} <= json.loads(path.read_text(encoding="utf-8")).keys()
    except (*MALFORMED, OSError):
        is_network2 = False
    got, hint = "a file without a valid header", "Pass such a file."
    if is_network2:
        got = "JSON of the book's network2"
        hint = (
            "Build a Network of its sizes, and pass net.set_weights for each layer np.transpose(w) and np.ravel(b) "
            "of its weights and biases."
        )
    elif (known := describe(path)) is not None:
        got = known[0]
    return error_message(f"load: {path}", "expected a file that net.save(filename) wrote", got, hint)


def _not_a_network(path: Path, got: str) -> str:
    return error_message(f"load: {path}", "expected a file that net.save(filename) wrote", got, "Pass such a file.")
