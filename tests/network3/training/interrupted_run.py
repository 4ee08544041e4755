"""A short training as a program of its own: ``python interrupted_run.py CHECKPOINT WEIGHTS [EPOCHS [LINES]]``.

It goes on from the checkpoint where there is one, prints after each chunk how far it is, and at the end writes what
must not depend on the kills: weights, best weights, states of the masks, costs and accuracies. After LINES lines it
waits to be killed: on a busy machine it would be far away by then.
"""

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from network3 import ConvPoolLayer, FullyConnectedLayer, Network, ReLU, SoftmaxLayer
from network3.training.checkpoint_file import checkpoint_exists

EPOCHS = 25


def build():
    """Return a network with a convolution and dropout, and data of 8 chunks an epoch."""
    np.random.seed(5)
    layers = [
        ConvPoolLayer(image_shape=(3, 1, 9, 8), filter_shape=(4, 1, 4, 3), poolsize=(3, 2), activation_fn=ReLU),
        FullyConnectedLayer(n_in=4 * 2 * 3, n_out=7, p_dropout=0.2),
        SoftmaxLayer(n_in=7, n_out=5, p_dropout=0.1),
    ]
    rng = np.random.default_rng(6)
    images = rng.random((6200, 72))
    labels = images[:, :5].argmax(axis=1)
    return Network(layers, 3), (images[:6000], labels[:6000]), (images[6000:], labels[6000:])


def arguments():
    """Return what all runs share: the arguments of SGD besides the data."""
    return {"epochs": EPOCHS, "mini_batch_size": 3, "eta": 0.3, "lmbda": 0.1, "shuffle": True, "seed": 7}


def outcome(net, history) -> dict[str, Any]:
    """Return all that must be the same to the last bit."""
    arrays: dict[str, Any] = {f"weights{k}": w for k, w in enumerate(net.get_weights())}
    arrays |= {f"best{k}": w for k, w in enumerate(net.best)}
    arrays |= {f"masks{k}": state.get_value() for k, state in enumerate(net.dropout_states)}
    return arrays | {
        "cost": np.array(history.cost),
        "accuracy": np.array(history.validation_accuracy),
        "training_cost": np.array(history.monitors["training_cost"]),
        "best_at": np.array([history.best_epoch, history.best_iteration]),
    }


if __name__ == "__main__":
    checkpoint, result = map(Path, sys.argv[1:3])
    epochs, lines = [int(count) for count in sys.argv[3:5]] + [EPOCHS, sys.maxsize][len(sys.argv) - 3 :]
    net, training, validation = build()

    def say(progress):
        global lines
        sys.stderr.write(f"{progress.epoch} {progress.batch}\n")
        sys.stderr.flush()
        lines -= 1
        if lines == 0:
            time.sleep(60)

    history = net.SGD(
        training,
        **arguments() | {"epochs": epochs},
        validation_data=validation,
        monitor=["training_cost"],
        verbose=False,  # notices of what takes long would mix with the lines of `say`
        callbacks=[say],
        checkpoint=checkpoint,
        resume=checkpoint if checkpoint_exists(checkpoint) else None,
    )
    np.savez(result, **outcome(net, history))
