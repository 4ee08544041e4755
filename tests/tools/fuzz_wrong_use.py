"""Fuzzing of wrong use: public constructors, methods and functions called with random wrong arguments.

``python -m tests.tools.fuzz_wrong_use --minutes 10`` prints every error that is not in four parts, with the call that
raised it. A call that is accepted counts as well: values such as 10.0 for 10 are harmless.
"""

import argparse
import contextlib
import dataclasses
import functools
import io
import os
import random
import re
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any
from unittest import mock

import numpy as np
import pytensor
import pytensor.tensor as pt

import network3
from network3 import ConvPoolLayer, FullyConnectedLayer, Network, RegressionLayer, SoftmaxLayer, optim
from network3.layers import costs, dropout_states, dropout_updates, initializers, ops
from network3.training import history
from tests.tools.wrong_values import Hostile, values

FOUR_PARTS = re.compile(r"^.+: .*\b(expected|must|takes?|needs|has|runs on)\b.*; got .+\. \S.*[.}]$", re.DOTALL)
KEYWORDS = ("border_mode", "subsample", "ws", "learning_rate", "batch_size", "seed", "self", "xyzzy", "verbose_")
Choose = Callable[[Sequence[Any]], Any]


@functools.cache
def net() -> Network:
    """Return a small network, compiled once."""
    return Network([FullyConnectedLayer(6, 5), SoftmaxLayer(5, 3)], 4)


X, Y = np.full((20, 6), 0.5, "float32"), np.arange(20) % 3
SGD = {"training_data": (X, Y), "epochs": 1, "mini_batch_size": 4, "eta": 0.1, "validation_data": (X, Y)}
SGD |= {"test_data": (X, Y), "lmbda": 0.1, "cost": costs.quadratic, "regularizer": optim.l1, "lmbda_over": "examples"}
SGD |= {"rule": optim.Momentum(0.9), "schedule": optim.StepDecay(), "stopping": optim.NoImprovementIn(2)}
SGD |= {"monitor": ["test_cost"], "shuffle": True, "augment": lambda images, rng: images, "devices": 1, "seed": 1}
SGD |= {"callbacks": [lambda progress: None], "checkpoint": None, "resume": None, "verbose": False}
DENSE = {"n_in": 6, "n_out": 5, "p_dropout": 0.5, "initializer": initializers.normalized, "rng": None}
CONV = {"filter_shape": (3, 2, 3, 3), "image_shape": (4, 2, 9, 8), "poolsize": 2, "pool": "max", "stride": 1}
CONV |= {"padding": "valid", "activation_fn": network3.tanh, "initializer": initializers.he, "rng": None}


def expression(axes: int, dtype: str = "float64") -> Any:
    """Return a variable."""
    return pt.tensor("v", shape=(None,) * axes, dtype=dtype)


class Own:
    """A layer of a user; all its attributes can be replaced."""

    def __init__(self, attributes):
        self.own = attributes
        for name, value in attributes.items():
            if name not in ("output", "output_dropout", "y_out"):
                setattr(self, name, value)

    def __getattr__(self, name):
        raise AttributeError(name)

    def connect(self, inpt, inpt_dropout, mini_batch_size):
        """Set the outputs, as those of the attributes if they are not functions."""
        for name, value in self.own.items():
            if name in ("output", "output_dropout", "y_out"):
                setattr(self, name, value(inpt) if value is pt.argmax or value is np.tanh else value)


def own_layer(*ignored, **attributes):
    """Train a network that ends with a layer of these attributes."""
    layer = Own(attributes)
    if attributes.get("set_inpt") is np.tanh:
        layer.set_inpt = layer.connect
    return Network([FullyConnectedLayer(6, 3), layer], 4).SGD((X, Y), 1, 4, 0.1, (X, Y))


OWN: dict[str, Any] = {"params": [], "set_inpt": np.tanh, "output": np.tanh, "output_dropout": np.tanh}
OWN |= {"cost": lambda net: net.layers[-1].output_dropout.mean(), "accuracy": lambda y: pt.mean(y, dtype="float32")}
OWN |= {"y_out": pt.argmax, "output_shape": lambda shape: shape, "input_shape": (3,), "n_out": 3, "trainable": True}
OWN |= {"target_dtype": "int32", "target_ndim": 1, "w": pytensor.shared(np.zeros(3, "float32"))}


def another_net() -> Network:
    return Network([SoftmaxLayer(6, 3)], 4)


MANY = {"builders": another_net, "seeds": [1, 2], "epochs": 1, "mini_batch_size": 4, "eta": 0.1, "lmbda": [0.1, 0.2]}
MANY |= {"training_data": (X, Y), "validation_data": (X, Y), "cost": costs.quadratic, "shuffle": True, "verbose": False}


def defaults(kind: Any) -> dict[str, Any]:
    """Return arguments for a dataclass."""
    fields = dataclasses.fields(kind)
    return {field.name: 2.0 if field.default is dataclasses.MISSING else field.default for field in fields}


WINDOWS: dict[str, Any] = {"stride": (2, 1), "padding": ((1, 0), 2), "ceil": True}
MATRIX, IMAGES, LABELS, COST = expression(2), expression(4), expression(1, "int32"), expression(0)
# name: (function, right arguments)
TARGETS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "FullyConnectedLayer": (FullyConnectedLayer, DENSE | {"activation_fn": network3.sigmoid}),
    "RegressionLayer": (RegressionLayer, DENSE | {"activation_fn": network3.linear}),
    "SoftmaxLayer": (SoftmaxLayer, DENSE),
    "ConvPoolLayer": (ConvPoolLayer, CONV),
    "Network": (lambda *a, **k: Network(*a, **k), {"layers": [SoftmaxLayer(3, 2)], "mini_batch_size": 4}),
    "SGD": (lambda *a, **k: net().SGD(*a, **k), SGD),
    "predict": (lambda *a, **k: net().predict(*a, **k), {"images": X}),
    "predict_proba": (lambda *a, **k: net().predict_proba(*a, **k), {"images": X}),
    "accuracy": (lambda *a, **k: net().accuracy(*a, **k), {"data": (X, Y)}),
    "get_weights": (lambda *a, **k: net().get_weights(*a, **k), {}),
    "set_weights": (lambda *a, **k: net().set_weights(*a, **k), {"weights": [np.zeros((6, 5)), np.zeros(5)]}),
    "save": (lambda *a, **k: net().save(*a, **k), {"filename": "net.safetensors"}),
    "load": (network3.load, {"filename": "net.safetensors", "layers": None}),
    "load_data_shared": (network3.load_data_shared, {"filename": "missing.npz", "storage": "uint8"}),
    "use": (network3.use, {"device": "cpu", "floatX": "float32", "backend": "network3"}),
    "gradient_norms": (
        network3.gradient_norms,
        {"net": net(), "data": (X, Y), "cost": costs.quadratic, "of": "biases"},
    ),
    "GradientNorms": (network3.GradientNorms, {"net": net(), "data": (X, Y), "cost": None, "of": "weights"}),
    "ensemble": (network3.ensemble, {"nets": [net()], "test_data": (X, Y), "verbose": False}),
    "conv2d": (ops.conv2d, {"x": IMAGES, "w": IMAGES, "flip": True, "stride": 2, "padding": (1, 0)}),
    "pool2d": (ops.pool2d, {"x": IMAGES, "size": (2, 3), "mode": "max", **WINDOWS}),
    "upsample2d": (ops.upsample2d, {"x": IMAGES, "factor": (2, 3), "mode": "bilinear"}),
    "dropout_layer": (network3.dropout_layer, {"layer": MATRIX, "p_dropout": 0.5}),
    "dropout_states": (dropout_states, {"expression": MATRIX}),
    "dropout_updates": (dropout_updates, {"expression": MATRIX}),
    **{
        f.__name__: (f, {"a": MATRIX, "y": LABELS})
        for f in (costs.quadratic, costs.cross_entropy, costs.log_likelihood)
    },
    **{f.__name__: (f, {"z": MATRIX}) for f in (network3.sigmoid, network3.tanh, network3.ReLU, network3.softmax)},
    "step": (network3.step, {"z": MATRIX}),
    "linear": (network3.linear, {"z": MATRIX}),
    **{
        name: (kind, defaults(kind))
        for name, kind in vars(optim).items()
        if isinstance(kind, type) and dataclasses.is_dataclass(kind)
    },
    "a layer of one's own": (own_layer, OWN),
    "train_many": (network3.train_many, MANY),
    "size": (network3.size, {"data": (X, Y)}),
}


def wrong_call(choose: Choose, names: Sequence[str] = tuple(TARGETS)) -> tuple[str, list[Any], dict[str, Any]]:
    """Return the name of a target, and arguments of which one to three have been changed."""
    name = choose(names)
    right = dict(TARGETS[name][1])
    free = list(right)
    arguments: list[Any] = []
    for _ in range(choose((1, 1, 1, 2, 3))):
        change = choose(("replace", "replace", "replace", "drop", "add", "by position", "only it"))
        if change == "add":
            right[choose(KEYWORDS)] = choose(values())
        elif change == "by position":
            arguments.append(choose(values()))
        elif free:
            argument = choose(free)
            if change == "replace":
                right[argument] = choose(values())
            elif change == "drop":
                right.pop(argument, None)
            else:
                right = {argument: choose(values())}
    return name, arguments, right


def failure(name: str, arguments: Sequence[Any], keywords: dict[str, Any]) -> BaseException | None:
    """Return the error of a call, if there is one that is not in four parts."""
    try:
        with (
            warnings.catch_warnings(),
            mock.patch("network3.network.train", return_value=history.History()),
            mock.patch("network3.ensembles.train_many.Trainer", lambda states, log: mock.Mock(run=lambda: states)),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", network3.TrainingWarning)
            TARGETS[name][0](*arguments, **keywords)
    except Exception as error:
        return None if FOUR_PARTS.match(str(error)) else error
    return None


def shown(name: str, arguments: Sequence[Any], keywords: dict[str, Any]) -> str:
    """Return a call as text."""
    changed = {key: value for key, value in keywords.items() if TARGETS[name][1].get(key, values) is not value}
    missing = [key for key in TARGETS[name][1] if key not in keywords]
    parts = [object.__repr__(v) if isinstance(v, Hostile) else repr(v) for v in arguments]
    parts += [f"{k}={object.__repr__(v) if isinstance(v, Hostile) else repr(v)}" for k, v in changed.items()]
    return f"{name}({', '.join(parts)}) without {', '.join(missing) or 'nothing'}"


def main(minutes: float, seed: int) -> int:
    """Make random calls until the time is over; return the number of errors that are not ours."""
    chosen, counts, wrong = random.Random(seed), Counter[str](), 0
    end = time.monotonic() + 60 * minutes
    found: set[str] = set()
    while time.monotonic() < end:
        call = wrong_call(chosen.choice)
        counts[call[0]] += 1
        if (error := failure(*call)) is not None:
            wrong += 1
            kind = f"{call[0]}: {type(error).__name__}: " + re.sub(r"'.*?'|not .*|[0-9]+", "", str(error))[:60]
            if kind not in found:
                found.add(kind)
                print(f"{shown(*call)[:600]}\n    {type(error).__name__}: {str(error)[:300]}", flush=True)
    print(f"{counts.total():,} calls of {len(counts)} targets; {wrong} errors that are not in four parts")
    return wrong


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        sys.exit(1 if main(given.minutes, given.seed) else 0)
