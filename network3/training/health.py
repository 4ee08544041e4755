"""What looks wrong with a training, said once: nothing stops, but a night may be lost on it."""

import warnings

import numpy as np

from network3.graph import layer_name
from network3.layers import ReLU
from network3.layers.checks import error_message

from .config import Plan
from .state import State

RISEN = 1.1  # times the first epoch's cost: mini-batches and masks alone move it a little, either way
LARGE = 10  # pixels lie in [0, 1); values of mean 0 and deviation 1 hardly reach this


class TrainingWarning(UserWarning):
    """Something about the data, or about how a training goes, that is seldom meant."""


def check_data(plan: Plan) -> None:
    """Warn of images that were not scaled, and of labels in order that are not shuffled."""
    images, labels = plan.training.images, plan.training.targets
    low, high = (0, 0) if images.dtype == np.uint8 else (images.min(), images.max())
    if max(-low, high) > LARGE:
        got = f"values from {low:g} to {high:g}"
        hint = "Divide grey levels by 256, or pass them as uint8; neurons saturate on large values."
        _say(error_message("SGD: training data", "expected pixels between 0 and 1, or near them", got, hint))
    together = plan.mini_batch_size < len(labels) and labels.ndim == 1 and labels.dtype.kind == "i"
    if together and not plan.shuffle and labels[0] != labels[-1] and (np.diff(labels) >= 0).all():
        hint = "Write shuffle=True; otherwise each mini-batch has one class only."
        _say(error_message("SGD: training data", "expected examples in a mixed order", "labels that are sorted", hint))


def check_epoch(net, plan: Plan, state: State, weights) -> None:
    """Warn of a cost that rose, and of a layer that did not learn, in the epoch whose record is complete.

    Parameters
    ----------
    weights : list of arrays
        At the end of the epoch; ``state.good`` are those at its start.
    """
    cost = state.history.cost
    if _rises(cost) and not any(_rises(cost[:k]) for k in range(2, len(cost))):
        got = f"{cost[-1]:.4g}, after {cost[-2]:.4g} in the epoch before and {cost[0]:.4g} in the first"
        hint = f"Try a smaller eta than {plan.eta:g}."
        _say(error_message(f"SGD: epoch {len(cost) - 1}", "expected a cost that falls", got, hint))
    if state.history.eta[-1] == 0:
        return
    still = {id(p) for p, a, b in zip(net.params, state.good, weights, strict=True) if np.array_equal(a, b)}
    # A bias takes no part in the regularization: what leaves it alone for an epoch is a gradient of 0.
    dead = [
        k
        for k, layer in enumerate(net.layers)
        if getattr(layer, "activation_fn", None) is ReLU and id(getattr(layer, "b", None)) in still
    ]
    if dead:  # those before the last of them are still because it is
        hint = "Try a smaller eta, or another initializer: its neurons give 0 for all examples."
        _say(
            error_message(
                layer_name(net.layers, dead[-1]), "expected neurons that learn", "none for a whole epoch", hint
            )
        )


def _rises(cost) -> bool:
    """Whether the last epoch cost more than the one before, and clearly more than the first."""
    return len(cost) > 1 and cost[-1] > cost[-2] and cost[-1] > RISEN * cost[0]


def _say(message: str) -> None:
    warnings.warn(message, TrainingWarning, stacklevel=2)
