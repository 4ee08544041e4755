"""Layers written by a user against the book's protocol alone: they inherit nothing from network3."""

from itertools import pairwise

import numpy as np
import pytensor.tensor as pt
import pytest
from pytensor import shared

import network3
from network3 import FullyConnectedLayer, Network, SoftmaxLayer
from network3.layers.initializers import normalized
from network3.layers.ops import DropoutMask


class Reshaping:
    """A hidden layer written like the original's code: its reshape has a fixed batch size."""

    def __init__(self, n_in, n_out, floatX):
        rng = np.random.default_rng(6)
        self.n_in, self.n_out = n_in, n_out
        self.w = shared(rng.normal(0, 0.5, (n_in, n_out)).astype(floatX))
        self.b = shared(np.zeros(n_out, floatX))
        self.params = [self.w, self.b]

    def set_inpt(self, inpt, inpt_dropout, mini_batch_size):
        self.inpt = inpt.reshape((mini_batch_size, self.n_in))
        self.output = pt.tanh(pt.dot(self.inpt, self.w) + self.b)
        self.inpt_dropout = inpt_dropout.reshape((mini_batch_size, self.n_in))
        self.output_dropout = pt.tanh(pt.dot(self.inpt_dropout, self.w) + self.b)


class Regression:
    """A linear output layer with squared error; a prediction within `tolerance` counts as correct."""

    target_ndim = 2
    tolerance = 0.5

    def __init__(self, n_in, n_out, floatX):
        self.target_dtype = floatX
        self.w, self.b = shared(np.zeros((n_in, n_out), floatX)), shared(np.zeros(n_out, floatX))
        self.params = [self.w, self.b]

    def set_inpt(self, inpt, inpt_dropout, mini_batch_size):
        self.output = self.y_out = pt.dot(inpt, self.w) + self.b
        self.output_dropout = pt.dot(inpt_dropout, self.w) + self.b

    def cost(self, net):
        return ((self.output_dropout - net.y) ** 2).sum(axis=1).mean()

    def accuracy(self, y):
        return (abs(self.y_out - y) < self.tolerance).all(axis=1).mean(dtype=self.output.dtype)


class Gain:
    """Dropout, then a factor for each value; there is no ``w``."""

    def __init__(self, size, floatX, p_dropout=0.0):
        self.p_dropout, self.gain = p_dropout, shared(np.ones(size, floatX))
        self.params = [self.gain]

    def set_inpt(self, inpt, inpt_dropout, mini_batch_size):
        self.output = self.gain * (1 - self.p_dropout) * inpt
        self.output_dropout = self.gain * network3.dropout_layer(inpt_dropout, self.p_dropout)


class Sum:
    """An output layer without parameters, whose cost is the sum of its input."""

    params = ()

    def set_inpt(self, inpt, inpt_dropout, mini_batch_size):
        self.output, self.output_dropout = inpt, inpt_dropout

    def cost(self, net):
        return self.output_dropout.sum()


@pytest.fixture(autouse=True)
def on_the_cpu(settings):
    network3.use("cpu", "float32", backend="network3")


@pytest.fixture
def line():
    """23 points of 3 values, and 2 noisy linear targets."""
    rng = np.random.default_rng(51)
    x = rng.normal(size=(23, 3))
    return x, x @ rng.normal(size=(3, 2)) + [0.5, -1.0] + rng.normal(0, 0.3, (23, 2))


@pytest.mark.parametrize("floatX", ["float32", "float64"])
def test_a_regression_layer_finds_the_least_squares_line(floatX, line):
    network3.use(floatX=floatX)
    x, y = line
    solution, (*squares,), *_ = np.linalg.lstsq(np.column_stack([x, np.ones(23)]), y)
    net = Network([Regression(3, 2, floatX)], mini_batch_size=10)
    history = net.SGD(line, 600, 23, 0.1, validation_data=line, monitor="validation_cost")
    w, b = net.get_weights()
    near = 1e-10 if floatX == "float64" else 1e-5
    np.testing.assert_allclose(np.vstack([w, b]), solution, rtol=near, atol=near)
    assert history.monitors["validation_cost"][-1] == pytest.approx(sum(squares) / 23, rel=10 * near)
    predicted = x @ solution[:3] + solution[3]
    np.testing.assert_allclose(net.predict(x), predicted, rtol=near, atol=near)
    share = (abs(predicted - y) < Regression.tolerance).all(axis=1).mean()
    assert 0.5 < share < 1
    assert net.accuracy(line) == pytest.approx(share)
    assert history.validation_accuracy[-1] == pytest.approx(share)


def test_a_tiny_cost_is_not_rounded_to_0(line):
    network3.use(floatX="float64")
    net, x = Network([Regression(3, 2, "float64")], 10), line[0]
    values = np.array([[1, 2], [0, -1], [3, 1.0]]), np.array([0.5, -2.0])
    net.set_weights([values[0], values[1] + 1e-4])
    history = net.SGD((x, x @ values[0] + values[1]), 1, 23, 0.0, monitor="training_cost")
    assert history.cost == pytest.approx([2e-8])
    assert history.monitors["training_cost"] == pytest.approx([2e-8])


def mixed():
    drawn = {"initializer": normalized, "rng": np.random.default_rng(7)}
    return Network([FullyConnectedLayer(12, 7, **drawn), Reshaping(7, 5, "float32"), SoftmaxLayer(5, 3)], 10)


def test_a_layer_with_a_fixed_batch_trains_at_another(labelled):
    net = mixed()  # built for batches of 10, trained at 4; 37 is prime
    before = net.layers[1].w.get_value()
    history = net.SGD(labelled, 100, 4, 0.5, validation_data=labelled)
    assert history.cost[0] > 1.0 > 0.1 > history.cost[-1]
    assert np.abs(net.layers[1].w.get_value() - before).max() > 0.1
    images, labels = labelled
    assert net.predict(images).shape == (37,)
    assert net.accuracy(labelled) == (net.predict(images) == labels).mean() == history.validation_accuracy[-1] > 0.95


def test_its_output_agrees_with_numpy(labelled):
    net, x = mixed(), labelled[0]
    w1, b1, w2, b2, w3, b3 = (w.astype("float64") for w in net.get_weights())
    w3 += np.arange(15).reshape(5, 3) / 7 - 1
    net.set_weights([w1, b1, w2, b2, w3, b3])
    e = np.exp(np.tanh(1 / (1 + np.exp(-(x @ w1 + b1))) @ w2 + b2) @ w3 + b3)
    np.testing.assert_allclose(net.predict_proba(x), e / e.sum(axis=1, keepdims=True), rtol=1e-5)


def test_a_layer_without_w_is_not_decayed(labelled):
    drawn = {"initializer": normalized, "rng": np.random.default_rng(8)}
    layers = [Gain(12, "float32"), FullyConnectedLayer(12, 7, **drawn), SoftmaxLayer(7, 3, **drawn)]
    net, after = Network(layers, 10), {}
    start = net.get_weights()
    for lmbda in (1.0, 3.0):
        net.set_weights(start)
        net.SGD([part[:10] for part in labelled], 1, 10, 0.25, lmbda=lmbda)
        after[lmbda] = net.get_weights()
    for name, w, mild, strong in zip(["gain", "w", "b", "w", "b"], start, after[1.0], after[3.0], strict=True):
        assert np.abs(mild - w).max() > 0
        decay = 0.25 * (3.0 - 1.0) * w if name == "w" else 0 * w
        np.testing.assert_allclose(mild - strong, decay, atol=1e-6)


@pytest.mark.parametrize("layer", [Reshaping(12, 5, "float64"), Gain(12, "float64")])
def test_a_layer_of_another_type_is_refused_by_name(layer):
    name = type(layer).__name__
    with pytest.raises(TypeError) as refused:
        Network([FullyConnectedLayer(9, 12), layer, SoftmaxLayer(5, 3)], 10)
    assert str(refused.value) == (
        f"layer 1 ({name}): its parameters and output must be float32, the type of this network; got float64. "
        "Make its shared variables from arrays of float32."
    )


def kept(seed, stream, epoch, p_dropout):
    """Return the mask of one example in the only step of an epoch, by the Op's reference implementation."""
    word = np.random.SeedSequence(seed, spawn_key=(epoch,)).spawn(3)[2].generate_state(1).view("int32")[0]
    x, state, out = np.ones((1, 12)), np.array([word, stream, 0], "int32"), [[None]]
    op = DropoutMask(1 - p_dropout)
    op.perform(op.make_node(x, state), [x, state], out)
    return out[0][0][0]


def unmasked(net, epochs, seed=None):
    """Return which of 12 ones reach the output in each step: those where the gains of both layers change."""
    weights = [net.get_weights()]
    keep = [lambda progress: weights.append(net.get_weights()) if progress.epoch_done else None]
    net.SGD((np.ones((1, 12)), [0]), epochs, 1, 0.01, seed=seed, callbacks=keep)
    changes = [(after[0] != before[0], after[1] != before[1]) for before, after in pairwise(weights)]
    assert all((first == second).all() for first, second in changes)
    return [first.tolist() for first, _ in changes]


@pytest.fixture
def two_dropouts():
    return Network([Gain(12, "float32", 0.3), Gain(12, "float32", 0.3), Sum()], 1)


def test_each_foreign_layer_has_its_own_masks_in_each_epoch(two_dropouts):
    expected = [(kept(9, 0, epoch, 0.3) * kept(9, 1, epoch, 0.3) == 1).tolist() for epoch in range(4)]
    assert unmasked(two_dropouts, 4, seed=9) == expected
    assert len({tuple(step) for step in expected}) == 4


@pytest.mark.filterwarnings("ignore:SGD. epoch .*expected a cost that falls")  # the cost is that of the masked input
def test_masks_differ_from_one_training_to_the_next(two_dropouts):
    np.random.seed(10)
    first, second = unmasked(two_dropouts, 3), unmasked(two_dropouts, 3)
    assert len({tuple(step) for step in first + second}) == 6
    np.random.seed(10)
    assert unmasked(two_dropouts, 3) == first


def test_dropout_need_not_reach_the_cost(labelled):
    class Undisturbed(Sum):
        def cost(self, net):
            return self.output.mean()

    net = Network([Gain(12, "float32", 0.3), Undisturbed()], 1)
    net.SGD(labelled, 1, 37, 1.0)
    np.testing.assert_allclose(1 - net.get_weights()[0], 0.7 * labelled[0].mean(axis=0) / 12, rtol=1e-5)
