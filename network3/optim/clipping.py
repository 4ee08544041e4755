"""Gradient clipping: another rule, with gradients that are never longer than a limit."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.gradient import disconnected_grad
from pytensor.tensor.variable import TensorVariable

from network3.layers.calls import constructor_checked
from network3.layers.checks import error_message, shown

from .hessian import Hessian
from .rules import LimitedRule, Params, Updates, gradients


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
    TypeError, ValueError
        `rule` is not a rule, or uses second derivatives; `limit` is not positive.

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> from pytensor import shared
    >>> w = shared(2.0, name="w")
    >>> float(ClipNorm(limit=1.0)(w**2, [w], pt.constant(0.1))[w].eval().round(3))  # the gradient 4 becomes 1
    1.9
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        inner: Any = self.rule
        while inner is not None:
            if isinstance(inner, Hessian):
                hint = "Use Hessian(damping=...), which makes its steps shorter."
                expected = "expected a rule that uses the first gradient alone"
                raise ValueError(error_message("ClipNorm: rule", expected, shown(inner), hint))
            inner = getattr(inner, "rule", None)

    def __call__(self, cost: TensorVariable, params: Params, eta: TensorVariable) -> Updates:
        """Return what the rule returns for the clipped gradients."""
        if not params:
            return self.updates(cost, params, eta)
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
