"""network3 itself, as ``Network.SGD`` runs it: its compiled step inside its epoch loop."""

import sys
from collections.abc import Sequence

import numpy as np

import network3
from benchmarks.configurations import Configuration
from benchmarks.layers import layers
from network3.data import Examples, examples
from network3.execution.backends import make_runner
from network3.execution.compile import compile_step, compiled
from network3.execution.device import chosen_backend
from network3.execution.devices import select_devices
from network3.execution.functions import Step
from network3.execution.runner import Runner
from network3.optim import l2


def build(config: Configuration, weights: Sequence[np.ndarray], batch: int) -> "Ours":
    return Ours(config, weights, batch)


class Ours:
    """A network and its runner; the rows of each mini-batch are gathered inside the timed loop, as in training.

    Parameters
    ----------
    config, weights, batch
        See `benchmarks.peers`.
    devices : int, optional
        As for ``Network.SGD``.
    chunk : int
        Steps of one call of the runner, at most.
    """

    def __init__(
        self,
        config: Configuration,
        weights: Sequence[np.ndarray],
        batch: int,
        devices: int | None = None,
        chunk: int = sys.maxsize,
    ) -> None:
        self.config, self.batch, self.devices, self.chunk = config, batch, devices, chunk
        self.steps_together = 1 if devices is None else chunk
        self.net = network3.Network(layers(config, batch), batch)
        self.net.set_weights([*weights, *self.net.get_weights()[len(weights) :]])  # buffers keep their values
        self.position = 0

    def load(self, x: np.ndarray, y: np.ndarray) -> None:
        self.runner, self.rows = self._runner(x, y)
        self.position = 0

    def _runner(self, x: np.ndarray, y: np.ndarray) -> tuple[Runner, np.ndarray]:
        regularizer = l2 if self.config.lmbda > 0 else None
        step = compiled(self.net, compile_step, self.batch, x.shape[1], (), None, regularizer)
        count = len(x) // self.batch
        rows = np.arange(count * self.batch).reshape(count, self.batch)
        return self._runner_of(step, examples("benchmark", (x, y), self.net)), rows

    def _runner_of(self, step: Step, data: Examples) -> Runner:
        mesh = select_devices(self.devices, self.batch, self.net.floatX)
        return make_runner(chosen_backend(), step, data, self.net.floatX, mesh)

    def run(self, steps: int) -> None:
        for done in range(0, steps, self.chunk):
            count = min(steps - done, self.chunk)
            rows = self.rows[(self.position + np.arange(count)) % len(self.rows)]
            self.runner.run(rows, self.config.eta, self.config.decay(self.batch))
            self.position = (self.position + count) % len(self.rows)

    def cost(self, x: np.ndarray, y: np.ndarray) -> float:
        runner, rows = self._runner(x, y)
        return float(runner.run(rows[:1], 0.0, self.config.decay(self.batch))[0])  # a step of size 0

    def predict(self, x: np.ndarray) -> np.ndarray:
        return self.net.predict(x)

    def weights(self) -> list[np.ndarray]:
        self.runner.close()
        return self.net.get_weights()[: len(self.net.params)]
