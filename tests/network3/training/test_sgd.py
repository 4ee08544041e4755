"""Training: best weights, shuffling, seeds, any data size, callbacks, divergence, and what is compiled again."""

import copy
import pickle

import numpy as np
import pytest

import network3
from network3 import FullyConnectedLayer, Network, SoftmaxLayer
from network3.layers import costs
from network3.layers.initializers import normalized


def new_net(p_dropout=0.0, seed=3):
    rng = np.random.default_rng(seed)
    layers = [
        FullyConnectedLayer(n_in=6, n_out=5, initializer=normalized, rng=rng),
        SoftmaxLayer(n_in=5, n_out=3, p_dropout=p_dropout, initializer=normalized, rng=rng),
    ]
    return Network(layers, 4)


@pytest.fixture(scope="module")
def net():
    return new_net()


@pytest.fixture
def fresh(net):
    """The module's network, with its compiled functions and first weights."""
    net.set_weights(new_net().get_weights())
    return net


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    images = rng.random((803, 6))
    return images, images[:, :3].argmax(axis=1)


def numpy_epochs(weights, data, order, epochs, batch, eta, decay=0.0):
    """Gradient descent on sigmoid and softmax layers, in float64 NumPy."""
    w1, b1, w2, b2 = (w.astype(float) for w in weights)
    for epoch in range(epochs):
        rows = order(epoch)
        for k in range(len(rows) // batch):
            x, y = data[0][rows[k * batch : (k + 1) * batch]], np.eye(3)[data[1][rows[k * batch : (k + 1) * batch]]]
            a1 = 1 / (1 + np.exp(-(x @ w1 + b1)))
            e = np.exp(a1 @ w2 + b2)
            d2 = (e / e.sum(axis=1, keepdims=True) - y) / batch
            d1 = d2 @ w2.T * a1 * (1 - a1)
            w2, b2 = w2 - eta * (a1.T @ d2 + decay * w2), b2 - eta * d2.sum(axis=0)
            w1, b1 = w1 - eta * (x.T @ d1 + decay * w1), b1 - eta * d1.sum(axis=0)
    return [w1, b1, w2, b2]


def assert_close(weights, expected):
    for w, e in zip(weights, expected, strict=True):
        np.testing.assert_allclose(w, e, atol=1e-4)


def test_epochs_in_file_order_equal_numpys(fresh, data):
    first = fresh.get_weights()
    fresh.SGD(data, 3, 4, 0.5)  # 803 = 200 mini-batches and 3 examples that are left out
    assert_close(fresh.get_weights(), numpy_epochs(first, data, lambda _: np.arange(803), 3, 4, 0.5))


def test_weight_decay_is_divided_by_the_number_of_mini_batches(fresh, data):
    first = fresh.get_weights()
    fresh.SGD(data, 2, 4, 0.5, lmbda=20.0)
    assert_close(fresh.get_weights(), numpy_epochs(first, data, lambda _: np.arange(803), 2, 4, 0.5, decay=20.0 / 200))


def test_shuffling_takes_a_new_order_each_epoch_from_the_seed(fresh, data):
    first = fresh.get_weights()
    fresh.SGD(data, 3, 4, 0.5, shuffle=True, seed=11)
    seeds = [np.random.SeedSequence(11, spawn_key=(epoch,)).spawn(3)[0] for epoch in range(3)]
    orders = [np.random.default_rng(seed).permutation(803) for seed in seeds]
    assert_close(fresh.get_weights(), numpy_epochs(first, data, orders.__getitem__, 3, 4, 0.5))


def test_numpys_seed_fixes_the_shuffle(fresh, data):
    first, ends = fresh.get_weights(), []
    for seed in (5, 5, 6):
        fresh.set_weights(first)
        np.random.seed(seed)
        fresh.SGD(data, 1, 4, 0.5, shuffle=True)
        ends.append(fresh.get_weights()[0])
    assert np.array_equal(ends[0], ends[1])
    assert not np.array_equal(ends[0], ends[2])


def test_sgd_without_chance_draws_nothing_from_numpys_state(fresh, data):
    np.random.seed(5)
    fresh.SGD(data, 1, 4, 0.5)
    drawn = np.random.random()
    np.random.seed(5)
    assert drawn == np.random.random()


def test_a_seed_fixes_the_masks_of_dropout(data):
    net = new_net(p_dropout=0.5)
    first, ends = net.get_weights(), []
    for seed in (1, 1, 2**40 + 3):
        net.set_weights(first)
        net.SGD(data, 1, 4, 0.5, seed=seed)
        ends.append(net.get_weights()[0])
    assert np.array_equal(ends[0], ends[1])
    assert not np.array_equal(ends[0], ends[2])


def test_uint8_images_train_as_their_levels_divided_by_256(fresh, data):
    levels = (data[0] * 256).astype(np.uint8)
    first = fresh.get_weights()
    fresh.SGD((levels, data[1]), 1, 4, 0.5)
    of_levels = fresh.get_weights()
    fresh.set_weights(first)
    fresh.SGD((levels / 256, data[1]), 1, 4, 0.5)
    assert all(np.array_equal(a, b) for a, b in zip(of_levels, fresh.get_weights(), strict=True))


def test_the_best_weights_are_those_of_the_best_epoch(fresh, data):
    seen = []

    def remember(progress):
        if progress.epoch_done:
            seen.append(progress.net.get_weights())

    validation = (data[0][:100], (data[1][:100] + 1) % 3)  # turned round: it gets worse
    history = fresh.SGD(data, 3, 4, 0.5, validation, callbacks=[remember])
    assert history.best_epoch == 0
    assert all(np.array_equal(a, b) for a, b in zip(fresh.best, seen[0], strict=True))
    fresh.set_weights(fresh.best)
    assert fresh.accuracy(validation) == history.best_validation_accuracy


def test_callbacks_hear_of_chunks_and_epochs(fresh, data):
    heard = []
    history = fresh.SGD(data, 2, 2, 0.1, callbacks=[heard.append])  # 401 mini-batches an epoch
    assert [(p.epoch, p.batch, p.batches, p.epoch_done) for p in heard] == [
        (0, 250, 401, False),
        (0, 401, 401, False),
        (0, 401, 401, True),
        (1, 99, 401, False),
        (1, 349, 401, False),
        (1, 401, 401, False),
        (1, 401, 401, True),
    ]
    assert heard[2].history is history
    assert all(0 < p.cost < 2 for p in heard)


def test_a_cost_of_ones_own_replaces_the_layers(fresh, data):
    history = fresh.SGD(data, 1, 4, 0.5, data, cost=costs.quadratic, monitor="validation_cost")
    a = fresh.predict_proba(data[0])
    cost = 0.5 * ((a - np.eye(3)[data[1]]) ** 2).sum(axis=1).mean()
    np.testing.assert_allclose(history.monitors["validation_cost"], cost, rtol=1e-5)


def test_scanning_eta_and_lmbda_compiles_once(fresh, data):
    fresh.SGD(data, 1, 4, 0.5, lmbda=0.1)
    compiled = dict(fresh.compiled)
    for eta, lmbda in ((0.1, 0.2), (1.0, 3.0)):
        fresh.SGD(data, 1, 4, eta, lmbda=lmbda)
    assert fresh.compiled == compiled


def test_divergence_names_the_mini_batch_and_keeps_the_last_good_epoch(fresh, data):
    kept = []

    def sabotage(progress):
        if progress.epoch_done:
            kept.append(progress.net.get_weights())
        elif progress.epoch == 1:
            progress.net.layers[0].w.set_value(np.full((6, 5), np.nan, "float32"))

    message = (
        r"SGD: epoch 1, mini-batch 99: expected a finite cost .*; got a cost of nan, and layer 0 .*"
        r" with weights that are not finite\. Try a smaller eta than 0\.1"
    )
    with pytest.raises(network3.DivergenceError, match=message) as caught:
        fresh.SGD(data, 3, 2, 0.1, callbacks=[sabotage])  # the first chunk of epoch 1 ends at 99
    assert caught.value.history.epochs == 1
    assert all(np.array_equal(a, b) for a, b in zip(fresh.get_weights(), kept[0], strict=True))


def test_test_mb_predictions_gives_the_labels_of_a_mini_batch(fresh, data):
    assert not hasattr(new_net(), "test_mb_predictions")
    fresh.SGD(data, 1, 4, 0.5, test_data=data)
    assert np.array_equal(fresh.test_mb_predictions(7), fresh.predict(data[0])[28:32])


def test_copies_and_pickles_carry_no_compiled_functions(fresh, data):
    fresh.SGD(data, 1, 4, 0.5, test_data=data)
    for twin in (copy.deepcopy(fresh), pickle.loads(pickle.dumps(fresh))):
        assert twin.compiled == {}
        assert all(np.array_equal(a, b) for a, b in zip(fresh.get_weights(), twin.get_weights(), strict=True))
        twin.layers[0].b.set_value(np.zeros(5, "float32"))
        assert fresh.layers[0].b.get_value().any(), "a copy has parameters of its own"
