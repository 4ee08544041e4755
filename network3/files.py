"""Networks on disk: parameters in safetensors, the architecture as JSON in the file's header; never a pickle."""

import json
import os
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as to_bytes

from network3.layers import ACTIVATIONS, ConvPoolLayer, FullyConnectedLayer, SoftmaxLayer
from network3.layers.checks import complaint
from network3.layers.initializers import zeros
from network3.layers.precision import FLOATS, building

from .network import Network

FORMAT = 1
KINDS = {kind.__name__: kind for kind in (ConvPoolLayer, FullyConnectedLayer, SoftmaxLayer)}


def save(net, filename) -> None:
    """Write `net` to `filename`; see `Network.save`."""
    path = Path(filename)
    architecture = {
        "format": FORMAT,
        "floatX": net.floatX,
        "mini_batch_size": net.mini_batch_size,
        "layers": [_description(layer) for layer in net.layers],
    }
    content = to_bytes(dict(zip(_names(net), net.get_weights(), strict=True)), {"network3": json.dumps(architecture)})
    temporary = path.with_name(f"{path.name}.part")
    temporary.write_bytes(content)
    os.replace(temporary, path)  # whoever reads meanwhile finds the old file or the new one, never half of one


def load(filename, layers=None) -> Network:
    """Read a network that `Network.save` wrote.

    Parameters
    ----------
    filename : path
    layers : list of layers, optional
        For a network with layers or activations of your own, which a file cannot hold: build them as before, and
        they are given the file's parameters.

    Returns
    -------
    Network
        Of the type it was saved with.

    Raises
    ------
    FileNotFoundError
        No such file.
    ValueError
        Not a file of ours, of a newer format, or one whose parameters do not fit `layers`.
    """
    path = Path(filename)
    if not path.is_file():
        raise FileNotFoundError(
            complaint("load", "wanted a file that net.save(filename) wrote", f"{path}, which is not there", "Check it.")
        )
    try:
        with safe_open(path, framework="numpy") as file:
            architecture = json.loads((file.metadata() or {})["network3"])
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (not a dict)
        version, dtype = int(architecture["format"]), architecture["floatX"]
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ValueError(_not_ours(path, "a file without its header")) from error
    if version > FORMAT:
        mend = "Update network3, pip install -U network3."
        raise ValueError(complaint(f"load: {path}", f"wanted format {FORMAT} or older", f"format {version}", mend))
    if dtype not in FLOATS:
        raise ValueError(_not_ours(path, f"the type {dtype!r}"))
    with building(dtype):
        layers = [_rebuild(path, entry) for entry in architecture["layers"]] if layers is None else layers
        net = Network(layers, architecture["mini_batch_size"])
    names = _names(net)
    if set(names) != set(weights):
        raise ValueError(
            complaint(
                f"load: {path}",
                f"wanted the parameters {', '.join(names)}",
                ", ".join(sorted(weights)),
                "Pass the layers of the network that was saved.",
            )
        )
    net.set_weights([weights[name] for name in names])
    return net


def _names(net) -> list[str]:
    """Return a name for each of ``net.params``: ``layers.0.w``."""
    names = []
    for index, layer in enumerate(net.layers):
        for k, param in enumerate(layer.params):
            known = [name for name in ("w", "b") if getattr(layer, name, None) is param]
            names.append(f"layers.{index}.{known[0] if known else k}")
    return names


def _description(layer) -> dict:
    """Return what `_rebuild` needs; the kind alone for a layer that is not ours or has an activation of its own."""
    kind = type(layer).__name__
    if KINDS.get(kind) is not type(layer):
        return {"kind": kind}
    config = layer.config()
    name = config.get("activation_fn")
    own = name is not None and ACTIVATIONS.get(name) is not layer.activation_fn
    return {"kind": kind} if own else {"kind": kind, "config": config}


def _rebuild(path: Path, entry: dict):
    kind, config = entry["kind"], entry.get("config")
    if kind not in KINDS or config is None:
        raise ValueError(
            complaint(
                f"load: {path}",
                f"wanted layers among {', '.join(KINDS)}, with network3's activations",
                f"a {kind} that was made with code of its own",
                "Build the layers as before and pass them: network3.load(filename, layers=[...]).",
            )
        )
    arguments = {name: tuple(value) if isinstance(value, list) else value for name, value in config.items()}
    if "activation_fn" in arguments:
        arguments["activation_fn"] = ACTIVATIONS[arguments["activation_fn"]]
    return KINDS[kind](**arguments, initializer=zeros)


def _not_ours(path: Path, got: str) -> str:
    return complaint(f"load: {path}", "wanted a file that net.save(filename) wrote", got, "Pass such a file.")
