"""Learning rate schedules: functions ``schedule(eta, history) -> eta`` of the next epoch, or None to stop.

`eta` is always the first rate, that of `Network.SGD`, so that a resumed training continues with the same rate.
`history` is the `History` of the complete epochs, and ``history.eta[-1]`` the rate of the last one. A schedule that
uses the validation data sets ``needs_validation = True``, so that `SGD` refuses it without them.
"""

import math
from dataclasses import dataclass

from network3.layers.calls import constructor_checked
from network3.layers.checks import integer, real

from .stopping import HistoryLike, epochs_without_improvement, validation_scores


@constructor_checked
@dataclass(frozen=True)
class StepDecay:
    r"""Multiply the rate by a factor after every n epochs, :math:`\eta f^{\lfloor t / n \rfloor}`.

    Attributes
    ----------
    every : int, >= 1
        :math:`n`, epochs.
    factor : float in (0, 1)
        :math:`f`.

    Raises
    ------
    ValueError
        A value outside its range.

    Examples
    --------
    >>> from network3 import History
    >>> [StepDecay(every=2, factor=0.5)(1.0, History(cost=[0.3] * t)) for t in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    every: int = 10
    factor: float = 0.1

    def __post_init__(self) -> None:
        integer("StepDecay: every", self.every)
        real("StepDecay: factor", self.factor, above=0.0, below=1.0)

    def __call__(self, eta: float, history: HistoryLike) -> float:
        """Return the rate of the next epoch."""
        return eta * self.factor ** (history.epochs // self.every)


@constructor_checked
@dataclass(frozen=True)
class ExponentialDecay:
    r"""Exponential decay, :math:`\eta e^{-kt}` in epoch :math:`t`, counted from 0.

    Attributes
    ----------
    rate : float, >= 0
        :math:`k`, per epoch.

    Raises
    ------
    ValueError
        `rate` is negative.

    Examples
    --------
    >>> from network3 import History
    >>> [round(ExponentialDecay(0.1)(1.0, History(cost=[0.3] * t)), 3) for t in range(4)]
    [1.0, 0.905, 0.819, 0.741]
    """

    rate: float = 0.05

    def __post_init__(self) -> None:
        real("ExponentialDecay: rate", self.rate, least=0.0)

    def __call__(self, eta: float, history: HistoryLike) -> float:
        """Return the rate of the next epoch."""
        return eta * math.exp(-self.rate * history.epochs)


@constructor_checked
@dataclass(frozen=True)
class HalveOnPlateau:
    r"""Halve the rate after `patience` epochs without a better validation accuracy; stop at a fraction of the rate.

    For targets without an accuracy, such as those of a `RegressionLayer`, a lower validation cost is better.

    A problem in the book: no improvement in 10 epochs, until the rate has dropped to 1/128 (chapter 3, "How to choose a
    neural network's hyper-parameters?").

    Attributes
    ----------
    patience : int, >= 1
        Epochs, counted again from each halving.
    least : float in (0, 1), default 1/128
        The training stops once the rate has dropped to this fraction.
    factor : float in (0, 1), default 1/2
        What the rate is multiplied by.

    Raises
    ------
    ValueError
        A value outside its range.

    Examples
    --------
    >>> from network3 import History
    >>> HalveOnPlateau(patience=2)(1.0, History(cost=[0.3] * 4, validation_accuracy=[0.8, 0.9, 0.9, 0.9]))
    0.5
    """

    patience: int = 10
    least: float = 1 / 128
    factor: float = 0.5

    needs_validation = True

    def __post_init__(self) -> None:
        integer("HalveOnPlateau: patience", self.patience)
        real("HalveOnPlateau: least", self.least, above=0.0, below=1.0)
        real("HalveOnPlateau: factor", self.factor, above=0.0, below=1.0)

    def __call__(self, eta: float, history: HistoryLike) -> float | None:
        """Return the rate of the next epoch; None to stop."""
        fraction, since = 1.0, 0
        scores = validation_scores("HalveOnPlateau", history)
        for epoch in range(1, history.epochs + 1):
            since += 1
            waited = min(since, epochs_without_improvement(scores[:epoch]))
            if waited >= self.patience:
                fraction, since = fraction * self.factor, 0
        return None if fraction <= self.least else eta * fraction
