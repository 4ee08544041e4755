"""The libraries that are compared: for each a module here, an environment, and what pip installs into it.

A peer's module has one function, ``build(config, weights, batch)``, that returns a `Contestant`; only it imports the
library, in a process of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np


class Contestant(Protocol):
    """A network in training: what a peer's ``build`` returns."""

    def load(self, x: np.ndarray, y: np.ndarray) -> None:
        """Take training data, (n, 784) float32 and (n,) int32, in the library's own form; this is not timed."""

    def run(self, steps: int) -> None:
        """Take `steps` steps of gradient descent on successive mini-batches, around and around; wait for the end."""

    def cost(self, x: np.ndarray, y: np.ndarray) -> float:
        """Return the cost of one mini-batch, L2 term included; called for networks without dropout only."""

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Return the label of each image, (n,), however many there are."""

    def weights(self) -> Sequence[Any]:
        """Return the parameters as `benchmarks.configurations` describes them."""


@dataclass(frozen=True)
class Peer:
    """A library to compare with.

    Parameters
    ----------
    module : str
        In this package.
    title : str
    environment : str
        Name of its environment, ``.venv-peers-<environment>``; "" for the one that runs the benchmark.
    requirements : tuple of str
        For pip.
    python : (int, int)
        Oldest version of Python it runs on.
    settings : pairs of str
        Environment variables of its process.
    versions : tuple of str
        Distributions to record.
    caches : bool
        Whether what it compiles stays on disk, whatever the number of threads.
    compiles : bool
        Whether it compiles for so long that it should begin early.
    """

    module: str
    title: str
    environment: str = ""
    requirements: tuple[str, ...] = ()
    python: tuple[int, int] = (3, 11)
    settings: tuple[tuple[str, str], ...] = ()
    versions: tuple[str, ...] = ()
    caches: bool = False
    compiles: bool = False


OURS = Peer("ours", "network3", versions=("network3", "pytensor", "numba"), caches=True)
# Later releases come from the package index with several GB of CUDA; this one has a build for the CPU.
TORCH, JAX = ("torch>=2.6,<=2.13.0", "numpy>=2.0,<3"), ("jax>=0.8,<1", "numpy>=2.0,<3")
PEERS = {
    peer.module: peer
    for peer in (
        Peer("pytorch_eager", "PyTorch, eager", "pytorch", TORCH, versions=("torch",)),
        Peer(
            "pytorch_compiled",
            "PyTorch, compiled",
            "pytorch",
            TORCH,
            versions=("torch",),
            compiles=True,
        ),
        Peer("jax_jit", "JAX, jit", "jax", JAX, versions=("jax", "jaxlib")),
        Peer(
            "keras_peer",
            "Keras 3, on JAX",
            "keras",
            ("keras>=3.10,<4", *JAX),
            settings=(("KERAS_BACKEND", "jax"),),
            versions=("keras", "jax"),
        ),
        Peer(
            "pytensor_ml",
            "pytensor-ml",
            "pytensor-ml",
            ("pytensor-ml>=0.3,<0.4", "numpy>=2.0,<3"),
            python=(3, 12),
            versions=("pytensor-ml", "pytensor", "numba"),
            caches=True,
            compiles=True,
        ),
    )
}


def mini_batches(batch: int, *arrays: Any) -> list[tuple[Any, ...]]:
    """Cut arrays of equal length into mini-batches of `batch` rows; what fills none is left out."""
    return [tuple(array[i : i + batch] for array in arrays) for i in range(0, len(arrays[0]) // batch * batch, batch)]
