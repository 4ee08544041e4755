"""The training loop: epochs of mini-batches in chunks, for one network or for several at once."""

import math
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, nullcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from network3.execution.pieces import Pieces
from network3.execution.runner import ManyRunner
from network3.graph import NetworkLike, foreign_op
from network3.layers.checks import error_message

from .adjustment import adjust
from .callbacks import Callback, Progress, as_callback, notify
from .checkpoint import resume, save
from .checkpoint_file import checkpoint_lock
from .config import TrainingConfig
from .health import DivergenceError, check_data
from .history import History
from .interruption import stop_message
from .notebook import training_log
from .notices import Notices
from .script_end import before_training, end_script_in_one_line
from .signals import StopRequest, TrainingInterrupted, TrainingTerminated, deferred_signals, in_notebook
from .state import TrainingState, begin, finish
from .steps import Steps
from .undo import epoch_undone, steps_undone

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
        self._pieces, self._notices = Pieces(), Notices(self._show_wait)
        self._stepping = False  # steps have been taken whose costs are not recorded yet
        self._called = self._evaluated = False  # for the first time, which compiles what is left
        self._saved: bool | None = None  # since the last mini-batch: whether the checkpoint could be written
        self._stopped_by: type[Interruption] | None = None  # a signal that may be that of another process

    def run(self) -> list[History]:
        """Train to the end, and return the record of each network.

        Raises
        ------
        DivergenceError, TrainingInterrupted, TrainingTerminated
            See `Network.SGD`.
        """
        with before_training():
            check_data(self.config)
        try:
            self._run()
        except TrainingInterrupted as error:
            if not in_notebook():  # where the error would lose the record
                end_script_in_one_line(error)
                raise
        finally:
            finish(self.states)
        return [state.history for state in self.states]

    def _run(self) -> None:
        with deferred_signals(acknowledges=self.config.verbose) as self.request:
            try:
                self._train()
            except TrainingInterrupted:
                raise
            except KeyboardInterrupt:
                error = self._stopped_by or self.request.error_class(None)
                if error is None:  # a callback's own
                    raise
                raise self._interruption(error) from None

    def _train(self) -> None:
        with ExitStack() as runners:
            with self._stoppable("Compiling ..."):
                steps = Steps(self.states)
                for state in self.states:  # the step is compiled in the background meanwhile
                    if self.config.validation_data is not None and state.epoch < state.config.epochs:
                        state.evaluator("validation")
            while rates := self._next_rates():
                if list(rates) != self.active:  # a network has stopped, or this is the first epoch
                    self.active = list(rates)
                    runners.close()
                    runner = runners.enter_context(closing(steps.runner(self.active)))
                    self._finish_compiling(runner, rates)
                self._run_epoch(runner, rates)
            self._end()

    def _finish_compiling(self, runner: ManyRunner, rates: dict[int, float]) -> None:
        """Take no step: what a first call compiles is ready before the clock of the first epoch starts."""
        none = np.empty((len(rates), 0, self.config.mini_batch_size), np.int64)
        with (self._stoppable if self.config.mesh is None else self._notices.unless_quick)("Compiling ..."):
            self._take_steps(runner, none, [*rates.values()], [self.config.decay for _ in rates])
            runner.sync()  # dropout is seeded afterwards, in the shared variables

    @contextmanager
    def _stoppable(self, announced: str = "") -> Iterator[None]:
        """Let a signal stop the block at once, wherever it is."""
        alone = self.config.mesh is None or self.config.mesh.one_process  # other processes would wait for this one
        with self._notices.unless_quick(announced), self.request.acting_after(1) if alone else nullcontext():
            yield

    def _show_wait(self, line: str) -> None:
        progress = self._progress(self.states[0].epoch, self.states[0].batch, message=line)
        notify(self.callbacks, "on_wait", progress)  # in a thread: no signal acts on it

    def _stop_if_asked(self, unfinished: bool) -> None:
        error = self.request.error_class(self.config.mesh)  # every process asks
        if error and unfinished:
            self._stopped_by = error
            raise KeyboardInterrupt

    def _next_rates(self) -> dict[int, float]:
        """Return the learning rate of the next epoch of each network that has one."""
        rates = {k: state.next_learning_rate() for k, state in enumerate(self.states) if k not in self.diverged}
        return {k: rate for k, rate in rates.items() if rate is not None}

    def _run_epoch(self, runner: ManyRunner, rates: dict[int, float]) -> None:
        start = time.perf_counter()
        self._run_batches(runner, rates)
        runner.sync()
        with self._stoppable("" if self._evaluated else "Evaluating ..."), ExitStack() as undo:
            for k in self.active:
                undo.enter_context(epoch_undone(self.states[k]))
            for k in self.active:
                if k in self.diverged:
                    self.states[k].restore_weights()  # the runner went on with it
                else:
                    self._guard(k, self.states[k].end_epoch, rates[k], start)
        self._evaluated = True
        lead = self.states[self.active[0]]
        self._saved = None
        self._save(lead)
        self._notify("on_epoch", lead.epoch - 1, self.config.batches, epoch_done=True)
        self._stop_if_asked(lead.epoch < self.config.epochs)

    def _run_batches(self, runner: ManyRunner, rates: dict[int, float]) -> None:
        """Run the current epoch from where it is to its end, in chunks."""
        states, lead = [self.states[k] for k in self.active], self.states[self.active[0]]
        scheduled, configs = dict(rates), [state.config for state in states]
        with self._stoppable("Changing the images ..." if self.config.augment and not self._evaluated else ""):
            runner.set_images(lead.config.images(lead.seeds.augmentation))
        rows = np.stack([state.begin_epoch() for state in states])
        epoch, done = lead.epoch, lead.batch
        while done < self.config.batches:
            self._notify("before_chunk", epoch, done)
            decays = adjust(self.callbacks, scheduled, rates, configs)
            # Chunks begin at multiples of their size, counted over all epochs.
            stop = min(self.config.batches, done + STEPS_A_CHUNK - (epoch * self.config.batches + done) % STEPS_A_CHUNK)
            costs = self._run_chunk(runner, rows[:, done:stop], [*rates.values()], decays)
            done, self.cost = done + costs.shape[1], float(costs[0].mean())
            if done == stop:
                self._notify("on_chunk", epoch, done)
            self._stop_if_asked(done < self.config.batches)

    def _run_chunk(
        self, runner: ManyRunner, rows: NDArray[np.int64], etas: list[float], decays: list[float]
    ) -> NDArray[np.float64]:
        """Take the steps of a chunk, or of a part of it if a signal arrives; record and return their costs."""
        costs, count, self._saved = [], rows.shape[1], None
        for piece in [slice(count)] if self.config.mesh is not None else self._pieces.of(count):
            with nullcontext() if self._called else self._first_call():
                costs.append(self._take_steps(runner, rows[:, piece], etas, decays))
            self._called = self._stepping = True
            if self.request.pending and self.config.mesh is None:
                break
        found = np.concatenate(costs, axis=1)
        for k, own_costs in zip(self.active, found, strict=True):
            if k not in self.diverged:
                self._guard(k, self.states[k].add_costs, own_costs)
        self._stepping = False
        return found

    @contextmanager
    def _first_call(self) -> Iterator[None]:
        """Let a signal stop the first call at once, and undo it: some back ends compile only then."""
        announced = "Compiling, and training the first mini-batch ..."
        if self.config.mesh is not None:  # its devices compile for long, but what they have been given cannot be undone
            with self._notices.unless_quick(announced):
                yield
        else:
            with self._stoppable(announced), steps_undone([self.states[k] for k in self.active]):
                yield

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
        with self.request.acting_after(2):  # a callback may take long
            notify(self.callbacks, event, self._progress(epoch, batch, **more))

    def _progress(self, epoch: int, batch: int, **more: Any) -> Progress:
        state = self.states[self.active[0] if self.active else 0]
        counts = epoch, self.config.epochs, batch, self.config.batches
        return Progress(state.net, state.history, *counts, self.cost, **more)

    def _end(self) -> None:
        """Report the end to the callbacks."""
        finish(self.states)
        for state in self.states:
            state.restore_best()
        state, epochs = self.states[0], self.config.epochs
        message = f"Stopped after {state.epoch} epochs of {epochs}." if state.epoch < epochs else ""
        history = state.history
        test = {"accuracy": history.corresponding_test_accuracy, "cost": history.corresponding_test_cost}
        untested = self.config.validation_data is None and self.config.test_data is not None and len(self.states) == 1
        if untested and epochs > 0:
            with self._stoppable("Evaluating the test data ..."):
                scores = state.evaluator("test").score()
            test = {"accuracy": scores.get("accuracy"), "cost": None if "accuracy" in scores else scores["cost"]}
        named = {f"test_{measure}": value for measure, value in test.items()}
        self._notify("on_end", state.epoch, 0, message=message, **named)

    def _interruption(self, error: type[Interruption]) -> Interruption:
        """Save the training, report the end to the callbacks, and return the error to raise."""
        state, count = self.states[self.active[0] if self.active else 0], len(self.states)
        undone = self._stepping or count > 1
        if undone:
            self._restore_weights()
        elif self.active:
            self._save(state)
        finish(self.states)
        message = stop_message(
            state, count, begun=bool(self.active), undone=undone, saved=bool(self._saved) and not undone
        )
        hidden = error is TrainingTerminated or in_notebook()  # nobody sees the message of the error
        shown = message if hidden else ""
        ended = self._progress(state.epoch, state.batch, interrupted=True, message=shown)
        notify(self.callbacks, "on_end", ended)
        return error(message, state.history, self.config.checkpoint)

    def _save(self, state: TrainingState) -> None:
        """Write the checkpoint, unless it has been written since the last mini-batch."""
        if self._saved is None:
            self._saved = save(state)


def train(net: NetworkLike, config: TrainingConfig) -> History:
    """Train one network, from the start or from a checkpoint, and return the record."""
    log = [training_log()] if config.verbose and config.leads else []
    with checkpoint_lock(config.checkpoint):
        with before_training():
            state = begin(net, config) if config.resume is None else resume(net, config)
        (history,) = Trainer([state], [*log, *map(as_callback, config.callbacks)]).run()
    return history
