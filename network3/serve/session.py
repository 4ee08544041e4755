"""The training that the pages of one server show: in a thread of its own, steered by any of them."""

import threading
import time
import traceback
from collections.abc import Callable
from typing import Any, Literal

from network3.layers.checks import error_message
from network3.network import Network
from network3.training.history import History

from .composition import table
from .control import Control, StopTrainingError
from .events import EventLog
from .observer import Observer
from .plans import Plan

Status = Literal["idle", "preparing", "running", "paused", "stopped", "finished", "failed"]
ACTIVE = ("preparing", "running", "paused")
EXPECTED = (ValueError, TypeError, OSError, RuntimeError, FloatingPointError, MemoryError)


class StateError(RuntimeError):
    """Raised for a command that does not fit the state of the training."""


class Session:
    """One training at a time, and the network of the last one.

    Parameters
    ----------
    log : EventLog
        Where it is published: "state" events, and those of `Observer`.
    net : Network, optional
        To begin with.
    name : str
        Of that network.

    Attributes
    ----------
    net : Network or None
    name : str
        Of the run, or of the saved network.
    status : str
    """

    def __init__(self, log: EventLog, net: Network | None = None, name: str = ""):
        self.log, self.net, self.name = log, net, name
        self.status: Status = "idle"
        self.message = ""
        self.plan: Plan | None = None
        self._control = Control(time.perf_counter)
        self._control.close()
        self._observer: Observer | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.RLock()
        self._publish()

    @property
    def errors(self) -> list[dict[str, Any]]:
        """The misclassified images of the last look, see `Observer`."""
        return [] if self._observer is None else self._observer.errors

    @property
    def history(self) -> History | None:
        """The record of the training, None before the first epoch."""
        return None if self._observer is None else self._observer.history

    def facts(self) -> dict[str, str]:
        """Return what an exported page shows about the network."""
        history = self.history
        if history is None or not history.epochs:
            return {}
        accuracy = (
            {"validation accuracy": f"{history.validation_accuracy[-1]:.2%}"} if history.validation_accuracy else {}
        )
        return {"epochs": str(history.epochs), **accuracy}

    def start(self, plan: Plan) -> None:
        """Begin a training.

        Raises
        ------
        StateError
            Another is under way.
        ValueError
            Layers that do not fit each other.
        """
        with self._lock:
            if self.status in ACTIVE:
                raise StateError(_wrong("no training under way", f"{self.name}, {self.status}", "Stop it first."))
            self.net, self.plan, self.name = plan.build(), plan, plan.name
            self._control, self._observer = Control(time.perf_counter), None
            self.log.clear()
            self._set("preparing")
            self._thread = threading.Thread(target=self._train, args=(plan, self.net), name="training", daemon=True)
            self._thread.start()

    def pause(self) -> None:
        """Let the training wait before its next chunk of mini-batches."""
        with self._lock:
            self._need("running", "preparing")
            self._control.pause()
            self._set("paused")

    def resume(self) -> None:
        """Let a paused training go on."""
        with self._lock:
            self._need("paused")
            self._control.resume()
            self._set("running")

    def stop(self) -> None:
        """End the training; the network keeps its weights."""
        with self._lock:
            self._need(*ACTIVE)
            self._control.stop()

    def set_rates(self, eta: float | None = None, lmbda: float | None = None) -> None:
        """Set the learning rate and the regularization from the next chunk on; None leaves one as it is."""
        with self._lock:
            self._need(*ACTIVE)
            self._control.eta = self._control.eta if eta is None else eta
            self._control.lmbda = self._control.lmbda if lmbda is None else lmbda
            self._publish()

    def between_chunks(self, function: Callable[[Network], Any]) -> Any:
        """Return ``function(net)``, called while no step changes the network.

        Raises
        ------
        StateError
            There is no network yet.
        """
        with self._lock:
            net, control = self.net, self._control
        if net is None:
            raise StateError(_wrong("a network", "none", "Start a training first."))
        return control.between_chunks(lambda: function(net))

    def close(self, seconds: float = 10.0) -> None:
        """Stop the training, wait for its thread, and end all pages."""
        with self._lock:
            self._control.stop()
        if self._thread is not None:
            self._thread.join(seconds)
        self.log.close()

    def state(self) -> dict[str, Any]:
        """Return what the pages show: the status, the network and the settings."""
        with self._lock:
            plan, control = self.plan, self._control
            chosen = {} if plan is None else dict(plan.settings)
            chosen |= {name: getattr(control, name) for name in ("eta", "lmbda") if getattr(control, name) is not None}
            return {
                "status": self.status,
                "message": self.message,
                "name": self.name,
                "description": "" if plan is None else plan.description,
                "settings": chosen,
                "layers": [] if self.net is None else table(self.net.layers),
            }

    def _train(self, plan: Plan, net: Network) -> None:
        control, status, message = self._control, "finished", ""
        try:
            training, validation, test = plan.data()
            observer = Observer(net, validation, plan.cost, self.log, control, time.perf_counter)
            observer.begin()
            with self._lock:
                self._observer = observer
                if not control.paused:
                    self._set("running")
            net.SGD(training, **self._arguments(plan, control, observer), validation_data=validation, test_data=test)
        except StopTrainingError:
            status = "stopped"
        except EXPECTED as error:
            status, message = "failed", str(error)
        except BaseException as error:  # shown in the page and in the terminal
            status, message = "failed", f"unexpected {type(error).__name__}: {error}"
            traceback.print_exc()
        finally:
            control.close()
            with self._lock:
                self._set(status, message)  # type: ignore[arg-type]  # one of Status

    def _arguments(self, plan: Plan, control: Control, observer: Observer) -> dict[str, Any]:
        return {**plan.arguments(), "callbacks": [control, observer], "verbose": False}

    def _need(self, *allowed: str) -> None:
        if self.status not in allowed:
            hint = "Start one." if self.status not in ACTIVE else "Wait, or look at its state in the page."
            raise StateError(_wrong(f"a training that is {' or '.join(allowed)}", self.status, hint))

    def _set(self, status: Status, message: str = "") -> None:
        self.status, self.message = status, message
        self._publish()

    def _publish(self) -> None:
        self.log.publish("state", **self.state())


def _wrong(expected: str, got: str, hint: str) -> str:
    return error_message("serve", f"expected {expected}", got, hint)
