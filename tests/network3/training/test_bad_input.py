"""Every wrong argument is an error in four parts, before anything is compiled."""

import re

import numpy as np
import pytest

import network3
from network3 import ConvPoolLayer, FullyConnectedLayer, Network, SoftmaxLayer
from network3.execution import device
from network3.layers import precision

FOUR_PARTS = re.compile(r"^.+: .*(expected|must|takes|needs|has|runs on).*; got .+\. \S.*\.$", re.DOTALL)
X, Y = np.full((20, 6), 0.5), np.arange(20) % 3


def net():
    return Network([FullyConnectedLayer(n_in=6, n_out=5), SoftmaxLayer(n_in=5, n_out=3)], 4)


def network_of_two_types():
    with precision.graph_flags("float32"):
        layer = SoftmaxLayer(6, 3)
    with precision.graph_flags("float64"):
        Network([layer], 4)


def conv(**changes):
    shapes = {"image_shape": (4, 2, 9, 8), "filter_shape": (3, 2, 4, 3), "poolsize": (2, 3)}
    return ConvPoolLayer(**(shapes | changes))


def sgd(training=(X, Y), epochs=1, batch=4, eta=0.1, *args, **keywords):
    return net().SGD(training, epochs, batch, eta, *args, **keywords)


def replaced(array, index, value):
    changed = np.array(array, dtype=float)
    changed[index] = value
    return changed


CASES = {
    "no layers": (lambda: Network([], 4), "Network: expected a list of layers"),
    "n_in that does not follow": (
        lambda: Network([conv(), FullyConnectedLayer(n_in=17, n_out=5), SoftmaxLayer(n_in=5, n_out=3)], 4),
        r"layer 1 \(FullyConnectedLayer\), after layer 0 \(ConvPoolLayer\): n_in must be 18, the 3\*3\*2 values .*; "
        r"got 17\. Write n_in=18\.",
    ),
    "image_shape that does not follow": (
        lambda: Network([conv(), conv(image_shape=(4, 3, 4, 2), filter_shape=(3, 3, 2, 2), poolsize=1)], 4),
        r"layer 1 \(ConvPoolLayer\), after layer 0 \(ConvPoolLayer\): image_shape must .*3\*3\*2.*; got \(4, 3, 4, 2\)",
    ),
    "maps that differ": (lambda: conv(filter_shape=(3, 1, 4, 3)), "filter_shape must have 2 as its second entry"),
    "a filter larger than its image": (lambda: conv(filter_shape=(3, 2, 10, 3)), "a filter must fit into its image"),
    "a pool of 0": (lambda: conv(poolsize=(0, 2)), r"poolsize: expected 2 whole numbers, each 1 or more"),
    "a layer of another type": (
        network_of_two_types,
        r"layer 0 \(SoftmaxLayer\): its parameters and output must be float64.*; got float32",
    ),
    "a batch of 0": (lambda: Network([SoftmaxLayer(6, 3)], 0), "Network: mini_batch_size: expected a whole number"),
    "data of another width": (
        lambda: sgd((X[:, :5], Y)),
        r"training data: layer 0 \(FullyConnectedLayer\) takes 6 values .*; got images of 5 values",
    ),
    "a label beyond the outputs": (
        lambda: sgd((X, replaced(Y, 7, 3))),
        r"training data: labels must lie in 0\.\.2, .*; got 3 in row 7. .*n_out=4",
    ),
    "a label below 0": (lambda: sgd((X, Y - 1)), "training data: labels must lie between 0 and"),
    "a fractional label": (
        lambda: sgd((X, replaced(Y, 3, 0.5))),
        "training data: labels must be class numbers; got 0.5",
    ),
    "fewer labels than images": (lambda: sgd((X, Y[:-1])), "training data: labels must be 20, one for each image"),
    "rows that are not one-hot": (lambda: sgd((X, np.full((20, 3), 0.3))), "rows with a single 1; got shape"),
    "NaN in an image": (
        lambda: sgd((replaced(X, (4, 2), np.nan), Y)),
        "images must be finite; got nan, first in row 4",
    ),
    "infinity in an image": (lambda: sgd((replaced(X, (4, 2), np.inf), Y)), "images must be finite; got inf"),
    "no examples": (lambda: sgd((X[:0], Y[:0])), "training data: images must be at least one"),
    "no examples as a list": (lambda: sgd([]), "training data: images must have the shape"),
    "bad validation data": (lambda: sgd((X, Y), 1, 4, 0.1, (X, Y + 1)), "validation data: labels must lie in"),
    "bad test data": (lambda: sgd((X, Y), 1, 4, 0.1, None, (X[:, 1:], Y)), "test data: layer 0"),
    "data that are no data": (lambda: sgd(7), "training data: expected a pair .*; got int"),
    "names as labels": (lambda: sgd((X, np.array(list("abcd") * 5))), "labels must be integers or floats; got dtype"),
    "a mini-batch larger than the data": (
        lambda: sgd(batch=21),
        r"SGD: mini_batch_size: expected at most the 20 examples .*; got 21. Write 10",
    ),
    "a mini-batch of 0": (lambda: sgd(batch=0), "SGD: mini_batch_size: expected a whole number"),
    "fewer than no epochs": (lambda: sgd(epochs=-1), "SGD: epochs: expected a whole number, 0 or more; got -1"),
    "half an epoch": (lambda: sgd(epochs=1.5), "SGD: epochs: expected a whole number"),
    "eta that is NaN": (lambda: sgd(eta=np.nan), "SGD: eta: expected a finite number, at least 0; got nan"),
    "eta that is infinite": (lambda: sgd(eta=np.inf), "SGD: eta: expected a finite number"),
    "eta that is a word": (lambda: sgd(eta="fast"), "SGD: eta: expected a finite number, at least 0; got 'fast'"),
    "lmbda that is infinite": (lambda: sgd(lmbda=np.inf), "SGD: lmbda: expected a finite number"),
    "lmbda below 0": (lambda: sgd(lmbda=-1), "SGD: lmbda: expected a finite number, at least 0; got -1"),
    "an unknown monitor": (lambda: sgd(monitor="training_cots"), 'Perhaps you meant "training_cost"'),
    "a monitor without its data": (lambda: sgd(monitor="validation_cost"), "validation_cost needs validation_data"),
    "a last layer without a cost": (
        lambda: Network([FullyConnectedLayer(n_in=6, n_out=3)], 4).SGD((X, Y), 1, 4, 0.1),
        r"layer 0 \(FullyConnectedLayer\): the last layer must have a cost; got one without",
    ),
    "a last layer without an accuracy": (
        lambda: Network([conv()], 4).accuracy((np.zeros((3, 144)), [0, 1, 2])),
        r"layer 0 \(ConvPoolLayer\): the last layer must have an accuracy",
    ),
    "images to predict of another width": (lambda: net().predict(X[:, :4]), "predict: layer 0 .* takes 6 values"),
    "weights of another shape": (lambda: net().set_weights([X]), "set_weights: expected arrays of shapes"),
    "no best weights yet": (lambda: net().set_weights(net().best), "set_weights: expected arrays .*; got None"),
    "an unknown device": (lambda: network3.use("gpi"), "use: device: .*; got 'gpi'. Perhaps you meant \"gpu\""),
    "an unknown type": (
        lambda: network3.use(floatX="float16"),
        "floatX: expected one of float32, float64; got 'float16'",
    ),
    "Numba for a GPU": (lambda: network3.use("gpu", backend="numba"), "use: backend='numba' runs on a CPU"),
}


@pytest.mark.parametrize("case", CASES)
def test_wrong_input_is_refused_in_four_parts_before_compilation(case, monkeypatch):
    def compiled_after_all(*arguments, **keywords):
        pytest.fail("something was compiled before the error")

    monkeypatch.setattr("network3.execution.compile.function", compiled_after_all)
    act, message = CASES[case]
    with pytest.raises((TypeError, ValueError), match=message) as caught:
        act()
    assert FOUR_PARTS.match(str(caught.value)), str(caught.value)


def test_a_gpu_that_is_not_there_says_what_to_install(monkeypatch):
    monkeypatch.setattr(device, "gpu_present", lambda: False)
    with pytest.raises(
        RuntimeError, match=r"use: device='gpu': expected a GPU .*; got .*pip install 'network3\[gpu\]'"
    ):
        network3.use("gpu")
    assert network3.GPU is False


def test_a_refused_setting_changes_nothing(monkeypatch):
    monkeypatch.setattr(device, "gpu_present", lambda: False)
    network3.use("cpu", "float64", backend="numba")
    with pytest.raises(RuntimeError):
        network3.use("gpu", "float32", backend="auto")
    assert (device.chosen_backend(), device.floatX()) == ("numba", "float64")


def test_the_environment_chooses_the_device(monkeypatch):
    monkeypatch.setattr(device, "gpu_present", lambda: False)
    monkeypatch.setenv("NETWORK3_DEVICE", "gpu")
    with pytest.raises(RuntimeError, match="expected a GPU"):
        net().predict(X)
    monkeypatch.setenv("NETWORK3_DEVICE", "cpux")
    with pytest.raises(ValueError, match=r'NETWORK3_DEVICE.*Perhaps you meant "cpu"'):
        net().predict(X)


def test_jax_that_is_not_installed_says_what_to_install(monkeypatch):
    monkeypatch.setattr(device, "find_spec", lambda name: None)
    with pytest.raises(RuntimeError, match=r"use: backend='jax': expected JAX; got .*pip install 'network3\[jax\]'"):
        network3.use(backend="jax")
