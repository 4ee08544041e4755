"""``network3.onnx.load_weights``: files of our own and of other programs, and what is refused."""

import re

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from network3 import BatchNormLayer, ConvPoolLayer, FullyConnectedLayer, Network, ReLU, SoftmaxLayer, linear, tanh
from network3.onnx import export, load_weights
from tests.network3.exchange.drawn_networks import drawn_network, images_for, outputs_of

RNG = np.random.default_rng(5)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "net.onnx"


def write(file, nodes, arrays, shape, outputs=("y",), inputs=("x",)):
    """Write a graph of these nodes, each (kind, inputs, output, attributes)."""
    values = [
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, sizes) for name in names]
        for names, sizes in ((inputs, ["n", *shape]), (outputs, ["n", "k"]))
    ]
    made = [
        helper.make_node(kind, given, [output], name=f"{kind} {output}", **more) for kind, given, output, more in nodes
    ]
    initializers = [numpy_helper.from_array(array, name) for name, array in arrays.items()]
    graph = helper.make_graph(made, "other", *values, initializers)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), file)


def normal(*shape):
    return RNG.normal(0, 0.5, shape).astype("float32")


def unchanged(net, before):
    return all((a == b).all() for a, b in zip(net.get_weights(), before, strict=True))


@pytest.mark.parametrize(("seed", "dtype"), [*((seed, "float32") for seed in range(6)), (8, "float64")])
def test_files_of_our_own_give_the_same_weights(file, seed, dtype):
    net = drawn_network(seed, dtype)
    export(net, file)
    expected = [weights.astype("float32") for weights in net.get_weights()]
    net.set_weights([np.zeros_like(weights) for weights in expected])
    load_weights(net, file)
    assert unchanged(net, expected)


# As other programs write them: the bias in the convolution, pooling after the activation, a shape that is computed,
# weights of shape (n_out, n_in), no dropout, and no softmax.
NODES = [
    ("Conv", ["x", "w0", "b0"], "a", {"pads": [1, 1, 1, 1]}),
    ("Relu", ["a"], "b", {}),
    ("MaxPool", ["b"], "c", {"kernel_shape": [2, 2], "strides": [2, 2]}),
    ("Shape", ["c"], "s", {}),
    ("Gather", ["s", "zero"], "t", {"axis": 0}),
    ("Concat", ["t", "minus"], "u", {"axis": 0}),
    ("Reshape", ["c", "u"], "d", {}),
    ("Gemm", ["d", "w1", "b1"], "e", {"transB": 1, "alpha": 0.5}),
    ("BatchNormalization", ["e", "gamma", "beta", "mean", "variance"], "f", {"epsilon": 0.01}),
    ("Tanh", ["f"], "g", {}),
    ("Identity", ["w2"], "same", {}),
    ("MatMul", ["g", "same"], "h", {}),
    ("Add", ["b2", "h"], "y", {}),
]
ARRAYS = {
    "w0": normal(4, 2, 3, 3),
    "b0": normal(4),
    "zero": np.array([0]),
    "minus": np.array([-1]),
    "w1": normal(7, 4 * 4 * 3),
    "b1": normal(7),
    "gamma": normal(7),
    "beta": normal(7),
    "mean": normal(7),
    "variance": np.exp(normal(7)),
    "w2": normal(7, 3),
    "b2": normal(1, 3),
}


def same_layers(epsilon=0.01, pool="max", f=ReLU, n_out=3, padding="half"):
    return Network(
        [
            ConvPoolLayer((4, 2, 3, 3), (2, 8, 7), activation_fn=f, padding=padding, pool=pool),
            FullyConnectedLayer(4 * 4 * 3, 7, linear, p_dropout=0.25),
            BatchNormLayer(7, tanh, epsilon=epsilon),
            SoftmaxLayer(7, n_out, p_dropout=0.5),
        ],
        10,
    )


def test_a_file_of_another_program_gives_the_same_outputs(file):
    write(file, NODES, ARRAYS, (2, 8, 7))
    net = same_layers()
    load_weights(net, file)
    images = images_for(net, 4)
    (scores,) = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"]).run(None, {"x": images})
    expected = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(outputs_of(net, images), expected, atol=1e-5)


def test_a_bias_before_normalization_is_subtracted_with_the_mean(file):
    nodes = [("Conv", ["x", "w", "b"], "c", {}), ("BatchNormalization", ["c", "g", "e", "m", "v"], "d", {})]
    nodes += [("Flatten", ["d"], "f", {}), ("MatMul", ["f", "w1"], "h", {}), ("Softmax", ["h"], "y", {"axis": 1})]
    arrays = {"w": normal(3, 2, 2, 2), **{name: normal(3) for name in "bgem"}, "v": np.exp(normal(3))}
    write(file, nodes, arrays | {"w1": normal(3 * 4 * 3, 5)}, (2, 5, 4))
    layer = ConvPoolLayer((3, 2, 2, 2), (2, 5, 4), (1, 1), linear, batch_norm=True)
    net = Network([layer, SoftmaxLayer(36, 5)], 10)
    net.layers[1].b.set_value(normal(5))  # the file has none there: 0
    load_weights(net, file)
    images = images_for(net)
    (expected,) = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"]).run(None, {"x": images})
    np.testing.assert_allclose(outputs_of(net, images), expected, atol=1e-5)


def replaced(place, *node):
    return [*NODES[:place], node, *NODES[place + 1 :]]


SQUASHED: tuple = ("Sigmoid", ["a"], "b", {})
AVERAGED = ("AveragePool", ["b"], "c", {"kernel_shape": [2, 2], "strides": [2, 2]})
LONGER = [*NODES[:-1], ("Add", ["b2", "h"], "z", {}), ("Tanh", ["z"], "y", {})]
CONVOLUTION = (
    "a convolution over images of (8, 7) with filters of (4, 2, 3, 3), stride (1, 1), padding ((1, 1), (1, 1)),"
)
DIFFERENT = {
    "an activation": (
        replaced(1, *SQUASHED),
        "the activation ReLU; got the activation sigmoid (node Sigmoid b). Build",
    ),
    "pooling": (
        replaced(2, *AVERAGED),
        "max pooling with windows of (2, 2), stride (2, 2), padding ((0, 0), (0, 0)); ",
    ),
    "no padding": (
        replaced(0, "Conv", ["x", "w0", "b0"], "a", {}),
        f"{CONVOLUTION} dilation (1, 1), groups 1; got a con",
    ),
    "more layers": (LONGER, "to end as the network does; got the activation tanh (node Tanh y) after it. Build"),
    "fewer layers": ([*NODES[:9], ("Identity", ["f"], "y", {})], "the activation tanh; got the end of "),
    "an unknown kind": (replaced(1, "Elu", ["a"], "b", {}), "nodes among Conv, Gemm, "),
    "a branch": (replaced(1, "Add", ["a", "a"], "b", {}), "an array as its weights; got a. Only"),
    "a residual": (
        replaced(9, "Add", ["f", "e"], "g", {}),
        "nodes in a row, each fed with the one before; got Add of f, e.",
    ),
    "factors": (replaced(1, "Mul", ["a", "b0"], "b", {}), "one factor for all values; got factors of shape (4,). "),
    "ceil": (
        replaced(2, AVERAGED[0], ["b"], "c", AVERAGED[3] | {"ceil_mode": 1}),
        "average pooling of whole windows, ",
    ),
}


@pytest.mark.parametrize("case", DIFFERENT)
def test_other_layers_are_refused_by_the_first_difference(file, case):
    nodes, message = DIFFERENT[case]
    write(file, nodes, ARRAYS, (2, 8, 7))
    net = same_layers()
    before = net.get_weights()
    with pytest.raises(ValueError, match=f"^onnx\\.load_weights: .*expected .*{re.escape(message)}"):
        load_weights(net, file)
    assert unchanged(net, before)


def test_numbers_that_are_not_finite_are_refused(file):
    write(file, NODES, ARRAYS | {"b1": np.full(7, np.nan, "float32")}, (2, 8, 7))
    net = same_layers()
    before = net.get_weights()
    message = (
        r"^onnx\.load_weights: layer 1 \(Fully.*\): expected finite numbers; got NaN or infinity in node Gemm e\. "
    )
    with pytest.raises(ValueError, match=message):
        load_weights(net, file)
    assert unchanged(net, before)


def test_other_files_are_refused(file):
    net = same_layers()
    with pytest.raises(
        FileNotFoundError, match=r"^onnx\.load_weights: expected an ONNX file; got .*which does not exist"
    ):
        load_weights(net, file)
    for content in (b"", b"hello", b"\x08\x08"):
        file.write_bytes(content)
        with pytest.raises(
            ValueError, match=r"^onnx\.load_weights: .*net\.onnx: expected an ONNX file; got .*\. Write it"
        ):
            load_weights(net, file)
    write(file, NODES, ARRAYS, (2, 8, 7), inputs=("x", "z"))
    with pytest.raises(ValueError, match=r"one input and one output; got 2 inputs and 1 outputs\. Write"):
        load_weights(net, file)


def test_variables_that_layers_share_must_be_equal(file):
    net = Network([FullyConnectedLayer(5, 5), FullyConnectedLayer(5, 5), SoftmaxLayer(5, 2)], 10)
    export(net, file)
    net.layers[1].w = net.layers[0].w
    net.layers[1].params = [net.layers[0].w, net.layers[1].b]
    tied = Network(net.layers, 10)
    before = tied.get_weights()
    with pytest.raises(
        ValueError, match=r"layer 1 .*: expected the same weights as for the layer that it shares them "
    ):
        load_weights(tied, file)
    export(tied, file)
    load_weights(tied, file)
    assert unchanged(tied, before)
