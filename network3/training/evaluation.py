"""Evaluation: accuracy, cost and predictions over a whole data set, in chunks of one size.

One chunk size means one compiled function for each network. The last chunk is filled up by repeating its last example,
whose share of the sums is subtracted again.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from network3.data import Examples, scaled
from network3.execution.backends import execution_context, make_scorer
from network3.execution.compile import compile_predictor, compile_regularizer, compile_scorer, compiled
from network3.execution.device import chosen_backend
from network3.execution.pieces import Pieces
from network3.execution.sharding import DeviceMesh
from network3.graph import NetworkLike, has_accuracy, storages_of
from network3.images import images_to_predict

from .config import TrainingConfig

CHUNK = 250


class Evaluator:
    """Scores a network over all of a data set, with its current parameters.

    Parameters
    ----------
    net : Network
    examples : Examples
    cost : callable or None
        As in `Network.SGD`.
    mesh : DeviceMesh or None
        The devices of a training, on which the data are kept.
    like : Network, optional
        One of the same architecture whose compiled function is used for `net` as well, given a mesh.
    """

    def __init__(
        self,
        net: NetworkLike,
        examples: Examples,
        cost: Callable | None = None,
        mesh: DeviceMesh | None = None,
        like: NetworkLike | None = None,
    ):
        backend = chosen_backend()
        last, images, targets = net.layers[-1], examples.images, examples.targets
        classifies = has_accuracy(net, targets.shape[1:])
        available = {"accuracy": classifies, "cost": cost is not None or hasattr(last, "cost")}
        self.names = [name for name, present in available.items() if present]
        source = net if like is None else like
        function = compiled(source, compile_scorer, CHUNK, images.shape[1], targets.shape[1:], cost)
        storages = None if like is None else storages_of(function.shared, like, net)
        self.scorer = make_scorer(backend, function, examples, net.floatX, mesh, storages)
        self.count, self.on_devices, self._pieces = len(examples), mesh is not None, Pieces()

    def score(self) -> dict[str, float]:
        """Return the "accuracy" and "cost", without dropout, those that the last layer has for such targets."""
        chunks = -(-self.count // CHUNK)
        repeated = chunks * CHUNK - self.count
        rows = np.arange(chunks * CHUNK).clip(max=self.count - 1).reshape(chunks, CHUNK)
        if repeated:  # one more chunk, of the example that fills up the last one, to be subtracted
            rows = np.concatenate([rows, np.full((1, CHUNK), self.count - 1)])
        parts = [slice(len(rows))] if self.on_devices else self._pieces.of(len(rows))
        sums = CHUNK * np.concatenate([self.scorer.means(rows[part]) for part in parts])
        # A count is an integer; the mean of it in single precision only nearly.
        rounded, counts = np.rint(sums), np.array(self.names) == "accuracy"
        sums = np.where(counts & np.isclose(sums, rounded, rtol=0, atol=1e-4), rounded, sums)
        total = sums[:chunks].sum(axis=0)
        if repeated:  # from an infinite cost nothing can be subtracted; it stays infinite
            total = np.subtract(total, sums[-1] * repeated / CHUNK, where=np.isfinite(total), out=total)
        return {name: float(value) for name, value in zip(self.names, total / self.count, strict=True)}


def score(net: NetworkLike, examples: Examples, cost: Callable | None = None) -> dict[str, float]:
    """Return the scores of an `Evaluator`, made for one call."""
    return Evaluator(net, examples, cost).score()


def weight_penalty(net: NetworkLike, config: TrainingConfig) -> float:
    """Return the term that the regularization adds to the cost, for the current weights."""
    if config.lmbda == 0:
        return 0.0
    regularizer = compiled(net, compile_regularizer, config.regularizer)
    with execution_context(chosen_backend(), net.floatX):
        (penalty,) = regularizer()
        return config.decay * float(penalty)


def predictions(net: NetworkLike, images: Any) -> list[np.ndarray]:
    """Return ``[y_out, output]`` of `net` for `images`, or ``[output]`` if its last layer has no labels.

    Parameters
    ----------
    images : array or shared variable of shape (n, features) or (n, maps, rows, columns), or a single image
        uint8 grey levels, or floats as in training. No images give no answers.
    """
    images = images_to_predict("predict", images, net)
    predictor = compiled(net, compile_predictor, CHUNK, images.shape[1])
    parts = []
    with execution_context(chosen_backend(), net.floatX):
        for chunk in _chunks(images):
            found = predictor(scaled(chunk, net.floatX))
            parts.append([np.asarray(part) for part in found])
    return [np.concatenate(pieces)[: len(images)] for pieces in zip(*parts, strict=True)]


def _chunks(images: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Yield `images` in chunks: views, then a last one that is filled up; one of zeros if there are none."""
    count = len(images)
    for start in range(0, count - CHUNK + 1, CHUNK):
        yield images[start : start + CHUNK]
    if count % CHUNK:
        yield images[np.arange(count - count % CHUNK, count - count % CHUNK + CHUNK).clip(max=count - 1)]
    if count == 0:
        yield np.zeros((CHUNK, images.shape[1]), images.dtype)
