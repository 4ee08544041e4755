"""Learning rates that change from epoch to epoch: functions ``schedule(eta, history) -> eta``, or None to stop.

`eta` is that of `Network.SGD`, `history` the `History` of the epochs that are complete, so a training that was
interrupted finds its rate again. A schedule that looks at the validation accuracy says ``needs_validation = True``.
"""

import math
from dataclasses import dataclass

from network3.layers.checks import error_message, integer, real

from .stopping import epochs_without_improvement


@dataclass(frozen=True)
class StepDecay:
    r"""The rate times a factor after every so many epochs, :math:`\eta f^{\lfloor t / n \rfloor}`.

    Attributes
    ----------
    every : int, >= 1
        :math:`n`, epochs.
    factor : float in (0, 1)
        :math:`f`.
    """

    every: int = 10
    factor: float = 0.1

    def __post_init__(self):
        integer("StepDecay: every", self.every)
        _check_factor("StepDecay", self.factor)

    def __call__(self, eta, history):
        return eta * self.factor ** (history.epochs // self.every)


@dataclass(frozen=True)
class ExponentialDecay:
    r"""The rate times :math:`e^{-kt}` in epoch :math:`t`, from 0.

    Attributes
    ----------
    rate : float, >= 0
        :math:`k`, for an epoch.
    """

    rate: float = 0.05

    def __post_init__(self):
        real("ExponentialDecay: rate", self.rate, least=0.0)

    def __call__(self, eta, history):
        return eta * math.exp(-self.rate * history.epochs)


@dataclass(frozen=True)
class HalveOnPlateau:
    r"""Half the rate after `patience` epochs without a better validation accuracy; the end at a fraction of it.

    The book proposes it as a problem: no improvement in 10, until the rate has dropped to 1/128 (chapter 3, "How to
    choose a neural network's hyper-parameters?").

    Attributes
    ----------
    patience : int, >= 1
        Epochs. They are counted anew from each halving.
    least : float in (0, 1), default 1/128
        Once the rate has dropped to this share, the training ends.
    factor : float in (0, 1), default 1/2
    """

    patience: int = 10
    least: float = 1 / 128
    factor: float = 0.5

    needs_validation = True

    def __post_init__(self):
        integer("HalveOnPlateau: patience", self.patience)
        _check_factor("HalveOnPlateau", self.least, "least")
        _check_factor("HalveOnPlateau", self.factor)

    def __call__(self, eta, history):
        share, since = 1.0, 0
        for epoch in range(1, history.epochs + 1):
            since += 1
            waited = min(since, epochs_without_improvement(history.validation_accuracy[:epoch]))
            if waited >= self.patience:
                share, since = share * self.factor, 0
        return None if share <= self.least else eta * share


def _check_factor(who: str, value, name: str = "factor") -> None:
    if real(f"{who}: {name}", value, least=0.0, below=1.0) == 0:
        raise ValueError(
            error_message(f"{who}: {name}", "expected a number above 0 and below 1", "0", "Write e.g. 0.5.")
        )
