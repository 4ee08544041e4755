"""A file and a network agree or are refused: frozen, tied and custom layers, and every difference by its name (S32)."""

import subprocess
import sys

import numpy as np
import pytest
from pytensor import shared
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

import network3
from network3 import ConvPoolLayer, FullyConnectedLayer, Network, RegressionLayer, ReLU, SoftmaxLayer, tanh
from network3.optim import Momentum
from tests.cases.entries import case

RNG = np.random.default_rng(3)
IMAGES, LABELS = RNG.random((40, 6)).astype("float32"), RNG.integers(0, 3, 40)
PAIR = IMAGES, LABELS


def hidden(rng=None, **options):
    return FullyConnectedLayer(6, 5, rng=rng, **options)


def network(*layers):
    return Network(list(layers), 4)


@pytest.fixture
def frozen_by_hand(tmp_path):
    """A network whose first layer was taken out of training in Theano's way, and its file."""
    first = hidden()
    network(first, SoftmaxLayer(5, 3)).SGD(PAIR, 2, 4, 0.3, verbose=False)
    first.params = []
    net = network(first, SoftmaxLayer(5, 3))
    net.SGD(PAIR, 1, 4, 0.3, verbose=False)
    net.save(tmp_path / "net")
    return net, tmp_path / "net"


@case("S32")
def test_weights_that_are_not_in_params_are_in_the_file(frozen_by_hand):
    net, path = frozen_by_hand
    assert sorted(load_file(path)) == ["layers.0.b", "layers.0.w", "layers.1.b", "layers.1.w"]
    other = hidden()
    other.params = []
    for loaded in (network3.load(path), network3.load(path, layers=[other, SoftmaxLayer(5, 3)])):
        np.testing.assert_array_equal(loaded.predict_proba(IMAGES), net.predict_proba(IMAGES))


@case("S32")
def test_a_file_without_them_is_refused(frozen_by_hand, tmp_path):
    _, path = frozen_by_hand
    tensors = {name: array for name, array in load_file(path).items() if name.startswith("layers.1")}
    with safe_open(path, framework="numpy") as file:
        metadata = file.metadata()
    save_file(tensors, tmp_path / "old", metadata)
    first = hidden()
    first.params = []
    with pytest.raises(ValueError, match=r"^load: .*; got layers\.0\.w was missing and is of shape \(6, 5\); .*Pass "):
        network3.load(tmp_path / "old", layers=[first, SoftmaxLayer(5, 3)])


RESUMED = """
import sys
import numpy as np
from network3 import FullyConnectedLayer, Network, SoftmaxLayer
rng = np.random.default_rng(3)
pair = rng.random((40, 6)).astype("float32"), rng.integers(0, 3, 40)
np.random.seed(int(sys.argv[2]))
first = FullyConnectedLayer(6, 5)
if sys.argv[3] == "params": first.params = []
else: first.trainable = False
net = Network([first, SoftmaxLayer(5, 3)], 4)
net.SGD(pair, int(sys.argv[4]), 4, 0.3, verbose=False, **{sys.argv[5]: sys.argv[1]})
print(net.predict_proba(pair[0]).sum(axis=0))
"""


@case("S32")
@pytest.mark.parametrize("way", ["params", "trainable"])
def test_a_frozen_layer_is_resumed_in_another_program(tmp_path, way):
    def run(seed, epochs, option):
        command = [sys.executable, "-c", RESUMED, str(tmp_path / "c"), str(seed), way, str(epochs), option]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    run(0, 1, "checkpoint")
    assert run(1, 3, "resume") == run(0, 3, "checkpoint")


def test_a_frozen_layer_keeps_its_weights_and_the_others_train():
    first = hidden()
    net = network(first, SoftmaxLayer(5, 3))
    before = net.get_weights()
    first.trainable = False
    net.SGD(PAIR, 2, 4, 0.3, lmbda=0.5, rule=Momentum(0.5), verbose=False)
    after = net.get_weights()
    assert [np.array_equal(a, b) for a, b in zip(before, after, strict=True)] == [True, True, False, False]
    first.trainable = True  # at any time
    net.SGD(PAIR, 1, 4, 0.3, verbose=False)
    assert not np.array_equal(net.get_weights()[0], before[0])


def test_freezing_is_kept_in_the_file(tmp_path):
    first = hidden()
    first.trainable = False
    network(first, SoftmaxLayer(5, 3)).save(tmp_path / "net")
    assert [layer.trainable for layer in network3.load(tmp_path / "net").layers] == [False, True]
    loaded = network3.load(tmp_path / "net", layers=[hidden(), SoftmaxLayer(5, 3)])  # the given layers decide
    assert [layer.trainable for layer in loaded.layers] == [True, True]


def test_a_checkpoint_of_a_layer_that_was_not_frozen_is_refused(tmp_path):
    net = network(hidden(), SoftmaxLayer(5, 3))
    net.SGD(PAIR, 1, 4, 0.3, checkpoint=tmp_path / "c", verbose=False)
    net.layers[0].trainable = False
    with pytest.raises(ValueError, match=r"^SGD: resume from .*; got layer 0 was trainable, which it is not now\."):
        net.SGD(PAIR, 2, 4, 0.3, resume=tmp_path / "c", verbose=False)


def test_frozen_layers_only_are_refused():
    layer = SoftmaxLayer(6, 3)
    layer.trainable = False
    with pytest.raises(ValueError, match=r"^SGD: expected a layer to train; got frozen layers only\. Set "):
        network(layer).SGD(PAIR, 1, 4, 0.3)


def same_object():
    twice = FullyConnectedLayer(6, 6)
    return [twice, twice, SoftmaxLayer(6, 3)]


def shared_weights():
    one, two = FullyConnectedLayer(6, 6), FullyConnectedLayer(6, 6)
    two.w = one.w
    two.params = [two.w, two.b]
    return [one, two, SoftmaxLayer(6, 3)]


@case("S32")
@pytest.mark.parametrize("build", [same_object, shared_weights])
@pytest.mark.parametrize("rule", [None, Momentum(0.5)])
def test_tied_weights_stay_tied(tmp_path, build, rule):
    net = network(*build())
    net.SGD(PAIR, 1, 4, 0.3, rule=rule, verbose=False)
    net.save(tmp_path / "net")
    for loaded in (network3.load(tmp_path / "net"), network3.load(tmp_path / "net", layers=build())):
        assert loaded.layers[0].w is loaded.layers[1].w
        np.testing.assert_array_equal(loaded.predict_proba(IMAGES), net.predict_proba(IMAGES))
        loaded.SGD(PAIR, 1, 4, 0.3, rule=rule, verbose=False)
    net.SGD(PAIR, 1, 4, 0.3, rule=rule, verbose=False)
    for a, b in zip(net.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    untied = [FullyConnectedLayer(6, 6), FullyConnectedLayer(6, 6), SoftmaxLayer(6, 3)]
    with pytest.raises(ValueError, match=r"; got layers\.1\.w was tied to layers\.0\.w and is not tied"):
        network3.load(tmp_path / "net", layers=untied)


class Gain:
    """A custom layer with a variable that is not in `params`."""

    def __init__(self, value=1.0):
        self.gain = shared(np.full(6, value, "float32"), name="gain")
        self.offset = shared(np.zeros(6, "float32"), name="offset")
        self.params = [self.offset]

    def set_inpt(self, inpt, inpt_dropout, mini_batch_size):
        self.output = self.gain * inpt + self.offset
        self.output_dropout = self.gain * inpt_dropout + self.offset


@case("S32")
def test_a_custom_layer_is_saved_whole(tmp_path):
    net = network(Gain(2.5), SoftmaxLayer(6, 3))
    net.SGD(PAIR, 1, 4, 0.3, verbose=False)
    net.save(tmp_path / "net")
    loaded = network3.load(tmp_path / "net", layers=[Gain(), SoftmaxLayer(6, 3)])
    np.testing.assert_array_equal(loaded.predict_proba(IMAGES), net.predict_proba(IMAGES))
    with pytest.raises(ValueError, match="Build the layers as before"):
        network3.load(tmp_path / "net")


def scaled_tanh(z):
    return 1.7 * tanh(z)


def convolutional(**changes):
    options = {"image_shape": (4, 1, 8, 8), "filter_shape": (3, 1, 3, 3), "poolsize": (2, 2)} | changes
    return ConvPoolLayer(**options)


DIFFERENCES = {
    "n_out": ([hidden()], [FullyConnectedLayer(6, 4)], "n_out of layer 0 was 5 and is 4"),
    "activation": ([hidden()], [hidden(activation_fn=ReLU)], "activation_fn of layer 0 was sigmoid and is ReLU"),
    "own activation": (
        [hidden(activation_fn=scaled_tanh)],
        [hidden(activation_fn=tanh)],
        "activation_fn of layer 0 was scaled_tanh and is tanh",
    ),
    "dropout": ([hidden(p_dropout=0.5)], [hidden()], r"p_dropout of layer 0 was 0\.5 and is 0\.0"),
    "class": ([hidden()], [RegressionLayer(6, 5)], "layer 0 was a FullyConnectedLayer and is a RegressionLayer"),
    "number": ([hidden()], [hidden(), SoftmaxLayer(5, 3)], r"1 layers \(FullyConnectedLayer\) became 2"),
    "pooling": ([convolutional()], [convolutional(pool="l2")], "pool of layer 0 was max and is l2"),
    "pool size": ([convolutional()], [convolutional(poolsize=(3, 3))], r"poolsize of layer 0 was \[2, 2\] and is"),
    "padding": ([convolutional()], [convolutional(padding="half")], "padding of layer 0 was .* and is"),
    "stride": ([convolutional()], [convolutional(stride=(1, 2), poolsize=(2, 1))], "stride of layer 0 was"),
    "image": ([convolutional()], [convolutional(image_shape=(4, 1, 8, 10))], "image_shape of layer 0 was"),
}


@pytest.mark.parametrize(("saved", "given", "difference"), DIFFERENCES.values(), ids=DIFFERENCES)
def test_every_difference_is_named(tmp_path, saved, given, difference):
    network(*saved).save(tmp_path / "net")
    with pytest.raises(ValueError, match=rf"^load: .*expected the layers of the saved network; got .*{difference}"):
        network3.load(tmp_path / "net", layers=given)


def test_all_differences_are_named_at_once(tmp_path):
    network(hidden(p_dropout=0.5)).save(tmp_path / "net")
    with pytest.raises(ValueError, match=r"n_out of .*; activation_fn of .*; p_dropout of "):
        network3.load(tmp_path / "net", layers=[FullyConnectedLayer(6, 4, ReLU)])


def test_another_mini_batch_size_is_no_difference(tmp_path):
    net = network(convolutional())
    net.save(tmp_path / "net")
    loaded = network3.load(tmp_path / "net", layers=[convolutional(image_shape=(10, 1, 8, 8))])
    images = RNG.random((4, 64)).astype("float32")
    np.testing.assert_array_equal(loaded.predict_proba(images), net.predict_proba(images))


@case("S49")
@pytest.mark.parametrize("name", ["net3.txt", "net", "net.ü"])
def test_any_name_is_saved_and_loaded(tmp_path, name):
    net = network(hidden(), SoftmaxLayer(5, 3))
    net.save(tmp_path / name)
    np.testing.assert_array_equal(network3.load(tmp_path / name).predict(IMAGES), net.predict(IMAGES))
