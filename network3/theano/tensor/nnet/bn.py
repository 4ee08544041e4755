"""Batch normalization of ``theano.tensor.nnet``: while training, with the running averages, and afterwards."""

import math
from collections.abc import Sequence
from typing import Any

import pytensor.tensor as pt
from pytensor.tensor.variable import TensorVariable

from network3.layers.calls import keywords_checked
from network3.layers.checks import error_message, integer, one_of, real, shown
from network3.layers.ops.base import as_tensor

LEAST_EPSILON = 1e-5  # of cuDNN; Theano had the same limit everywhere


@keywords_checked("batch_normalization_train")
def batch_normalization_train(
    inputs: TensorVariable,
    gamma: TensorVariable,
    beta: TensorVariable,
    axes: str | Sequence[int] = "per-activation",
    epsilon: float = 1e-4,
    running_average_factor: float = 0.1,
    running_mean: TensorVariable | None = None,
    running_var: TensorVariable | None = None,
) -> tuple[TensorVariable, ...]:
    r"""Normalize a mini-batch by its own mean and variance.

    .. math:: y = \gamma (x - \mu) / \sqrt{\sigma^2 + \epsilon} + \beta

    Parameters
    ----------
    inputs : tensor of shape (examples, ...), float32 or float64
    gamma, beta : tensor
        Scale and shift, with the axes of `inputs` of which `axes` are of length 1, or without these axes.
    axes : "per-activation", "spatial" or axes, default "per-activation"
        The axes of means: the examples only, or the examples and all axes after the maps, or those given.
    epsilon : float of at least 1e-5, default 1e-4
    running_average_factor : float in [0, 1], default 0.1
        The share of this mini-batch in the new running averages.
    running_mean, running_var : tensor of the shape of `gamma`, optional
        The running averages so far; both or none.

    Returns
    -------
    out, mean, invstd : tensors
        The normalized inputs, the means, and :math:`1 / \sqrt{\sigma^2 + \epsilon}`.
    new_running_mean, new_running_var : tensors
        Only with `running_mean` and `running_var`. The variance is the unbiased one, divided by m - 1 for means over m
        values, so m must be 2 or more.

    Raises
    ------
    TypeError
        Another number of axes.
    ValueError
        One running average without the other, an epsilon below 1e-5, or axes that `inputs` has not.

    Notes
    -----
    Source: S. Ioffe and C. Szegedy (2015); Theano 1.0, ``theano/tensor/nnet/bn.py``.

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> x = pt.constant([[1.0], [3.0]])
    >>> normalized, mean, invstd = batch_normalization_train(x, pt.constant([1.0]), pt.constant([0.0]))[:3]
    >>> normalized.eval().round(3)
    array([[-1.],
           [ 1.]])
    """
    who = "batch_normalization_train"
    x, over = _inputs(who, inputs, axes)
    if (running_mean is None) != (running_var is None):
        got = "running_var only" if running_mean is None else "running_mean only"
        raise ValueError(error_message(who, "expected both running averages or none", got, "Pass both."))
    epsilon = real(f"{who}: epsilon", epsilon, least=LEAST_EPSILON)
    share = real(f"{who}: running_average_factor", running_average_factor, least=0, most=1)
    scale, shift, drop = _like_means(who, x, over, gamma=gamma, beta=beta)
    mean = x.mean(over, keepdims=True, acc_dtype=x.dtype)
    centered = x - mean
    var = (centered * centered).mean(over, keepdims=True, acc_dtype=x.dtype)
    invstd = 1 / pt.sqrt(var + _constant(x, epsilon))
    results = [centered * (scale * invstd) + shift, drop(mean), drop(invstd)]
    if running_mean is not None:
        old_mean, old_var, _ = _like_means(who, x, over, running_mean=running_mean, running_var=running_var)
        old, new = _constant(x, 1 - share), _constant(x, share)
        unbiased = var * _correction(x, over)
        results += [drop(old * old_mean + new * mean), drop(old * old_var + new * unbiased)]
    return tuple(results)


@keywords_checked("batch_normalization_test")
def batch_normalization_test(
    inputs: TensorVariable,
    gamma: TensorVariable,
    beta: TensorVariable,
    mean: TensorVariable,
    var: TensorVariable,
    axes: str | Sequence[int] = "per-activation",
    epsilon: float = 1e-4,
) -> TensorVariable:
    r"""Normalize by given means and variances, such as the running averages of a training.

    Parameters
    ----------
    inputs, gamma, beta, axes, epsilon
        As for `batch_normalization_train`.
    mean, var : tensor of the shape of `gamma`

    Returns
    -------
    tensor of the shape of `inputs`

    Raises
    ------
    TypeError, ValueError
        As `batch_normalization_train`.

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> one, zero = pt.constant([1.0]), pt.constant([0.0])
    >>> batch_normalization_test(pt.constant([[3.0]]), one, zero, 2 * one, 4 * one).eval().round(3)  # (3 - 2) / 2
    array([[0.5]])
    """
    who = "batch_normalization_test"
    x, over = _inputs(who, inputs, axes)
    epsilon = real(f"{who}: epsilon", epsilon, least=LEAST_EPSILON)
    scale, shift, _ = _like_means(who, x, over, gamma=gamma, beta=beta)
    center, spread, _ = _like_means(who, x, over, mean=mean, var=var)
    return (x - center) * (scale / pt.sqrt(spread + _constant(x, epsilon))) + shift


@keywords_checked("batch_normalization")
def batch_normalization(
    inputs: TensorVariable,
    gamma: TensorVariable,
    beta: TensorVariable,
    mean: TensorVariable,
    std: TensorVariable,
    mode: str = "low_mem",
) -> TensorVariable:
    r"""Return :math:`\gamma (x - \mu) / \sigma + \beta`, the older function.

    Parameters
    ----------
    inputs : tensor
    gamma, beta, mean, std : tensors that broadcast against `inputs`
    mode : "low_mem" or "high_mem", default "low_mem"
        Ignored: both are the same here.

    Returns
    -------
    tensor of the shape of `inputs`

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> batch_normalization(pt.constant([1.0, 3.0]), gamma=1.0, beta=0.5, mean=2.0, std=1.0).eval()
    array([-0.5,  1.5])
    """
    one_of("batch_normalization: mode", mode, ("low_mem", "high_mem"))
    return (inputs - mean) * (gamma / std) + beta


def _inputs(who: str, inputs: Any, axes: Any) -> tuple[TensorVariable, tuple[int, ...]]:
    """Return the inputs, and the axes of the means as numbers."""
    x = as_tensor(f"{who}: inputs", inputs)
    if isinstance(axes, str):
        one_of(f"{who}: axes", axes, ("per-activation", "spatial"))
        return x, (0,) if axes == "per-activation" else (0, *range(2, x.ndim))
    over = tuple(sorted(integer(f"{who}: axes", axis, least=0) for axis in axes))
    if not over or over[-1] >= x.ndim:
        hint = 'Write "spatial", or e.g. (0, 2, 3).'
        raise ValueError(error_message(f"{who}: axes", f"expected some of the {x.ndim} axes", shown(axes), hint))
    return x, over


def _like_means(who: str, x: TensorVariable, over: tuple[int, ...], **tensors: Any) -> tuple[Any, Any, Any]:
    """Return two tensors with length 1 along `over`, and the function that gives means the axes of the first."""
    kept = [axis for axis in range(x.ndim) if axis not in over]
    found = []
    for name, value in tensors.items():
        v = as_tensor(f"{who}: {name}", value)
        if v.ndim not in (x.ndim, len(kept)):
            expected = f"expected {len(kept)} axes, or {x.ndim} with length 1 along {over}"
            hint = 'Use axes="spatial" for one value for each map.'
            raise TypeError(error_message(f"{who}: {name}", expected, f"{v.ndim} axes", hint))
        if v.ndim == x.ndim:
            found.append(pt.specify_broadcastable(v, *over))
        else:
            found.append(v.dimshuffle([kept.index(axis) if axis in kept else "x" for axis in range(x.ndim)]))
    short = v.ndim < x.ndim
    return found[0], found[1], lambda mean: mean.dimshuffle(kept) if short else mean


def _correction(x: TensorVariable, over: tuple[int, ...]) -> Any:
    """Return m / (m - 1) for means over m values."""
    lengths = [x.type.shape[axis] for axis in over]
    if None not in lengths:
        m = math.prod(length for length in lengths if length is not None)
        return _constant(x, m / (m - 1) if m > 1 else math.nan)
    count = pt.cast(math.prod(x.shape[axis] for axis in over), x.dtype)
    return count / (count - 1)


def _constant(x: TensorVariable, value: float) -> TensorVariable:
    return pt.constant(value, dtype=x.dtype)
