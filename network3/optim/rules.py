"""Update rules: functions ``rule(cost, params, eta) -> {variable: next value}`` of expressions.

Variables besides `params` are the rule's slots, such as velocities: shared variables that the rule creates. Each
training starts from their initial values, and a checkpoint saves them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import numpy as np
import pytensor.tensor as pt
from pytensor import shared
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.gradient import DisconnectedInputError, NullTypeGradError, grad
from pytensor.tensor.sharedvar import TensorSharedVariable
from pytensor.tensor.variable import TensorVariable

from network3.layers.calls import call, constructor_checked, function_of
from network3.layers.checks import error_message, real, shown

Params: TypeAlias = Sequence[TensorSharedVariable]
Updates: TypeAlias = dict[TensorSharedVariable, TensorVariable]
RULE_ARGUMENTS = ("cost", "params", "eta")
Rule: TypeAlias = Callable[[TensorVariable, Params, TensorVariable], Updates]


def updates_of(who: str, rule: Rule, cost: TensorVariable, params: Params, eta: TensorVariable) -> Updates:
    """Return what `rule` returns, checked; a list of pairs (variable, next value) becomes a dict.

    Raises
    ------
    TypeError, ValueError
        Neither of the two, or a next value that is no expression of the type and shape of its variable.
    """
    changed = call(who, rule, cost, params, eta)
    expected, hint = "expected a rule that returns {variable: next value}", "See network3.optim.gradient_descent."
    try:
        pairs = list(changed.items() if isinstance(changed, Mapping) else changed)
        updates: dict[Any, Any] = {variable: value for variable, value in pairs}
    except (TypeError, ValueError):
        raise TypeError(error_message(who, expected, shown(changed), hint)) from None
    for variable, value in updates.items():
        if not isinstance(variable, SharedVariable) or not isinstance(value, TensorVariable):
            got = shown(value if isinstance(variable, SharedVariable) else variable)
            raise TypeError(error_message(who, f"{expected}, of shared variables and expressions", got, hint))
        kind, name = variable.type, variable.name or "a variable"
        if value.dtype != kind.dtype:
            got, hint = f"{value.dtype} for {name} of {kind.dtype}", "Cast it with pytensor.tensor.cast(..., p.dtype)."
            raise TypeError(error_message(who, "expected next values of the types of the variables", got, hint))
        shapes = value.type.shape, variable.get_value(borrow=True).shape
        if len(shapes[0]) != len(shapes[1]) or any(None is not a != b for a, b in zip(*shapes, strict=True)):
            got, hint = f"{shapes[0]} for {name} of {shapes[1]}", "Compute each from its variable and its gradient."
            raise ValueError(error_message(who, "expected next values of the shapes of the variables", got, hint))
    return updates


def gradients(cost: TensorVariable, params: Params) -> Sequence[TensorVariable]:
    """Return the gradient of the scalar `cost` with respect to each of `params`.

    Raises
    ------
    TypeError
        There is none: an Op on the way has no derivative.
    """
    try:
        return cast("Sequence[TensorVariable]", grad(cost, params))
    except (DisconnectedInputError, NullTypeGradError, NotImplementedError) as error:
        names = [p.name or "a parameter" for p in params if grad_is_missing(cost, p)]
        hint = "Use differentiable functions of pytensor.tensor in activation functions, layers and costs."
        expected = "expected a cost with a gradient for every parameter"
        raise TypeError(error_message("gradient", expected, f"none for {', '.join(names)}", hint)) from error


def grad_is_missing(cost: TensorVariable, param: TensorSharedVariable) -> bool:
    """Whether `cost` has no gradient with respect to `param`."""
    try:
        grad(cost, param)
    except (DisconnectedInputError, NullTypeGradError, NotImplementedError):
        return True
    return False


def gradient_descent(cost: TensorVariable, params: Params, eta: TensorVariable) -> Updates:
    r"""Return :math:`w \to w - \eta\, \partial C / \partial w` for each of `params` (book, chapter 1).

    Parameters
    ----------
    cost : scalar expression
    params : list of shared variables
    eta : scalar expression of the type of `params`
        Learning rate.

    Returns
    -------
    dict from each of `params` to its next value

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> from pytensor import shared
    >>> w = shared(2.0, name="w")
    >>> updates = gradient_descent(w**2, [w], pt.constant(0.1))
    >>> {variable.name: float(value.eval().round(3)) for variable, value in updates.items()}
    {'w': 1.6}
    """
    return {p: p - eta * g for p, g in zip(params, gradients(cost, params), strict=True)}


@dataclass(frozen=True)
class WithMomentum:
    """Base class of the rules with a velocity: its coefficient `mu`, a float in [0, 1), and the check of it."""

    mu: float = 0.9

    def __post_init__(self) -> None:
        real(f"{type(self).__name__}: mu", self.mu, least=0.0, below=1.0)


@constructor_checked
@dataclass(frozen=True)
class Momentum(WithMomentum):
    r"""Gradient descent with a velocity, :math:`v \to v' = \mu v - \eta \nabla C`, :math:`w \to w + v'` (chapter 3).

    Attributes
    ----------
    mu : float in [0, 1)
        The coefficient; 1 - mu is the friction.

    Raises
    ------
    ValueError
        `mu` outside [0, 1).

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> from pytensor import shared
    >>> w = shared(2.0, name="w")
    >>> updates = Momentum(0.9)(w**2, [w], pt.constant(0.1))
    >>> {variable.name: float(value.eval().round(3)) for variable, value in updates.items()}
    {'velocity of w': -0.4, 'w': 1.6}
    """

    def __call__(self, cost: TensorVariable, params: Params, eta: TensorVariable) -> Updates:
        """Return the next value of each of `params` and of its velocity."""
        updates: Updates = {}
        for p, v, g in _with_velocities(cost, params):
            velocity = np.asarray(self.mu, p.dtype) * v - eta * g
            updates |= {v: velocity, p: p + velocity}
        return updates


@constructor_checked
@dataclass(frozen=True)
class Nesterov(WithMomentum):
    r"""Nesterov's accelerated gradient: momentum with the gradient at the point ahead.

    .. math:: v \to v' = \mu v - \eta \nabla C(w), \qquad w \to w + \mu v' - \eta \nabla C(w)

    The parameters are the points ahead, :math:`w + \mu v` of the usual form (Y. Bengio et al., ICASSP 2013, 3.5).

    Attributes
    ----------
    mu : float in [0, 1)
        The coefficient of momentum.

    Raises
    ------
    ValueError
        `mu` outside [0, 1).

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> from pytensor import shared
    >>> w = shared(2.0, name="w")
    >>> updates = Nesterov(0.9)(w**2, [w], pt.constant(0.1))
    >>> {variable.name: float(value.eval().round(3)) for variable, value in updates.items()}
    {'velocity of w': -0.4, 'w': 1.24}
    """

    def __call__(self, cost: TensorVariable, params: Params, eta: TensorVariable) -> Updates:
        """Return the next value of each of `params` and of its velocity."""
        updates: Updates = {}
        for p, v, g in _with_velocities(cost, params):
            mu = np.asarray(self.mu, p.dtype)
            velocity = mu * v - eta * g
            updates |= {v: velocity, p: p + mu * velocity - eta * g}
        return updates


def check_inner_rule(who: str, rule: Any, example: str) -> None:
    """Raise TypeError or ValueError unless `rule` is a rule that another one may contain; `example` is shown."""
    function_of(who, rule, RULE_ARGUMENTS, example)
    if getattr(rule, "outermost", False):
        name = type(rule).__name__
        hint = f"Write {name} around all other rules: {name}(ClipNorm(1.0, Adam()))."
        raise ValueError(error_message(who, "expected a rule without averages", shown(rule), hint))


@dataclass(frozen=True)
class LimitedRule:
    """Base class of the rules that limit another one: the limit, a float above 0, the other rule, and their checks."""

    limit: float
    rule: Rule = gradient_descent

    def __post_init__(self) -> None:
        name = type(self).__name__
        check_inner_rule(f"{name}: rule", self.rule, "rule=network3.optim.Momentum(0.9)")
        real(f"{name}: limit", self.limit, above=0.0)

    def updates(self, cost: TensorVariable, params: Params, eta: TensorVariable) -> Updates:
        """Return the updates of the other rule."""
        return updates_of(f"{type(self).__name__}: rule", self.rule, cost, params, eta)


@constructor_checked
@dataclass(frozen=True)
class MaxNorm(LimitedRule):
    r"""Another rule, followed by a limit on the norm of each neuron's weights, :math:`w \to w \min(1, c / \|w\|)`.

    The norm is that of the weights into one neuron, or of one filter (N. Srivastava et al., JMLR 2014, 5.1).

    Attributes
    ----------
    limit : float, > 0
        :math:`c`.
    rule : callable, default `gradient_descent`
        The other rule.

    Raises
    ------
    ValueError
        `limit` is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> import pytensor.tensor as pt
    >>> from pytensor import shared
    >>> w = shared(np.array([[3.0], [4.0]]), name="w")
    >>> MaxNorm(limit=1.0)((w**2).sum(), [w], pt.constant(0.1))[w].eval().round(3)
    array([[0.6],
           [0.8]])
    """

    def __call__(self, cost: TensorVariable, params: Params, eta: TensorVariable) -> Updates:
        """Return the updates of the other rule, with limited weights."""
        updates = self.updates(cost, params, eta)
        for p in params:
            if p.ndim >= 2 and p in updates:
                w = updates[p]
                axes = 0 if p.ndim == 2 else tuple(range(1, p.ndim))
                norm = pt.sqrt((w**2).sum(axis=axes, keepdims=True, acc_dtype=p.dtype))
                limit = np.asarray(self.limit, p.dtype)
                updates[p] = w * (limit / pt.maximum(norm, limit))
        return updates


def _with_velocities(
    cost: TensorVariable, params: Params
) -> Iterator[tuple[TensorSharedVariable, TensorSharedVariable, TensorVariable]]:
    """Yield each parameter with a velocity of its shape, initially 0, and its gradient."""
    for p, g in zip(params, gradients(cost, params), strict=True):
        yield p, shared(np.zeros_like(p.get_value(borrow=True)), name=f"velocity of {p.name}", shape=p.type.shape), g
