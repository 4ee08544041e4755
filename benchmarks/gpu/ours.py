"""network3 in its loop on the device: one network, or several at once."""

import os
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

import network3
from benchmarks.configurations import Configuration
from benchmarks.layers import layers
from benchmarks.peers.ours import Ours
from network3.data import Examples
from network3.execution.devices import select_devices
from network3.execution.functions import Step
from network3.execution.runner import ManyRunner, Runner
from network3.execution.runners.jax_many import VectorizedRunner
from network3.graph import storages_of
from network3.training.trainer import STEPS_A_CHUNK

from . import NETWORKS

COUNT = int(os.environ.get(NETWORKS, "1"))
DEVICES = 1  # a number selects the loop on the device, on a CPU too


def build(config: Configuration, weights: Sequence[np.ndarray], batch: int) -> Ours:
    network3.use(backend="jax")
    return (Ours if COUNT == 1 else Several)(config, weights, batch, devices=DEVICES, chunk=STEPS_A_CHUNK)


class Several(Ours):
    """Networks of one architecture and the same initial weights; a step is one step of each."""

    def cost(self, x: np.ndarray, y: np.ndarray) -> float:
        if hasattr(self, "runner"):
            self.runner.close()
        return super().cost(x, y)

    def _runner_of(self, step: Step, data: Examples) -> Runner:
        nets = [self.net, *(network3.Network(layers(self.config, self.batch), self.batch) for _ in range(COUNT - 1))]
        for net in nets[1:]:
            net.set_weights(self.net.get_weights())
        storages = [storages_of(step.shared, self.net, net) for net in nets]
        mesh = select_devices(DEVICES, self.batch, self.net.floatX)
        assert mesh is not None  # since the number of devices is given
        return SharedRows(VectorizedRunner(step, storages, data, self.net.floatX, mesh))


class SharedRows:
    """A `Runner` of several networks, with the same mini-batches and rates for all."""

    def __init__(self, many: ManyRunner) -> None:
        self.many = many

    def set_images(self, images: np.ndarray) -> None:
        """See `Runner`."""
        self.many.set_images(images)

    def run(self, rows: NDArray[np.integer], eta: float, lmbda: float) -> NDArray[np.float64]:
        """Take the steps; return the costs of the first network."""
        return self.many.run(np.repeat(rows[None], COUNT, 0), [eta] * COUNT, [lmbda] * COUNT)[0]

    def close(self) -> None:
        """See `Runner`."""
        self.many.close()
