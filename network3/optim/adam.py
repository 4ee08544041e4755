"""Adam and AdamW: steps whose length follows from running means of each gradient and of its square."""

from dataclasses import dataclass

import numpy as np
import pytensor.tensor as pt
from pytensor import shared
from pytensor.tensor.variable import TensorVariable

from network3.layers.calls import constructor_checked
from network3.layers.checks import real

from .rules import Params, Updates, gradients


@constructor_checked
@dataclass(frozen=True)
class Adam:
    r"""Steps in units of the learning rate, whatever the size of the gradient :math:`g`.

    .. math::
        m' = \beta_1 m + (1 - \beta_1) g, \qquad v' = \beta_2 v + (1 - \beta_2) g^2, \qquad
        w \to w - \eta \frac{m' / (1 - \beta_1^t)}{\sqrt{v' / (1 - \beta_2^t)} + \epsilon}

    in step :math:`t`, counted from 1 (D. Kingma and J. Ba, ICLR 2015, algorithm 1).

    Attributes
    ----------
    beta1, beta2 : float in [0, 1)
        How much of the means each step keeps.
    epsilon : float, > 0

    Raises
    ------
    ValueError
        A value outside its range.

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> from pytensor import shared
    >>> w = shared(2.0, name="w")
    >>> float(Adam()(w**2, [w], pt.constant(0.1))[w].eval().round(3))  # a step of the length eta
    1.9
    """

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        name = type(self).__name__
        real(f"{name}: beta1", self.beta1, least=0.0, below=1.0)
        real(f"{name}: beta2", self.beta2, least=0.0, below=1.0)
        real(f"{name}: epsilon", self.epsilon, above=0.0)

    def __call__(self, cost: TensorVariable, params: Params, eta: TensorVariable) -> Updates:
        """Return the next value of each of `params`, of the means, and of the sums that correct their bias."""
        if not params:
            return {}
        dtype = params[0].dtype
        beta1, beta2, epsilon = (np.asarray(x, dtype) for x in (self.beta1, self.beta2, self.epsilon))
        one = np.asarray(1, dtype)
        # 1 - beta ** t as a sum: its digits would cancel in float32, as of 1 - 0.999.
        sums = [shared(np.zeros((), dtype), name=f"sum of the shares of {name}") for name in ("m", "v")]
        corrections = [beta * total + (one - beta) for beta, total in zip((beta1, beta2), sums, strict=True)]
        updates: Updates = dict(zip(sums, corrections, strict=True))
        for p, g in zip(params, gradients(cost, params), strict=True):
            zeros = np.zeros_like(p.get_value(borrow=True))
            m = shared(zeros, name=f"mean of the gradient of {p.name}", shape=p.type.shape)
            v = shared(zeros, name=f"mean of the squared gradient of {p.name}", shape=p.type.shape)
            next_m, next_v = beta1 * m + (one - beta1) * g, beta2 * v + (one - beta2) * g**2
            step = eta * (next_m / corrections[0]) / (pt.sqrt(next_v / corrections[1]) + epsilon)
            updates |= {m: next_m, v: next_v, p: self._decayed(p, eta) - step}
        return updates

    def _decayed(self, p: TensorVariable, eta: TensorVariable) -> TensorVariable:
        """Return `p` after the decay of weights, which plain Adam leaves to the regularization."""
        return p


@constructor_checked
@dataclass(frozen=True)
class AdamW(Adam):
    r"""Adam with weight decay beside the gradient: weights shrink by :math:`1 - \eta \lambda` in each step.

    Adam divides the gradient of a regularization term by its size, so that the term hardly acts; this decay does
    (I. Loshchilov and F. Hutter, ICLR 2019). It acts on weights and filters, not on biases.

    Attributes
    ----------
    decay : float, >= 0
        :math:`\lambda`.

    Examples
    --------
    >>> import numpy as np
    >>> import pytensor.tensor as pt
    >>> from pytensor import shared
    >>> w = shared(np.array([[2.0]]), name="w")
    >>> AdamW(decay=0.5)((w**2).sum(), [w], pt.constant(0.1))[w].eval().round(3)  # 2 (1 - 0.1 * 0.5) - 0.1
    array([[1.8]])
    """

    decay: float = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        real("AdamW: decay", self.decay, least=0.0)

    def _decayed(self, p: TensorVariable, eta: TensorVariable) -> TensorVariable:
        return p * (np.asarray(1, p.dtype) - eta * np.asarray(self.decay, p.dtype)) if p.ndim >= 2 else p
