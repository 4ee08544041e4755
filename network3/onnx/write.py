"""``network3.onnx.export``: a network as an ONNX file."""

import os
from collections.abc import Sequence
from importlib.metadata import version

from onnx import ModelProto, TensorProto, ValueInfoProto, checker, helper

from network3.exchange import chain
from network3.exchange.normal_form import biases_first
from network3.graph import NetworkLike
from network3.layers.calls import keywords_checked
from network3.layers.checks import error_message, file_path
from network3.storage.atomic import atomic_write, explained_errors

from .nodes import Nodes

OPSET, IR_VERSION = 18, 8  # of 2022; onnxruntime 1.14 and later run them
WHO = "onnx.export"
MOST_BYTES = 2**31 - 1  # of one file
INPUT, OUTPUT, BATCH = "images", "output", "batch"


@keywords_checked("onnx.export")
def export(net: NetworkLike, path: str | os.PathLike[str]) -> None:
    """Write `net`, as it is evaluated, to an ONNX file.

    The input ``images`` has the shape (batch, maps, rows, columns), or (batch, n_in) if the first layer is fully
    connected, and the output ``output`` that of `Network.predict_proba`; batch may be any number. All numbers are
    float32, also those of a network of float64. Dropout is its factor in evaluation, and batch normalization uses the
    running averages.

    Parameters
    ----------
    net : Network
        Of network3's layers and activations.
    path : path
        Such as "net.onnx".

    Raises
    ------
    TypeError
        A layer or an activation that is not network3's; it is named.
    ValueError
        More weights than a file can hold.
    OSError
        The file cannot be written.

    Notes
    -----
    Opset 18, IR version 8: https://onnx.ai/onnx/repo-docs/Versioning.html.

    Examples
    --------
    >>> import network3
    >>> from network3 import FullyConnectedLayer, SoftmaxLayer
    >>> net = network3.Network([FullyConnectedLayer(n_in=784, n_out=30), SoftmaxLayer(n_in=30, n_out=10)], 10)
    >>> export(net, "net.onnx")
    >>> import onnx
    >>> [node.op_type for node in onnx.load("net.onnx").graph.node]
    ['Gemm', 'Sigmoid', 'Gemm', 'Softmax']
    """
    file = file_path(f"{WHO}: path", path)
    content = model(net).SerializeToString()
    with explained_errors(f"{WHO}: path", file), atomic_write(file) as opened:
        opened.write(content)


def model(net: NetworkLike) -> ModelProto:
    """Return `net` as ONNX's ModelProto; see `export`."""
    operations = biases_first(chain(WHO, net))
    size = sum(parameter.get_value(borrow=True).size for parameter in net.variables)
    if 4 * size > MOST_BYTES:
        expected = f"expected at most {MOST_BYTES:,} bytes of weights, the limit of ONNX files"
        raise ValueError(error_message(WHO, expected, f"{4 * size:,}", "Use smaller layers."))
    nodes = Nodes(INPUT, OUTPUT)
    for operation in operations:
        nodes.add(operation)
    nodes.finish()
    first, last = net.layers[0], net.layers[-1]
    graph = helper.make_graph(
        nodes.nodes,
        "network3",
        [_tensor(INPUT, first.input_shape)],
        [_tensor(OUTPUT, last.output_shape((None, *last.input_shape))[1:])],
        nodes.initializers,
    )
    made = helper.make_model(
        graph,
        ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET)],
        producer_name="network3",
        producer_version=version("network3"),
    )
    checker.check_model(made, full_check=True)
    return made


def _tensor(name: str, example: Sequence[int]) -> ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [BATCH, *example])
