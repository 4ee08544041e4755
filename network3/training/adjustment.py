"""The learning rate and the regularization of a training that runs: callbacks may set them before each chunk.

Both are arguments of the compiled step, so that nothing is compiled again.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from network3.layers.checks import real

from .callbacks import Callback
from .config import TrainingConfig


class Adjusting(Protocol):
    """A callback that sets the rates of the next chunk; for it the step is compiled with the regularizer."""

    def adjust(self, eta: float, lmbda: float) -> tuple[float, float]:
        """Return the learning rate and the regularization to use, from those of the schedule and the config."""


def adjust(
    callbacks: Sequence[Callback],
    scheduled: dict[int, float],
    rates: dict[int, float],
    configs: Sequence[TrainingConfig],
) -> list[float]:
    """Set `rates` to the learning rates that callbacks choose for the next chunk; return the regularizer's factors.

    Parameters
    ----------
    callbacks : list of Callback
        Those with a method `adjust`, see `Adjusting`, are called in their order for each network.
    scheduled : dict of int to float
        The learning rate of this epoch for each active network.
    rates : dict of int to float
        Changed in place: the history records those of the last chunk of an epoch.
    configs : list of TrainingConfig
        Of the same networks.

    Raises
    ------
    ValueError
        A rate that is not a finite number of at least 0.
    """
    methods: list[Any] = [callback.adjust for callback in callbacks if hasattr(callback, "adjust")]
    decays = []
    for (k, rate), config in zip(scheduled.items(), configs, strict=True):
        chosen = rate, config.lmbda
        for method in methods:
            eta, lmbda = method(*chosen)
            chosen = real("SGD: eta of adjust", eta, least=0.0), real("SGD: lmbda of adjust", lmbda, least=0.0)
        rates[k] = chosen[0]
        decays.append(config.decay_of(chosen[1]))
    return decays
