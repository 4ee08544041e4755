"""The training whose checkpoints are stored: ``python stored_run.py CHECKPOINT`` trains its first two epochs.

A file of each format is kept in ``stored/``; a newer network3 must go on from all of them.
"""

import sys

import numpy as np

import network3
from network3 import FullyConnectedLayer, Network, SoftmaxLayer
from network3.optim.rules import Momentum
from network3.optim.schedules import StepDecay

EPOCHS = 2


def build():
    """Return a small network with dropout, in double precision, which rounds alike on all machines that matter."""
    network3.use("cpu", "float64", backend="network3")
    rng = np.random.default_rng(1)
    return Network([FullyConnectedLayer(6, 5, p_dropout=0.1, rng=rng), SoftmaxLayer(5, 3, rng=rng)], 4)


def train(net, epochs, **arguments):
    """Train `net` on data that are worked out, not drawn: no generator's version decides them."""
    images = (np.arange(49 * 6).reshape(49, 6) * 37 % 101) / 101
    labels = images[:, :3].argmax(axis=1)
    return net.SGD(
        (images, labels),
        epochs,
        4,
        0.1,
        (images[:9], labels[:9]),
        lmbda=0.1,
        rule=Momentum(0.5),
        schedule=StepDecay(every=1, factor=0.9),
        shuffle=True,
        seed=3,
        monitor=["training_cost"],
        **arguments,
    )


if __name__ == "__main__":
    train(build(), EPOCHS, checkpoint=sys.argv[1])
