"""The Network: its names and attributes as the original's, predictions over sets of any size, its table."""

import inspect

import numpy as np
import pytensor
import pytest

import network3
from network3 import ConvPoolLayer, FullyConnectedLayer, Network, SoftmaxLayer

REQUIRED = inspect.Parameter.empty
# The original's module-level functions and Network: names, order and defaults of their parameters.
SIGNATURES = {
    "linear": {"z": REQUIRED},
    "ReLU": {"z": REQUIRED},
    "sigmoid": {"z": REQUIRED},
    "tanh": {"z": REQUIRED},
    "softmax": {"z": REQUIRED},
    "size": {"data": REQUIRED},
    "dropout_layer": {"layer": REQUIRED, "p_dropout": REQUIRED},
    "load_data_shared": {"filename": None},  # the original's default was a path relative to its own folder
    "Network": {"layers": REQUIRED, "mini_batch_size": REQUIRED},
    "Network.SGD": {
        "training_data": REQUIRED,
        "epochs": REQUIRED,
        "mini_batch_size": REQUIRED,
        "eta": REQUIRED,
        "validation_data": None,  # required in the original, as test_data is
        "test_data": None,
        "lmbda": 0.0,
    },
}


@pytest.fixture(scope="module")
def net():
    np.random.seed(3)
    layers = [
        ConvPoolLayer(image_shape=(4, 1, 7, 6), filter_shape=(3, 1, 2, 3), poolsize=(2, 2)),
        FullyConnectedLayer(n_in=3 * 3 * 2, n_out=5),
        SoftmaxLayer(n_in=5, n_out=4),
    ]
    layers[2].w.set_value(np.random.normal(size=(5, 4)).astype("float32"))
    return Network(layers, 4)


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(1).random((257, 42)).astype("float32")


@pytest.mark.parametrize("name", SIGNATURES)
def test_names_and_defaults_are_the_originals(name):
    target = network3
    for part in name.split("."):
        target = getattr(target, part)
    parameters = [p for p in inspect.signature(target).parameters.values() if p.name != "self"]
    positional = {p.name: p.default for p in parameters if p.kind is not p.KEYWORD_ONLY}
    assert positional == SIGNATURES[name]
    assert list(positional) == list(SIGNATURES[name])


def test_attributes_are_the_originals(net):
    first, hidden, last = net.layers
    assert net.params == [first.w, first.b, hidden.w, hidden.b, last.w, last.b]
    assert net.mini_batch_size == 4
    assert (net.x.name, net.x.ndim, net.x.dtype) == ("x", 2, "float32")
    assert (net.y.name, net.y.ndim, net.y.dtype) == ("y", 1, "int32")
    assert (net.output, net.output_dropout) == (last.output, last.output_dropout)


def test_the_wired_expressions_compile_at_any_batch(net, images):
    predict = pytensor.function([net.x], net.layers[-1].y_out, mode="FAST_COMPILE")
    maps = pytensor.function([net.x], net.layers[0].output, mode="FAST_COMPILE")
    for batch in (1, 4, 13):
        assert np.array_equal(predict(images[:batch]), net.predict(images[:batch]))
        assert maps(images[:batch]).shape == (batch, 3, 3, 2)


@pytest.mark.parametrize("n", [1, 99, 100, 101, 257])
def test_predictions_of_any_number_of_images_are_those_of_each(net, images, n):
    output = pytensor.function([net.x], net.output, mode="FAST_COMPILE")(images[:n])
    np.testing.assert_allclose(net.predict_proba(images[:n]), output, rtol=1e-5)
    assert np.array_equal(net.predict(images[:n]), output.argmax(axis=1))
    assert net.predict_proba(images[:n]).dtype == "float32"


def test_images_may_have_any_shape(net, images):
    expected = net.predict_proba(images[:5])
    assert np.array_equal(net.predict_proba(images[:5].reshape(5, 1, 7, 6)), expected)
    assert np.array_equal(net.predict_proba(images[:5].astype(float)), expected)
    assert np.array_equal(net.predict_proba(pytensor.shared(images[:5])), expected)
    assert np.array_equal(net.predict_proba(images[0]), expected[:1]), "a single image"
    assert np.array_equal(net.predict_proba(images[0].reshape(7, 6)), expected[:1]), "a single image, in rows"


def test_grey_levels_are_divided_by_256(net, images):
    levels = (images * 256).astype("uint8")
    assert np.array_equal(net.predict_proba(levels), net.predict_proba(levels / 256))


@pytest.mark.parametrize("n", [1, 3, 100, 250])
def test_accuracy_counts_every_example_exactly(net, images, n):
    labels = net.predict(images[:n])
    wrong = np.arange(n) % 3 == 0
    labels[wrong] = (labels[wrong] + 1) % 4
    assert net.accuracy((images[:n], labels)) == (n - wrong.sum()) / n


def test_weights_may_be_taken_out_and_put_back(net, images):
    weights, before = net.get_weights(), net.predict_proba(images[:9])
    net.set_weights([np.zeros(w.shape) for w in weights])
    np.testing.assert_allclose(net.predict_proba(images[:9]), 0.25)
    net.set_weights(weights)
    assert np.array_equal(net.predict_proba(images[:9]), before)


def test_a_parameter_set_by_hand_is_used(net, images):
    weights = net.get_weights()
    net.layers[-1].b.set_value(np.array([0, 0, 50, 0], "float32"))
    assert (net.predict(images[:9]) == 2).all()
    net.set_weights(weights)


def test_a_network_prints_as_a_table(net):
    assert str(net).splitlines() == [
        "layer                  output of an example  parameters",
        "0 ConvPoolLayer        3 x 3 x 2                     21",
        "1 FullyConnectedLayer  5                             95",
        "2 SoftmaxLayer         4                             24",
        "total, float32                                      140",
    ]


def test_gpu_tells_what_is_so():
    network3.use("cpu")
    assert network3.GPU is False
    with pytest.raises(AttributeError, match="no attribute 'CPU'"):
        network3.CPU  # noqa: B018  (read for its error)


def test_summary_prints_what_print_prints(capsys):
    net = Network([FullyConnectedLayer(n_in=5, n_out=4), SoftmaxLayer(n_in=4, n_out=3)], 10)
    assert net.summary() is None
    printed = capsys.readouterr().out
    assert printed == f"{net}\n"
    assert "total, float32" in printed
