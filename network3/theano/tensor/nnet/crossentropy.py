"""Cross-entropies of ``theano.tensor.nnet``; none takes a mean."""

import pytensor.tensor as pt
from pytensor.tensor.special import Softmax, log_softmax
from pytensor.tensor.variable import TensorVariable

from network3.layers.calls import keywords_checked
from network3.layers.checks import error_message
from network3.layers.ops.base import as_tensor


@keywords_checked("categorical_crossentropy")
def categorical_crossentropy(coding_dist: TensorVariable, true_dist: TensorVariable) -> TensorVariable:
    r"""Return :math:`-\sum_j p_j \ln q_j` for each row.

    Parameters
    ----------
    coding_dist : tensor of shape (rows, classes), float32 or float64
        The computed probabilities q, such as `softmax` returns. The logarithm of a softmax is computed from its
        arguments, so it is finite where a probability underflows.
    true_dist : tensor of shape (rows, classes), or of shape (rows,) of integers
        The desired probabilities p, or the class of each row, from 0.

    Returns
    -------
    tensor of shape (rows,)
        NaN for a class that is none of the columns; Theano raised an error in that case.

    Raises
    ------
    TypeError
        Another number of axes, or classes that are not integers.

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> categorical_crossentropy(pt.constant([[0.5, 0.5]]), pt.constant([1])).eval().round(4)  # ln(2)
    array([0.6931])
    """
    who = "categorical_crossentropy"
    q, p = as_tensor(f"{who}: coding_dist", coding_dist), as_tensor(f"{who}: true_dist", true_dist)
    labels = p.ndim == q.ndim - 1 and p.dtype.startswith(("int", "uint"))
    if q.ndim < 1 or not (labels or p.ndim == q.ndim):
        hint = 'Pass integer classes, e.g. pytensor.tensor.cast(y, "int32"), or one row of probabilities for each.'
        got = f"{q.ndim} axes and {p.ndim} axes of {p.dtype}"
        raise TypeError(error_message(who, "expected (rows, classes), and the same or integers (rows,)", got, hint))
    inside = q.owner.inputs[0] if q.owner is not None and isinstance(q.owner.op, Softmax) else None
    if not labels:
        return -(p * (pt.log(q) if inside is None else log_softmax(inside, axis=-1))).sum(axis=-1)
    classes = pt.arange(q.shape[-1] if q.type.shape[-1] is None else q.type.shape[-1])
    chosen = pt.eq(p[..., None], classes)
    # Not log(q) alone: where an unused q is 0, the derivative would be 0 * infinity.
    log_q = pt.log(pt.switch(chosen, q, 1)) if inside is None else log_softmax(inside, axis=-1)
    cost = -pt.switch(chosen, log_q, 0).sum(axis=-1)
    return pt.switch(pt.cast(chosen, "int8").sum(axis=-1) > 0, cost, pt.constant(float("nan"), dtype=q.dtype))


@keywords_checked("binary_crossentropy")
def binary_crossentropy(output: TensorVariable, target: TensorVariable | float) -> TensorVariable:
    r"""Return :math:`-(t \ln a + (1 - t) \ln(1 - a))` for each element, without a sum or a mean.

    Parameters
    ----------
    output : tensor of floats in (0, 1)
        The computed probabilities a. PyTensor computes the logarithms of a sigmoid from its argument, so they are
        finite where the sigmoid is 0 or 1 after rounding.
    target : tensor of the shape of `output`, or a number, in [0, 1]
        The desired probabilities t.

    Returns
    -------
    tensor of the shape of `output`

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> binary_crossentropy(pt.constant([0.5]), pt.constant([1.0])).eval().round(4)  # ln(2)
    array([0.6931])
    """
    a, t = as_tensor("binary_crossentropy: output", output), as_tensor("binary_crossentropy: target", target)
    t = pt.cast(t, a.dtype) if t.dtype.startswith(("int", "uint", "bool")) else t
    return -(t * pt.log(a) + (1 - t) * pt.log(1 - a))


@keywords_checked("sigmoid_binary_crossentropy")
def sigmoid_binary_crossentropy(output: TensorVariable, target: TensorVariable | float) -> TensorVariable:
    r"""Return `binary_crossentropy` of ``sigmoid(output)``, computed as :math:`\ln(1 + e^z) - t z`.

    Parameters
    ----------
    output : tensor of floats
        The weighted inputs z.
    target : tensor of the shape of `output`, or a number, in [0, 1]
        The desired probabilities t.

    Returns
    -------
    tensor of the shape of `output`

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> sigmoid_binary_crossentropy(pt.constant([0.0]), pt.constant([1.0])).eval().round(4)  # ln(2)
    array([0.6931])
    """
    who = "sigmoid_binary_crossentropy"
    z, t = as_tensor(f"{who}: output", output), as_tensor(f"{who}: target", target)
    return pt.softplus(z) - pt.cast(t, z.dtype) * z
