"""The Hessian technique as an update rule (book, chapter 3, "Variations on stochastic gradient descent").

The matrix of second derivatives is never built: it has a row for each parameter. Its product with a vector is the
gradient of a scalar, and the method of conjugate gradients needs only such products.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import pytensor.tensor as pt
from pytensor import scan
from pytensor.gradient import grad
from pytensor.tensor.variable import TensorVariable

from network3.layers.calls import constructor_checked
from network3.layers.checks import integer, real

from .rules import Params, Updates, gradients


@constructor_checked
@dataclass(frozen=True)
class Hessian:
    r"""Step towards the minimum of the local quadratic model, :math:`w \to w - \eta (H + d I)^{-1} \nabla C`.

    Each iteration costs about two gradients. With :math:`\eta = 1`, no damping and as many iterations as parameters,
    one step minimizes a quadratic cost.

    Attributes
    ----------
    damping : float, >= 0, default 1
        :math:`d`: the larger, the closer to gradient descent with the rate :math:`\eta / d`. Along a direction of
        negative curvature below :math:`-d`, the step stops.
    iterations : int, >= 1, default 10
        Number of iterations of conjugate gradients.

    Raises
    ------
    ValueError
        `damping` is negative, or `iterations` less than 1.

    Notes
    -----
    Sources: J. Martens, ICML 2010 (damping, conjugate gradients); B. Pearlmutter, Neural Computation 1994 (products).

    Examples
    --------
    >>> import numpy as np
    >>> import pytensor.tensor as pt
    >>> from pytensor import shared
    >>> w = shared(np.array([2.0]), name="w")
    >>> abs(Hessian(damping=0.0)((w**2).sum(), [w], pt.constant(1.0))[w].eval()).round(3)  # the minimum, in one step
    array([0.])
    """

    damping: float = 1.0
    iterations: int = 10

    def __post_init__(self) -> None:
        real("Hessian: damping", self.damping, least=0.0)
        object.__setattr__(self, "iterations", integer("Hessian: iterations", self.iterations))

    def __call__(self, cost: TensorVariable, params: Params, eta: TensorVariable) -> Updates:
        """Return the next value of each of `params`."""
        step = _split(self._solve(params, gradients(cost, params)), params)
        return {p: p - eta * s for p, s in zip(params, step, strict=True)}

    def _solve(self, params: Params, slopes: Sequence[TensorVariable]) -> TensorVariable:
        """Return the vector x that solves (H + d I) x = gradient approximately, by conjugate gradients."""
        gradient = pt.concatenate([g.ravel() for g in slopes])
        damping = np.asarray(self.damping, gradient.dtype)

        def iterate(
            x: TensorVariable, residual: TensorVariable, direction: TensorVariable, square: TensorVariable
        ) -> tuple[TensorVariable, ...]:
            # H v is the gradient of the gradient's product with a constant v.
            parts = _split(direction, params)
            inner = cast("TensorVariable", sum(_dot(g, v) for g, v in zip(slopes, parts, strict=True)))
            curved = grad(inner, list(params), consider_constant=parts, disconnected_inputs="ignore")
            columns = [c.ravel() for c in cast("Sequence[TensorVariable]", curved)]
            product = pt.concatenate(columns) + damping * direction
            length = _quotient(square, _dot(direction, product))
            residual = residual - length * product
            next_square = _dot(residual, residual)
            return x + length * direction, residual, residual + _quotient(next_square, square) * direction, next_square

        start = [pt.zeros_like(gradient), gradient, gradient, _dot(gradient, gradient)]
        solutions, *_ = scan(iterate, outputs_info=start, n_steps=self.iterations, return_updates=False)
        return solutions[-1]


def _split(vector: TensorVariable, params: Params) -> list[TensorVariable]:
    """Return the parts of `vector` in the shapes of `params`."""
    sizes = [p.get_value(borrow=True).size for p in params]
    ends = np.cumsum(sizes)
    shapes = [p.get_value(borrow=True).shape for p in params]
    return [vector[end - size : end].reshape(shape) for end, size, shape in zip(ends, sizes, shapes, strict=True)]


def _dot(a: TensorVariable, b: TensorVariable) -> TensorVariable:
    return (a * b).sum(acc_dtype=a.dtype)


def _quotient(a: TensorVariable, b: TensorVariable) -> TensorVariable:
    """Return a / b, or 0 unless b is positive: the residual is 0, or the curvature negative."""
    return pt.switch(b > 0, a / pt.switch(b > 0, b, 1), 0)
