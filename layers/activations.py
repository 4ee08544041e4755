"""Activation functions: elementwise maps (softmax: row by row) from the weighted input z to the activation.

All of them propagate NaN, so that training that diverged is noticed.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import pytensor.tensor as pt
from pytensor.graph.traversal import ancestors
from pytensor.tensor.special import softmax as _softmax
from pytensor.tensor.type import TensorType
from pytensor.tensor.variable import TensorVariable

from .calls import call, function_of, keywords_checked
from .checks import error_message, nearest, shown
from .ops.base import as_tensor
from .precision import floatX, graph_flags

Activation: TypeAlias = Callable[[TensorVariable], TensorVariable]


@keywords_checked("linear")
def linear(z: TensorVariable) -> TensorVariable:
    r"""Return the weighted input itself, :math:`f(z) = z` (book, chapter 3).

    Parameters
    ----------
    z : tensor of floats, of any shape
        Weighted inputs.

    Returns
    -------
    tensor of the shape and type of `z`

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> linear(pt.constant([-1.0, 2.0])).eval()
    array([-1.,  2.])
    """
    return z


@keywords_checked("step")
def step(z: TensorVariable) -> TensorVariable:
    r"""Return 1 for :math:`z > 0` and 0 otherwise, with derivative 0: the perceptron's (book, chapter 1).

    Parameters
    ----------
    z : tensor of floats, of any shape
        Weighted inputs.

    Returns
    -------
    tensor of the shape and type of `z`

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> step(pt.constant([-1.0, 2.0])).eval()
    array([0., 1.])
    """
    z = as_tensor("step", z)
    return pt.switch(z <= 0, 0, pt.switch(z > 0, 1, z))


@keywords_checked("sigmoid")
def sigmoid(z: TensorVariable) -> TensorVariable:
    r"""Return the logistic function :math:`f(z) = 1 / (1 + e^{-z})`, in (0, 1) (book, chapter 1).

    Parameters
    ----------
    z : tensor of floats, of any shape
        Weighted inputs.

    Returns
    -------
    tensor of the shape and type of `z`

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> sigmoid(pt.constant([0.0])).eval()
    array([0.5])
    """
    return pt.sigmoid(as_tensor("sigmoid", z))


@keywords_checked("tanh")
def tanh(z: TensorVariable) -> TensorVariable:
    r"""Return the hyperbolic tangent :math:`f(z) = (e^z - e^{-z}) / (e^z + e^{-z})`, in (-1, 1) (book, chapter 3).

    Parameters
    ----------
    z : tensor of floats, of any shape
        Weighted inputs.

    Returns
    -------
    tensor of the shape and type of `z`

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> tanh(pt.constant([0.0])).eval()
    array([0.])
    """
    return pt.tanh(as_tensor("tanh", z))


@keywords_checked("ReLU")
def ReLU(z: TensorVariable) -> TensorVariable:
    r"""Return the rectified linear :math:`f(z) = \max(0, z)`, with derivative 0 at 0 (book, chapters 3 and 6).

    Parameters
    ----------
    z : tensor of floats, of any shape
        Weighted inputs.

    Returns
    -------
    tensor of the shape and type of `z`

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> ReLU(pt.constant([-1.0, 2.0])).eval()
    array([0., 2.])
    """
    z = as_tensor("ReLU", z)
    # Not switch(z > 0, z, 0): that would turn NaN into 0.
    return pt.switch(z <= 0, 0, z)


@keywords_checked("softmax")
def softmax(z: TensorVariable) -> TensorVariable:
    r"""Return :math:`f(z)_j = e^{z_j} / \sum_k e^{z_k}`, a distribution for each row of `z` (book, chapter 3).

    Parameters
    ----------
    z : tensor of floats, of 1 axis or more; the last one has the neurons
        Weighted inputs.

    Returns
    -------
    tensor of the shape and type of `z`

    Raises
    ------
    ValueError
        A single number.

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> softmax(pt.constant([[0.0, 0.0], [5.0, 5.0]])).eval()
    array([[0.5, 0.5],
           [0.5, 0.5]])
    """
    z = as_tensor("softmax", z)
    if z.ndim == 0:
        hint = "Give the activations of an example one axis."
        raise ValueError(error_message("softmax", "expected at least 1 axis, the neurons", "a single number", hint))
    return _softmax(z, axis=-1)


ACTIVATIONS: dict[str, Activation] = {f.__name__: f for f in (linear, step, sigmoid, tanh, ReLU, softmax)}


def check_activation(who: str, activation_fn: Any, shape: tuple[int, ...]) -> Activation:
    """Return `activation_fn` if it maps expressions of one example's `shape` to expressions of that shape and type.

    Raises
    ------
    TypeError, ValueError
        It is not a function of one expression, or it returns something else: no expression, another shape or type, or
        a constant.
    """
    who = f"{who}: activation_fn"
    if any(activation_fn is own for own in ACTIVATIONS.values()):
        return activation_fn
    if not callable(activation_fn):
        expected = "expected a function such as sigmoid, tanh, ReLU, linear or softmax"
        name = nearest(activation_fn, ACTIVATIONS) if isinstance(activation_fn, str) else None
        hint = f"Write activation_fn={name or 'ReLU'}, without quotes."
        raise ValueError(error_message(who, expected, shown(activation_fn), hint))
    function_of(who, activation_fn, ["z"], "activation_fn=ReLU")
    with graph_flags(floatX()):
        z = TensorType(floatX(), shape=(max(shape) + 1, *shape))("z")  # no two sizes are exchanged unnoticed
        result = call(who, activation_fn, z)
    if not isinstance(result, TensorVariable):
        hint = "Return an expression of z, such as pytensor.tensor.maximum(0, z)."
        raise TypeError(error_message(who, "expected a function that returns an expression", shown(result), hint))
    sizes = result.type.shape
    if len(sizes) != z.type.ndim or any(None is not a != b for a, b in zip(sizes, z.type.shape, strict=True)):
        hint = "Compute each value of z by itself; softmax divides each row by its sum."
        got = f"{sizes} for z of shape {z.type.shape}"
        raise ValueError(error_message(who, "expected a function that returns the shape of z", got, hint))
    if result.dtype != z.dtype:
        hint = (
            f"Cast the result with pytensor.tensor.cast(..., z.dtype); a factor numpy.{result.dtype} widens {z.dtype}."
        )
        hint = hint if result.dtype.startswith("float") else "Cast the result with pytensor.tensor.cast(..., z.dtype)."
        raise TypeError(error_message(who, f"expected a function that returns {z.dtype}, as z", result.dtype, hint))
    if z not in ancestors([result]):
        hint = "Return an expression of z; a layer whose output is constant learns nothing."
        raise ValueError(error_message(who, "expected a function that depends on z", "a constant", hint))
    return activation_fn
