"""network3 itself, as ``Network.SGD`` runs it: its compiled step inside its own epoch loop."""

import sys

import numpy as np

import network3
from benchmarks.layers import layers
from network3.data import examples
from network3.execution.compile import compile_step, compiled
from network3.execution.device import chosen_backend
from network3.execution.devices import select_devices
from network3.execution.runner import make_runner
from network3.optim import l2


def build(config, weights, batch):
    return Ours(config, weights, batch)


class Ours:
    """Rows of the data set are gathered inside the timed loop, as in training."""

    def __init__(self, config, weights, batch, devices=None, together=sys.maxsize):
        self.config, self.batch, self.devices, self.together = config, batch, devices, together
        self.net = network3.Network(layers(config, batch), batch)
        self.net.set_weights(weights)
        self.position = 0

    def load(self, x, y):
        self.runner, self.rows = self._runner(x, y)
        self.position = 0

    def _runner(self, x, y):
        regularizer = l2 if self.config.lmbda > 0 else None
        step = compiled(self.net, compile_step, self.batch, x.shape[1], (), None, regularizer)
        count = len(x) // self.batch
        rows = np.arange(count * self.batch).reshape(count, self.batch)
        return self._runner_of(step, examples("benchmark", (x, y), self.net)), rows

    def _runner_of(self, step, data):
        mesh = select_devices(self.devices, self.batch, self.net.floatX)
        return make_runner(chosen_backend(), step, data, self.net.floatX, mesh)

    def run(self, steps):
        done = 0
        while done < steps:
            rows = self.rows[self.position : self.position + min(steps - done, self.together)]
            self.runner.run(rows, self.config.eta, self.config.decay(self.batch))
            done += len(rows)
            self.position = (self.position + len(rows)) % len(self.rows)

    def cost(self, x, y):
        runner, rows = self._runner(x, y)
        return float(runner.run(rows[:1], 0.0, self.config.decay(self.batch))[0])  # a step of length 0

    def predict(self, x):
        return self.net.predict(x)

    def weights(self):
        self.runner.close()
        return self.net.get_weights()
