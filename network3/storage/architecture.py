"""What a file records of a network's layers: types, arguments, and the names of their variables and ties."""

from collections.abc import Mapping, Sequence
from inspect import signature
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

    A description without an argument stands for its default. The mini-batch size in an image_shape is not compared.
    """
    if len(saved) != len(now):
        one, two = (", ".join(entry["kind"] for entry in entries) for entries in (saved, now))
        return [f"{len(saved)} layers ({one}) became {len(now)} ({two})"]
    found = []
    for k, (before, after) in enumerate(zip(saved, now, strict=True)):
        if before["kind"] != after["kind"]:
            found.append(f"layer {k} was a {before['kind']} and is a {after['kind']}")
            continue
        config, other = before.get("config"), after.get("config")
        if config and other:
            config, other = ({**_defaults(before["kind"]), **given} for given in (config, other))
            found += [
                f"{name} of layer {k} was {config.get(name)} and is {other.get(name)}"
                for name in dict.fromkeys([*before["config"], *config, *other])
                if _comparable(name, config.get(name)) != _comparable(name, other.get(name))
            ]
    return found


def _defaults(kind: str) -> dict[str, Any]:
    """Return the arguments of a layer type of network3 that have a default."""
    parameters = signature(LAYER_TYPES[kind]).parameters if kind in LAYER_TYPES else {}
    return {name: p.default for name, p in parameters.items() if p.default is not p.empty}


def _comparable(name: str, value: Any) -> Any:
    if isinstance(value, list | tuple):
        values = tuple(_comparable("", part) for part in value)
        return values[1:] if name == "image_shape" else values
    return value


def layer_variables(layer: Any) -> dict[str, TensorSharedVariable]:
    """Return the float variables of a layer, trained or not, by their attribute names: first ``w`` and ``b``.

    A parameter that is no attribute has its index in ``layer.params`` as its name, a buffer ``buffer`` and its index.
    """
    attributes = dict.fromkeys(("w", "b", *getattr(layer, "__dict__", ())))
    found = {name: getattr(layer, name, None) for name in attributes}
    variables = {name: value for name, value in found.items() if _holds_floats(value)}
    others = {str(k): param for k, param in enumerate(layer.params)}
    others |= {f"buffer{k}": buffer for k, buffer in enumerate(getattr(layer, "buffers", ()))}
    named = {id(variable) for variable in variables.values()}
    return variables | {name: variable for name, variable in others.items() if id(variable) not in named}


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


def largest_variable(config: Mapping[str, Any]) -> tuple[str, tuple[int, ...]] | None:
    """Return the name and the shape of the largest variable of a layer with these arguments; None if it has none."""
    if "filter_shape" in config:
        return "w", tuple(config["filter_shape"])
    if "n_in" in config:
        return "w", (config["n_in"], config["n_out"])
    return ("gamma", tuple(config["shape"][:1])) if "momentum" in config else None


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
    if "initializer" in _defaults(kind):
        arguments["initializer"] = zeros
    layer = LAYER_TYPES[kind](**arguments)
    layer.trainable = entry.get("trainable", True)
    return layer


def tie(layers: Sequence[Any], ties: Mapping[str, str]) -> None:
    """Let layers share variables: each name in `ties` becomes the variable that its value names."""
    for name, source in ties.items():
        (_, index, local), (_, origin, other) = name.split("."), source.split(".")
        layer, variable = layers[int(index)], getattr(layers[int(origin)], other)
        for kept in ("params", "buffers"):
            setattr(layer, kept, [variable if v is getattr(layer, local) else v for v in getattr(layer, kept)])
        setattr(layer, local, variable)
