"""What is seldom meant is warned of, once, and nothing else is; a cost that is no number names the layer."""

import warnings

import numpy as np
import pytest

from network3 import DivergenceError, FullyConnectedLayer, Network, ReLU, SoftmaxLayer, TrainingWarning, sigmoid
from network3.optim import CosineDecay, Momentum

RNG = np.random.default_rng(3)
IMAGES = RNG.random((60, 6))
LABELS = np.arange(60) % 3


def network(activation=sigmoid, bias=0.0):
    rng = np.random.default_rng(1)
    hidden = [FullyConnectedLayer(6, 5, activation, rng=rng), FullyConnectedLayer(5, 4, activation, rng=rng)]
    net = Network([*hidden, SoftmaxLayer(4, 3, rng=rng)], 5)
    net.params[3].set_value(net.params[3].get_value() + np.float32(bias))
    return net


def warned(net=None, images=IMAGES, labels=LABELS, epochs=3, eta=0.05, **arguments):
    """Train, and return what was warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", TrainingWarning)
        (network() if net is None else net).SGD((images, labels), epochs, 5, eta, **arguments)
    return [str(warning.message) for warning in caught]


def test_a_training_as_it_should_be_is_not_warned_of():
    assert warned() == []
    assert warned(labels=np.sort(LABELS), shuffle=True) == []
    assert warned(images=2 * IMAGES - 1) == []
    assert warned(images=(IMAGES - IMAGES.mean()) / IMAGES.std()) == []
    assert warned(images=(IMAGES * 255).astype("uint8")) == []
    assert warned(labels=np.zeros(60, int)) == []  # one class is in order by itself
    assert warned(network(ReLU)) == []


@pytest.mark.parametrize(("scale", "least", "most"), [(255, "0", "2"), (-255, "-2", "-0")])
def test_pixels_that_were_not_scaled(scale, least, most):
    (message,) = warned(images=IMAGES * scale)
    assert message.startswith(f"training data: expected values between 0 and 1, or near them; got values from {least}")
    assert message.endswith("Divide grey levels by 256, or pass them as uint8; neurons saturate on large values.")


def test_labels_in_order_that_are_not_shuffled():
    assert warned(labels=np.sort(LABELS)) == [
        "SGD: training data: expected examples in a mixed order; got labels that are sorted. Write shuffle=True; "
        "otherwise each mini-batch has one class only."
    ]


@pytest.mark.parametrize("arguments", [{}, {"lmbda": 0.1}, {"rule": Momentum(0.5)}])
def test_a_layer_that_does_not_learn_is_named(arguments):
    messages = warned(network(ReLU, bias=-100), **arguments)
    assert set(messages) == {
        "layer 1 (FullyConnectedLayer): expected neurons that learn; got none for a whole epoch. Try a smaller eta, or "
        "another initializer: its neurons output 0 for all examples."
    }


def test_it_is_said_once_by_default():
    with warnings.catch_warnings(record=True) as caught:
        warnings.resetwarnings()
        warnings.simplefilter("default")
        network(ReLU, bias=-100).SGD((IMAGES, LABELS), 4, 5, 0.05)
    assert len([one for one in caught if one.category is TrainingWarning]) == 1


def test_a_cost_that_rises():
    (message,) = warned(epochs=5, eta=60.0)
    assert message.startswith("SGD: epoch ")
    assert ": expected a cost that falls; got " in message
    assert message.endswith(" in the first. Try a smaller eta than 60.")


def test_a_rate_of_0_is_no_dead_layer():
    assert warned(network(ReLU), eta=0.0) == []


def test_a_schedule_that_is_over_before_the_training_is():
    assert warned(epochs=5, schedule=CosineDecay(3)) == [
        "SGD: epoch 3: expected a learning rate above 0; got 0 from the schedule. Give the schedule as many epochs as "
        "the training has, or a final rate above 0."
    ]
    assert warned(epochs=5, schedule=CosineDecay(3, final=0.1)) == []
    assert warned(epochs=3, schedule=CosineDecay(3)) == []


def test_a_cost_that_is_no_number_names_the_layer():
    net = network()
    before = net.get_weights()
    spoilt = before[2].copy()

    def spoil(cost, params, eta):
        return {p: p * (np.float32(np.inf) if p is net.params[2] else np.float32(1)) for p in params}

    expected = (
        r"got a cost of nan, and layer 1 \(FullyConnectedLayer\) with weights that are not finite\. Try a smaller eta"
    )
    with pytest.raises(DivergenceError, match=expected):
        net.SGD((IMAGES, LABELS), 3, 5, 0.1, rule=spoil)
    np.testing.assert_array_equal(net.get_weights()[2], spoilt)
