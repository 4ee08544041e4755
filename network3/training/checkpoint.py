"""Checkpoints: all that decides how a training goes on, so that it goes on as if it had never stopped.

The arrays are weights, those of the best epoch, states of the masks and of the update rule, costs of the epoch under
way; the rest is the record, the state of the shuffle, and what the training was of.
"""

import json
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from network3.layers.checks import error_message
from network3.storage.networks import description
from network3.storage.versions import versions

from .checkpoint_file import CheckpointWarning, read, write
from .config import Plan
from .state import State


def save(net, plan: Plan, state: State) -> bool:
    """Write ``plan.checkpoint``, if the plan has one, and return whether it was written.

    A disk that is full, or gone, ends no training: the checkpoint before stays.

    Warns
    -----
    CheckpointWarning
        It could not be written.
    """
    if plan.checkpoint is None:
        return False
    tensors = _numbered("weights", net.get_weights())
    tensors |= _numbered("best", net.best or [])
    tensors |= _numbered("masks", [np.asarray(mask.get_value()) for mask in net.dropout_states])
    tensors |= _numbered("rule", [np.asarray(variable.get_value()) for variable in state.rule])
    if state.batch:  # within an epoch
        tensors |= _numbered("good", state.good) | {"costs": state.costs}
    header = {
        "settings": settings(net, plan),
        "history": asdict(state.history),
        "seed": state.seed,
        "shuffle": state.shuffle,
        "versions": versions(),
    }
    try:
        write(plan.checkpoint, header, tensors)
    except OSError as error:
        hint = "The training goes on, and the checkpoint before it stays; make room, or use another disk."
        got = f"{plan.checkpoint} ({error.strerror or error})"
        message = error_message("SGD: checkpoint", "expected a file that can be written", got, hint)
        warnings.warn(message, CheckpointWarning, stacklevel=2)
        return False
    return True


def resume(net, plan: Plan, path: Path) -> State:
    """Give `net` the weights in the file `path` and return the state that training goes on from.

    Raises
    ------
    FileNotFoundError
        No such file.
    ValueError
        Not a checkpoint, one of a newer format, or one of another training: the differences are named. Nothing is
        changed then.
    """
    header, tensors = read(path)
    who = f"SGD: resume from {path}"
    now = settings(net, plan) | {"seed": header["seed"] if plan.seed is None else plan.seed}
    before = header["settings"] | {"seed": header["seed"]}
    differences = [
        f"{name} was {before.get(name, 'none')} and is {now.get(name, 'none')}"
        for name in dict.fromkeys([*before, *now])
        if before.get(name) != now.get(name)
    ]
    if differences:
        hint = "Repeat the arguments of the first call, or start anew without resume."
        raise ValueError(error_message(who, "expected the training that was saved", "; ".join(differences), hint))
    history = header["history"]
    begun = history.epochs + ("costs" in tensors)
    if begun > plan.epochs:
        expected = f"expected at least the {begun} epochs that were begun"
        raise ValueError(error_message(who, expected, f"epochs={plan.epochs}", f"Write epochs={begun} or more."))
    net.set_weights(_group("weights", tensors))
    for mask, value in zip(net.dropout_states, _group("masks", tensors), strict=True):
        mask.set_value(value)
    net.best = _group("best", tensors) or None
    good = _group("good", tensors) or net.get_weights()
    costs = tensors.get("costs", np.empty(0))
    return State(history, header["seed"], header["shuffle"], good, costs, _group("rule", tensors))


def settings(net, plan: Plan) -> dict[str, Any]:
    """Return what must be the same for a training to go on, as JSON has it: the network, arguments and data.

    The number of epochs is not among it: a training may be made longer.
    """
    cost = "the last layer's" if plan.cost is None else _called(plan.cost)
    layers = {f"layer {i + 1}": json.dumps(description(layer)) for i, layer in enumerate(net.layers)}
    return (
        layers
        | {
            "masks": len(net.dropout_states),
            "floatX": net.floatX,
            "mini_batch_size": plan.mini_batch_size,
            "eta": plan.eta,
            "lmbda": plan.lmbda,
            "cost": cost,
            "shuffle": plan.shuffle,
            "monitor": list(plan.monitor),
        }
        | {name: said for name, said, default in _beyond_the_book(plan) if said != default}
        | {
            f"{name} data": "none" if examples is None else examples.fingerprint
            for name, examples in (("training", plan.training), ("validation", plan.validation), ("test", plan.test))
        }
    )


def _beyond_the_book(plan: Plan) -> list[tuple[str, str, str]]:
    """Return what is not in checkpoints of trainings without it, with the value that says so."""
    return [
        ("regularizer", _called(plan.regularizer), "l2"),
        ("lmbda_over", plan.lmbda_over, "mini_batches"),
        ("rule", _called(plan.rule), "gradient_descent"),
        ("schedule", _called(plan.schedule), "None"),
        ("stopping", _called(plan.stopping), "None"),
        ("augment", _called(plan.augment), "None"),
    ]


def _called(function) -> str:
    """Return the name of a function; that of an object with settings tells them."""
    return getattr(function, "__qualname__", repr(function))


def _numbered(group: str, arrays) -> dict[str, np.ndarray]:
    return {f"{group}.{k}": array for k, array in enumerate(arrays)}


def _group(group: str, tensors) -> list[np.ndarray]:
    """Return the arrays of a group in their order."""
    count = sum(name.startswith(f"{group}.") for name in tensors)
    return [tensors[f"{group}.{k}"] for k in range(count)]
