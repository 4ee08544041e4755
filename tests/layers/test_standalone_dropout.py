"""Dropout as a layer: masked values while training, scaled ones in evaluation."""

import numpy as np
import pytest

import network3
from network3.layers import DropoutLayer, ShapeError, dropout_states

X = np.random.default_rng(2).uniform(1, 2, (50, 60)).astype("float32")


def test_values_are_masked_while_training_and_scaled_in_evaluation(connect, compute):
    layer = DropoutLayer((3, 5, 4), 0.25)
    x = connect(layer)
    evaluation, training = compute([layer.output, layer.output_dropout], {x: X})
    images = X.reshape(50, 3, 5, 4)
    np.testing.assert_array_equal(evaluation, np.float32(0.75) * images)
    kept = training != 0
    np.testing.assert_array_equal(training[kept], images[kept])  # not rescaled, as in the book
    assert abs(kept.mean() - 0.75) < 4 * np.sqrt(0.25 * 0.75 / X.size)
    assert len(dropout_states(layer.output_dropout)) == 1


def test_a_fraction_of_0_masks_nothing(connect, compute):
    layer = DropoutLayer(60, 0)
    x = connect(layer)
    for output in compute([layer.output, layer.output_dropout], {x: X}):
        np.testing.assert_array_equal(output, X)


def test_a_layer_before_a_dense_one_is_as_its_p_dropout():
    """The same masks and the same weights give the same training."""
    y = (np.arange(50) % 3).astype("int32")
    weights = []
    for layers in (
        lambda: [DropoutLayer(60, 0.5), network3.SoftmaxLayer(60, 3)],
        lambda: [network3.SoftmaxLayer(60, 3, p_dropout=0.5)],
    ):
        net = network3.Network(layers(), 10)
        net.SGD((X / 2, y), 2, 10, 0.5, seed=1, verbose=False)
        weights.append([*net.get_weights(), net.predict_proba(X / 2)])
    for one, other in zip(*weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match=r"DropoutLayer: p_dropout: .*below 1; got 1"):
        DropoutLayer(60, 1)
    with pytest.raises(ValueError, match=r"DropoutLayer: shape: .*; got \(\)"):
        DropoutLayer((), 0.5)
    with pytest.raises(ShapeError, match=r"shape must be \(61,\)"):
        DropoutLayer(60, 0.5).output_shape((None, 61))
