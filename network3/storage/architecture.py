"""What a file records of a network's layers: types, arguments, and the names of their variables and ties."""

from collections.abc import Mapping, Sequence
from typing import Any

from pytensor.tensor.sharedvar import TensorSharedVariable

import network3.layers as all_layers
from network3.layers import ACTIVATIONS, Layer
from network3.layers.checks import error_message
from network3.layers.initializers import zeros

LAYER_TYPES: dict[str, Any] = {  # every layer that `network3.layers` exports
    name: value
    for name, value in vars(all_layers).items()
    if isinstance(value, type) and issubclass(value, Layer) and value is not Layer
}


def description(layer: Any) -> dict[str, Any]:
    """Return what files store of `layer`, as plain values: its type, its arguments, and whether it is frozen.

    Notes
    -----
    A layer type of the user's is stored by its name only, an activation of the user's by its name and ``"custom"``.
    """
    kind = type(layer).__name__
    frozen = {} if getattr(layer, "trainable", True) else {"trainable": False}
    if LAYER_TYPES.get(kind) is not type(layer):
        return {"kind": kind, **frozen}
    config, custom = layer.config(), {}
    if "activation_fn" in config and ACTIVATIONS.get(config["activation_fn"]) is not layer.activation_fn:
        function = layer.activation_fn
        config["activation_fn"] = getattr(function, "__name__", type(function).__name__)
        custom = {"custom": True}
    return {"kind": kind, "config": config, **custom, **frozen}


def differences(saved: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return how the layers described in `now` differ from those `saved`, in words; frozen or not makes no difference.

    Arguments are compared where both descriptions have them; the mini-batch size in an image_shape is not.
    """
    if len(saved) != len(now):
        one, two = (", ".join(entry["kind"] for entry in entries) for entries in (saved, now))
        return [f"{len(saved)} layers ({one}) became {len(now)} ({two})"]
    found = []
    for k, (before, after) in enumerate(zip(saved, now, strict=True)):
        if before["kind"] != after["kind"]:
            found.append(f"layer {k} was a {before['kind']} and is a {after['kind']}")
            continue
        config, other = before.get("config") or {}, after.get("config") or {}
        for name in config if other else ():
            one, two = _comparable(name, config[name]), _comparable(name, other.get(name))
            if one != two:
                found.append(f"{name} of layer {k} was {config[name]} and is {other.get(name)}")
    return found


def _comparable(name: str, value: Any) -> Any:
    if isinstance(value, list | tuple):
        values = tuple(_comparable("", part) for part in value)
        return values[1:] if name == "image_shape" else values
    return value


def layer_variables(layer: Any) -> dict[str, TensorSharedVariable]:
    """Return the float variables of a layer, trained or not, by their attribute names: first ``w`` and ``b``.

    A parameter that is no attribute has its index in ``layer.params`` as its name.
    """
    attributes = dict.fromkeys(("w", "b", *getattr(layer, "__dict__", ())))
    found = {name: getattr(layer, name, None) for name in attributes}
    variables = {name: value for name, value in found.items() if _holds_floats(value)}
    named = {id(variable) for variable in variables.values()}
    return variables | {str(k): p for k, p in enumerate(layer.params) if id(p) not in named}


def _holds_floats(value: Any) -> bool:
    return isinstance(value, TensorSharedVariable) and str(getattr(value.type, "dtype", "")).startswith("float")


def network_variables(layers: Sequence[Any]) -> tuple[dict[str, TensorSharedVariable], dict[str, str]]:
    """Return the variables of all layers by names such as ``layers.0.w``, and the ties between them.

    A variable that several names share is returned under the first; the ties lead from the others to it.
    """
    variables: dict[str, TensorSharedVariable] = {}
    names: dict[int, str] = {}
    ties: dict[str, str] = {}
    for index, layer in enumerate(layers):
        for local, variable in layer_variables(layer).items():
            name = f"layers.{index}.{local}"
            if id(variable) in names:
                ties[name] = names[id(variable)]
            else:
                names[id(variable)], variables[name] = name, variable
    return variables, ties


def build_layer(who: str, entry: Mapping[str, Any]) -> Any:
    """Return a new layer from its description, with parameters of 0.

    Raises
    ------
    ValueError
        A layer type or an activation that network3 does not have.
    """
    kind, config = entry["kind"], entry.get("config")
    if kind not in LAYER_TYPES or config is None or entry.get("custom"):
        expected = f"expected layers among {', '.join(LAYER_TYPES)}, with network3's activations"
        hint = "Build the layers as before and pass them: network3.load(filename, layers=[...])."
        raise ValueError(error_message(who, expected, f"a {kind} with code of its own", hint))
    arguments = {name: tuple(value) if isinstance(value, list) else value for name, value in config.items()}
    if "activation_fn" in config:
        arguments["activation_fn"] = ACTIVATIONS[config["activation_fn"]]
    layer = LAYER_TYPES[kind](**arguments, initializer=zeros)
    layer.trainable = entry.get("trainable", True)
    return layer


def tie(layers: Sequence[Any], ties: Mapping[str, str]) -> None:
    """Let layers share variables: each name in `ties` becomes the variable that its value names."""
    for name, source in ties.items():
        (_, index, local), (_, origin, other) = name.split("."), source.split(".")
        layer, variable = layers[int(index)], getattr(layers[int(origin)], other)
        layer.params = [variable if p is getattr(layer, local) else p for p in layer.params]
        setattr(layer, local, variable)
