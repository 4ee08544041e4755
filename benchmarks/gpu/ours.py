"""network3 in its loop on the device: one network, or several at once."""

import os

import numpy as np

import network3
from benchmarks.gpu import NETWORKS
from benchmarks.layers import layers
from benchmarks.peers.ours import Ours
from network3.execution.devices import select_devices
from network3.execution.runners.jax_many import ManyRunner
from network3.graph import storages_of
from network3.training.trainer import STEPS_A_CHUNK

COUNT = int(os.environ.get(NETWORKS, "1"))
ONE = 1  # device, so that the loop runs on a CPU as well


def build(config, weights, batch):
    network3.use(backend="jax")
    return (Ours if COUNT == 1 else Several)(config, weights, batch, devices=ONE, together=STEPS_A_CHUNK)


class Several(Ours):
    """Networks of one architecture and the same first weights, each step one of all."""

    def cost(self, x, y):
        if hasattr(self, "runner"):
            self.runner.close()
        return super().cost(x, y)

    def _runner_of(self, step, data):
        nets = [self.net, *(network3.Network(layers(self.config, self.batch), self.batch) for _ in range(COUNT - 1))]
        for net in nets[1:]:
            net.set_weights(self.net.get_weights())
        storages = [storages_of(step.shared, self.net, net) for net in nets]
        return AsOne(
            ManyRunner(step, storages, data, self.net.floatX, select_devices(ONE, self.batch, self.net.floatX))
        )


class AsOne:
    """A runner of several as one of one, all alike."""

    def __init__(self, many):
        self.many = many

    def run(self, rows, eta, lmbda):
        return self.many.run(np.repeat(rows[None], COUNT, 0), [eta] * COUNT, [lmbda] * COUNT)[0]

    def close(self):
        self.many.spread()
