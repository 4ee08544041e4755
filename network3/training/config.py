"""The settings of a training: the arguments of `Network.SGD`, checked before anything is compiled."""

from collections.abc import Callable
from dataclasses import MISSING, Field, InitVar, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from network3.data import Examples, examples
from network3.execution.devices import select_devices
from network3.execution.sharding import DeviceMesh
from network3.graph import NetworkLike, frozen_layers, has_accuracy, layer_name
from network3.layers.calls import call
from network3.layers.checks import error_message, flag, one_of, real, shown
from network3.layers.costs import LogLikelihood
from network3.optim import gradient_descent, l2
from network3.optim.rules import RULE_ARGUMENTS
from network3.storage.atomic import check_writable

from .history import History
from .options import (
    as_given,
    callback_list,
    choice,
    count,
    described,
    epoch_count,
    function,
    names,
    number,
    option,
    optional_seed,
    path,
)
from .trial import try_functions

SETS = ("training", "validation", "test")
MONITORS = tuple(f"{name}_{quantity}" for name in SETS for quantity in ("cost", "accuracy"))


@dataclass(frozen=True)
class TrainingConfig:
    """The arguments of `Network.SGD`, which checks them when it is made for a network.

    A new option is one more field here, and one more argument there; checkpoints record it by themselves.

    Attributes
    ----------
    mesh : DeviceMesh or None
        The devices that share each mini-batch; None for the CPU.

    Raises
    ------
    TypeError, ValueError
        In four parts: an argument or a data set that does not fit the network.
    """

    net: InitVar[NetworkLike]
    training_data: Examples = option(as_given, recorded="training data")
    epochs: int = option(epoch_count, recorded=False)
    mini_batch_size: int = option(count())
    eta: float = option(number(least=0.0))
    validation_data: Examples | None = option(as_given, None, recorded="validation data", none="none")
    test_data: Examples | None = option(as_given, None, recorded="test data", none="none")
    lmbda: float = option(number(least=0.0), 0.0)
    cost: Callable | None = option(
        function("network3.layers.costs.cross_entropy", "a", "y"), None, none="the last layer's"
    )
    regularizer: Callable = option(function("network3.optim.l1", "weights", default=l2), l2)
    lmbda_over: str = option(choice("mini_batches", "examples"), "mini_batches")
    rule: Callable = option(
        function("network3.optim.Momentum(0.9)", *RULE_ARGUMENTS, default=gradient_descent), gradient_descent
    )
    schedule: Callable | None = option(function("network3.optim.StepDecay(every=10)", "eta", "history"), None)
    stopping: Callable | None = option(function("network3.optim.NoImprovementIn(10)", "history"), None)
    monitor: tuple[str, ...] = option(names, ())
    shuffle: bool = option(flag, False)
    augment: Callable | None = option(function("network3.optim.Deformation(rotation=10)", "images", "rng"), None)
    devices: int | None = option(as_given, None, recorded=False)
    seed: int | None = option(optional_seed, None, recorded=False)  # the one that was drawn is in the state
    callbacks: tuple[Any, ...] = option(callback_list, (), recorded=False)
    checkpoint: Path | None = option(path, None, recorded=False)
    resume: Path | None = option(path, None, recorded=False)
    verbose: bool = option(flag, True, recorded=False)
    mesh: DeviceMesh | None = field(init=False, default=None)

    def __post_init__(self, net: NetworkLike) -> None:
        self._check_cost(net)
        given: Any = self.training_data  # as `Network.SGD` got it
        training = examples("training data", given, net, self.cost)
        self._set("training_data", training)
        if isinstance(self.cost, LogLikelihood):  # the class weights follow from the labels
            self._set("cost", self.cost.for_labels(training.targets, net.output_width))
        for name in ("validation", "test"):
            data = getattr(self, f"{name}_data")
            if data is not None:
                self._set(f"{name}_data", examples(f"{name} data", data, net, self.cost, training))
        for given in fields(self):
            if given.init:
                self._set(given.name, given.metadata["check"](f"SGD: {given.name}", getattr(self, given.name)))
        self._set("mesh", select_devices(self.devices, self.mini_batch_size, net.floatX))
        if self.checkpoint is None:
            self._set("checkpoint", self.resume)
        self._check_together(net)
        if not self.leads:
            self._set("checkpoint", None)
        if self.checkpoint is not None:
            check_writable("SGD: checkpoint", self.checkpoint)

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)  # of a frozen object, while it is made

    @property
    def leads(self) -> bool:
        """Whether this process prints and saves: the first of those that train together."""
        return self.mesh is None or self.mesh.first_process

    @property
    def batches(self) -> int:
        """Mini-batches an epoch; examples that fill none are left out."""
        return len(self.training_data) // self.mini_batch_size

    @property
    def decay(self) -> float:
        """The factor of the regularizer."""
        return self.decay_of(self.lmbda)

    @property
    def regularized(self) -> bool:
        """Whether steps have the regularizer: it is used, or a callback with `adjust` may use it later."""
        return self.lmbda > 0 or any(hasattr(callback, "adjust") for callback in self.callbacks)

    def decay_of(self, lmbda: float) -> float:
        """Return the factor of the regularizer for another `lmbda`."""
        return lmbda / (self.batches if self.lmbda_over == "mini_batches" else len(self.training_data))

    def learning_rate(self, history: History) -> float | None:
        """Return the learning rate of the epoch after those in `history`; None if the training is to stop."""
        if history.epochs and self.stopping is not None and flag("SGD: what stopping returns", self.stopping(history)):
            return None
        eta = self.eta if self.schedule is None else self.schedule(self.eta, history)
        return None if eta is None else real("SGD: what the schedule returns", eta, least=0.0)

    def images(self, seed: np.random.SeedSequence) -> np.ndarray:
        """Return the images that an epoch trains on, of the shape and type of the training images.

        Raises
        ------
        ValueError
            `augment` returned something else.
        """
        images = self.training_data.images
        return images if self.augment is None else self._augmented(self.augment, images, seed)

    def settings(self) -> dict[str, Any]:
        """Return the options that must be the same for a training to be resumed, as JSON has them."""
        return {_recorded_name(given): described(given, getattr(self, given.name)) for given in _recorded()}

    def _augmented(self, augment: Callable, images: np.ndarray, seed: Any) -> np.ndarray:
        generator = np.random.default_rng(seed)
        result = call("SGD: augment", augment, images, generator, of="images and a NumPy Generator")
        if not isinstance(result, np.ndarray) or (result.shape, result.dtype) != (images.shape, images.dtype):
            got = f"{result.shape}, {result.dtype}" if isinstance(result, np.ndarray) else shown(result)
            expected = f"expected images of shape {images.shape} and type {images.dtype}, as they were given"
            hint = "Return an array like the images; for types, images.astype(...)."
            raise ValueError(error_message("SGD: augment", expected, got, hint))
        return np.ascontiguousarray(result)

    def _check_cost(self, net: NetworkLike) -> None:
        if self.cost is None and not hasattr(net.layers[-1], "cost"):
            name = layer_name(net.layers, len(net.layers) - 1)
            hint = (
                "End with a SoftmaxLayer for labels or a RegressionLayer for values, or pass "
                "SGD(..., cost=network3.layers.costs.quadratic)."
            )
            raise ValueError(error_message(name, "the last layer must have a cost", "one without", hint))

    def _check_together(self, net: NetworkLike) -> None:
        """Raise ValueError where options do not fit each other, or the last layer."""
        if self.batches < 1:
            images = len(self.training_data)
            expected = f"expected at most the {images} examples of the training data"
            hint = f"Write {min(10, images)}, or pass more data."
            raise ValueError(error_message("SGD: mini_batch_size", expected, str(self.mini_batch_size), hint))
        if len(frozen_layers(net.layers)) == len(net.layers):
            hint = "Set layer.trainable = True on one of them."
            raise ValueError(error_message("SGD", "expected a layer to train", "frozen layers only", hint))
        self._check_min_batch(net)
        last = layer_name(net.layers, len(net.layers) - 1)
        regularizer = self.regularizer if self.regularized else None
        try_functions(net, self.mini_batch_size, self.training_data, self.cost, regularizer, self.rule)
        for monitor in self.monitor:
            self._check_monitor(monitor, has_accuracy(net, self.training_data.targets.shape[1:]), last)
        if self.augment is not None:  # on two images, so that what cannot work is refused now
            self._augmented(self.augment, self.training_data.images[:2].copy(), 0)
        for name, method in (("schedule", self.schedule), ("stopping", self.stopping)):
            if getattr(method, "needs_validation", False) and self.validation_data is None:
                hint = "Pass validation_data as well."
                raise ValueError(error_message(f"SGD: {name}", f"{method} needs validation_data", "none", hint))

    def _check_min_batch(self, net: NetworkLike) -> None:
        for k, layer in enumerate(net.layers):
            least = getattr(layer, "min_batch", 1) if k not in frozen_layers(net.layers) else 1
            if self.mini_batch_size < least:
                expected = f"expected mini-batches of at least {least} examples"
                hint = f"Write mini_batch_size={max(10, least)}, or set trainable = False on the layer."
                got = f"mini_batch_size={self.mini_batch_size}"
                raise ValueError(error_message(layer_name(net.layers, k), expected, got, hint))

    def _check_monitor(self, monitor: str, classifies: bool, last: str) -> None:
        one_of("SGD: monitor", monitor, MONITORS)
        data, _, quantity = monitor.partition("_")
        if getattr(self, f"{data}_data") is None:
            hint = f"Pass {data}_data as well."
            raise ValueError(error_message("SGD: monitor", f"{monitor} needs {data}_data", "none", hint))
        if quantity == "accuracy" and not classifies:
            hint = "Leave it out, or give the layer an accuracy."
            raise ValueError(error_message("SGD: monitor", f"{monitor} needs an accuracy(y)", f"{last} without", hint))


def default_settings() -> dict[str, Any]:
    """Return the settings of a checkpoint that does not have them: it is older than the option."""
    given = [option for option in _recorded() if option.default is not MISSING]
    return {_recorded_name(option): described(option, option.default) for option in given}


def _recorded() -> list[Field]:
    return [field for field in fields(TrainingConfig) if field.metadata.get("recorded")]


def _recorded_name(option: Field) -> str:
    recorded = option.metadata["recorded"]
    return option.name if recorded is True else recorded
