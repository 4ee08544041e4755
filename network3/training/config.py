"""The arguments of `Network.SGD`, checked before anything is compiled."""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from network3.data import Examples, examples
from network3.execution.devices import select_devices
from network3.graph import layer_name
from network3.layers.checks import error_message, integer, one_of, real
from network3.optim import gradient_descent, l2
from network3.storage.atomic import check_writable

from .history import History

if TYPE_CHECKING:
    from network3.execution.sharding import DeviceMesh

OVER = ("mini_batches", "examples")
SETS = ("training", "validation", "test")
MONITORS = tuple(f"{name}_{what}" for name in SETS for what in ("cost", "accuracy"))


@dataclass(frozen=True)
class Plan:
    """The arguments of `Network.SGD`, once checked."""

    training: Examples
    validation: Examples | None
    test: Examples | None
    epochs: int
    mini_batch_size: int
    eta: float
    lmbda: float
    cost: Callable | None
    regularizer: Callable
    lmbda_over: str
    rule: Callable
    schedule: Callable | None
    stopping: Callable | None
    monitor: tuple[str, ...]
    shuffle: bool
    augment: Callable | None
    mesh: "DeviceMesh | None"
    seed: int | None
    callbacks: Sequence[Callable]
    checkpoint: Path | None
    resume: Path | None

    def images(self, seed: int | None, epoch: int) -> np.ndarray:
        """Return what an epoch trains on, of the shape and type of the training images.

        Raises
        ------
        ValueError
            It is something else.
        """
        images = self.training.images
        return images if self.augment is None else augmented(self.augment, images, [seed or 0, epoch + 1])

    @property
    def batches(self) -> int:
        """Mini-batches an epoch; examples that fill none are left out."""
        return len(self.training) // self.mini_batch_size

    @property
    def decay(self) -> float:
        """What multiplies the regularizer."""
        return self.lmbda / (self.batches if self.lmbda_over == "mini_batches" else len(self.training))

    def rate(self, history: History) -> float | None:
        """Return the learning rate of the epoch after those in `history`; None if the training is to stop."""
        if history.epochs and self.stopping is not None and self.stopping(history):
            return None
        eta = self.eta if self.schedule is None else self.schedule(self.eta, history)
        return None if eta is None else real("SGD: what the schedule returns", eta)


def make_plan(
    net,
    data,
    *,
    epochs,
    mini_batch_size,
    eta,
    lmbda,
    cost,
    regularizer,
    lmbda_over,
    rule,
    schedule,
    stopping,
    monitor,
    shuffle,
    augment,
    devices,
    seed,
    callbacks,
    checkpoint,
    resume,
) -> Plan:
    """Return the arguments of ``net.SGD`` as a Plan; `data` are its three data sets.

    ``NETWORK3_MAX_EPOCHS`` in the environment cuts `epochs`, to try a long program out.

    Raises
    ------
    TypeError, ValueError
        In four parts: an argument or a data set that does not fit the network.
    """
    training, validation, test = data
    size = integer("SGD: mini_batch_size", mini_batch_size)
    plan = Plan(
        training=examples("training data", training, net),
        validation=None if validation is None else examples("validation data", validation, net),
        test=None if test is None else examples("test data", test, net),
        epochs=min(integer("SGD: epochs", epochs, least=0), most_epochs()),
        mini_batch_size=size,
        eta=real("SGD: eta", eta),
        lmbda=real("SGD: lmbda", lmbda, least=0.0),
        cost=cost,
        regularizer=_called("SGD: regularizer", regularizer, l2, "network3.optim.l1"),
        lmbda_over=one_of("SGD: lmbda_over", lmbda_over, OVER),
        rule=_called("SGD: rule", rule, gradient_descent, "network3.optim.Momentum(0.9)"),
        schedule=_called("SGD: schedule", schedule, None, "network3.optim.StepDecay(every=10)"),
        stopping=_called("SGD: stopping", stopping, None, "network3.optim.NoImprovementIn(10)"),
        monitor=(monitor,) if isinstance(monitor, str) else tuple(monitor),
        shuffle=bool(shuffle),
        augment=_called("SGD: augment", augment, None, "network3.optim.Deformation(rotation=10)"),
        mesh=select_devices(devices, size, net.floatX),
        seed=None if seed is None else integer("SGD: seed", seed, least=0),
        callbacks=tuple(callbacks),
        resume=_path("SGD: resume", resume),
        checkpoint=_path("SGD: checkpoint", resume if checkpoint is None else checkpoint),
    )
    if plan.batches < 1:
        raise ValueError(
            error_message(
                "SGD: mini_batch_size",
                f"expected at most the {len(plan.training)} examples of the training data",
                str(plan.mini_batch_size),
                f"Write {min(10, len(plan.training))}, or pass more data.",
            )
        )
    _check_last_layer(net, plan)
    if plan.augment is not None:
        augmented(plan.augment, plan.training.images[:2].copy(), 0)  # to be told now of what cannot work
    for name, function in (("schedule", plan.schedule), ("stopping", plan.stopping)):
        if getattr(function, "needs_validation", False) and plan.validation is None:
            hint = "Pass validation_data as well."
            raise ValueError(error_message(f"SGD: {name}", f"{function} needs validation_data", "none", hint))
    if plan.mesh is not None and not plan.mesh.first:
        return replace(plan, checkpoint=None)
    if plan.checkpoint is not None:
        check_writable("SGD: checkpoint", plan.checkpoint)
    return plan


def augmented(augment: Callable, images: np.ndarray, seed) -> np.ndarray:
    """Return ``augment(images, rng)``, once checked."""
    result = augment(images, np.random.default_rng(seed))
    if getattr(result, "shape", None) != images.shape or result.dtype != images.dtype:
        got = f"{result.shape}, {result.dtype}" if isinstance(result, np.ndarray) else repr(result)[:80]
        expected = f"expected images of shape {images.shape} and type {images.dtype}, as they were given"
        hint = "Return an array like the images; for types, images.astype(...)."
        raise ValueError(error_message("SGD: augment", expected, got, hint))
    return np.ascontiguousarray(result)


def _called(who: str, function, default, example: str):
    """Return `function`, or the default for None, if it can be called as it is."""
    if function is None:
        return default
    if callable(function) and not isinstance(function, type):
        return function
    got = f"the class {function.__name__}" if isinstance(function, type) else repr(function)
    raise TypeError(
        error_message(who, "expected a function, or an object that can be called", got, f"Write e.g. {example}.")
    )


def most_epochs() -> int:
    """Return what NETWORK3_MAX_EPOCHS cuts every training to."""
    most = os.environ.get("NETWORK3_MAX_EPOCHS", "")
    return integer("NETWORK3_MAX_EPOCHS", int(most) if most.isdecimal() else most, least=0) if most else sys.maxsize


def _path(who: str, value) -> Path | None:
    if value is None or isinstance(value, str | os.PathLike):
        return None if value is None else Path(value)
    raise TypeError(error_message(who, "expected the name of a file", repr(value), 'Write e.g. "training.checkpoint".'))


def _check_last_layer(net, plan: Plan) -> None:
    """Raise ValueError where the last layer lacks what the plan asks for."""
    last, name = net.layers[-1], layer_name(net.layers, len(net.layers) - 1)
    if plan.cost is None and not hasattr(last, "cost"):
        hint = "End with a SoftmaxLayer, or pass SGD(..., cost=network3.layers.costs.quadratic)."
        raise ValueError(error_message(name, "the last layer must have a cost", "one without", hint))
    for monitor in plan.monitor:
        one_of("SGD: monitor", monitor, MONITORS)
        data = monitor.partition("_")[0]
        if getattr(plan, data) is None:
            hint = f"Pass {data}_data as well."
            raise ValueError(error_message("SGD: monitor", f"{monitor} needs {data}_data", "none", hint))
        if monitor.endswith("accuracy") and not hasattr(last, "accuracy"):
            hint = "Leave it out, or give the layer an accuracy."
            raise ValueError(error_message("SGD: monitor", f"{monitor} needs an accuracy(y)", f"{name} without", hint))
