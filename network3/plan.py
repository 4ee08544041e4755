"""The arguments of `Network.SGD`, checked before anything is compiled."""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from network3.layers.checks import complaint, one_of, real, whole

from .atomic import check_writable
from .data import Examples, examples
from .wiring import layer_name

MONITORS = ("training_cost", "training_accuracy", "validation_cost", "validation_accuracy")


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
    monitor: tuple[str, ...]
    shuffle: bool
    seed: int | None
    callbacks: Sequence[Callable]
    checkpoint: Path | None
    resume: Path | None

    @property
    def batches(self) -> int:
        """Mini-batches an epoch; examples that fill none are left out."""
        return len(self.training) // self.mini_batch_size


def make_plan(
    net, data, *, epochs, mini_batch_size, eta, lmbda, cost, monitor, shuffle, seed, callbacks, checkpoint, resume
) -> Plan:
    """Return the arguments of ``net.SGD`` as a Plan; `data` are its three data sets.

    ``NETWORK3_MAX_EPOCHS`` in the environment cuts `epochs`, to try a long program out.

    Raises
    ------
    TypeError, ValueError
        In four parts: an argument or a data set that does not fit the network.
    """
    training, validation, test = data
    plan = Plan(
        training=examples("training data", training, net),
        validation=None if validation is None else examples("validation data", validation, net),
        test=None if test is None else examples("test data", test, net),
        epochs=min(whole("SGD: epochs", epochs, least=0), _most_epochs()),
        mini_batch_size=whole("SGD: mini_batch_size", mini_batch_size),
        eta=real("SGD: eta", eta),
        lmbda=real("SGD: lmbda", lmbda, least=0.0),
        cost=cost,
        monitor=(monitor,) if isinstance(monitor, str) else tuple(monitor),
        shuffle=bool(shuffle),
        seed=None if seed is None else whole("SGD: seed", seed, least=0),
        callbacks=tuple(callbacks),
        resume=_path("SGD: resume", resume),
        checkpoint=_path("SGD: checkpoint", resume if checkpoint is None else checkpoint),
    )
    if plan.batches < 1:
        raise ValueError(
            complaint(
                "SGD: mini_batch_size",
                f"wanted at most the {len(plan.training)} examples of the training data",
                str(plan.mini_batch_size),
                f"Write {min(10, len(plan.training))}, or pass more data.",
            )
        )
    _check_last_layer(net, plan)
    if plan.checkpoint is not None:
        check_writable("SGD: checkpoint", plan.checkpoint)
    return plan


def _most_epochs() -> int:
    most = os.environ.get("NETWORK3_MAX_EPOCHS", "")
    return whole("NETWORK3_MAX_EPOCHS", int(most) if most.isdecimal() else most, least=0) if most else sys.maxsize


def _path(who: str, value) -> Path | None:
    if value is None or isinstance(value, str | os.PathLike):
        return None if value is None else Path(value)
    raise TypeError(complaint(who, "wanted the name of a file", repr(value), 'Write e.g. "training.checkpoint".'))


def _check_last_layer(net, plan: Plan) -> None:
    """Raise ValueError where the last layer lacks what the plan asks for."""
    last, name = net.layers[-1], layer_name(net.layers, len(net.layers) - 1)
    if plan.cost is None and not hasattr(last, "cost"):
        mend = "End with a SoftmaxLayer, or pass SGD(..., cost=network3.layers.costs.quadratic)."
        raise ValueError(complaint(name, "the last layer must have a cost", "one without", mend))
    for monitor in plan.monitor:
        one_of("SGD: monitor", monitor, MONITORS)
        if monitor.startswith("validation") and plan.validation is None:
            mend = "Pass validation_data as well."
            raise ValueError(complaint("SGD: monitor", f"{monitor} needs validation_data", "none", mend))
        if monitor.endswith("accuracy") and not hasattr(last, "accuracy"):
            mend = "Leave it out, or give the layer an accuracy."
            raise ValueError(complaint("SGD: monitor", f"{monitor} needs an accuracy(y)", f"{name} without", mend))
