"""Gradient clipping: another rule, with gradients that are never longer than a limit."""

from dataclasses import dataclass

import numpy as np
import pytensor.tensor as pt
from pytensor.gradient import disconnected_grad
from pytensor.tensor.variable import TensorVariable

from network3.layers.calls import constructor_checked

from .rules import LimitedRule, Params, Updates, gradients


@constructor_checked
@constructor_checked
@dataclass(frozen=True)
class ClipNorm(LimitedRule):
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

    def __call__(self, cost: TensorVariable, params: Params, eta: TensorVariable) -> Updates:
        """Return what the rule returns for the clipped gradients."""
        found = gradients(cost, params)
        squares = [(g**2).sum(acc_dtype=g.dtype) for g in found]
        norm = pt.sqrt(sum(squares[1:], squares[0]))
        limit = np.asarray(self.limit, params[0].dtype)
        factor = limit / pt.maximum(norm, limit)
        # A rule takes the gradient of a cost; that of this one, which is linear in the parameters, is the clipped one.
        linear = [
            (disconnected_grad(factor * g) * p).sum(acc_dtype=p.dtype) for p, g in zip(params, found, strict=True)
        ]
        return self.updates(sum(linear[1:], linear[0]), params, eta)
