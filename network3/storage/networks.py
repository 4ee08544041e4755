"""Networks on disk: parameters in safetensors, the architecture as JSON in the file's header; never a pickle."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from network3.layers import ACTIVATIONS, ConvPoolLayer, FullyConnectedLayer, RegressionLayer, SoftmaxLayer
from network3.layers.checks import error_message, integer
from network3.layers.initializers import zeros
from network3.layers.precision import FLOATS, graph_flags

from .atomic import atomic_write

FORMAT = 1
DAMAGE = (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, RecursionError)  # of a header
KINDS = {kind.__name__: kind for kind in (ConvPoolLayer, FullyConnectedLayer, RegressionLayer, SoftmaxLayer)}


@dataclass(frozen=True)
class Saved:
    """What a file holds: layers ready to be wired, and the weights to give them, in the order of ``Network.params``."""

    layers: list
    mini_batch_size: int
    floatX: str
    weights: list[np.ndarray]


def write(net, filename) -> None:
    """Write `net` to `filename`; the old file, if any, stays until the new one is whole."""
    from safetensors.numpy import save as to_bytes

    architecture = {
        "format": FORMAT,
        "floatX": net.floatX,
        "mini_batch_size": net.mini_batch_size,
        "layers": [description(layer) for layer in net.layers],
    }
    tensors = dict(zip(_names(net.layers), net.get_weights(), strict=True))
    with atomic_write(filename) as file:
        file.write(to_bytes(tensors, {"network3": json.dumps(architecture)}))


def read(filename, layers=None) -> Saved:
    """Read what `write` wrote, into `layers` if they are given; see `network3.load`."""
    from safetensors import SafetensorError, safe_open

    path = Path(filename)
    if not path.is_file():
        raise FileNotFoundError(
            error_message(
                "load",
                "expected a file that net.save(filename) wrote",
                f"{path}, which is not there",
                "Check the path.",
            )
        )
    try:
        with safe_open(path, framework="numpy") as file:
            architecture = json.loads((file.metadata() or {})["network3"])
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (not a dict)
        version, dtype = int(architecture["format"]), architecture["floatX"]
    except (SafetensorError, OSError, *DAMAGE) as error:
        raise ValueError(_not_ours(path, "a file without its header")) from error
    if version > FORMAT:
        hint = "Update network3, pip install -U network3."
        raise ValueError(
            error_message(f"load: {path}", f"expected format {FORMAT} or older", f"format {version}", hint)
        )
    if dtype not in FLOATS:
        raise ValueError(_not_ours(path, f"the type {dtype!r}"))
    try:
        size = integer("mini_batch_size", architecture["mini_batch_size"])
        if layers is None:
            with graph_flags(dtype):
                layers = [_rebuild(path, k, entry, weights) for k, entry in enumerate(architecture["layers"])]
    except DAMAGE as error:
        if str(error).startswith("load: "):
            raise
        if "; got " in str(error):  # a layer says more than we could
            raise ValueError(f"{path}: {error}") from None
        raise ValueError(_not_ours(path, "a header that is damaged")) from error
    names = _names(layers)
    if set(names) != set(weights):
        raise ValueError(
            error_message(
                f"load: {path}",
                f"expected the parameters {', '.join(names)}",
                ", ".join(sorted(weights)),
                "Pass the layers of the network that was saved.",
            )
        )
    return Saved(layers, size, dtype, [weights[name] for name in names])


def _names(layers) -> list[str]:
    """Return a name for each parameter of `layers`: ``layers.0.w``."""
    names = []
    for index, layer in enumerate(layers):
        for k, param in enumerate(layer.params):
            known = [name for name in ("w", "b") if getattr(layer, name, None) is param]
            names.append(f"layers.{index}.{known[0] if known else k}")
    return names


def description(layer) -> dict:
    """Return what a file needs to build `layer` again; the kind alone for one that is not ours, or in part."""
    kind = type(layer).__name__
    if KINDS.get(kind) is not type(layer):
        return {"kind": kind}
    config = layer.config()
    name = config.get("activation_fn")
    own = name is not None and ACTIVATIONS.get(name) is not layer.activation_fn
    return {"kind": kind} if own else {"kind": kind, "config": config}


def _rebuild(path: Path, index: int, entry: dict, weights: dict):
    """Return the layer of an entry, once the sizes it asks for are those of the file's arrays."""
    kind, config = entry["kind"], entry.get("config")
    if kind not in KINDS or config is None:
        raise ValueError(
            error_message(
                f"load: {path}",
                f"expected layers among {', '.join(KINDS)}, with network3's activations",
                f"a {kind} that was made with code of its own",
                "Build the layers as before and pass them: network3.load(filename, layers=[...]).",
            )
        )
    arguments = {name: tuple(value) if isinstance(value, list) else value for name, value in config.items()}
    if "activation_fn" in config:
        arguments["activation_fn"] = ACTIVATIONS[config["activation_fn"]]
    shape = arguments["filter_shape"] if "filter_shape" in arguments else (arguments["n_in"], arguments["n_out"])
    stored = weights[f"layers.{index}.w"].shape
    if shape != stored:
        raise ValueError(_not_ours(path, f"a layer of {shape} with weights of {stored}"))
    return KINDS[kind](**arguments, initializer=zeros)


def _not_ours(path: Path, got: str) -> str:
    return error_message(f"load: {path}", "expected a file that net.save(filename) wrote", got, "Pass such a file.")
