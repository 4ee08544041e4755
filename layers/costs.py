"""Costs: each maps the activations of an output layer and the desired ones to one number, a mean over examples.

In all of them `a` is a matrix of activations, shape (batch, outputs), and `y` is either a vector of labels (int32,
shape (batch,)), equivalent to rows with a 1 at the label, or a matrix of desired activations of the shape of `a`.
"""

from typing import Any

import pytensor.tensor as pt
from pytensor.tensor.special import Softmax, log_softmax
from pytensor.tensor.variable import TensorVariable

from .calls import keywords_checked
from .checks import error_message
from .ops.base import as_tensor


def _checked(who: str, a: Any, y: Any) -> tuple[TensorVariable, TensorVariable]:
    """Return `a` and `y` as expressions, if they are a matrix of floats, and labels or a matrix."""
    a, y = as_tensor(who, a), as_tensor(who, y)
    labels = y.ndim == 1 and y.dtype.startswith(("int", "uint"))
    if a.ndim != 2 or not a.dtype.startswith("float") or not (labels or y.ndim == 2):
        got = f"{a.ndim} axes of {a.dtype} and {y.ndim} axes of {y.dtype}"
        expected = "expected a matrix of activations, and integer labels or a matrix"
        raise TypeError(error_message(who, expected, got, "Reshape or cast them."))
    pairs = zip(a.type.shape, y.type.shape, strict=False)
    if any(one is not None and two is not None and one != two for one, two in pairs):
        got, hint = f"shapes {a.type.shape} and {y.type.shape}", "Pass one row of y, or one label, for each row of a."
        raise ValueError(error_message(who, "expected activations and desired ones of the same shape", got, hint))
    return a, y


def _desired(a: TensorVariable, y: TensorVariable) -> TensorVariable:
    """Return `y` as desired activations; labels become rows of 0 and 1."""
    if y.ndim == a.ndim:
        return pt.cast(y, a.dtype)
    classes = pt.arange(a.type.shape[1] if a.type.shape[1] is not None else a.shape[1])
    return pt.cast(pt.eq(y[:, None], classes), a.dtype)


def _mean_of_rows(values: TensorVariable) -> TensorVariable:
    """Sum each row, then take the mean, both in the type of `values`, so that float32 stays float32."""
    return values.sum(axis=1, acc_dtype=values.dtype).mean(acc_dtype=values.dtype)


@keywords_checked("quadratic")
def quadratic(a: TensorVariable, y: TensorVariable) -> TensorVariable:
    r"""Return the mean of :math:`C = \frac12 \|a - y\|^2`, with :math:`\delta = (a - y) f'(z)` (chapter 1)."""
    a, y = _checked("quadratic", a, y)
    half = pt.constant(0.5, dtype=a.dtype)
    return _mean_of_rows(half * (a - _desired(a, y)) ** 2)


@keywords_checked("cross_entropy")
def cross_entropy(a: TensorVariable, y: TensorVariable) -> TensorVariable:
    r"""Return the mean of :math:`C = -\sum_j [y_j \ln a_j + (1 - y_j) \ln(1 - a_j)]`, for sigmoid outputs (chapter 3).

    The error is :math:`\delta = a - y`: no factor :math:`f'(z)` slows learning. A term with factor 0 counts as 0.
    """
    a, y = _checked("cross_entropy", a, y)
    y = _desired(a, y)
    toward, away = pt.switch(pt.eq(y, 0), 0, y * pt.log(a)), pt.switch(pt.eq(y, 1), 0, (1 - y) * pt.log(1 - a))
    return _mean_of_rows(-(toward + away))


@keywords_checked("log_likelihood")
def log_likelihood(a: TensorVariable, y: TensorVariable) -> TensorVariable:
    r"""Return the mean of :math:`C = -\ln a_y` for labels `y`, for softmax outputs (chapter 3).

    The error is :math:`\delta = a - y`. The logarithm of a softmax is computed from its weighted inputs, so the cost
    stays finite and exact where the probability underflows. A term with factor 0 counts as 0.
    """
    a, y = _checked("log_likelihood", a, y)
    softmax = a.owner is not None and isinstance(a.owner.op, Softmax)
    # Labels become rows of 0 and 1 too: that compiles faster than indexing and runs as fast for a few classes.
    y = _desired(a, y)
    log_a = log_softmax(a.owner.inputs[0], axis=-1) if softmax else pt.log(pt.switch(pt.eq(y, 0), 1, a))
    return _mean_of_rows(-pt.switch(pt.eq(y, 0), 0, y * log_a))
