"""What is called along a training, and the one that prints the book's lines."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from network3.graph import NetworkLike

from .history import History

LINE_EVERY = 1000  # mini-batches, counted over all epochs


@dataclass(frozen=True)
class Progress:
    """The state of a training, passed to its callbacks.

    Attributes
    ----------
    net : Network
    history : History
        Of the complete epochs.
    epoch, epochs : int
        The current epoch, from 0, and the number of epochs of the training.
    batch, batches : int
        Mini-batches done in this epoch, and mini-batches an epoch.
    cost : float
        Mean cost of the last chunk of mini-batches; NaN before the first.
    epoch_done : bool
        True in the call that follows an epoch's evaluation, and its checkpoint.
    test_accuracy : float in [0, 1] or None
        At the end: that of the best validation epoch; without validation data, that of the final weights.
    test_cost : float or None
        Likewise, for targets without an accuracy.
    interrupted : bool
        At the end: whether Ctrl-C or SIGTERM stopped the training.
    message : str
        At the end: why the training stopped before its last epoch, unless an error is raised that contains it. In
        `on_wait`: what takes long.

    Examples
    --------
    >>> def report(progress):
    ...     if progress.epoch_done:
    ...         print(f"epoch {progress.epoch}: {progress.cost:.2f} after {progress.iteration} mini-batches")
    >>> report(Progress(None, History(), epoch=1, epochs=30, batch=5000, batches=5000, cost=0.25, epoch_done=True))
    epoch 1: 0.25 after 10000 mini-batches
    """

    net: NetworkLike
    history: History
    epoch: int
    epochs: int
    batch: int
    batches: int
    cost: float
    epoch_done: bool = False
    test_accuracy: float | None = None
    test_cost: float | None = None
    interrupted: bool = False
    message: str = ""

    @property
    def iteration(self) -> int:
        """Mini-batches done, over all epochs."""
        return self.epoch * self.batches + self.batch


class Callback(Protocol):
    """Called along a training: any object with some of these methods, or a class derived from this one.

    A plain function of one `Progress` is a callback as well: it is called after each chunk and after each epoch. For
    one that changes the learning rate or the regularization while it trains see `network3.training.adjustment`.

    Examples
    --------
    >>> class Stopwatch(Callback):
    ...     def on_epoch(self, progress):
    ...         print(f"{sum(progress.history.seconds):.0f} s")
    >>> Stopwatch().on_epoch(Progress(None, History(seconds=[2.0, 1.0]), 1, 30, 5000, 5000, 0.25, epoch_done=True))
    3 s
    """

    def before_chunk(self, progress: Progress) -> None:
        """Called before each chunk of at most 250 mini-batches."""
        return

    def on_chunk(self, progress: Progress) -> None:
        """Called after each chunk of at most 250 mini-batches."""
        return

    def on_epoch(self, progress: Progress) -> None:
        """Called after each epoch, its evaluation and its checkpoint."""
        return

    def on_end(self, progress: Progress) -> None:
        """Called once when the training ends: after the last epoch, or after a signal has stopped it."""
        return

    def on_wait(self, progress: Progress) -> None:
        """Called in a thread of its own if compiling or the first evaluation takes longer than a second."""
        return


class BookLog(Callback):
    """Prints what the book's program prints.

    Where the targets have no accuracy, costs take the place of accuracies; without validation data, an epoch's line
    has the cost while training.

    Examples
    --------
    >>> history = History(cost=[0.4], validation_accuracy=[0.95], test_accuracy=[0.94])
    >>> BookLog().on_epoch(Progress(None, history, epoch=0, epochs=1, batch=10, batches=10, cost=0.4))
    Epoch 0: validation accuracy 95.00%
    This is the best validation accuracy to date.
    The corresponding test accuracy is 94.00%
    """

    def on_wait(self, progress: Progress) -> None:
        """Print what takes long, to standard error: standard output has the book's lines only."""
        show_wait(progress)

    def before_chunk(self, progress: Progress) -> None:
        """Print the number of every 1,000th mini-batch."""
        if progress.iteration % LINE_EVERY == 0:
            print(f"Training mini-batch number {progress.iteration}")

    def on_epoch(self, progress: Progress) -> None:
        """Print the accuracies of an epoch, or its costs."""
        history, epoch = progress.history, progress.epoch
        measure = history.measure
        if measure is None:
            print(f"Epoch {epoch}: cost {formatted('cost', history.cost[epoch])}")
            return
        value, test = (getattr(history, f"{name}_{measure}")[epoch] for name in ("validation", "test"))
        print(f"Epoch {epoch}: validation {measure} {formatted(measure, value)}")
        if history.best_epoch == epoch:
            print(f"This is the best validation {measure} to date.")
            if test is not None:
                print(f"The corresponding test {measure} is {formatted(measure, test)}")

    def on_end(self, progress: Progress) -> None:
        """Print the summary, or why the training was interrupted."""
        history = progress.history
        if progress.message:
            print(progress.message)
        if progress.interrupted:
            return
        print("Finished training network.")
        if history.best_epoch is not None:
            best = getattr(history, f"best_validation_{history.measure}")
            print(
                f"Best validation {history.measure} of {formatted(history.measure, best)} "
                f"obtained at iteration {history.best_iteration}"
            )
        for measure in ("accuracy", "cost"):
            value = getattr(progress, f"test_{measure}")
            if value is not None:
                print(f"Corresponding test {measure} of {formatted(measure, value)}")


def show_wait(progress: Progress) -> None:
    """Print what takes long to standard error."""
    print(progress.message, file=sys.stderr, flush=True)


def formatted(measure: str | None, value: float) -> str:
    """Return an accuracy in per cent, or a cost with four digits."""
    return f"{value:.2%}" if measure == "accuracy" else f"{value:.4g}"


class FunctionCallback(Callback):
    """Calls a plain function after each chunk and after each epoch."""

    def __init__(self, function: Callable[[Progress], None]):
        self.function = function

    def on_chunk(self, progress: Progress) -> None:
        """Call the function."""
        self.function(progress)

    def on_epoch(self, progress: Progress) -> None:
        """Call the function."""
        self.function(progress)


EVENTS = ("before_chunk", "on_chunk", "on_epoch", "on_end", "on_wait")


def as_callback(callback: Callback | Callable[[Progress], None]) -> Callback:
    """Return an object with some methods of `Callback`: `callback` itself, or one that calls a plain function."""
    if any(hasattr(callback, event) for event in EVENTS):
        return cast(Callback, callback)
    return FunctionCallback(cast(Callable[[Progress], None], callback))


def notify(callbacks: Sequence[Callback], event: str, progress: Progress) -> None:
    """Call the method `event` of each callback that has it."""
    for callback in callbacks:
        method = getattr(callback, event, None)
        if method is not None:
            method(progress)
