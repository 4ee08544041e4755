"""network3 as its users train with it: one call of ``SGD``."""

import network3
from benchmarks.layers import layers


def train(config, weights, training, test, evaluated, *, batch, epochs, shuffle, seed):
    """Train, call `evaluated` with the accuracy after each epoch, and return the weights."""
    net = network3.Network(layers(config, batch), batch)
    net.set_weights(weights)
    answers = []

    def after_an_epoch(progress):
        if progress.epoch_done:
            answers.append(evaluated(progress.history.validation_accuracy[-1]))

    net.SGD(
        training,
        epochs,
        batch,
        config.eta,
        test,
        lmbda=config.lmbda,
        shuffle=shuffle,
        seed=seed,
        callbacks=[after_an_epoch],
        stopping=lambda history: any(answers),
    )
    return net.get_weights()
