"""The libraries that are compared: for each a module here, a virtual environment, and its requirements.

A peer's module has one function, ``build(config, weights, batch)``, which returns a `PeerNetwork`; only this module
imports the library, in a process of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from benchmarks.checks import MIN_EQUAL_LABELS
from benchmarks.configurations import CHAPTER6, CONFIGURATIONS, ResidualConfiguration


class PeerNetwork(Protocol):
    """A network that can be trained, as a peer's ``build`` returns it.

    One that is compiled for a number of steps has it as ``steps_together``: multiples of it are timed.
    """

    def load(self, x: np.ndarray, y: np.ndarray) -> None:
        """Convert training data, (n, 784) float32 and (n,) int32, to the library's own form; this is not timed."""

    def run(self, steps: int) -> None:
        """Take `steps` steps of gradient descent on successive mini-batches, cyclically, and wait for the last."""

    def cost(self, x: np.ndarray, y: np.ndarray) -> float:
        """Return the cost of one mini-batch with the L2 term; called for networks without dropout only."""

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Return the label of each of any number of images, an array of shape (n,)."""

    def weights(self) -> Sequence[np.ndarray]:
        """Return the parameters in the layout of `benchmarks.configurations`."""


@dataclass(frozen=True)
class Peer:
    """A library to compare with.

    Parameters
    ----------
    name : str
        On the command line and in the results.
    title : str
        In tables and charts.
    module : str
        With ``build``; for `benchmarks.start` instead ``train``, see `benchmarks.start.program`.
    venv : str
        The virtual environment is ``.venv-peers-<venv>``; "" for the one that runs the benchmark.
    requirements : tuple of str
        For pip.
    python : (int, int)
        Oldest version of Python that the library supports.
    variables : pairs of str
        Environment variables of its process.
    versions : tuple of str
        Distributions whose versions are recorded.
    caches_on_disk : bool
        Whether compiled code stays on disk and serves any number of threads.
    slow_compile : bool
        Whether compilation takes so long that it should start early.
    batches : tuple of int
        Mini-batch sizes it is compared at; () for all.
    networks : tuple of str
        Configurations it is compared on; () for all.
    equal_labels : float
        Smallest share of labels, after one step, that must equal ours; less than the default for coarser arithmetic.
    """

    name: str
    title: str
    module: str
    venv: str = ""
    requirements: tuple[str, ...] = ()
    python: tuple[int, int] = (3, 11)
    variables: tuple[tuple[str, str], ...] = ()
    versions: tuple[str, ...] = ()
    caches_on_disk: bool = False
    slow_compile: bool = False
    batches: tuple[int, ...] = ()
    networks: tuple[str, ...] = ()
    equal_labels: float = MIN_EQUAL_LABELS


OURS = Peer(
    "ours",
    "network3",
    "benchmarks.peers.ours",
    versions=("network3", "pytensor", "numba"),
    caches_on_disk=True,
)
# Later releases of PyTorch on the package index bring several GB of CUDA; this one has a build for the CPU.
TORCH, JAX = ("torch>=2.6,<=2.13.0", "numpy>=2.0,<3"), ("jax>=0.8,<1", "numpy>=2.0,<3")
WIDE = tuple(name for name in CONFIGURATIONS if name not in CHAPTER6)  # where the memory format matters
SEQUENTIAL = tuple(name for name, config in CONFIGURATIONS.items() if not isinstance(config, ResidualConfiguration))
PEERS = {
    peer.name: peer
    for peer in (
        Peer(
            "pytorch_eager",
            "PyTorch, eager",
            "benchmarks.peers.pytorch_eager",
            venv="pytorch",
            requirements=TORCH,
            versions=("torch",),
        ),
        Peer(
            "pytorch_compiled",
            "PyTorch, compiled",
            "benchmarks.peers.pytorch_compiled",
            venv="pytorch",
            requirements=TORCH,
            versions=("torch",),
            slow_compile=True,
        ),
        Peer(
            "pytorch_eager_last",
            "PyTorch, eager, channels last",
            "benchmarks.peers.pytorch_eager_last",
            venv="pytorch",
            requirements=TORCH,
            versions=("torch",),
            networks=WIDE,
        ),
        Peer(
            "pytorch_compiled_last",
            "PyTorch, compiled, channels last",
            "benchmarks.peers.pytorch_compiled_last",
            venv="pytorch",
            requirements=TORCH,
            versions=("torch",),
            slow_compile=True,
            networks=WIDE,
        ),
        Peer(
            "jax_jit",
            "JAX, jit",
            "benchmarks.peers.jax_jit",
            venv="jax",
            requirements=JAX,
            versions=("jax", "jaxlib"),
        ),
        Peer(
            "keras_peer",
            "Keras 3, on JAX",
            "benchmarks.peers.keras_peer",
            venv="keras",
            requirements=("keras>=3.10,<4", *JAX),
            variables=(("KERAS_BACKEND", "jax"),),
            versions=("keras", "jax"),
            networks=SEQUENTIAL,
        ),
        Peer(
            "pytensor_ml",
            "pytensor-ml",
            "benchmarks.peers.pytensor_ml",
            venv="pytensor-ml",
            requirements=("pytensor-ml>=0.3,<0.4", "numpy>=2.0,<3"),
            python=(3, 12),
            versions=("pytensor-ml", "pytensor", "numba"),
            caches_on_disk=True,
            slow_compile=True,
            networks=SEQUENTIAL,
        ),
    )
}


def mini_batches(batch: int, *arrays: Any) -> list[tuple[Any, ...]]:
    """Split arrays or tensors of equal length into mini-batches of `batch` rows; an incomplete one is left out."""
    return [tuple(array[i : i + batch] for array in arrays) for i in range(0, len(arrays[0]) // batch * batch, batch)]
