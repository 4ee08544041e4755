"""Saving and loading networks: safetensors with the architecture in the header."""

import json

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

import network3
from network3 import ConvPoolLayer, FullyConnectedLayer, Network, SoftmaxLayer, tanh


def new_net():
    return Network(
        [
            ConvPoolLayer(
                image_shape=(4, 2, 9, 8),
                filter_shape=(3, 2, 3, 2),
                poolsize=(2, 3),
                activation_fn=tanh,
                pool="l2",
                stride=(2, 1),
                padding=(1, 0),
            ),
            FullyConnectedLayer(n_in=3 * 2 * 2, n_out=5, p_dropout=0.25),
            SoftmaxLayer(n_in=5, n_out=4),
        ],
        4,
    )


@pytest.fixture
def saved(tmp_path):
    net = new_net()
    net.save(tmp_path / "net.safetensors")
    return net, tmp_path / "net.safetensors"


def test_a_network_is_loaded_unchanged(saved):
    net, path = saved
    loaded = network3.load(path)
    assert [repr(layer) for layer in loaded.layers] == [repr(layer) for layer in net.layers]
    assert loaded.layers[0].activation_fn is tanh
    assert (loaded.mini_batch_size, loaded.floatX) == (4, "float32")
    for a, b in zip(loaded.get_weights(), net.get_weights(), strict=True):
        assert a.dtype == b.dtype
        assert np.array_equal(a, b)


def test_the_parameters_are_readable_as_plain_safetensors(saved):
    net, path = saved
    with safe_open(path, framework="numpy") as file:
        assert sorted(file.keys()) == [f"layers.{k}.{name}" for k in range(3) for name in "bw"]
        assert np.array_equal(file.get_tensor("layers.1.w"), net.layers[1].w.get_value())
        assert json.loads(file.metadata()["network3"])["format"] == 2


def test_a_float64_network_is_loaded_as_float64(tmp_path):
    network3.use(floatX="float64")
    net = new_net()
    net.save(tmp_path / "net")
    network3.use(floatX="float32")
    loaded = network3.load(tmp_path / "net")
    assert loaded.floatX == "float64"
    assert np.array_equal(loaded.params[0].get_value(), net.params[0].get_value())


def test_loading_does_not_change_numpys_random_state(saved):
    np.random.seed(4)
    network3.load(saved[1])
    drawn = np.random.random()
    np.random.seed(4)
    assert drawn == np.random.random()


def test_saving_replaces_an_existing_file(saved):
    net, path = saved
    net.layers[2].b.set_value(np.arange(4, dtype="float32"))
    net.save(path)
    assert np.array_equal(network3.load(path).layers[2].b.get_value(), range(4))
    assert [file.name for file in path.parent.iterdir()] == ["net.safetensors"]


def test_layers_with_code_of_their_own_are_passed_to_load(tmp_path):
    def cube(z):
        return z**3

    def layers():
        return [FullyConnectedLayer(n_in=6, n_out=5, activation_fn=cube), SoftmaxLayer(n_in=5, n_out=3)]

    net = Network(layers(), 4)
    net.save(tmp_path / "net")
    with pytest.raises(ValueError, match=r"load: .*; got a FullyConnectedLayer .* of its own.*layers=\["):
        network3.load(tmp_path / "net")
    loaded = network3.load(tmp_path / "net", layers=layers())
    assert np.array_equal(loaded.params[0].get_value(), net.params[0].get_value())


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "without a valid header"), (b"no tensors here, but some text", "without a valid header")],
    ids=["empty", "text"],
)
def test_a_file_of_another_kind_is_rejected(tmp_path, content, message):
    (tmp_path / "net").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        network3.load(tmp_path / "net")


def test_tensors_of_another_program_are_rejected(tmp_path):
    save_file({"w": np.zeros(3)}, tmp_path / "net")
    with pytest.raises(
        ValueError, match=r"load: .*expected a file that net\.save\(filename\) wrote; got a file without"
    ):
        network3.load(tmp_path / "net")


def test_a_newer_format_is_rejected(tmp_path):
    header = {"format": 99, "floatX": "float32", "mini_batch_size": 4, "layers": []}
    save_file({"w": np.zeros(3)}, tmp_path / "net", {"network3": json.dumps(header)})
    with pytest.raises(ValueError, match=r"expected format 2 or older; got format 99\. Update network3"):
        network3.load(tmp_path / "net")


def test_a_truncated_file_is_rejected(saved):
    path = saved[1]
    content = path.read_bytes()
    for length in (10, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        with pytest.raises(ValueError, match="load: "):
            network3.load(path)


def test_layers_that_do_not_fit_the_file_are_rejected(saved):
    with pytest.raises(ValueError, match=r"expected the layers of the saved network; got 3 layers .* became 1"):
        network3.load(saved[1], layers=[SoftmaxLayer(6, 3)])


def test_a_missing_file_is_reported(tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing_here"):
        network3.load(tmp_path / "nothing_here")


@pytest.mark.parametrize("how", ["set_weights", "set_value"])
def test_arrays_in_any_memory_order_are_saved_correctly(tmp_path, how):
    expected = np.arange(12, dtype="float32").reshape(3, 4)
    column_by_column = np.asfortranarray(expected)
    net = network3.Network([SoftmaxLayer(3, 4)], 1)
    if how == "set_weights":
        net.set_weights([column_by_column, np.zeros(4)])
    else:
        net.layers[0].w.set_value(column_by_column, borrow=True)
    net.save(tmp_path / "net")
    np.testing.assert_array_equal(network3.load(tmp_path / "net").get_weights()[0], expected)
