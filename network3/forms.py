"""The forms of a data set: a pair (x, y) of arrays, or a list of pairs (image, target); split into x and y."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from pytensor.graph.basic import Variable

from network3.datasets.arrays import to_array
from network3.layers.checks import error_message

from .graph import NetworkLike
from .images import value_of

EXPECTED = "expected a pair (x, y) of arrays or shared variables, or a list of pairs (pixels, label)"


def split(name: str, data: Any, net: NetworkLike) -> tuple[Any, Any]:
    """Split `data`, in either of its two forms, into images and targets, with one row of each for an example.

    Raises
    ------
    TypeError, ValueError
        Another form, or examples of different shapes.
    """
    if isinstance(data, tuple | list) and len(data) == 2 and not _are_two_examples(name, data, net.input_width):
        return value_of(data[0], name), value_of(data[1], name)
    return _stacked(name, _pairs(name, data), net.input_width)


def _is_pair(item: Any) -> bool:
    """Return whether `item` is (pixels, target) of one example, not an array of several."""
    return (isinstance(item, tuple | list) or (isinstance(item, np.ndarray) and item.ndim == 1)) and len(item) == 2


def _are_two_examples(name: str, data: Sequence[Any], width: int | None) -> bool:
    """Return whether `data`, of two entries, is a list of two examples instead of images and labels."""
    if not all(isinstance(item, tuple | list) and len(item) == 2 for item in data):
        return False
    if any(isinstance(part, Variable) for item in data for part in item):
        return True  # two data sets, which are refused
    (a, b), (c, d) = ([_size(part) for part in item] for item in data)
    as_examples = a == c and b == d and width in (None, a)
    as_arrays = a == b and c == d and width in (None, a)
    if as_examples and as_arrays and isinstance(data, tuple) == isinstance(data[0], tuple):
        hint = "Pass arrays: (np.array(images), np.array(labels))."
        raise TypeError(error_message(name, EXPECTED, f"a {type(data).__name__} of 2 x 2, which may be either", hint))
    if as_examples and as_arrays:
        return isinstance(data[0], tuple)
    return as_examples or (not as_arrays and isinstance(data[0], tuple))


def _size(part: Any) -> int | None:
    """Return the number of values of `part`; None for lists of different lengths."""
    try:
        return math.prod(np.shape(part))
    except Exception:  # each library raises its own kind
        return None


def _pairs(name: str, data: Any) -> list[Any]:
    """Return the items of `data`, each of which is a pair."""
    got, hint = type(data).__name__, "Pass e.g. what load_data_shared() returns, or (images, labels)."
    if isinstance(data, Mapping | str | bytes):
        if isinstance(data, Mapping) and data:
            hint = f"Pass (images, labels), two of its entries {', '.join(map(repr, list(data)[:4]))}."
        raise TypeError(error_message(name, EXPECTED, got, hint))
    array = hasattr(data, "shape") and not callable(data.shape)
    if array and not (isinstance(data, np.ndarray) and data.ndim == 2 and data.shape[1] == 2):
        raise TypeError(error_message(name, EXPECTED, f"{got} of shape {tuple(data.shape)}", hint))
    try:
        items = list(data)
    except Exception as error:  # the object's own code raises any kind
        raise TypeError(error_message(name, EXPECTED, got, hint)) from error
    if not items:
        got = f"an empty {got}"
        if isinstance(data, Iterator):
            hint = f"It was read to its end before: write list({got.split()[-1]}(...)), which can be read again."
        elif isinstance(data, tuple):
            hint = "To select examples, slice the examples: (x[:1000], y[:1000])."
        raise ValueError(error_message(name, "images must have the shape (n, features), n of 1 or more", got, hint))
    wrong = next((k for k, item in enumerate(items) if not _is_pair(item)), None)
    if wrong is not None:
        got += f" with {_description(items[wrong])} at {wrong}"
        raise TypeError(error_message(name, EXPECTED, got, hint))
    if any(isinstance(part, Variable) for part in items[0]):
        hint = "Pass one of them."
        raise TypeError(error_message(name, EXPECTED, f"{len(items)} data sets", hint))
    return items


def _description(item: Any) -> str:
    shape = getattr(item, "shape", None)
    if isinstance(shape, tuple):
        return f"{type(item).__name__} of shape {tuple(shape)}"
    return f"{type(item).__name__} of {len(item)}" if isinstance(item, list | tuple) else type(item).__name__


def _without_single_axes(arrays: list[np.ndarray]) -> list[np.ndarray]:
    """Return `arrays` in one shape, if theirs differ in axes of length 1 only: 0.5, [0.5] and [[0.5]] mean the same."""
    if len({array.shape for array in arrays}) == 1:
        return arrays
    return [array.reshape([length for length in array.shape if length != 1]) for array in arrays]


def _stacked(name: str, pairs: list[Any], width: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Return the images and the targets of `pairs` as arrays with one more axis."""
    images = [to_array(name, f"the image of pair {k}", x) for k, (x, _) in enumerate(pairs)]
    targets = [to_array(name, f"the label of pair {k}", y) for k, (_, y) in enumerate(pairs)]
    size, count = images[0].size, targets[0].size
    if width is not None and size > width and size % width == 0 and count % (size // width) == 0:
        hint = "Join mini-batches: (np.concatenate(images), np.concatenate(labels)); or pass one of several data sets."
        got = f"pairs of {size // width} images"
        raise ValueError(error_message(name, "expected pairs of one image and its label", got, hint))
    images, targets = _without_single_axes(images), _without_single_axes(targets)
    levels = images[0].dtype == np.uint8
    for part, arrays in (("image", images), ("label", targets)):
        for k, array in enumerate(arrays):
            if array.shape != arrays[0].shape:
                got = f"shape {array.shape} in pair {k}, after {arrays[0].shape}"
                hint = "Use the same shape for every example."
                raise ValueError(error_message(name, f"expected {part}s of one shape", got, hint))
            if part == "image" and (array.dtype == np.uint8) != levels:
                got = f"{array.dtype} in pair {k}, after {arrays[0].dtype}"
                hint = "Divide grey levels by 256 and pass floats, or pass uint8 for all."
                raise ValueError(error_message(name, "expected images of one type", got, hint))
    return np.stack(images), np.stack(targets)
