"""Images as a network takes them: the axes of its first layer, one type, finite values in a sensible range."""

import itertools
import math
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Constant, Variable
from pytensor.graph.traversal import graph_inputs

from network3.datasets.arrays import to_array
from network3.datasets.checks import check_images
from network3.datasets.pairs import DataPair
from network3.layers.checks import error_message

from .graph import NetworkLike, layer_name

LARGE = 10  # pixels lie in [0, 1); values of mean 0 and deviation 1 hardly reach this
Shape = tuple[int, ...]


class TrainingWarning(UserWarning):
    """Something about the data, or about the course of a training, that is seldom meant.

    Examples
    --------
    >>> import warnings
    >>> from network3 import Network, SoftmaxLayer
    >>> net = Network([SoftmaxLayer(n_in=2, n_out=2)], 1)
    >>> with warnings.catch_warnings(action="error", category=TrainingWarning):
    ...     net.predict([[0.0, 255.0]])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    network3.images.TrainingWarning: predict: expected values between 0 and 1, or near them; got ...
    """


def value_of(variable: Any, name: str = "data") -> Any:
    """Return the value of a shared variable, or of an expression without inputs such as a cast; others unchanged."""
    if isinstance(variable, SharedVariable):
        return np.asarray(variable.get_value(borrow=True))
    if not isinstance(variable, Variable):
        return variable
    inputs = [v for v in graph_inputs([variable]) if not isinstance(v, Constant | SharedVariable)]
    if inputs:
        expected, hint = "expected arrays, or expressions of shared variables", "Pass its value, an array."
        raise TypeError(error_message(name, expected, f"an expression of the input {inputs[0]}", hint))
    return variable.eval(mode="FAST_COMPILE")


def checked_images(name: str, images: Any, net: NetworkLike) -> NDArray[Any]:
    """Return the images of a data set as uint8, or as floats of the network's type, of shape (n, features).

    Parameters
    ----------
    name : str
        Of the data set, for messages.
    images : array of shape (n, features), or (n, ...) with the axes of the first layer's image_shape
        Axes of length 1 may be left out or added.
    net : Network

    Raises
    ------
    TypeError, ValueError
        Values that are not numbers or not finite, or that the first layer does not take.
    """
    array = to_array(name, "images", images)
    if array.ndim == 1 and len(array) and net.input_width == 1:
        array = array.reshape(-1, 1)
    flat = check_images(name, array)
    if array.ndim == 2 and len(array) == net.input_width != array.shape[1]:
        expected, hint = f"images must have the shape (n, {len(array)})", "Write images.T: one row for each image."
        raise ValueError(error_message(name, expected, f"shape {array.shape}", hint))
    _check_example(name, array.shape[1:], net, batch=True)
    return cast(name, "images", flat, net.floatX)


def images_to_predict(name: str, images: Any, net: NetworkLike) -> NDArray[Any]:
    """Return `images` as `checked_images` does; they may also be none at all, or a single one without a first axis."""
    _refuse_labels(name, images)
    array = to_array(name, "images", value_of(images, name))
    width = net.input_width
    if array.ndim == 0:
        hint = "Pass an array of shape (n, features), or one image."
        raise ValueError(error_message(name, "images must have axes", f"the number {array}", hint))
    if len(array) == 0 and (array.ndim > 1 or width is not None):
        if array.ndim > 1:
            _check_example(name, array.shape[1:], net, batch=True)
        return np.zeros((0, math.prod(array.shape[1:]) if width is None else width), net.floatX)
    misfit = 3 <= array.ndim == len(_long_axes(_input_shape(net))) and math.prod(array.shape[1:]) != width
    if array.ndim == 1 and width == 1:
        array = array.reshape(-1, 1)
    elif array.ndim == 1 or array.size == width or misfit:  # a single image
        has_batch = len(array) == 1 and array.ndim == len(_input_shape(net)) + 1
        _check_example(name, array.shape[1:] if has_batch else array.shape, net, batch=has_batch)
        array = array.reshape(1, -1)
    array = checked_images(name, array, net)
    warn_of_range(name, array)
    return array


def cast(name: str, what: str, array: NDArray[Any], dtype: str) -> NDArray[Any]:
    """Return finite numbers in the type `dtype`, without a copy if they have it; uint8 unchanged.

    Raises
    ------
    ValueError
        A value that is too large for `dtype`.
    """
    if array.dtype == np.uint8:
        return np.ascontiguousarray(array)
    if array.size and np.dtype(dtype).itemsize < array.dtype.itemsize:
        largest = max(abs(float(array.min())), abs(float(array.max())))
        if largest > float(np.finfo(dtype).max):
            hint = "Scale them, or use floatX='float64'."
            raise ValueError(error_message(name, f"{what} must be finite in {dtype}", f"{largest:g}", hint))
    return np.ascontiguousarray(array, dtype=dtype)


def warn_of_range(name: str, images: NDArray[Any]) -> None:
    """Warn of images with values far from [0, 1], unless they have, as a set, mean 0 and deviation 1."""
    if images.dtype == np.uint8 or images.size == 0:
        return
    low, high = images.min(), images.max()
    if max(-low, high) <= LARGE:
        return
    if abs(images.mean(dtype="float64")) < 0.2 and 0.5 < images.std(dtype="float64") < 2:  # of a scaler
        return
    hint = "Divide grey levels by 256, or pass them as uint8; neurons saturate on large values."
    expected = "expected values between 0 and 1, or near them"
    message = error_message(name, expected, f"values from {low:g} to {high:g}", hint)
    warnings.warn(message, TrainingWarning, stacklevel=2)


def _check_example(name: str, shape: Shape, net: NetworkLike, *, batch: bool) -> None:
    """Raise ValueError unless the first layer takes examples of `shape`; `batch`: the hint has a first axis more."""
    if not (expected := _input_shape(net)):
        return
    layer, width, size = layer_name(net.layers, 0), math.prod(expected), math.prod(shape)
    if size != width:
        detail = f", of shape {expected}" if len(expected) > 1 else ""
        got = f"images of {size} values" + (f", of shape {shape}" if len(shape) > 1 else "")
        hint = "Change n_in or image_shape of layer 0, or pass data of that size."
        raise ValueError(error_message(name, f"{layer} takes {width} values for each example{detail}", got, hint))
    axes = _long_axes(shape)
    if len(expected) > 1 and len(axes) > 1 and axes != _long_axes(expected):
        text = f"{layer} takes images of its image_shape {expected}, maps before rows and columns"
        raise ValueError(error_message(name, text, f"images of {shape}", _reordering(shape, expected, batch=batch)))


def _input_shape(net: NetworkLike) -> Shape:
    """Return the shape of the examples that the first layer takes; () if it declares none."""
    return tuple(getattr(net.layers[0], "input_shape", ()))


def _long_axes(shape: Shape) -> Shape:
    """Return `shape` without axes of length 1, which do not change the order of the values."""
    return tuple(length for length in shape if length != 1)


def _reordering(shape: Shape, expected: Shape, *, batch: bool) -> str:
    """Return what to write, to make images of `shape` those that are `expected`."""
    for order in itertools.permutations(range(len(shape))):
        if _long_axes(tuple(shape[k] for k in order)) == _long_axes(expected):
            axes = (0, *(k + 1 for k in order)) if batch else order
            return f"Write images.transpose{axes}."
    return f"Reshape or resize them to {expected}, or change image_shape of layer 0."


def _refuse_labels(name: str, images: Any) -> None:
    """Raise TypeError for images with their labels, in either form of a data set."""
    if not isinstance(images, list | tuple):
        return
    pair = isinstance(images, DataPair) or any(isinstance(part, Variable) for part in images)
    if not pair and len(images) == 2:
        first, second = map(_shape, images)
        pair = first != second and len(first) > 1 and first[:1] == second[:1]
    examples = bool(images) and isinstance(images[0], list | tuple) and len(images[0]) == 2
    examples = examples and _shape(images[0][0]) != _shape(images[0][1])
    if pair or examples:
        got = "a pair (x, y)" if pair else "a list of pairs (image, label)"
        hint = "Pass x alone." if pair else "Pass the images alone: [image for image, label in data]."
        raise TypeError(error_message(name, "expected images without labels", got, hint))


def _shape(part: Any) -> Shape:
    try:
        return np.shape(part)
    except Exception:  # lists of different lengths
        return ()
