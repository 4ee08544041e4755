"""``network3.onnx.export``: onnxruntime computes what the network does; what has no counterpart is refused."""

import numpy as np
import onnx
import onnxruntime
import pytest

import network3
from network3 import ConvPoolLayer, FullyConnectedLayer, Network, ReLU, SoftmaxLayer
from network3.experiments.catalogue import RUNS
from network3.layers import Layer
from network3.onnx import export
from tests.network3.exchange.drawn_networks import CATALOGUE, drawn_network, images_for, outputs_of


@pytest.fixture
def file(tmp_path):
    return tmp_path / "net.onnx"


def computed(file, images):
    """Return the output that onnxruntime computes."""
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    (output,) = session.run(["output"], {"images": images.astype("float32")})
    return output


def check(net, file, count=3):
    export(net, file)
    images = images_for(net, count)
    np.testing.assert_allclose(computed(file, images), outputs_of(net, images), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("seed", range(6))
def test_random_networks_have_the_same_outputs(file, seed):
    check(drawn_network(seed), file)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6, 60))
def test_more_random_networks_have_the_same_outputs(file, seed):
    check(drawn_network(seed), file)


@pytest.mark.slow
@pytest.mark.parametrize("name", CATALOGUE)
def test_the_networks_of_the_catalogue_have_the_same_outputs(file, name):
    check(Network(RUNS[name].layers(10), 10), file)


def test_networks_of_float64_are_written_as_float32(file):
    check(drawn_network(8, "float64"), file)
    assert {tensor.data_type for tensor in onnx.load(file).graph.initializer} <= {
        onnx.TensorProto.FLOAT,
        onnx.TensorProto.INT64,
    }


def test_the_file_has_the_versions_the_names_and_an_open_batch(file):
    net = Network(
        [
            ConvPoolLayer(image_shape=(10, 1, 28, 28), filter_shape=(4, 1, 5, 5), activation_fn=ReLU),
            SoftmaxLayer(n_in=4 * 12 * 12, n_out=10),
        ],
        10,
    )
    export(net, file)
    model = onnx.load(file)
    assert (model.ir_version, [(entry.domain, entry.version) for entry in model.opset_import]) == (8, [("", 18)])
    assert (model.producer_name, model.producer_version) == ("network3", network3.__version__)
    for value, name, sizes in (
        (model.graph.input[0], "images", ["batch", 1, 28, 28]),
        (model.graph.output[0], "output", ["batch", 10]),
    ):
        shape = value.type.tensor_type.shape.dim
        assert (value.name, [size.dim_param or size.dim_value for size in shape]) == (name, sizes)
    # The bias, added after the maximum here, is that of the convolution.
    assert [node.op_type for node in model.graph.node] == ["Conv", "MaxPool", "Relu", "Reshape", "Gemm", "Softmax"]
    for count in (1, 7):
        assert computed(file, np.zeros((count, 1, 28, 28))).shape == (count, 10)


class Twice(Layer):
    input_shape = (4,)

    def __init__(self):
        self.params = []

    def output_shape(self, input_shape):
        return input_shape

    def expression(self, x, *, training):
        return 2 * x

    def config(self):
        return {}


def half(z):
    return z / 2


class OwnSoftmax(SoftmaxLayer):
    pass


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (
            [Twice(), SoftmaxLayer(4, 2)],
            r"^onnx\.export: layer 0 \(Twice\): expected layers among .*; got a Twice\. Re",
        ),
        ([FullyConnectedLayer(4, 3), OwnSoftmax(3, 2)], r"^onnx\.export: layer 1 \(OwnSoftmax\): .*got a OwnSoftmax\."),
        (
            [FullyConnectedLayer(4, 3, half), SoftmaxLayer(3, 2)],
            r"^onnx\.export: layer 0 \(FullyConnectedLayer\): expected an activation among linear, .*; got half\. Use",
        ),
    ],
    ids=["a layer", "a subclass", "an activation"],
)
def test_what_is_not_network3s_is_refused_by_its_name(file, layers, message):
    with pytest.raises(TypeError, match=message):
        export(Network(layers, 10), file)
    assert not file.exists()


def test_what_is_no_network_and_what_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(TypeError, match=r"^onnx\.export: expected a Network; got 3\."):
        export(3, tmp_path / "net.onnx")
    with pytest.raises(OSError, match=r"^onnx\.export: path: expected a file that can be written; got .*nowhere"):
        export(Network([SoftmaxLayer(4, 2)], 10), tmp_path / "nowhere" / "net.onnx")
