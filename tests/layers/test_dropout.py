"""Dropout: the masked fraction, masks that differ and can be reproduced, and the scale in evaluation."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from scipy.special import expit

from network3.layers import FullyConnectedLayer, SoftmaxLayer, dropout_layer, dropout_states, dropout_updates
from network3.layers.initializers import normalized
from network3.layers.ops import DropoutMask

X = np.random.default_rng(9).uniform(1, 2, (41, 37))


@pytest.fixture
def masks():
    """Return a function of X with dropout, which draws a new mask at each call, and the state of its masks."""

    def masks(p_dropout, seed=3, stream=5):
        x = pt.tensor("x", shape=(None, 37), dtype="float64")
        masked = dropout_layer(x, p_dropout)
        (state,) = dropout_states(masked)
        state.set_value(np.array([seed, stream, 0], "int32"))
        return pytensor.function([x], masked, updates=dropout_updates(masked), mode="FAST_COMPILE"), state

    return masks


@pytest.mark.parametrize("p_dropout", [0.1, 0.5, 0.9])
def test_the_requested_fraction_is_masked(masks, p_dropout):
    function, _ = masks(p_dropout)
    fraction = np.mean([(function(X) == 0).mean() for _ in range(20)])
    assert abs(fraction - p_dropout) < 4 * np.sqrt(p_dropout * (1 - p_dropout) / (20 * X.size))


def test_kept_values_are_unchanged(masks):
    out = masks(0.3)[0](X)
    kept = out != 0
    assert 0 < kept.sum() < kept.size
    np.testing.assert_array_equal(out[kept], X[kept])


def test_the_masks_of_examples_and_neurons_differ(masks):
    kept = masks(0.5)[0](X) != 0
    assert len(np.unique(kept, axis=0)) == 41
    assert len(np.unique(kept, axis=1).T) == 37


def test_each_call_draws_a_new_mask_and_advances_the_step(masks):
    function, state = masks(0.5)
    first, second, third = (function(X) != 0 for _ in range(3))
    np.testing.assert_array_equal(state.get_value(), [3, 5, 3])
    for one, other in ((first, second), (second, third), (first, third)):
        assert 0.4 < (one == other).mean() < 0.6


def test_without_updates_the_mask_is_constant(compute):
    x = pt.tensor("x", shape=(None, 37), dtype="float64")
    masked = dropout_layer(x, 0.5)
    np.testing.assert_array_equal(*(compute(masked, {x: X}) for _ in range(2)))


def test_each_application_has_its_own_stream(compute):
    """In the original they shared a seed, so layers of the same size masked the same neurons."""
    x = pt.tensor("x", shape=(None, 37), dtype="float64")
    applications = [dropout_layer(x, 0.5) for _ in range(3)]
    states = [dropout_states(application) for application in applications]
    assert len({int(state.get_value()[1]) for (state,) in states}) == 3
    one, two, three = (out != 0 for out in compute(applications, {x: X}))
    for a, b in ((one, two), (two, three), (one, three)):
        assert 0.4 < (a == b).mean() < 0.6


def test_a_mask_can_be_reproduced_from_its_state(masks, compute):
    function, state = masks(0.3, seed=7, stream=2)
    drawn = [function(X) for _ in range(4)]
    x = pt.tensor("x", shape=(None, 37), dtype="float64")
    for step in (2, 0, 3):
        mask = compute(DropoutMask(0.7)(x, pt.constant(np.array([7, 2, step], "int32"))), {x: X})
        np.testing.assert_array_equal(drawn[step], X * mask)
        state.set_value(np.array([7, 2, step], "int32"))
        np.testing.assert_array_equal(function(X), drawn[step])


def test_p_dropout_0_returns_the_variable_itself():
    x = pt.tensor("x", shape=(None, 37), dtype="float32")
    assert dropout_layer(x, 0.0) is x
    assert dropout_layer(x, 0) is x
    assert dropout_updates(x) == {}


@pytest.mark.parametrize("p_dropout", [1, 1.0, -0.1, 1.5, np.nan, np.inf, None, "half"])
def test_p_dropout_outside_the_interval_is_refused(p_dropout):
    x = pt.tensor("x", shape=(None, 37), dtype="float32")
    with pytest.raises(ValueError, match=r"^dropout_layer: p_dropout: .*at least 0 and below 1; got .*\. [A-Z].*\.$"):
        dropout_layer(x, p_dropout)


def test_states_are_in_topological_order(connect):
    one, two = FullyConnectedLayer(6, 5, p_dropout=0.5), FullyConnectedLayer(5, 4, p_dropout=0.25)
    connect(one)
    two.set_inpt(one.output, one.output_dropout, 4)
    first, second = dropout_states(two.output_dropout)
    assert dropout_states(one.output_dropout) == [first]
    assert dropout_states(two.output) == []
    assert list(dropout_updates(two.output_dropout)) == [first, second]


def test_only_kept_values_receive_a_gradient(compute):
    x = pt.tensor("x", shape=(None, 37), dtype="float64")
    masked = dropout_layer(x, 0.4)
    out, gradient = compute([masked, pytensor.grad((3 * masked).sum(), x)], {x: X})
    np.testing.assert_array_equal(gradient, np.where(out != 0, 3, 0))


def softmax(z):
    return np.exp(z) / np.exp(z).sum(1, keepdims=True)


@pytest.mark.parametrize(("kind", "f"), [(FullyConnectedLayer, expit), (SoftmaxLayer, softmax)])
@pytest.mark.parametrize("p_dropout", [0.0, 0.25, 0.5])
def test_a_layer_masks_its_input_in_training_and_scales_the_sum_in_evaluation(compute, connect, kind, f, p_dropout):
    """The sum is multiplied by 1 - p, the bias is not; nothing is scaled during training."""
    layer = kind(37, 5, p_dropout=p_dropout, initializer=normalized, rng=np.random.default_rng(2))
    x, values = connect(layer), X.astype("float32")
    trained, masked, evaluated, unmasked = compute(
        [layer.output_dropout, layer.inpt_dropout, layer.output, layer.inpt], {x: values}
    )
    w, b = (param.get_value().astype("float64") for param in layer.params)
    fraction = (masked == 0).mean()
    assert abs(fraction - p_dropout) < 5 * np.sqrt(p_dropout * (1 - p_dropout) / X.size) or fraction == p_dropout == 0
    np.testing.assert_array_equal(unmasked, values)
    np.testing.assert_array_equal(masked, np.where(masked != 0, values, 0))
    np.testing.assert_allclose(trained, f(masked.astype("float64") @ w + b), rtol=2e-5)
    np.testing.assert_allclose(evaluated, f((1 - p_dropout) * (X.astype("float32") @ w) + b), rtol=2e-5)
