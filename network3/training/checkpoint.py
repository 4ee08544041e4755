"""Checkpoints: all that decides how a training goes on, so that it goes on as if it had never stopped.

The arrays are parameters and buffers, those of the best epoch, the states of dropout, the slots of the update rule and
the costs of the current epoch; the rest is the record, the seed, and the settings of the training.
"""

import json
import warnings
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pytensor.tensor.sharedvar import TensorSharedVariable

from network3.graph import NetworkLike
from network3.layers.checks import error_message
from network3.storage.architecture import description, differences, network_variables
from network3.storage.versions import versions

from .checkpoint_file import CheckpointWarning, read, write
from .config import TrainingConfig, default_settings
from .state import TrainingState


def save(state: TrainingState) -> bool:
    """Write the checkpoint of a training, if it has one, and return whether it was written.

    A full disk does not end the training: the checkpoint before stays.

    Warns
    -----
    CheckpointWarning
        It could not be written.
    """
    net, path = state.net, state.config.checkpoint
    if path is None:
        return False
    tensors = _numbered("weights", net.get_weights())
    tensors |= {f"other.{name}": variable.get_value() for name, variable in _other_variables(net).items()}
    tensors |= _numbered("best", net.best or [])
    tensors |= _numbered("masks", [np.asarray(mask.get_value()) for mask in net.dropout_states])
    tensors |= _numbered("rule", [np.asarray(slot.get_value()) for slot in state.slots])
    if state.batch:  # within an epoch
        tensors |= _numbered("good", state.last_finite_weights) | {"costs": state.costs}
        tensors |= _numbered("averages", state.last_averages)
    if state.permutation is not None:
        tensors["permutation"] = state.permutation
    header = {
        "settings": settings(net, state.config),
        "history": asdict(state.history),
        "seed": state.seed,
        "versions": versions(),
    }
    try:
        write(path, header, tensors)
    except OSError as error:
        hint = "The training goes on, and the checkpoint before it stays; make room on the disk."
        got = f"{path} ({error.strerror or error})"
        message = error_message("SGD: checkpoint", "expected a file that can be written", got, hint)
        warnings.warn(message, CheckpointWarning, stacklevel=2)
        return False
    return True


def resume(net: NetworkLike, config: TrainingConfig) -> TrainingState:
    """Set the weights of `net` from the checkpoint ``config.resume``, and return the state to train on from.

    Raises
    ------
    FileNotFoundError
        No such file.
    ValueError
        Not a checkpoint, one of a newer format, or one of another training: the differences are named. Nothing is
        changed then.
    """
    assert config.resume is not None
    header, tensors = read(config.resume)
    who = f"SGD: resume from {config.resume}"
    seed, history = header["seed"], header["history"]
    now = settings(net, config) | {"seed": seed if config.seed is None else config.seed}
    before = default_settings() | header["settings"] | {"seed": seed}
    found = _layer_differences(before, now) + [
        f"{name} was {before.get(name, 'none')} and is {now.get(name, 'none')}"
        for name in dict.fromkeys([*before, *now])
        if before.get(name) != now.get(name) and not name.startswith("layer ")
    ]
    others = _other_variables(net)
    found += [f"{name} was missing" for name in others if f"other.{name}" not in tensors]
    if found:
        hint = "Repeat the arguments of the first call, or start anew without resume."
        raise ValueError(error_message(who, "expected the training that was saved", "; ".join(found), hint))
    begun = history.epochs + ("costs" in tensors)
    if begun > config.epochs:
        expected = f"expected at least the {begun} epochs that were begun"
        raise ValueError(error_message(who, expected, f"epochs={config.epochs}", f"Write epochs={begun} or more."))
    net.set_weights(_group("weights", tensors))
    for name, variable in others.items():
        variable.set_value(tensors[f"other.{name}"])
    for mask, value in zip(net.dropout_states, _group("masks", tensors), strict=True):
        mask.set_value(value)
    net.best = _group("best", tensors) or None
    return TrainingState(
        net,
        config,
        history,
        seed,
        last_finite_weights=_group("good", tensors) or net.get_weights(),
        costs=tensors.get("costs", np.empty(0)),
        permutation=_permutation(header, tensors, len(config.training_data)),
        saved_slots=_group("rule", tensors),
        last_averages=_group("averages", tensors),
    )


def settings(net: NetworkLike, config: TrainingConfig) -> dict[str, Any]:
    """Return what must be the same for a training to be resumed, as JSON has it: network, options and data.

    The number of epochs is not included: a training may be made longer.
    """
    layers = {f"layer {i + 1}": json.dumps(description(layer)) for i, layer in enumerate(net.layers)}
    ties = network_variables(net.layers)[1]
    found = {"ties": ties, "buffers": len(net.buffers)}
    special = {name: value for name, value in found.items() if value}  # others are not in the files of before
    return layers | special | {"masks": len(net.dropout_states), "floatX": net.floatX} | config.settings()


def _layer_differences(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Return how the layers of two settings differ, frozen or not included."""
    one, two = ([json.loads(text) for name, text in s.items() if name.startswith("layer ")] for s in (before, now))
    frozen = [
        f"layer {k} was {'trainable' if a.get('trainable', True) else 'frozen'}, which it is not now"
        for k, (a, b) in enumerate(zip(one, two, strict=False))
        if a.get("trainable", True) != b.get("trainable", True)
    ]
    return differences(one, two) + frozen


def _other_variables(net: NetworkLike) -> dict[str, TensorSharedVariable]:
    """Return the variables of the layers that are neither among the network's parameters nor its buffers."""
    known = {id(variable) for variable in net.variables}
    variables, _ = network_variables(net.layers)
    return {name: variable for name, variable in variables.items() if id(variable) not in known}


def _permutation(header: dict[str, Any], tensors: dict[str, np.ndarray], count: int) -> NDArray[np.int64] | None:
    """Return the order of an epoch that was begun by a network3 which kept the generator of the shuffle instead."""
    if "shuffle" in header and "costs" in tensors:
        generator = np.random.default_rng()
        generator.bit_generator.state = header["shuffle"]
        return generator.permutation(count)
    return tensors.get("permutation")


def _numbered(group: str, arrays: Iterable[np.ndarray]) -> dict[str, np.ndarray]:
    return {f"{group}.{k}": array for k, array in enumerate(arrays)}


def _group(group: str, tensors: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Return the arrays of a group in their order."""
    count = sum(name.startswith(f"{group}.") for name in tensors)
    return [tensors[f"{group}.{k}"] for k in range(count)]
