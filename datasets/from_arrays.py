"""A data set from arrays with labels of any kind: numbers, or names of classes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .checks import check_pair
from .data_set import DataSet
from .split import FRACTION, Pair

AnyPair = tuple[ArrayLike, ArrayLike]

FEW = 3  # examples of a class, of which one is taken


def from_arrays(
    images: ArrayLike,
    labels: ArrayLike,
    *,
    validation: AnyPair | None = None,
    test: AnyPair | None = None,
    class_names: Sequence[str] | None = None,
    seed: int = 0,
) -> DataSet:
    """Return a data set whose labels are numbered from 0, with the names of its classes.

    Parameters
    ----------
    images : array of shape (n, features) or (n, ...)
        uint8 grey levels or floats.
    labels : array of shape (n,)
        Texts, or whole numbers. The classes are numbered in their order.
    validation, test : pair (images, labels), optional
        By default a sixth of the examples of each class, chosen at random, for each of the two that is missing. What is
        left of `images` is then in a random order.
    class_names : sequence of str, optional
        All classes in their order, of which labels are names, or numbers from 0. By default the labels that `labels`
        has, sorted.
    seed : int, default 0
        Of that choice.

    Returns
    -------
    DataSet

    Raises
    ------
    ValueError, TypeError
        Data that `check_pair` rejects, or a label that is none of the classes.

    Examples
    --------
    >>> data = from_arrays(np.eye(3).repeat(8, axis=0), np.repeat(["cat", "dog", "cow"], 8))
    >>> data.class_names, [len(labels) for _, labels in data]
    (('cat', 'cow', 'dog'), [18, 3, 3])
    """
    y = np.asarray(labels)
    classes = np.unique(y) if class_names is None else np.array([str(name) for name in class_names])
    numbered = class_names is not None and y.dtype.kind in "iu"
    rng, training = np.random.default_rng(seed), _pair("training", images, y, classes, numbered)
    sets: dict[str, Pair] = {}
    for name, given in (("test", test), ("validation", validation)):
        if given is None:
            training, sets[name] = _split_off(name, training, rng)
        else:
            sets[name] = _pair(name, *given, classes, numbered)
    return DataSet([training, sets["validation"], sets["test"]], [str(name) for name in classes])


def _pair(name: str, images: Any, labels: Any, classes: NDArray[Any], numbered: bool) -> Pair:
    """Return checked images, and the numbers of the classes."""
    who, y = f"from_arrays: {name} data", np.asarray(labels)
    if not numbered and y.ndim == 1:
        unknown = np.setdiff1d(y, classes) if y.dtype.kind == classes.dtype.kind else y[:1]
        if len(unknown):
            raise ValueError(
                f"{who}: expected labels among the {len(classes)} classes {', '.join(map(str, classes[:5]))}"
                f"{', ...' if len(classes) > 5 else ''}; got {unknown[0]!s}. Pass all classes as class_names."
            )
        order = np.argsort(classes)
        y = order[np.searchsorted(classes, y, sorter=order)]
    found = check_pair(who, images, y)
    if numbered and found[1].max() >= len(classes):
        raise ValueError(
            f"{who}: expected labels from 0 to {len(classes) - 1}, for the class_names; got {found[1].max()}. "
            "Pass as many names as classes."
        )
    return found


def _split_off(name: str, pair: Pair, rng: np.random.Generator) -> tuple[Pair, Pair]:
    """Return the rest, and a sixth of each class, at least one of three or more, both in a random order."""
    images, labels = pair
    order = rng.permutation(len(labels))
    chosen = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        rows = order[labels[order] == label]
        chosen[rows[: len(rows) // FRACTION or int(len(rows) >= FEW)]] = True
    if not chosen.any():
        raise ValueError(
            f"from_arrays: {name} data: expected a class of {FEW} examples or more, to take one of; "
            f"got at most {np.bincount(labels).max()}. Provide more, or pass {name}=(images, labels)."
        )
    rest, part = order[~chosen[order]], order[chosen[order]]
    return (images[rest], labels[rest]), (images[part], labels[part])
