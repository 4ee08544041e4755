"""Learning rate schedules over a fixed number of epochs: cosine, one cycle, warm-up; see `schedules` for the form."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from network3.layers.calls import constructor_checked, function_of
from network3.layers.checks import integer, real

from .stopping import HistoryLike


@constructor_checked
@dataclass(frozen=True)
class CosineDecay:
    r"""Half a cosine from :math:`\eta` to :math:`f \eta`, over :math:`n` epochs.

    .. math:: \eta \left(f + (1 - f) \frac{1 + \cos(\pi t / n)}{2}\right)

    in epoch :math:`t`, counted from 0 (I. Loshchilov and F. Hutter, ICLR 2017, without restarts); then :math:`f \eta`.

    Attributes
    ----------
    epochs : int, >= 1
        :math:`n`.
    final : float in [0, 1]
        :math:`f`.

    Raises
    ------
    ValueError
        A value outside its range.

    Examples
    --------
    >>> from network3 import History
    >>> [round(CosineDecay(4)(1.0, History(cost=[0.3] * t)), 3) for t in range(5)]
    [1.0, 0.854, 0.5, 0.146, 0.0]
    """

    epochs: int
    final: float = 0.0

    def __post_init__(self) -> None:
        integer("CosineDecay: epochs", self.epochs)
        real("CosineDecay: final", self.final, least=0.0, most=1.0)

    def __call__(self, eta: float, history: HistoryLike) -> float:
        """Return the rate of the next epoch."""
        done = min(history.epochs / self.epochs, 1.0)
        return eta * (self.final + (1 - self.final) * (1 + math.cos(math.pi * done)) / 2)


@constructor_checked
@dataclass(frozen=True)
class WarmUp:
    r"""Another schedule, whose rate is multiplied by :math:`\min(1, (t + 1) / (n + 1))` in epoch :math:`t`.

    So the first :math:`n` epochs have smaller rates, in equal steps (P. Goyal et al., arXiv:1706.02677, 2.2).

    Attributes
    ----------
    epochs : int, >= 1
        :math:`n`.
    schedule : callable, optional
        ``schedule(eta, history) -> eta``; default the constant :math:`\eta`.

    Raises
    ------
    ValueError
        `epochs` outside its range.

    Examples
    --------
    >>> from network3 import History
    >>> [WarmUp(3)(1.0, History(cost=[0.3] * t)) for t in range(5)]
    [0.25, 0.5, 0.75, 1.0, 1.0]
    """

    epochs: int
    schedule: Callable[[float, HistoryLike], float | None] | None = None

    def __post_init__(self) -> None:
        integer("WarmUp: epochs", self.epochs)
        if self.schedule is not None:
            example = "schedule=network3.optim.CosineDecay(30)"
            function_of("WarmUp: schedule", self.schedule, ("eta", "history"), example)

    @property
    def needs_validation(self) -> bool:
        """Whether the other schedule uses the validation data."""
        return getattr(self.schedule, "needs_validation", False)

    def __call__(self, eta: float, history: HistoryLike) -> float | None:
        """Return the rate of the next epoch."""
        rate = eta if self.schedule is None else self.schedule(eta, history)
        return None if rate is None else rate * min(1.0, (history.epochs + 1) / (self.epochs + 1))


@constructor_checked
@dataclass(frozen=True)
class OneCycle:
    r"""A rate that rises along half a cosine to :math:`\eta`, and falls along another to almost nothing.

    .. math::
        c(a, b, x) = b + (a - b) \frac{1 + \cos(\pi x)}{2}, \quad x = \frac{t}{n - 1}, \qquad
        \eta\, c(s, 1, x / r) \text{ if } x < r, \text{ else } \eta\, c\!\left(1, f, \frac{x - r}{1 - r}\right)

    in epoch :math:`t`, counted from 0, and :math:`f \eta` after the last of them (L. Smith and N. Topin,
    arXiv:1708.07120; cosines as is usual today). Give it the number of epochs of the training.

    Attributes
    ----------
    epochs : int, >= 2
        :math:`n`.
    rise : float in [0, 1]
        :math:`r`, the share of the epochs after which the rate is :math:`\eta`.
    start, final : float in [0, 1]
        :math:`s` and :math:`f`.

    Raises
    ------
    ValueError
        A value outside its range.

    Examples
    --------
    >>> from network3 import History
    >>> [round(OneCycle(5, rise=0.5)(1.0, History(cost=[0.3] * t)), 3) for t in range(5)]
    [0.04, 0.52, 1.0, 0.5, 0.0]
    """

    epochs: int
    rise: float = 0.3
    start: float = 0.04
    final: float = 1e-4

    def __post_init__(self) -> None:
        integer("OneCycle: epochs", self.epochs, least=2)
        for name in ("rise", "start", "final"):
            real(f"OneCycle: {name}", getattr(self, name), least=0.0, most=1.0)

    def __call__(self, eta: float, history: HistoryLike) -> float:
        """Return the rate of the next epoch."""
        position, top = min(history.epochs / (self.epochs - 1), 1.0), self.rise
        if position < top:
            return eta * _between(self.start, 1.0, position / top)
        return eta * _between(1.0, self.final, (position - top) / (1 - top) if top < 1 else 0.0)


def _between(first: float, last: float, share: float) -> float:
    """Return a point of half a cosine from `first` to `last`."""
    return last + (first - last) * (1 + math.cos(math.pi * share)) / 2
