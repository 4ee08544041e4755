"""A short training as a program of its own: ``python device_run.py FOLDER DEVICES [ADDRESS NUMBER]``.

DEVICES is how many share each mini-batch, 0 for the CPU step by step; for each of several, as in 0,4,2, there is a
training. What comes out is in the folder, as DEVICES.npz and so on. With an address it is one of two processes.
"""

import sys
from pathlib import Path

import numpy as np

import network3
from network3 import ConvPoolLayer, FullyConnectedLayer, Network, ReLU, SoftmaxLayer

BATCH = 40


def build():
    """Return a network with a convolution and dropout, of which all axes differ."""
    rng = np.random.default_rng(5)
    layers = [
        ConvPoolLayer((3, 1, 4, 3), (BATCH, 1, 9, 8), (3, 2), ReLU, rng=rng),
        FullyConnectedLayer(3 * 2 * 3, 7, p_dropout=0.2, rng=rng),
        SoftmaxLayer(7, 5, p_dropout=0.1, rng=rng),
    ]
    return Network(layers, BATCH)


def data():
    """Return 13 mini-batches and a part of grey levels to train on, and 203 images to validate."""
    rng = np.random.default_rng(6)
    images = rng.integers(0, 256, (13 * BATCH + 17 + 203, 72)).astype("uint8")
    labels = images[:, :5].argmax(axis=1)
    return (images[:-203], labels[:-203]), (images[-203:], labels[-203:])


def train(net, **changes):
    """Train `net` and return its record."""
    training, validation = data()
    arguments = {"lmbda": 0.1, "shuffle": True, "seed": 7, "rule": network3.optim.Momentum(0.5)} | changes
    epochs = arguments.pop("epochs", 3)
    monitor = ["training_cost", "validation_cost"]
    return net.SGD(training, epochs, BATCH, 0.3, validation, validation, monitor=monitor, **arguments)


def outcome(net, history):
    """Return what must not depend on where it was trained, but for rounding."""
    arrays = {f"weights{k}": w for k, w in enumerate(net.get_weights())}
    arrays |= {f"masks{k}": np.asarray(state.get_value()) for k, state in enumerate(net.dropout_states)}
    arrays |= {name: np.array(values) for name, values in history.monitors.items()}
    return arrays | {"cost": np.array(history.cost), "accuracy": np.array(history.validation_accuracy)}


if __name__ == "__main__":
    folder, devices, *process = sys.argv[1:]
    network3.use("cpu", backend="jax")
    if process:
        network3.join_processes(process[0], 2, int(process[1]), timeout=300)
    for count in devices.split(","):
        net = build()
        result = Path(folder, f"{count}{'-'.join(process[1:])}.npz")
        history = train(net, devices=int(count) or None, checkpoint=result.with_suffix(".checkpoint"))
        np.savez(result, **outcome(net, history))
        sys.stdout.flush()
