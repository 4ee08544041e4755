"""Buffers of a user's own layer: values that training sets, but not by gradients."""

import numpy as np
import pytensor.tensor as pt
import pytest
from pytensor import shared

import network3
from network3 import DropoutLayer, FullyConnectedLayer, Network, SoftmaxLayer

X = np.random.default_rng(1).uniform(0, 1, (12, 5)).astype("float32")
Y = (np.arange(12) % 3).astype("int32")


class Centred:
    """Subtracts the largest activation so far, which only `buffers` holds: it is no attribute."""

    params = ()

    def __init__(self, size=5, dtype="float32"):
        self.input_shape = (size,)
        self.buffers = [shared(np.zeros(size, dtype))]

    def output_shape(self, input_shape):
        return input_shape

    def set_inpt(self, inpt, inpt_dropout, mini_batch_size):
        (largest,) = self.buffers
        self.output = inpt - largest
        self.output_dropout = inpt_dropout - largest
        self.updates = [(largest, pt.maximum(largest, inpt_dropout.max(axis=0)))]


def network(*layers):
    return Network([*layers, SoftmaxLayer(5, 3)], 4)


@pytest.mark.parametrize("backend", ["network3", "jax"])
def test_training_sets_a_buffer_and_evaluation_does_not(backend):
    if backend == "jax":
        pytest.importorskip("jax")
    network3.use("cpu", backend=backend)
    net = network(Centred())
    net.predict(10 * X)
    assert (net.buffers[0].get_value() == 0).all()
    net.SGD((X, Y), 1, 4, 0.1, (X, Y), verbose=False)
    np.testing.assert_array_equal(net.buffers[0].get_value(), X.max(axis=0))


def test_an_update_sees_the_masks_that_the_layer_sees():
    """With dropout before the layer, the update is of the masked values."""
    net = network(DropoutLayer(5, 0.5), Centred())
    net.SGD((X, Y), 1, 12, 0.1, seed=3, verbose=False)
    largest = net.buffers[0].get_value()
    assert all(value in {0.0, *X[:, k]} for k, value in enumerate(largest))
    seen = (largest != X.max(axis=0)).any()
    assert seen, "no maximum was masked"


def test_a_buffer_without_a_name_is_saved_and_loaded(tmp_path):
    net = network(Centred())
    net.SGD((X, Y), 1, 4, 0.1, verbose=False)
    net.save(tmp_path / "net")
    loaded = network3.load(tmp_path / "net", [Centred(), SoftmaxLayer(5, 3)])
    np.testing.assert_array_equal(loaded.buffers[0].get_value(), X.max(axis=0))
    np.testing.assert_array_equal(loaded.predict_proba(X), net.predict_proba(X))


def changed(**attributes):
    layer = Centred()
    for name, value in attributes.items():
        setattr(layer, name, value)
    return layer


def with_updates(updates):
    """Return a layer whose updates are ``updates(buffer, inpt)``."""
    layer = Centred()
    connect = layer.set_inpt

    def set_inpt(inpt, inpt_dropout, mini_batch_size):
        connect(inpt, inpt_dropout, mini_batch_size)
        layer.updates = updates(layer.buffers[0], inpt_dropout)

    layer.set_inpt = set_inpt
    return layer


def buffer_among_params():
    w = shared(np.zeros(5, "float32"))
    return changed(params=[w], buffers=[w])


BAD = {
    "no list": (lambda: changed(buffers=shared(np.zeros(5))), "buffers must be a list of shared variables"),
    "an array": (lambda: changed(buffers=[np.zeros(5)]), "buffers must be a list of shared variables"),
    "one of the parameters": (buffer_among_params, "buffers must be .* besides params"),
    "another type": (lambda: Centred(dtype="float64"), "must be float32, .*; got float64"),
    "min_batch": (lambda: changed(min_batch=0), "min_batch: expected a whole number, 1 or more; got 0"),
    "n_out": (lambda: changed(n_out=[784, 30, 10]), r"n_out: expected a whole number, 1 or more; got \[784, 30, 10\]"),
    "no pairs": (lambda: with_updates(lambda b, x: [b]), "updates must be a list of pairs"),
    "nothing": (lambda: with_updates(lambda b, x: None), "updates must be a list of pairs .*; got None"),
    "a foreign variable": (lambda: with_updates(lambda b, x: [(shared(np.zeros(5)), b)]), "of buffers of the layer"),
    "an array as value": (lambda: with_updates(lambda b, x: [(b, np.ones(5))]), "updates must be .*; got a.*"),
    "axes": (lambda: with_updates(lambda b, x: [(b, x)]), "updates must be .*; got .* for a buffer of"),
    "type of the value": (lambda: with_updates(lambda b, x: [(b, pt.cast(b, "float64"))]), "updates must be .*; got "),
}


@pytest.mark.parametrize("case", BAD)
def test_wrong_buffers_are_refused_in_four_parts(case):
    layer, message = BAD[case]
    with pytest.raises((TypeError, ValueError), match=rf"layer 0 \(Centred\).*{message}.*\. [A-Z].*\.$"):
        network(layer())


def test_two_layers_cannot_update_one_buffer():
    one, two = Centred(), Centred()
    two.buffers = one.buffers
    net = network(one, two)
    with pytest.raises(ValueError, match=r"layer 1 \(Centred\): expected one update a buffer"):
        net.SGD((X, Y), 1, 4, 0.1, verbose=False)
    two.trainable = False  # it then uses the buffer of the other layer
    net.SGD((X, Y), 1, 4, 0.1, verbose=False)
    np.testing.assert_array_equal(net.buffers[0].get_value(), X.max(axis=0))


def test_buffers_come_after_the_parameters_in_the_weights():
    net = network(FullyConnectedLayer(5, 5), Centred())
    assert net.variables == [*net.params, *net.buffers]
    weights = net.get_weights()
    assert [w.shape for w in weights] == [(5, 5), (5,), (5, 3), (3,), (5,)]
    net.set_weights([w + 1 for w in weights])
    np.testing.assert_array_equal(net.buffers[0].get_value(), np.ones(5))
    with pytest.raises(ValueError, match="set_weights: expected arrays of shapes"):
        net.set_weights(weights[:4])
