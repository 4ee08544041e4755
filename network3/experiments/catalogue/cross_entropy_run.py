"""Runs with sigmoid neurons and the cross-entropy cost, as all of chapter 3."""

from collections.abc import Sequence
from typing import Any

from network3.layers.costs import cross_entropy

from .published import TEST_ACCURACY, PublishedValue
from .run import Run
from .sigmoid import Sigmoid


def cross_entropy_run(
    name: str,
    row: str,
    description: str,
    layers: Sigmoid,
    published: Sequence[PublishedValue],
    *,
    epochs: int = 30,
    eta: float = 0.5,
    lmbda: float = 0.0,
    monitor: Sequence[str] = (TEST_ACCURACY.key,),
    **options: Any,
) -> Run:
    """Return a run of chapter 3; `options` are other fields of `Run`, and the rest as in `Network.SGD`."""
    training = {"epochs": epochs, "mini_batch_size": 10, "eta": eta, "shuffle": True, "monitor": list(monitor)}
    if lmbda:
        training |= {"lmbda": lmbda, "lmbda_over": "examples"}
    return Run(name, row, description, tuple(published), layers, training, cost=cross_entropy, **options)
