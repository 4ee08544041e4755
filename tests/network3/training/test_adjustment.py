"""Callbacks that set the learning rate and the regularization while a training runs."""

import numpy as np
import pytest

from network3 import FullyConnectedLayer, Network, SoftmaxLayer
from network3.training.callbacks import Callback

DATA = np.random.default_rng(0).normal(size=(500, 4)).astype("float32"), np.arange(500, dtype="int32") % 3


class Chosen(Callback):
    """Sets the rates by a function of the steps done."""

    def __init__(self, choose):
        self.choose, self.step, self.given = choose, 0, []

    def before_chunk(self, progress):
        self.step = progress.iteration

    def adjust(self, eta, lmbda):
        self.given.append((eta, lmbda))
        return self.choose(self.step)


def network():
    rng = np.random.default_rng(1)
    return Network([FullyConnectedLayer(4, 5, rng=rng), SoftmaxLayer(5, 3, rng=rng)], 1)


def trained(data, eta, lmbda, callbacks=(), epochs=1, net=None):
    net = net or network()
    history = net.SGD(data, epochs, 1, eta, lmbda=lmbda, callbacks=callbacks, verbose=False)
    return net, history


def test_the_same_rates_give_the_same_weights_bit_for_bit():
    net, _ = trained(DATA, 0.3, 0.2)
    again, history = trained(DATA, 5.0, 0.0, [Chosen(lambda step: (0.3, 0.2))])
    assert history.eta == [0.3]
    for expected, found in zip(net.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_a_rate_acts_from_the_next_chunk_on():
    callback = Chosen(lambda step: (0.5 if step < 250 else 0.05, 0.0))
    net, history = trained(DATA, 0.5, 0.0, [callback])
    halves = [tuple(part[half] for part in DATA) for half in (slice(250), slice(250, None))]
    expected, _ = trained(halves[0], 0.5, 0.0)
    trained(halves[1], 0.05, 0.0, net=expected)
    assert history.eta == [0.05]
    for one, two in zip(expected.get_weights(), net.get_weights(), strict=True):
        np.testing.assert_allclose(two, one, rtol=1e-5, atol=1e-6)


def test_the_callback_gets_the_rates_of_the_schedule():
    callback = Chosen(lambda step: (0.1, 0.0))
    network().SGD(
        DATA, 2, 1, 0.4, lmbda=0.3, schedule=lambda eta, history: eta / (1 + history.epochs), callbacks=[callback],
        verbose=False,
    )  # fmt: skip
    assert callback.given == [(0.4, 0.3)] * 2 + [(0.2, 0.3)] * 2


def test_regularization_can_be_raised_from_zero():
    free, _ = trained(DATA, 0.1, 0.0)
    decayed, _ = trained(DATA, 0.1, 0.0, [Chosen(lambda step: (0.1, 50.0))])
    assert np.square(decayed.get_weights()[0]).sum() < 0.5 * np.square(free.get_weights()[0]).sum()


@pytest.mark.parametrize("rates", [(-0.1, 0.0), (0.1, -1.0), (float("nan"), 0.0), ("0.1", 0.0)])
def test_what_is_no_rate_is_refused(rates):
    with pytest.raises(ValueError, match=r"SGD: (eta|lmbda) of adjust: expected a finite number"):
        trained(DATA, 0.1, 0.0, [Chosen(lambda step: rates)])
