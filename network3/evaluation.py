"""Evaluation: accuracy, cost and predictions over a whole data set, in chunks of one size.

One chunk size means one compiled function a network. The last chunk is filled up by repeating its last example;
what that adds to a sum is known, and taken off again.
"""

import numpy as np

from .compilation import compile_predictor, compile_regularizer, compile_scorer, compiled
from .data import check_width, scaled, value_of
from .device import chosen_backend
from .runners import calling

CHUNK = 250


def score(net, examples, cost=None) -> dict[str, float]:
    """Return the "accuracy" and "cost" of `net` over all of `examples`, without dropout, if its last layer has them.

    Parameters
    ----------
    net : Network
    examples : Examples
    cost : callable or None
        As in ``Network.SGD``.
    """
    images, targets = examples.images, examples.targets
    scorer = compiled(net, compile_scorer, CHUNK, images.shape[1], targets.shape[1:], cost)
    names = _names(net, cost)
    sums = np.zeros(len(names))
    with calling(chosen_backend(), net.floatX):
        for rows in _chunks(len(examples)):
            sums += _sums(scorer, names, images[rows], targets[rows], net.floatX)
        repeated = -len(examples) % CHUNK
        if repeated:
            rows = np.full(CHUNK, len(examples) - 1)
            sums -= _sums(scorer, names, images[rows], targets[rows], net.floatX) * repeated / CHUNK
    return {name: float(total) for name, total in zip(names, sums / len(examples), strict=True)}


def weight_penalty(net, plan) -> float:
    """Return what the plan's regularization adds to the cost of a training step, for the weights as they are."""
    if plan.lmbda == 0:
        return 0.0
    regularizer = compiled(net, compile_regularizer, plan.regularizer)
    with calling(chosen_backend(), net.floatX):
        return plan.decay * float(regularizer())


def predictions(net, images) -> list[np.ndarray]:
    """Return ``[y_out, output]`` of `net` for `images`, or ``[output]`` if its last layer has no ``y_out``.

    Parameters
    ----------
    images : array or shared variable of shape (n, features), (n, maps, rows, columns) or (features,)
        uint8 grey levels, or floats as in training.
    """
    images = np.asarray(value_of(images))
    if images.dtype != np.uint8:
        images = np.asarray(images, dtype=net.floatX)
    if images.ndim == 1 or (images.ndim == 2 and images.size == net.input_width):
        images = images.reshape(1, -1)
    images = images.reshape(len(images), -1)
    check_width("predict", images, net)
    predictor = compiled(net, compile_predictor, CHUNK, images.shape[1])
    parts = []
    with calling(chosen_backend(), net.floatX):
        for rows in _chunks(len(images)):
            found = predictor(scaled(images[rows], net.floatX))
            parts.append([np.asarray(part) for part in found])
    return [np.concatenate(pieces)[: len(images)] for pieces in zip(*parts, strict=True)]


def _chunks(count: int):
    """Yield the rows of each chunk: slices, which copy nothing, then the numbers of a last one that is filled up."""
    for start in range(0, count - CHUNK + 1, CHUNK):
        yield slice(start, start + CHUNK)
    if count % CHUNK:
        yield np.arange(count - count % CHUNK, count - count % CHUNK + CHUNK).clip(max=count - 1)


def _names(net, cost) -> list[str]:
    """Return what the scorer of `net` gives, in its order."""
    last = net.layers[-1]
    present = {"accuracy": hasattr(last, "accuracy"), "cost": cost is not None or hasattr(last, "cost")}
    return [name for name, there in present.items() if there]


def _sums(scorer, names, images, targets, dtype) -> np.ndarray:
    """Return the sums over a chunk of what `scorer` gives as means, with the count of the accuracy made whole again."""
    sums = CHUNK * np.array([float(mean) for mean in scorer(scaled(images, dtype), targets)])
    whole, counts = np.rint(sums), np.array(names) == "accuracy"
    return np.where(counts & (np.abs(sums - whole) < 1e-4), whole, sums)
