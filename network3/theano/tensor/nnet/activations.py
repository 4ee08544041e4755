"""Activation functions of ``theano.tensor.nnet``, with Theano's values and derivatives."""

import numbers
from typing import Any

import pytensor.tensor as pt
from pytensor.tensor.special import log_softmax
from pytensor.tensor.special import softmax as softmax_of_axis
from pytensor.tensor.variable import TensorVariable

from network3.layers.calls import keywords_checked
from network3.layers.checks import error_message
from network3.layers.ops.base import as_tensor


def _like(x: TensorVariable, value: Any) -> Any:
    """Return a number as a constant of the type of `x`, so that it does not widen float32; expressions unchanged."""
    return pt.constant(value, dtype=x.dtype) if isinstance(value, numbers.Real) else value


@keywords_checked("relu")
def relu(x: TensorVariable, alpha: Any = 0) -> TensorVariable:
    r"""Return :math:`\max(0, x) + \alpha \min(0, x)`, with derivative :math:`(1 + \alpha) / 2` at 0, as Theano's.

    Parameters
    ----------
    x : tensor of floats
    alpha : number or tensor, default 0
        The slope below 0, such as a shared variable that is trained.

    Returns
    -------
    tensor of the shape of `x`

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> relu(pt.constant([-1.0, 2.0]), alpha=0.1).eval()
    array([-0.1,  2. ])
    """
    x = as_tensor("relu", x)
    half = _like(x, 0.5)
    if isinstance(alpha, numbers.Real) and alpha == 0:
        return half * (x + abs(x))
    alpha = _like(x, alpha)
    return half * (1 + alpha) * x + half * (1 - alpha) * abs(x)


@keywords_checked("elu")
def elu(x: TensorVariable, alpha: Any = 1) -> TensorVariable:
    r"""Return :math:`x` where it is positive and :math:`\alpha (e^x - 1)` elsewhere.

    Parameters
    ----------
    x : tensor of floats, of any shape
    alpha : number or tensor, default 1

    Returns
    -------
    tensor of the shape of `x`

    Notes
    -----
    Source: D.-A. Clevert, T. Unterthiner and S. Hochreiter (2015).

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> elu(pt.constant([-1.0, 2.0])).eval().round(4)  # exp(-1) - 1
    array([-0.6321,  2.    ])
    """
    x = as_tensor("elu", x)
    return pt.switch(x > 0, x, _like(x, alpha) * pt.expm1(x))


@keywords_checked("selu")
def selu(x: TensorVariable) -> TensorVariable:
    """Return `elu` times 1.0507, with alpha 1.6733: mean 0 and variance 1 stay so from layer to layer.

    Parameters
    ----------
    x : tensor of floats, of any shape

    Returns
    -------
    tensor of the shape of `x`

    Notes
    -----
    Source: G. Klambauer et al. (2017).

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> selu(pt.constant([-1.0, 2.0])).eval().round(4)
    array([-1.1113,  2.1014])
    """
    x = as_tensor("selu", x)
    return _like(x, 1.0507009873554804934193349852946) * elu(x, 1.6732632423543772848170429916717)


@keywords_checked("sigmoid")
def sigmoid(x: TensorVariable) -> TensorVariable:
    r"""Return :math:`1 / (1 + e^{-x})`.

    Parameters
    ----------
    x : tensor of floats, of any shape

    Returns
    -------
    tensor of the shape of `x`

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> sigmoid(pt.constant([0.0])).eval()
    array([0.5])
    """
    return pt.sigmoid(as_tensor("sigmoid", x))


@keywords_checked("hard_sigmoid")
def hard_sigmoid(x: TensorVariable) -> TensorVariable:
    r"""Return :math:`x / 5 + 1 / 2`, limited to [0, 1].

    Parameters
    ----------
    x : tensor of floats, of any shape

    Returns
    -------
    tensor of the shape of `x`

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> hard_sigmoid(pt.constant([-3.0, 0.0, 1.0])).eval()
    array([0. , 0.5, 0.7])
    """
    x = as_tensor("hard_sigmoid", x)
    return pt.clip(_like(x, 0.2) * x + _like(x, 0.5), _like(x, 0), _like(x, 1))


@keywords_checked("softplus")
def softplus(x: TensorVariable) -> TensorVariable:
    r"""Return :math:`\ln(1 + e^x)`.

    Parameters
    ----------
    x : tensor of floats, of any shape

    Returns
    -------
    tensor of the shape of `x`

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> softplus(pt.constant([0.0])).eval().round(4)  # ln(2)
    array([0.6931])
    """
    return pt.softplus(as_tensor("softplus", x))


@keywords_checked("softsign")
def softsign(x: TensorVariable) -> TensorVariable:
    r"""Return :math:`x / (1 + |x|)`.

    Parameters
    ----------
    x : tensor of floats, of any shape

    Returns
    -------
    tensor of the shape of `x`

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> softsign(pt.constant([-1.0, 3.0])).eval()
    array([-0.5 ,  0.75])
    """
    x = as_tensor("softsign", x)
    return x / (1 + abs(x))


@keywords_checked("softmax")
def softmax(c: TensorVariable) -> TensorVariable:
    r"""Return :math:`e^{c_j} / \sum_k e^{c_k}` for each row; a vector becomes one row, as in Theano.

    Parameters
    ----------
    c : tensor of 1 or 2 axes of floats

    Returns
    -------
    tensor of 2 axes

    Raises
    ------
    TypeError
        Another number of axes.

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> softmax(pt.constant([0.0, 0.0])).eval()
    array([[0.5, 0.5]])
    """
    return softmax_of_axis(_rows("softmax", c), axis=-1)


@keywords_checked("logsoftmax")
def logsoftmax(c: TensorVariable) -> TensorVariable:
    """Return the logarithm of `softmax`, which is finite where that underflows.

    Parameters
    ----------
    c : tensor of 1 or 2 axes of floats

    Returns
    -------
    tensor of 2 axes

    Raises
    ------
    TypeError
        Another number of axes.

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> logsoftmax(pt.constant([0.0, -800.0])).eval()
    array([[   0., -800.]])
    """
    return log_softmax(_rows("logsoftmax", c), axis=-1)


def _rows(who: str, c: Any) -> TensorVariable:
    c = as_tensor(who, c)
    if c.ndim not in (1, 2):
        hint = "Reshape it, or use pytensor.tensor.special.softmax(c, axis=...)."
        raise TypeError(error_message(who, "expected 1 or 2 axes, (rows, classes)", f"{c.ndim} axes", hint))
    return c if c.ndim == 2 else c.dimshuffle("x", 0)
