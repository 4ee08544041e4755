"""What the page shows of a training: a callback that publishes costs, accuracies, gradient norms and errors.

Costs are published a few times a second. What takes time, the evaluation of a sample, happens as often as a share of
the training's time allows.
"""

import base64
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from network3.graph import NetworkLike
from network3.training.callbacks import Callback, Progress
from network3.training.gradient_norms import gradient_norms, layers_with
from network3.training.history import History

from .budget import Budget
from .control import Control
from .events import EventLog

SHARE = 0.015  # of the time, for evaluating the sample
EVERY, COSTS_EVERY = 0.25, 0.25  # seconds
SAMPLE, FOR_NORMS, SHOWN = 500, 100, 24  # images evaluated, those for gradient norms, and errors that are kept


class Observer(Callback):
    """Publishes how a training goes.

    Parameters
    ----------
    net : Network
    sample : pair (images, labels)
        Images that the network is not trained on; the first `SAMPLE` are used.
    cost : callable or None
        As in `Network.SGD`.
    log : EventLog
    control : Control
        Whose pauses are not counted as training, and which has the rates.
    clock : callable
        Returns seconds.

    Attributes
    ----------
    errors : list of dict
        The images of the sample that are misclassified: ``{"index", "label", "prediction", "probability", "image"}``,
        the image as base64 of bytes. The surest errors come first.
    history : History or None
        Of the complete epochs.
    """

    def __init__(
        self,
        net: NetworkLike,
        sample: tuple[Any, Any],
        cost: Callable | None,
        log: EventLog,
        control: Control,
        clock: Callable[[], float],
    ):
        self.net, self.cost, self.log, self.control, self._clock = net, cost, log, control, clock
        self.images, self.labels = np.asarray(sample[0][:SAMPLE]), np.asarray(sample[1][:SAMPLE])
        self.layers = layers_with(net, "weights")
        self.errors: list[dict[str, Any]] = []
        self.looks = 0
        self.history: History | None = None
        self._budget = Budget(SHARE, EVERY, clock)
        self._costs: list[tuple[float, int]] = []  # means of chunks, and their steps
        self._steps, self._last = 0, 0.0

    def begin(self) -> None:
        """Evaluate the sample before the training: what this compiles is then ready."""
        self._look(0)
        self._budget = Budget(SHARE, EVERY, self._clock)
        self._last = self._now()

    def before_chunk(self, progress: Progress) -> None:
        """Start the clock with the first mini-batch."""
        if progress.batch == 0 and progress.epoch == 0:
            self._last = self._now()
        self._steps = progress.iteration

    def on_chunk(self, progress: Progress) -> None:
        """Publish the cost and the speed, and evaluate the sample, if it is time."""
        self._costs.append((progress.cost, progress.iteration - self._steps))
        seconds = self._now() - self._last
        if seconds >= COSTS_EVERY or progress.batch == progress.batches:
            self._publish_cost(progress, seconds)
        if self._budget.allows:
            with self._budget.spent():
                self._look(progress.iteration)

    def on_epoch(self, progress: Progress) -> None:
        """Publish the record of an epoch."""
        self.history, row = progress.history, progress.history.rows()[-1]
        self.log.publish("epoch", step=progress.iteration, **row)
        self._last, self._costs = self._now(), []

    def on_wait(self, progress: Progress) -> None:
        """Publish what takes long."""
        self.log.publish("wait", message=progress.message)

    def on_end(self, progress: Progress) -> None:
        """Publish the last look at the sample."""
        self._look(progress.iteration)

    def _publish_cost(self, progress: Progress, seconds: float) -> None:
        costs, steps = (np.array(part) for part in zip(*self._costs, strict=True))
        eta, lmbda = self.control.rates or (None, None)
        self.log.publish(
            "cost",
            step=progress.iteration,
            epoch=progress.epoch,
            batch=progress.batch,
            batches=progress.batches,
            cost=float(np.average(costs, weights=steps)),
            speed=float(steps.sum() / seconds),
            eta=eta,
            lmbda=lmbda,
        )
        self._costs, self._last = [], self._now()

    def _look(self, step: int) -> None:
        probabilities = self.net.predict_proba(self.images)  # type: ignore[attr-defined]  # of a Network
        predictions = probabilities.argmax(axis=1)
        self.errors = self._errors(probabilities, predictions)
        pair = self.images[:FOR_NORMS], self.labels[:FOR_NORMS]
        norms = gradient_norms(self.net, pair, cost=self.cost, of="weights")
        self.looks += 1
        self.log.publish(
            "look",
            number=self.looks,
            step=step,
            accuracy=float((predictions == self.labels).mean()),
            layers=self.layers,
            norms=norms.tolist(),
        )

    def _errors(self, probabilities: NDArray[Any], predictions: NDArray[np.int64]) -> list[dict[str, Any]]:
        surest = probabilities.max(axis=1)
        wrong = np.flatnonzero(predictions != self.labels)
        wrong = wrong[np.argsort(-surest[wrong], kind="stable")][:SHOWN]
        return [
            {
                "index": int(k),
                "label": int(self.labels[k]),
                "prediction": int(predictions[k]),
                "probability": float(surest[k]),
                "image": base64.b64encode(_grey(self.images[k]).tobytes()).decode("ascii"),
            }
            for k in wrong
        ]

    def _now(self) -> float:
        return self._clock() - self.control.waited


def _grey(image: np.ndarray) -> NDArray[np.uint8]:
    """Return an image as bytes, from 0 to 255."""
    return image if image.dtype == np.uint8 else np.clip(np.rint(image * 256), 0, 255).astype(np.uint8)
