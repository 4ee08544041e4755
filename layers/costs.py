"""Costs: each maps the activations of an output layer and the desired ones to one number, a mean over examples.

In all of them `a` is a matrix of activations, shape (batch, outputs), and `y` is either a vector of labels (int32,
shape (batch,)), equivalent to rows with a 1 at the label, or a matrix of desired activations of the shape of `a`.
"""

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pytensor.tensor as pt
from pytensor.tensor.special import Softmax, log_softmax
from pytensor.tensor.variable import TensorVariable

from .calls import constructor_checked, keywords_checked
from .checks import as_list, error_message, real, shown
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
    r"""Return the mean of :math:`C = \frac12 \|a - y\|^2`, with :math:`\delta = (a - y) f'(z)` (chapter 1).

    Parameters
    ----------
    a : tensor of shape (batch, outputs), float32 or float64
        Activations of the output layer.
    y : tensor of shape (batch,) of integers, or (batch, outputs)
        Labels, or desired activations.

    Returns
    -------
    scalar expression of the type of `a`

    Raises
    ------
    TypeError, ValueError
        Other axes or types, or shapes that do not match.

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> quadratic(pt.constant([[1.0, 0.0], [0.0, 1.0]]), pt.constant([0, 0])).eval()
    array(0.5)
    """
    a, y = _checked("quadratic", a, y)
    half = pt.constant(0.5, dtype=a.dtype)
    return _mean_of_rows(half * (a - _desired(a, y)) ** 2)


@keywords_checked("cross_entropy")
def cross_entropy(a: TensorVariable, y: TensorVariable) -> TensorVariable:
    r"""Return the mean of :math:`C = -\sum_j [y_j \ln a_j + (1 - y_j) \ln(1 - a_j)]`, for sigmoid outputs (chapter 3).

    The error is :math:`\delta = a - y`: no factor :math:`f'(z)` slows learning. A term with factor 0 counts as 0.

    Parameters
    ----------
    a : tensor of shape (batch, outputs), float32 or float64
        Activations of the output layer.
    y : tensor of shape (batch,) of integers, or (batch, outputs)
        Labels, or desired activations.

    Returns
    -------
    scalar expression of the type of `a`

    Raises
    ------
    TypeError, ValueError
        Other axes or types, or shapes that do not match.

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> cross_entropy(pt.constant([[0.5], [1.0]]), pt.constant([[1.0], [1.0]])).eval().round(4)  # ln(2) / 2
    np.float64(0.3466)
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

    Parameters
    ----------
    a : tensor of shape (batch, outputs), float32 or float64
        Activations of the output layer.
    y : tensor of shape (batch,) of integers, or (batch, outputs)
        Labels, or desired activations.

    Returns
    -------
    scalar expression of the type of `a`

    Raises
    ------
    TypeError, ValueError
        Other axes or types, or shapes that do not match.

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> log_likelihood(pt.constant([[0.5, 0.5], [1.0, 0.0]]), pt.constant([0, 0])).eval().round(4)  # ln(2) / 2
    np.float64(0.3466)
    """
    a, y = _checked("log_likelihood", a, y)
    softmax = a.owner is not None and isinstance(a.owner.op, Softmax)
    # Labels become rows of 0 and 1 too: that compiles faster than indexing and runs as fast for a few classes.
    y = _desired(a, y)
    log_a = log_softmax(a.owner.inputs[0], axis=-1) if softmax else pt.log(pt.switch(pt.eq(y, 0), 1, a))
    return _mean_of_rows(-pt.switch(pt.eq(y, 0), 0, y * log_a))


@constructor_checked
@dataclass(frozen=True)
class LogLikelihood:
    r"""The log-likelihood cost with smoothed labels, and with a weight :math:`c_k` for each class :math:`k`.

    .. math:: C = -c_y \sum_k \left[(1 - s)\, \delta_{ky} + \frac{s}{K}\right] \ln a_k

    for an example of class :math:`y` among :math:`K`. The error is :math:`\delta = c_y (a - \tilde y)`, with the
    smoothed label :math:`\tilde y` in brackets. The mean is over the number of examples, whatever their weights, so
    that a mini-batch estimates the same cost as a whole set; PyTorch divides by the sum of the weights instead.

    Pass it as ``SGD(cost=LogLikelihood(smoothing=0.1))``. Costs that are monitored have the smoothing and the weights,
    too; accuracies do not depend on them.

    Attributes
    ----------
    smoothing : float in [0, 1), default 0
        :math:`s`.
    class_weight : sequence of K floats >= 0, "balanced", or None
        :math:`c_k`; None for 1. For "balanced" `Network.SGD` computes :math:`c_k = N / (L N_k)` from the :math:`N_k`
        training examples of each of the :math:`L` classes that have any, which gives them all the same share of the
        cost. Other classes have 1.

    Raises
    ------
    TypeError, ValueError
        A value outside its range, or no numbers; when it is called: a number of weights that is not that of the
        outputs, or targets that are not labels.

    Notes
    -----
    Sources: C. Szegedy et al., CVPR 2016, section 7 (smoothing); G. King and L. Zeng, Political Analysis, 2001
    (weights).

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> LogLikelihood(class_weight=[1.0, 3.0])(pt.constant([[0.5, 0.5]]), pt.constant([1])).eval().round(4)  # 3 ln(2)
    np.float64(2.0794)
    """

    smoothing: float = 0.0
    class_weight: tuple[float, ...] | Literal["balanced"] | None = None

    def __post_init__(self) -> None:
        smoothing = real("LogLikelihood: smoothing", self.smoothing, least=0.0, below=1.0)
        object.__setattr__(self, "smoothing", smoothing)
        who, given = "LogLikelihood: class_weight", self.class_weight
        if given is None or (isinstance(given, str) and given == "balanced"):
            return
        weights = None if isinstance(given, str | dict) else as_list(given)
        if not weights:
            expected, hint = 'expected a number for each class, or "balanced"', "Write e.g. [1.0, 1.0, 2.5]."
            raise TypeError(error_message(who, expected, shown(given), hint))
        weights = [real(who, weight, least=0.0) for weight in weights]
        if not any(weights):
            raise ValueError(error_message(who, "expected a number above 0", shown(weights), "Leave it out for 1."))
        object.__setattr__(self, "class_weight", tuple(weights))

    def __call__(self, a: TensorVariable, y: TensorVariable) -> TensorVariable:
        """Return the mean cost of the activations `a`, (batch, K), for the labels `y`, integers of shape (batch,)."""
        a, y = _checked("LogLikelihood", a, y)
        if self == LogLikelihood():
            return log_likelihood(a, y)
        if y.ndim != 1:
            hint = "Use log_likelihood, without smoothing and weights, for other targets."
            raise TypeError(error_message("LogLikelihood", "expected labels", f"a matrix of {y.dtype}", hint))
        classes, smoothing, desired = a.type.shape[1], np.asarray(self.smoothing, a.dtype), _desired(a, y)
        smoothed = (1 - smoothing) * desired + smoothing / pt.cast(classes or a.shape[1], a.dtype)
        if self.class_weight is None:
            return log_likelihood(a, smoothed)
        weights = np.asarray(self._weights(classes), a.dtype)
        return log_likelihood(a, smoothed * (desired * weights).sum(axis=1, keepdims=True, acc_dtype=a.dtype))

    def _weights(self, classes: int | None) -> tuple[float, ...]:
        """Return the class weights, if they are numbers, one for each of the `classes`."""
        who, expected = "LogLikelihood: class_weight", "expected numbers, one for each class"
        if self.class_weight is None or self.class_weight == "balanced":
            hint = "Pass the cost to SGD, or use cost.for_labels(labels, classes)."
            raise ValueError(error_message(who, expected, shown(self.class_weight), hint))
        if classes not in (None, len(self.class_weight)):
            got, hint = f"{len(self.class_weight)} for {classes} outputs", f"Pass {classes} of them."
            raise ValueError(error_message(who, expected, got, hint))
        return self.class_weight

    def for_labels(self, labels: np.ndarray, classes: int | None) -> "LogLikelihood":
        """Return this cost with the weights for which "balanced" stands, given the `labels` of the training data.

        Raises
        ------
        TypeError
            "balanced", for targets that are not labels.
        """
        if self.class_weight != "balanced":
            return self
        if labels.ndim != 1 or labels.dtype.kind not in "iu":
            got, hint = f"targets of shape {labels.shape}, {labels.dtype}", "Leave class_weight out."
            raise TypeError(error_message("LogLikelihood: class_weight", "expected labels to balance", got, hint))
        counts = np.bincount(labels, minlength=classes or 0)
        weights = np.where(counts > 0, len(labels) / ((counts > 0).sum() * np.maximum(counts, 1)), 1.0)
        return replace(self, class_weight=tuple(weights.tolist()))
