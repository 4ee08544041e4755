"""Files of networks with running averages hold them, and are refused without them."""

import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

import network3
from network3 import ConvPoolLayer, Network, SoftmaxLayer
from tests.network3.training.normalized_networks import QUIET, X, Y, convolutional, dense, same


def test_files_hold_the_averages(tmp_path):
    net = convolutional()
    net.SGD((X, Y), 1, 6, 0.1, **QUIET)
    net.save(tmp_path / "net")
    loaded = network3.load(tmp_path / "net")
    same(net.get_weights(), loaded.get_weights())
    same([net.predict_proba(X)], [loaded.predict_proba(X)])
    assert [repr(layer) for layer in loaded.layers] == [repr(layer) for layer in net.layers]


@pytest.mark.parametrize("name", ["mean", "gamma"])
def test_a_file_without_an_average_is_refused(tmp_path, name):
    net = dense()
    net.save(tmp_path / "net")
    with safe_open(tmp_path / "net", "numpy") as file:
        header = file.metadata()
    arrays = load_file(tmp_path / "net")
    del arrays[f"layers.2.{name}"]
    save_file(arrays, tmp_path / "net", header)
    with pytest.raises(ValueError, match=rf"load: .*got layers\.2\.{name} was missing and is of shape \(4,\)\."):
        network3.load(tmp_path / "net", dense().layers)
    with pytest.raises(ValueError, match="load: "):
        network3.load(tmp_path / "net")


def test_a_file_whose_sizes_do_not_fit_its_arrays_is_refused(tmp_path):
    """A header alone cannot make a layer of any size."""
    dense().save(tmp_path / "net")
    with safe_open(tmp_path / "net", "numpy") as file:
        header = {name: text.replace("[12]", "[1000000000]") for name, text in file.metadata().items()}
    save_file(load_file(tmp_path / "net"), tmp_path / "net", header)
    with pytest.raises(ValueError, match=r"a layer of \(1000000000,\) with weights of \(12,\)"):
        network3.load(tmp_path / "net")


def test_files_of_other_options_are_refused(tmp_path):
    net = Network([ConvPoolLayer((2, 1, 2, 2), (1, 4, 3)), SoftmaxLayer(2, 3)], 1)
    net.save(tmp_path / "net")
    same(net.get_weights(), network3.load(tmp_path / "net").get_weights())
    other = [ConvPoolLayer((2, 1, 2, 2), (1, 4, 3), pool_stride=3, batch_norm=True), SoftmaxLayer(2, 3)]
    found = r"pool_stride of layer 0 was None and is \(3, 3\); batch_norm of layer 0 was False and is True"
    with pytest.raises(ValueError, match=found):
        network3.load(tmp_path / "net", other)
