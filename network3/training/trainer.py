"""The training loop: epochs of mini-batches in chunks, for one network or for several at once."""

import math
import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from typing import Any

import numpy as np
from numpy.typing import NDArray

from network3.execution.runner import ManyRunner
from network3.graph import NetworkLike, foreign_op
from network3.layers.checks import error_message

from .callbacks import BookLog, Callback, Progress, as_callback, notify
from .checkpoint import resume, save
from .checkpoint_file import checkpoint_lock
from .config import TrainingConfig
from .health import DivergenceError, check_data
from .history import History
from .signals import (
    StopRequest,
    TrainingInterrupted,
    TrainingTerminated,
    deferred_signals,
    in_notebook,
)
from .state import TrainingState, begin
from .steps import Steps

STEPS_A_CHUNK = 250  # mini-batches between returns to Python
Interruption = TrainingInterrupted | TrainingTerminated


class Trainer:
    """Trains networks of one architecture on the same data, each from its own state.

    Parameters
    ----------
    states : list of TrainingState
        One for each network. With several, none has a checkpoint.
    callbacks : list of Callback
        They are called for the first network that is still active.

    Attributes
    ----------
    active : list of int
        The networks that run in the current epoch.
    diverged : dict of int to DivergenceError
        The networks that stopped because of it; a single one raises it instead.
    cost : float
        Mean cost of the last chunk.
    """

    def __init__(self, states: list[TrainingState], callbacks: Sequence[Callback]):
        self.states, self.callbacks = states, callbacks
        self.config = states[0].config
        self.active: list[int] = []
        self.diverged: dict[int, DivergenceError] = {}
        self.request = StopRequest()
        self.cost = math.nan  # mean of the last chunk

    def run(self) -> list[History]:
        """Train to the end, and return the record of each network.

        Raises
        ------
        DivergenceError, TrainingInterrupted, TrainingTerminated
            See `Network.SGD`.
        """
        check_data(self.config)
        try:
            self._run()
        except TrainingInterrupted:
            if not in_notebook():  # where the error would lose the record
                raise
        return [state.history for state in self.states]

    def _run(self) -> None:
        steps = Steps(self.states)
        for state in self.states:  # the step is compiled in the background meanwhile
            if self.config.validation_data is not None and state.epoch < state.config.epochs:
                state.evaluator("validation")
        with deferred_signals() as self.request, ExitStack() as runners:
            while rates := self._next_rates():
                if list(rates) != self.active:  # a network has stopped, or this is the first epoch
                    self.active = list(rates)
                    runners.close()
                    runner = runners.enter_context(closing(steps.runner(self.active)))
                self._run_epoch(runner, rates)
            self._end()

    def _next_rates(self) -> dict[int, float]:
        """Return the learning rate of the next epoch of each network that has one."""
        rates = {k: state.next_learning_rate() for k, state in enumerate(self.states) if k not in self.diverged}
        return {k: rate for k, rate in rates.items() if rate is not None}

    def _run_epoch(self, runner: ManyRunner, rates: dict[int, float]) -> None:
        start = time.perf_counter()
        self._run_batches(runner, rates)
        runner.sync()
        for k in self.active:
            if k in self.diverged:
                self.states[k].restore_weights()  # the runner went on with it
            else:
                self._guard(k, self.states[k].end_epoch, rates[k], start)
        lead = self.states[self.active[0]]
        saved = save(lead)
        self._notify("on_epoch", lead.epoch - 1, self.config.batches, epoch_done=True)
        if (error := self.request.error_class(self.config.mesh)) and lead.epoch < self.config.epochs:
            raise self._interruption(error, saved=saved)

    def _run_batches(self, runner: ManyRunner, rates: dict[int, float]) -> None:
        """Run the current epoch from where it is to its end, in chunks."""
        states, lead = [self.states[k] for k in self.active], self.states[self.active[0]]
        etas, decays = list(rates.values()), [state.config.decay for state in states]
        runner.set_images(lead.config.images(lead.seeds.augmentation))
        rows = np.stack([state.begin_epoch() for state in states])
        epoch, done = lead.epoch, lead.batch
        while done < self.config.batches:
            self._notify("before_chunk", epoch, done)
            # Chunks begin at multiples of their size, counted over all epochs.
            stop = min(self.config.batches, done + STEPS_A_CHUNK - (epoch * self.config.batches + done) % STEPS_A_CHUNK)
            costs = self._take_steps(runner, rows[:, done:stop], etas, decays)
            for k, own_costs in zip(self.active, costs, strict=True):
                if k not in self.diverged:
                    self._guard(k, self.states[k].add_costs, own_costs)
            done, self.cost = stop, float(costs[0].mean())
            self._notify("on_chunk", epoch, done)
            if (error := self.request.error_class(self.config.mesh)) and done < self.config.batches:
                saved = save(lead)
                if len(self.states) > 1:
                    runner.sync()
                    self._restore_weights()
                raise self._interruption(error, saved=saved)

    def _take_steps(
        self, runner: ManyRunner, rows: NDArray[np.int64], etas: list[float], decays: list[float]
    ) -> NDArray[np.float64]:
        try:
            return runner.run(rows, etas, decays)
        except Exception as error:  # such as that of an Op of the user's
            self._restore_weights()
            if isinstance(error, NotImplementedError) and (found := foreign_op(self.states[0].net)):
                hint = "Give it a perform, or a dispatch for Numba."
                expected = "expected Ops that can be computed"
                raise NotImplementedError(error_message(found[0], expected, found[1], hint)) from error
            raise

    def _restore_weights(self) -> None:
        for k in self.active:
            self.states[k].restore_weights()

    def _guard(self, k: int, method: Callable[..., None], *arguments: Any) -> None:
        """Call a method of the k-th state; where one of several networks diverges, the others go on."""
        try:
            method(*arguments)
        except DivergenceError as error:
            if len(self.states) == 1:
                raise
            self.diverged[k] = error
            warnings.warn(f"network {k + 1}: {error}", RuntimeWarning, stacklevel=2)

    def _notify(self, event: str, epoch: int, batch: int, **more: Any) -> None:
        state = self.states[self.active[0] if self.active else 0]
        counts = epoch, self.config.epochs, batch, self.config.batches
        notify(self.callbacks, event, Progress(state.net, state.history, *counts, self.cost, **more))

    def _end(self) -> None:
        """Report the end to the callbacks."""
        state, epochs = self.states[0], self.config.epochs
        message = f"Stopped after {state.epoch} epochs of {epochs}." if state.epoch < epochs else ""
        test = state.history.corresponding_test_accuracy
        untested = self.config.validation_data is None and self.config.test_data is not None and len(self.states) == 1
        if untested and epochs > 0:
            test = state.evaluator("test").score().get("accuracy")
        self._notify("on_end", state.epoch, 0, test_accuracy=test, message=message)

    def _interruption(self, error: type[Interruption], *, saved: bool) -> Interruption:
        """Report the end to the callbacks, and return the error to raise once everything is saved."""
        state, path = self.states[self.active[0]], self.config.checkpoint
        where = f"interrupted in epoch {state.epoch}"
        done = f"after {state.batch:,} of its {self.config.batches:,} mini-batches"
        if len(self.states) > 1:
            message = f"train_many: {where}; the networks have the weights of before it."
        elif path is None:
            hint = "Nothing was saved; SGD(..., checkpoint=filename) saves the training for next time."
            message = f"SGD: {where}, {done}. {hint}"
        elif saved:
            message = f"SGD: {where}, {done}. Go on with SGD(..., resume={str(path)!r})."
        else:
            hint = f"It could not be saved; SGD(..., resume={str(path)!r}) goes on from the checkpoint before."
            message = f"SGD: {where}, {done}. {hint}"
        hidden = error is TrainingTerminated or in_notebook()  # nobody sees the message of the error
        self._notify("on_end", state.epoch, state.batch, interrupted=True, message=message if hidden else "")
        return error(message, state.history, path)


def train(net: NetworkLike, config: TrainingConfig) -> History:
    """Train one network, from the start or from a checkpoint, and return the record."""
    log = [BookLog()] if config.verbose and config.leads else []
    with checkpoint_lock(config.checkpoint):
        state = begin(net, config) if config.resume is None else resume(net, config)
        (history,) = Trainer([state], [*log, *map(as_callback, config.callbacks)]).run()
    return history
