"""Health checks of a training: an error where it diverges, and warnings, each given once, of what is seldom meant."""

import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from pytensor.compile.sharedvalue import SharedVariable

from network3.graph import NetworkLike, frozen_layers, layer_name
from network3.images import TrainingWarning as TrainingWarning
from network3.layers import ReLU
from network3.layers.checks import error_message

from .config import TrainingConfig
from .history import History

RISE = 1.1  # factor of the first epoch's cost: mini-batches and masks alone change it a little, either way


class DivergenceError(FloatingPointError):
    """The cost or the weights became NaN or infinite; ``history`` has the epochs before.

    Examples
    --------
    >>> import numpy as np
    >>> from network3 import Network, RegressionLayer
    >>> net = Network([RegressionLayer(n_in=1, n_out=1)], 1)
    >>> try:
    ...     net.SGD((np.full((100, 1), 9.0), np.zeros(100)), 2, 1, 9.0, verbose=False)
    ... except DivergenceError as error:
    ...     print(error.history.epochs, "epochs before it")
    0 epochs before it
    """

    def __init__(self, message: str, history: History):
        super().__init__(message)
        self.history = history


def divergence(net: NetworkLike, history: History, batch: int, eta: float, got: str) -> DivergenceError:
    """Return the error to raise, which names the first layer whose weights are not finite."""
    diverged = (k for k, layer in enumerate(net.layers) if not _finite(v.get_value() for v in _variables(layer)))
    first = next(diverged, None)
    got += "" if first is None else f", and {layer_name(net.layers, first)} with weights that are not finite"
    message = error_message(
        f"SGD: epoch {history.epochs}, mini-batch {batch}",
        "expected a finite cost and finite weights",
        got,
        f"Try a smaller eta than {eta:g}, pixels between 0 and 1, or a narrower initializer; "
        f"the network has the weights it had before epoch {history.epochs}.",
    )
    return DivergenceError(message, history)


def _variables(layer: Any) -> list[SharedVariable]:
    return [*layer.params, *getattr(layer, "buffers", ())]


def _finite(arrays: Iterable[np.ndarray]) -> bool:
    return all(np.isfinite(array).all() for array in arrays)


def check_data(config: TrainingConfig) -> None:
    """Warn of sorted labels that are not shuffled."""
    labels = config.training_data.targets
    several = config.mini_batch_size < len(labels) and labels.ndim == 1 and labels.dtype.kind == "i"
    if several and not config.shuffle and labels[0] != labels[-1] and (np.diff(labels) >= 0).all():
        hint = "Write shuffle=True; otherwise each mini-batch has one class only."
        _warn(error_message("SGD: training data", "expected examples in a mixed order", "labels that are sorted", hint))


def check_epoch(
    net: NetworkLike, history: History, eta: float, before: Sequence[np.ndarray], after: Sequence[np.ndarray]
) -> None:
    """Warn of a rate of 0, of a cost that rose, and of a layer that did not learn, in the last epoch of `history`.

    Parameters
    ----------
    net : Network
    history : History
    eta : float
        Of the training.
    before, after : lists of arrays
        Of `Network.get_weights`, at the start and at the end of the epoch.
    """
    cost = history.cost
    if _rises(cost) and not any(_rises(cost[:k]) for k in range(2, len(cost))):
        got = f"{cost[-1]:.4g}, after {cost[-2]:.4g} in the epoch before and {cost[0]:.4g} in the first"
        hint = f"Try a smaller eta than {eta:g}."
        _warn(error_message(f"SGD: epoch {len(cost) - 1}", "expected a cost that falls", got, hint))
    if history.eta[-1] == 0:
        if eta > 0 and 0 not in history.eta[:-1]:
            hint = "Give the schedule as many epochs as the training has, or a final rate above 0."
            got = "0 from the schedule"
            _warn(error_message(f"SGD: epoch {len(cost) - 1}", "expected a learning rate above 0", got, hint))
        return
    unchanged = {id(p) for p, a, b in zip(net.variables, before, after, strict=True) if np.array_equal(a, b)}
    # A bias is not regularized: if it stays the same for an epoch, its gradient was 0.
    dead = [
        k
        for k, layer in enumerate(net.layers)
        if k not in frozen_layers(net.layers)
        and getattr(layer, "activation_fn", None) is ReLU
        and id(getattr(layer, "b", None)) in unchanged
    ]
    if dead:  # the layers below the last of them are unchanged because it is dead
        hint = "Try a smaller eta, or another initializer: its neurons output 0 for all examples."
        _warn(
            error_message(
                layer_name(net.layers, dead[-1]), "expected neurons that learn", "none for a whole epoch", hint
            )
        )


def _rises(cost: Sequence[float]) -> bool:
    """Return whether the last epoch cost more than the one before, and clearly more than the first."""
    return len(cost) > 1 and cost[-1] > cost[-2] and cost[-1] > RISE * cost[0]


def _warn(message: str) -> None:
    warnings.warn(message, TrainingWarning, stacklevel=2)
