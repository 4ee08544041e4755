"""Terms added to the cost that keep weights small: functions from a list of weights to a scalar expression.

`Network.SGD` adds ``lmbda / m`` times the term: in chapter 6 :math:`m` is the number of mini-batches per epoch, in
chapter 3 that of examples. So a given lmbda has `mini_batch_size` times the effect in chapter 6.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import pytensor.tensor as pt
from pytensor.graph.traversal import ancestors
from pytensor.tensor.sharedvar import TensorSharedVariable
from pytensor.tensor.variable import TensorVariable

from network3.layers.calls import call, constructor_checked
from network3.layers.checks import error_message, real, shown


def penalty_of(who: str, regularizer: Callable, weights: Sequence[Any]) -> TensorVariable:
    """Return what `regularizer` returns for `weights`, checked.

    Raises
    ------
    TypeError, ValueError
        No scalar expression of floats, or a constant, which would change nothing.
    """
    penalty = call(who, regularizer, list(weights))
    if not weights and isinstance(penalty, int | float):  # the empty sum
        return pt.constant(float(penalty), dtype="float32")
    expected = "expected a function of the weights that returns a scalar expression"
    hint = "Return e.g. sum((w**2).sum() for w in weights)."
    if not isinstance(penalty, TensorVariable) or not penalty.dtype.startswith("float"):
        got = penalty.dtype if isinstance(penalty, TensorVariable) else shown(penalty)
        raise TypeError(error_message(who, expected, got, hint))
    if penalty.ndim:
        raise ValueError(error_message(who, expected, f"one of {penalty.ndim} axes", hint))
    if weights and not set(weights) & set(ancestors([penalty])):
        raise ValueError(error_message(who, f"{expected} that depends on them", "a constant", hint))
    return penalty


def l2(weights: Sequence[TensorSharedVariable]) -> TensorVariable:
    r"""Return :math:`\frac12 \sum_w \|w\|^2`, a scalar expression, for a list of shared variables (book, chapter 3).

    Parameters
    ----------
    weights : list of shared variables, float32 or float64
        Of any shapes; biases are left out by `Network.SGD`.

    Returns
    -------
    scalar expression

    Examples
    --------
    >>> import numpy as np
    >>> import pytensor
    >>> float(l2([pytensor.shared(np.array([3.0, -4.0]))]).eval())
    12.5
    """
    # A sum of a million squares in float32 loses digits, so the accumulator is float64; the result has the type of w.
    return 0.5 * _total((w**2).sum(acc_dtype="float64") for w in weights)


def l1(weights: Sequence[TensorSharedVariable]) -> TensorVariable:
    r"""Return :math:`\sum_w |w|`, whose gradient is the sign of each weight, 0 at 0 (book, chapter 3).

    Parameters
    ----------
    weights : list of shared variables, float32 or float64
        Of any shapes; biases are left out by `Network.SGD`.

    Returns
    -------
    scalar expression

    Examples
    --------
    >>> import numpy as np
    >>> import pytensor
    >>> float(l1([pytensor.shared(np.array([3.0, -4.0]))]).eval())
    7.0
    """
    return _total(abs(w).sum(acc_dtype="float64") for w in weights)


def _total(terms: Iterable[TensorVariable]) -> TensorVariable:
    return cast("TensorVariable", sum(terms))


@constructor_checked
@dataclass(frozen=True)
class ElasticNet:
    r"""The elastic net, :math:`s \sum |w| + (1 - s) \frac12 \sum w^2`.

    Attributes
    ----------
    share : float in [0, 1]
        :math:`s`, the share of `l1`.

    Raises
    ------
    ValueError
        `share` outside [0, 1].

    Notes
    -----
    Source: H. Zou and T. Hastie, J. R. Statist. Soc. B, 2005.

    Examples
    --------
    >>> import numpy as np
    >>> import pytensor
    >>> float(ElasticNet(0.5)([pytensor.shared(np.array([3.0, -4.0]))]).eval())
    9.75
    """

    share: float = 0.5

    def __post_init__(self) -> None:
        real("ElasticNet: share", self.share, least=0.0, most=1.0)

    def __call__(self, weights: Sequence[TensorSharedVariable]) -> TensorVariable:
        """Return the term, a scalar expression."""
        return self.share * l1(weights) + (1 - self.share) * l2(weights)
