"""The Hessian technique as an update rule (book, chapter 3, "Variations on stochastic gradient descent").

The matrix of second derivatives is never made: it has a row for each parameter. Its product with a vector is the
gradient of a number, and conjugate gradients find the step by such products alone.
"""

from dataclasses import dataclass

import numpy as np
import pytensor.tensor as pt
from pytensor import scan
from pytensor.gradient import grad

from network3.layers.checks import integer, real


@dataclass(frozen=True)
class Hessian:
    r"""Step to where a parabola through here has its minimum, :math:`w \to w - \eta (H + d I)^{-1} \nabla C`.

    Each iteration costs about two gradients. With :math:`\eta = 1`, no damping and as many iterations as parameters,
    one step minimizes a quadratic cost.

    Attributes
    ----------
    damping : float, >= 0, default 1
        :math:`d`: the larger, the more like gradient descent with the rate :math:`\eta / d`. Where the cost curves
        downwards by more than this, the step goes no further in that direction.
    iterations : int, >= 1, default 10
        Of conjugate gradients.

    Raises
    ------
    ValueError
        `damping` is negative, or `iterations` less than 1.

    Notes
    -----
    Sources: J. Martens, ICML 2010 (damping, conjugate gradients); B. Pearlmutter, Neural Computation 1994 (products).
    """

    damping: float = 1.0
    iterations: int = 10

    def __post_init__(self):
        real("Hessian: damping", self.damping, least=0.0)
        integer("Hessian: iterations", self.iterations)

    def __call__(self, cost, params, eta):
        gradients = grad(cost, params)
        step = _split(self._solve(params, gradients), params)
        return {p: p - eta * s for p, s in zip(params, step, strict=True)}

    def _solve(self, params, gradients):
        """Return the vector x with (H + d I) x = gradient, about, by the method of conjugate gradients."""
        gradient = pt.concatenate([g.ravel() for g in gradients])
        damping = np.asarray(self.damping, gradient.dtype)

        def iterate(x, residual, direction, left):
            # H v is the gradient of the gradient's product with v, a constant.
            parts = _split(direction, params)
            inner = sum(_dot(g, v) for g, v in zip(gradients, parts, strict=True))
            turned = grad(inner, params, consider_constant=parts, disconnected_inputs="ignore")
            product = pt.concatenate([t.ravel() for t in turned]) + damping * direction
            length = _quotient(left, _dot(direction, product))
            residual = residual - length * product
            remains = _dot(residual, residual)
            return x + length * direction, residual, residual + _quotient(remains, left) * direction, remains

        first = [pt.zeros_like(gradient), gradient, gradient, _dot(gradient, gradient)]
        found, *_ = scan(iterate, outputs_info=first, n_steps=self.iterations, return_updates=False)
        return found[-1]


def _split(vector, params):
    """Return the parts of `vector` in the shapes of `params`."""
    sizes = [p.get_value(borrow=True).size for p in params]
    ends = np.cumsum(sizes)
    shapes = [p.get_value(borrow=True).shape for p in params]
    return [vector[end - size : end].reshape(shape) for end, size, shape in zip(ends, sizes, shapes, strict=True)]


def _dot(a, b):
    return (a * b).sum(acc_dtype=a.dtype)


def _quotient(a, b):
    """Return a / b, or 0 unless b is positive: nothing is left to do, or the cost curves downwards."""
    return pt.switch(b > 0, a / pt.switch(b > 0, b, 1), 0)
