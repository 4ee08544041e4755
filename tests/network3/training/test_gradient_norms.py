"""Norms of gradients against backpropagation in NumPy: over all of the data, along a training, vanishing, exploding."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.signal import convolve2d

import network3
from network3 import ConvPoolLayer, FullyConnectedLayer, GradientNorms, Network, SoftmaxLayer, gradient_norms, tanh
from network3.execution.compile import MODES
from network3.layers.costs import cross_entropy, quadratic
from network3.layers.initializers import normalized
from network3.training.gradient_norms import CHUNK, layers_with
from tests.network3.execution import two_layers

FOUR_PARTS = re.compile(r"^.+: .*(expected|must|takes|needs|has).*; got .+\. \S.*\.$")
SIZES = (8, 7, 6, 5, 3)
KEPT = (1, 1, 0.6, 0.75)  # of the inputs of each layer while training


def logistic(z):
    return 1 / (1 + np.exp(-z))


def distribution(z):
    e = np.exp(z)
    return e / e.sum(axis=1, keepdims=True)


def deep():
    """Return a network of three sigmoid layers and a softmax, the last two with dropout."""
    network3.use("cpu", "float64")
    drawn = {"initializer": normalized, "rng": np.random.default_rng(5)}
    hidden = [FullyConnectedLayer(SIZES[k], SIZES[k + 1], p_dropout=1 - KEPT[k], **drawn) for k in range(3)]
    return Network([*hidden, SoftmaxLayer(5, 3, 1 - KEPT[3], **drawn)], 10)


def backpropagated(weights, x, labels):
    """Return the gradients by weights and by biases of the mean cost of examples in evaluation: nothing is hidden."""
    a = [x]
    for k, kept in enumerate(KEPT):
        z = kept * a[-1] @ weights[2 * k] + weights[2 * k + 1]
        a.append(distribution(z) if k == 3 else logistic(z))
    delta = (a[-1] - np.eye(3)[labels]) / len(x)
    by_w, by_b = [], []
    for k in (3, 2, 1, 0):
        by_w.insert(0, KEPT[k] * a[k].T @ delta)
        by_b.insert(0, delta.sum(axis=0))
        delta = KEPT[k] * delta @ weights[2 * k].T * a[k] * (1 - a[k])
    return {"weights": by_w, "biases": by_b}


@pytest.fixture
def in_python(monkeypatch):
    """Return a function after which nothing is compiled: that takes far longer than computing these few numbers."""
    return lambda: monkeypatch.setitem(MODES, "network3", "FAST_COMPILE")


def test_norms_over_all_of_the_data_are_those_of_numpy(in_python):
    """Two chunks and a part of one, of grey levels; the norm of a mean is not the mean of norms."""
    rng = np.random.default_rng(6)
    images, labels = rng.integers(0, 256, (603, 8), np.uint8), rng.integers(0, 3, 603)
    assert 0 < 603 % CHUNK < CHUNK < 603
    in_python()
    net = deep()
    before, states = net.get_weights(), [state.get_value() for state in net.dropout_states]
    expected = backpropagated(before, images / 256, labels)
    for of in ("biases", "weights"):
        found = gradient_norms(net, (images, labels), of=of)
        assert (found.shape, found.dtype) == ((4,), "float64")
        np.testing.assert_allclose(found, [np.sqrt((g**2).sum()) for g in expected[of]], rtol=1e-10)
    assert (np.diff(gradient_norms(net, (images, labels))) > 0).all()  # the first layers learn slowest
    for old, new in zip(before, net.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    for old, state in zip(states, net.dropout_states, strict=True):
        np.testing.assert_array_equal(old, state.get_value())


def test_a_convolution_has_norms_too(in_python):
    """Against finite differences of the cost."""
    network3.use("cpu", "float64")
    drawn = {"initializer": normalized, "rng": np.random.default_rng(7)}
    conv = ConvPoolLayer((2, 1, 3, 2), (5, 1, 8, 7), (2, 3), tanh, **drawn)  # 6 x 6 values, pooled to 3 x 2
    net = Network([conv, SoftmaxLayer(12, 4, **drawn)], 5)
    x, labels = drawn["rng"].normal(size=(5, 56)), np.array([2, 0, 3, 1, 1])
    weights, h = net.get_weights(), 1e-6

    def cost():
        filters, b1, w2, b2 = weights
        maps = [[convolve2d(image, taps, "valid") for taps in filters[:, 0]] for image in x.reshape(5, 8, 7)]
        pooled = np.array(maps).reshape(5, 2, 3, 2, 2, 3).max(axis=(3, 5))
        a = distribution(np.tanh(pooled + b1[:, None, None]).reshape(5, 12) @ w2 + b2)
        return -np.log(a[range(5), labels]).mean()

    norms = []
    for part in weights:
        square = 0.0
        for index in np.ndindex(part.shape):
            first = part[index]
            part[index] = first + h
            above = cost()
            part[index] = first - h
            square += ((above - cost()) / (2 * h)) ** 2
            part[index] = first
        norms.append(square**0.5)
    np.testing.assert_allclose(gradient_norms(net, (x, labels), of="weights"), norms[::2], rtol=1e-7)
    in_python()
    np.testing.assert_allclose(gradient_norms(net, (x, labels)), norms[1::2], rtol=1e-7)


class Passing:
    """A layer without parameters."""

    params = ()

    def set_inpt(self, inpt, inpt_dropout, mini_batch_size):
        self.output, self.output_dropout = inpt, inpt_dropout


@pytest.mark.parametrize(
    ("w", "b", "factor"),
    [
        (1.0, -0.5, 0.25),
        (100.0, -50.0, 25.0),
        (2.0, -1.0, 0.5),
        (-8.0, 4.0, 2.0),
    ],
    ids=["vanishing", "exploding", "slowly vanishing", "slowly exploding"],
)
def test_in_a_chain_of_neurons_each_layer_multiplies_by_weight_and_slope(chain, w, b, factor):
    """Chapter 5's network of single neurons: with inputs of 1/2 all weighted inputs are 0, where the slope is 1/4."""
    chain.set_weights([[[w]], [b]] * 4)
    data = np.full((3, 1), 0.5), np.zeros(3, int)
    expected = [0.25 * 0.5 * abs(factor) ** k for k in (3, 2, 1, 0)]
    np.testing.assert_allclose(gradient_norms(chain, data, cost=quadratic), expected, rtol=1e-12)
    assert layers_with(chain) == [0, 1, 3, 4]


@pytest.fixture
def chain():
    """Four neurons in a row, and in the middle a layer that hands on what it is given; none has a cost of its own."""
    network3.use("cpu", "float64")
    neurons = [FullyConnectedLayer(1, 1) for _ in range(4)]
    return Network([*neurons[:2], Passing(), *neurons[2:]], 1)


def test_which_layers_the_entries_belong_to():
    w, b = SimpleNamespace(w=None), SimpleNamespace(b=None)
    net = SimpleNamespace(layers=[w, b, SimpleNamespace(), SimpleNamespace(w=None, b=None)])
    assert (layers_with(net), layers_with(net, "weights")) == ([1, 3], [0, 3])


@pytest.mark.parametrize("of", ["biases", "weights"])
def test_a_training_is_recorded_from_before_it_to_its_end(of):
    net, (x, y) = two_layers.build(), two_layers.data()
    weights = [net.get_weights()]
    norms = GradientNorms(net, (x, y), of=of)
    net.SGD((x, y), 3, 5, 0.3, callbacks=[norms, lambda now: now.epoch_done and weights.append(net.get_weights())])
    assert (norms.layers, norms.of, norms.norms.shape) == ([0, 1], of, (4, 2))
    for found, at in zip(norms.norms, weights, strict=True):
        parts = two_layers.gradient(at, x, y)[of == "biases" :: 2]
        np.testing.assert_allclose(found, [np.linalg.norm(part) for part in parts], rtol=1e-9)
    np.testing.assert_array_equal(norms.norms[-1], gradient_norms(net, (x, y), of=of))


REFUSED = {
    "another kind of norm": (
        lambda: gradient_norms(two_layers.build(), two_layers.data(), of="both"),
        r"gradient_norms: of: expected one of biases, weights; got 'both'\. ",
    ),
    "a last layer without a cost": (
        lambda: gradient_norms(Network([FullyConnectedLayer(7, 3)], 5), two_layers.data()),
        r"gradient_norms: the last layer must have a cost; got one without\. Pass cost=",
    ),
    "images of another width": (
        lambda: gradient_norms(two_layers.build(), (np.zeros((4, 6)), np.zeros(4, int))),
        r"gradient_norms: data: layer 0 \(FullyConnectedLayer\) takes 7 values .*; got images of 6 values\. ",
    ),
    "a label beyond the outputs": (
        lambda: gradient_norms(two_layers.build(), (np.zeros((4, 7)), [0, 1, 2, 3])),
        r"gradient_norms: data: labels must lie in 0\.\.2, .*; got 3 in row 3\. ",
    ),
    "data that are no data": (
        lambda: GradientNorms(two_layers.build(), 7, cost=cross_entropy),
        r"GradientNorms: data: expected a pair \(x, y\).*; got int\. ",
    ),
    "no example": (
        lambda: GradientNorms(two_layers.build(), (np.zeros((0, 7)), np.zeros(0, int))),
        r"GradientNorms: data: images must be at least one.*; got the shape \(0, 7\)\. ",
    ),
}


@pytest.mark.parametrize(("act", "message"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_fit_is_refused(act, message):
    with pytest.raises((TypeError, ValueError), match=f"^{message}") as caught:
        act()
    assert FOUR_PARTS.match(str(caught.value))
