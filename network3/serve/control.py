"""How other threads steer a training: a callback that waits, stops, and sets the rates between chunks."""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from network3.training.callbacks import Callback, Progress

Result = TypeVar("Result")


class StopTrainingError(Exception):
    """Raised by `Control` in the training that it stops; the network keeps the weights of the last chunk."""


class Control(Callback):
    """Pauses, resumes and stops a training, sets its rates, and calls functions while no step is taken.

    Attributes
    ----------
    eta, lmbda : float or None
        The learning rate and the regularization from the next chunk on; None for those of the training.
    paused : bool
    waited : float
        Seconds that the training has been paused.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.eta: float | None = None
        self.lmbda: float | None = None
        self.rates: tuple[float, float] | None = None
        self.paused = False
        self.waited = 0.0
        self._clock = clock
        self._stopped = self._closed = False
        self._condition = threading.Condition()
        self._calls: deque[tuple[Future, Callable[[], Any]]] = deque()
        self._calling = threading.Lock()

    def pause(self) -> None:
        """Let the training wait before its next chunk."""
        with self._condition:
            self.paused = True

    def resume(self) -> None:
        """Let it go on."""
        with self._condition:
            self.paused = False
            self._condition.notify_all()

    def stop(self) -> None:
        """End it before its next chunk."""
        with self._condition:
            self._stopped = True
            self._condition.notify_all()

    def between_chunks(self, function: Callable[[], Result]) -> Result:
        """Return ``function()``, called in the thread of the training between two chunks, or here if it has ended."""
        future: Future = Future()
        with self._condition:
            closed = self._closed
            if not closed:
                self._calls.append((future, function))
                self._condition.notify_all()
        if not closed:
            return future.result()
        with self._calling:
            return function()

    def close(self) -> None:
        """Run what has been asked for; from now on functions are called where they are asked for."""
        with self._condition:
            self._closed = True
        self._run_calls()

    def before_chunk(self, progress: Progress) -> None:
        """Wait while it is paused.

        Raises
        ------
        StopTrainingError
            It has been stopped.
        """
        self._run_calls()
        start = self._clock()
        while self.paused and not self._stopped:
            with self._condition:
                if not self._calls and self.paused and not self._stopped:
                    self._condition.wait()
            self._run_calls()
        self.waited += self._clock() - start
        if self._stopped:
            raise StopTrainingError

    def adjust(self, eta: float, lmbda: float) -> tuple[float, float]:
        """Return the rates of the next chunk."""
        self.rates = eta if self.eta is None else self.eta, lmbda if self.lmbda is None else self.lmbda
        return self.rates

    def _run_calls(self) -> None:
        while self._calls:
            future, function = self._calls.popleft()
            try:
                future.set_result(function())
            except Exception as error:
                future.set_exception(error)
