"""The training of one network: with its config, all that decides how it goes on."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pytensor.compile.sharedvalue import SharedVariable

from network3.execution.compile import compile_step, compiled
from network3.execution.functions import Step
from network3.graph import NetworkLike, frozen_layers

from .averages import Averages
from .config import TrainingConfig
from .evaluation import Evaluator, weight_penalty
from .health import check_epoch, divergence
from .history import History
from .seeds import EpochSeeds, draw_seed, epoch_seeds, seed_dropout


@dataclass
class TrainingState:
    """The training of one network, between two mini-batches; the network has its weights and its dropout states.

    Attributes
    ----------
    net : Network
    config : TrainingConfig
    history : History
        Of the complete epochs.
    seed : int or None
        Of the shuffle, of dropout and of augmentation; None if none of them is used.
    last_finite_weights : list of arrays
        The parameters and buffers before the current epoch.
    costs : float64 array of shape (batch,)
        Of the mini-batches of the current epoch.
    permutation : int array of shape (n,), or None
        The order of the current epoch, if a checkpoint of an older format has it; otherwise it follows from the seed.
    saved_slots : list of arrays
        The update rule's slots, such as velocities, from a checkpoint.
    slots : list of shared variables
        That hold them, once `compile_step` has been called.
    evaluators : dict of str to Evaluator
        By the name of the data set, made when they are first used.
    template : Network, optional
        One of the same architecture whose compiled scorers this one shares, given a mesh.
    averages : Averages
        Of the parameters, which are evaluated in their place; empty unless the rule keeps any.
    last_averages : list of arrays
        Their values before the current epoch.
    """

    net: NetworkLike
    config: TrainingConfig
    history: History
    seed: int | None
    last_finite_weights: list[np.ndarray]
    costs: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    permutation: NDArray[np.int64] | None = None
    saved_slots: list[np.ndarray] = field(default_factory=list)
    slots: list[SharedVariable] = field(default_factory=list)
    evaluators: dict[str, Evaluator] = field(default_factory=dict)
    template: NetworkLike | None = None
    averages: Averages = field(default_factory=Averages)
    last_averages: list[np.ndarray] = field(default_factory=list)

    @property
    def epoch(self) -> int:
        """The current epoch, from 0."""
        return self.history.epochs

    @property
    def batch(self) -> int:
        """Mini-batches done in it."""
        return len(self.costs)

    @property
    def seeds(self) -> EpochSeeds:
        """The seeds of the current epoch."""
        return epoch_seeds(self.seed or 0, self.epoch)

    def compile_step(self, *, regularized: bool) -> Step:
        """Return the compiled step of this training."""
        config = self.config
        images, targets = config.training_data.images, config.training_data.targets
        regularizer = config.regularizer if regularized else None
        shapes = config.mini_batch_size, images.shape[1], targets.shape[1:]
        frozen = frozen_layers(self.net.layers)
        return compiled(self.net, compile_step, *shapes, config.cost, regularizer, config.rule, frozen)

    def restore_optimizer(self, step: Step) -> None:
        """Set the slots of a compiled step to those of this training."""
        self.slots = step.slots
        for slot, value in zip(step.slots, self.saved_slots or step.initial_slots, strict=True):
            slot.set_value(value)
        self.use_averages(step, [slot.container.storage for slot in step.slots])

    def use_averages(self, step: Step, storages: Sequence[list]) -> None:
        """Evaluate those of the step's slots that are averages; `storages` hold the slots' values."""
        variables = [self.net.variables[variable].container.storage for _, variable in step.averages]
        self.averages = Averages(variables, [storages[slot] for slot, _ in step.averages])
        if not self.saved_slots:
            self.averages.start()
        self.last_averages = self.last_averages or self.averages.values()

    def next_learning_rate(self) -> float | None:
        """Return the learning rate of the next epoch; None if the training has ended."""
        return self.config.learning_rate(self.history) if self.epoch < self.config.epochs else None

    def begin_epoch(self) -> NDArray[np.int64]:
        """Return the examples of each mini-batch of the current epoch, (batches, mini_batch_size), and seed dropout."""
        config = self.config
        if self.batch == 0 and self.net.dropout_states:
            seed_dropout(self.net.dropout_states, self.seeds.dropout)
        rows: NDArray[np.int64] = np.arange(len(config.training_data))
        if config.shuffle:
            shuffled = np.random.default_rng(self.seeds.shuffle).permutation(rows)
            rows = shuffled if self.permutation is None else self.permutation
        return rows[: config.batches * config.mini_batch_size].reshape(config.batches, config.mini_batch_size)

    def add_costs(self, costs: NDArray[np.float64]) -> None:
        """Add the costs of the next mini-batches.

        Raises
        ------
        DivergenceError
            One of them is not finite; the network has its last finite weights.
        """
        bad = np.flatnonzero(~np.isfinite(costs))
        if bad.size:
            raise self._divergence(self.batch + int(bad[0]), f"a cost of {costs[bad[0]]}")
        self.costs = np.concatenate([self.costs, costs])

    def end_epoch(self, eta: float, start: float) -> None:
        """Evaluate the epoch that began at the time `start` with the rate `eta`, record it, and go on to the next.

        Raises
        ------
        DivergenceError
            The weights are not finite; the network has its last finite weights.
        """
        weights = self.net.get_weights()
        if not all(np.isfinite(w).all() for w in weights):
            raise self._divergence(self.config.batches - 1, "a finite cost")
        with self.averages.evaluated():
            self._evaluate()
        self.history.cost.append(float(self.costs.mean()))
        self.history.eta.append(eta)
        self.history.seconds.append(time.perf_counter() - start)
        check_epoch(self.net, self.history, self.config.eta, self.last_finite_weights, weights)
        self.last_finite_weights, self.last_averages = weights, self.averages.values()
        self.costs, self.permutation = np.empty(0), None

    def evaluator(self, name: str) -> Evaluator:
        """Return what scores the network over the "training", "validation" or "test" data."""
        if name not in self.evaluators:
            data, config = getattr(self.config, f"{name}_data"), self.config
            self.evaluators[name] = Evaluator(self.net, data, config.cost, config.mesh, like=self.template)
        return self.evaluators[name]

    def _evaluate(self) -> None:
        """Score the data sets after the current epoch, and keep the weights if they are the best so far."""
        scores: dict[str, dict[str, float]] = {}
        history = self.history
        if self.config.validation_data is not None:
            scores["validation"] = self.evaluator("validation").score()
            measure: Literal["accuracy", "cost"] = "accuracy" if "accuracy" in scores["validation"] else "cost"
            if history.record_validation(measure, scores["validation"][measure]):
                self.net.best = self.net.get_weights()
                if self.config.test_data is not None:
                    scores["test"] = self.evaluator("test").score()
                    getattr(history, f"test_{measure}")[-1] = scores["test"][measure]
        monitors = [(monitor, *monitor.split("_")) for monitor in self.config.monitor]
        penalty = weight_penalty(self.net, self.config) if any(m[2] == "cost" for m in monitors) else 0.0
        for monitor, data, quantity in monitors:
            if data not in scores:
                scores[data] = self.evaluator(data).score()
            history.monitors[monitor].append(scores[data][quantity] + (penalty if quantity == "cost" else 0.0))

    def restore_weights(self) -> None:
        """Set the network's parameters and buffers, and the averages, to those before the current epoch."""
        self.averages.set_values(self.last_averages)
        for variable, array in zip(self.net.variables, self.last_finite_weights, strict=True):
            variable.set_value(array)  # not by set_weights, which refuses those that the user set to infinity

    def restore_best(self) -> None:
        """Set the network's parameters to those of the best epoch, if the stopping rule does so at the end."""
        if getattr(self.config.stopping, "restore_best", False) and self.net.best is not None:
            self.net.set_weights(self.net.best)
            self.averages, self.last_averages = Averages(), []  # which would replace them

    def _divergence(self, batch: int, got: str) -> Exception:
        error = divergence(self.net, self.history, batch, self.config.eta, got)
        self.restore_weights()
        return error


def begin(net: NetworkLike, config: TrainingConfig) -> TrainingState:
    """Return the state of a new training; without a seed, NumPy's global generator draws one if it is needed."""
    seed = config.seed
    if seed is None and (config.shuffle or net.dropout_states or config.augment is not None):
        seed = draw_seed()
    net.best = None
    history = History(monitors={name: [] for name in config.monitor}, batches=config.batches)
    return TrainingState(net, config, history, seed, net.get_weights())


def finish(states: Sequence[TrainingState]) -> None:
    """Set the parameters and buffers of each network to their averages, if the rule keeps any."""
    for state in states:
        state.averages.finish()
