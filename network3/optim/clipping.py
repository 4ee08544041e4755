"""Gradient clipping: another rule, with gradients that are never longer than a limit."""

from dataclasses import dataclass

import numpy as np
import pytensor.tensor as pt
from pytensor.gradient import disconnected_grad
from pytensor.tensor.variable import TensorVariable

from network3.layers.calls import constructor_checked, function_of
from network3.layers.checks import real

from .rules import RULE_ARGUMENTS, Params, Rule, Updates, gradient_descent, gradients


@constructor_checked
@constructor_checked
@dataclass(frozen=True)
class ClipNorm:
    r"""Another rule, with all gradients scaled by :math:`\min(1, c / \|g\|)`, :math:`\|g\|` over all parameters.

    The direction of the step stays (R. Pascanu, T. Mikolov and Y. Bengio, ICML 2013, algorithm 1).

    Attributes
    ----------
    limit : float, > 0
        :math:`c`.
    rule : callable, default `gradient_descent`
        Any rule that uses nothing but the first gradient, so not `Hessian`.

    Raises
    ------
    ValueError
        `limit` is not positive.
    """

    limit: float
    rule: Rule = gradient_descent

    def __post_init__(self) -> None:
        function_of("ClipNorm: rule", self.rule, RULE_ARGUMENTS, "rule=network3.optim.Momentum(0.9)")
        real("ClipNorm: limit", self.limit, above=0.0)

    def __call__(self, cost: TensorVariable, params: Params, eta: TensorVariable) -> Updates:
        """Return what the rule returns for the clipped gradients."""
        found = gradients(cost, params)
        squares = [(g**2).sum(acc_dtype=g.dtype) for g in found]
        norm = pt.sqrt(sum(squares[1:], squares[0]))
        limit = np.asarray(self.limit, params[0].dtype)
        factor = limit / pt.maximum(norm, limit)
        # The rule takes the gradient of a cost: one that is linear in the parameters has any gradient we wish.
        linear = [
            (disconnected_grad(factor * g) * p).sum(acc_dtype=p.dtype) for p, g in zip(params, found, strict=True)
        ]
        return self.rule(sum(linear[1:], linear[0]), params, eta)
