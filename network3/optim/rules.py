"""Update rules: functions ``rule(cost, params, eta) -> {variable: next value}`` over expressions.

Variables besides `params` are the rule's own state, such as velocities: shared variables that it makes. A training
begins with the values that they are made with, and a checkpoint keeps them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytensor.tensor as pt
from pytensor import shared
from pytensor.gradient import grad

from network3.layers.checks import error_message, real

from .hessian import Hessian as Hessian


def gradient_descent(cost, params, eta):
    r"""Return :math:`w \to w - \eta\, \partial C / \partial w` for each of `params` (book, chapter 1).

    Parameters
    ----------
    cost : scalar expression
    params : list of shared variables
    eta : scalar expression of the params' type
        Learning rate.
    """
    return {p: p - eta * g for p, g in zip(params, grad(cost, params), strict=True)}


@dataclass(frozen=True)
class Momentum:
    r"""Gradient descent with a velocity, :math:`v \to v' = \mu v - \eta \nabla C`, :math:`w \to w + v'` (chapter 3).

    Attributes
    ----------
    mu : float in [0, 1)
        The coefficient; 1 - mu is the friction.

    Raises
    ------
    ValueError
        `mu` outside [0, 1).
    """

    mu: float = 0.9

    def __post_init__(self):
        real("Momentum: mu", self.mu, least=0.0, below=1.0)

    def __call__(self, cost, params, eta):
        updates = {}
        for p, v, g in _with_velocities(cost, params):
            velocity = np.asarray(self.mu, p.dtype) * v - eta * g
            updates |= {v: velocity, p: p + velocity}
        return updates


@dataclass(frozen=True)
class Nesterov:
    r"""Momentum with the gradient where the velocity leads.

    .. math:: v \to v' = \mu v - \eta \nabla C(w), \qquad w \to w + \mu v' - \eta \nabla C(w)

    The parameters are those that lie ahead, :math:`w + \mu v` of the usual form (Y. Bengio et al., ICASSP 2013, 3.5).

    Attributes
    ----------
    mu : float in [0, 1)

    Raises
    ------
    ValueError
        `mu` outside [0, 1).
    """

    mu: float = 0.9

    def __post_init__(self):
        real("Nesterov: mu", self.mu, least=0.0, below=1.0)

    def __call__(self, cost, params, eta):
        mu, updates = self.mu, {}
        for p, v, g in _with_velocities(cost, params):
            velocity = np.asarray(mu, p.dtype) * v - eta * g
            updates |= {v: velocity, p: p + np.asarray(mu, p.dtype) * velocity - eta * g}
        return updates


@dataclass(frozen=True)
class MaxNorm:
    r"""Another rule, after which no neuron's weights are longer than a limit, :math:`w \to w \min(1, c / \|w\|)`.

    The norm is that of the weights into one neuron, or of one filter (N. Srivastava et al., JMLR 2014, 5.1).

    Attributes
    ----------
    limit : float, > 0
        :math:`c`.
    rule : callable, default `gradient_descent`

    Raises
    ------
    ValueError
        `limit` is not positive.
    """

    limit: float
    rule: Callable = gradient_descent

    def __post_init__(self):
        if real("MaxNorm: limit", self.limit, least=0.0) == 0:
            raise ValueError(error_message("MaxNorm: limit", "expected a length above 0", "0", "Write e.g. 3.0."))

    def __call__(self, cost, params, eta):
        updates = dict(self.rule(cost, params, eta))
        for p in params:
            if p.ndim >= 2:
                w = updates[p]
                axes = 0 if p.ndim == 2 else tuple(range(1, p.ndim))
                norm = pt.sqrt((w**2).sum(axis=axes, keepdims=True, acc_dtype=p.dtype))
                limit = np.asarray(self.limit, p.dtype)
                updates[p] = w * (limit / pt.maximum(norm, limit))
        return updates


def _with_velocities(cost, params):
    """Yield each parameter with a velocity of its shape, 0 at first, and its gradient."""
    for p, g in zip(params, grad(cost, params), strict=True):
        yield p, shared(np.zeros_like(p.get_value(borrow=True)), name=f"velocity of {p.name}", shape=p.type.shape), g
