"""What a training shows in a notebook: a bar that is rewritten in place, and a line for some of the epochs."""

import math
import time
from collections.abc import Callable

from .callbacks import BookLog, Progress, formatted
from .signals import in_notebook

MOST_LINES = 12  # of epochs
BAR = 24  # characters
PAUSE = 0.25  # seconds between two bars


def training_log() -> BookLog:
    """Return what prints a training: the book's lines, or in a notebook a bar."""
    return NotebookLog() if in_notebook() else BookLog()


class NotebookLog(BookLog):
    """One bar with the time left, a line for some of the epochs, and the book's last lines.

    Parameters
    ----------
    clock : callable
        Returns seconds.

    Examples
    --------
    >>> from network3 import FullyConnectedLayer, Network, SoftmaxLayer
    >>> net = Network([FullyConnectedLayer(n_in=2, n_out=2), SoftmaxLayer(n_in=2, n_out=2)], 1)
    >>> history = net.SGD(([[0, 1], [1, 0]], [1, 0]), 3, 2, 0.1, verbose=False, callbacks=[NotebookLog()])
    [...] 3 of 3 epochs, ...Finished training network.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._begun: tuple[float, int] | None = None  # when and where the first mini-batch was trained
        self._drawn, self._width = -math.inf, 0

    def on_wait(self, progress: Progress) -> None:
        """Show what takes long in place of the bar."""
        self._rewrite(progress.message)

    def before_chunk(self, progress: Progress) -> None:
        """Start the clock."""
        self._begun = self._begun or (self._clock(), progress.iteration)

    def on_chunk(self, progress: Progress) -> None:
        """Move the bar."""
        self._draw(progress)

    def on_epoch(self, progress: Progress) -> None:
        """Print the line of an epoch, if it is one of those that have one."""
        if (progress.epoch + 1) % step(progress.epochs) == 0 or progress.epoch + 1 == progress.epochs:
            self._rewrite("")
            print(epoch_line(progress))
            self._drawn = -math.inf  # the next bar is drawn at once
        self._draw(progress)

    def on_end(self, progress: Progress) -> None:
        """Remove the bar, and print the summary."""
        self._rewrite("")
        super().on_end(progress)

    def _draw(self, progress: Progress) -> None:
        """Draw the bar, a few times a second."""
        now, total = self._clock(), progress.epochs * progress.batches
        if now - self._drawn < PAUSE:
            return
        filled = BAR * progress.iteration // total
        parts = [f"[{'=' * filled}{' ' * (BAR - filled)}] {progress.history.epochs} of {progress.epochs} epochs"]
        if self._begun is not None and progress.iteration > self._begun[1]:
            seconds = (now - self._begun[0]) / (progress.iteration - self._begun[1]) * (total - progress.iteration)
            parts.append(f"{duration(seconds)} left")
        self._rewrite(", ".join([*parts, f"cost {formatted('cost', progress.cost)}"]))
        self._drawn = now

    def _rewrite(self, text: str) -> None:
        """Replace the current line, which has the bar, by `text`."""
        if text or self._width:
            cleared = "" if text else "\r"
            print(f"\r{text:<{self._width}}{cleared}", end="", flush=True)
            self._width = len(text)


def step(epochs: int) -> int:
    """Return every how many epochs there is a line: 1, 2, 5, 10, 20, ..., so that there are 12 lines at most."""
    scale = 1
    while True:
        for factor in (1, 2, 5):
            if epochs <= MOST_LINES * factor * scale:
                return factor * scale
        scale *= 10


def epoch_line(progress: Progress) -> str:
    """Return the number of an epoch, its cost, and its validation accuracy with the best one so far."""
    history, epoch = progress.history, progress.epoch
    line = f"Epoch {epoch}: cost {formatted('cost', history.cost[epoch])}"
    if (measure := history.measure) is None:
        return line
    values, best = getattr(history, f"validation_{measure}"), history.best_epoch
    line += f", validation {measure} {formatted(measure, values[epoch])}"
    if best is None:
        return line
    return f"{line} ({'the best' if best == epoch else f'best {formatted(measure, values[best])} in epoch {best}'})"


def duration(seconds: float) -> str:
    """Return a time as hours, minutes and seconds: 1:02:03, or 2:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
