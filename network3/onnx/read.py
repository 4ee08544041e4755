"""An ONNX graph of one row of nodes, as a chain of operations."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from onnx import GraphProto, ModelProto, NodeProto, helper, numpy_helper

from network3.exchange.operations import Chain, Operation, Reshape
from network3.layers.checks import error_message

from .parsers import PARSERS, Node

SHAPES = ("Shape", "Gather", "Concat", "Unsqueeze", "Squeeze", "Slice", "Cast")  # of what computes a shape


def read_chain(who: str, model: ModelProto) -> Chain:
    """Return the operations of the graph of `model`, from its input to its output.

    Raises
    ------
    ValueError
        A graph with branches, or an operation that network3 does not have; its node is named.
    """
    graph = model.graph
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    inputs = [value.name for value in graph.input if value.name not in arrays]
    if len(inputs) != 1 or len(graph.output) != 1:
        got, hint = f"{len(inputs)} inputs and {len(graph.output)} outputs", "Write one network to a file."
        raise ValueError(error_message(who, "expected a graph with one input and one output", got, hint))
    (current,) = inputs  # what the next node of the row takes
    shapes: set[str] = set()  # values that are computed from shapes only
    image = _image(graph, current)
    operations: Chain = []
    for proto in graph.node:
        given = {name for name in proto.input if name} - arrays.keys()
        if proto.op_type in ("Constant", "Identity") and not given:
            arrays[proto.output[0]] = _constant(who, proto, arrays)
        elif given <= {current, *shapes} and _of_shapes(proto, current):
            shapes.add(proto.output[0])
        elif current in given and given <= {current, *shapes}:
            parsed = _parsed(who, Node(who, proto, current, arrays, image))
            operations += parsed
            image = _reshaped_image(parsed)
            current = proto.output[0]
        else:
            raise _not_a_row(who, proto)
    if current != graph.output[0].name:
        expected, hint = f"expected a row of nodes up to {graph.output[0].name}", "Write one network to a file."
        raise ValueError(error_message(who, expected, f"one up to {current}", hint))
    return operations


def _parsed(who: str, node: Node) -> list[Operation]:
    parse: Callable[[Node], list[Operation]] | None = PARSERS.get(node.kind)
    if parse is None or node.proto.domain not in ("", "ai.onnx"):
        expected = f"expected nodes among {', '.join(PARSERS)}"
        raise ValueError(error_message(who, expected, f"{node.kind} ({node.where})", "Leave that layer out."))
    return parse(node)


def _of_shapes(proto: NodeProto, current: str) -> bool:
    """Return whether a node computes with shapes, not with values: such as the batch, for a change of shape."""
    return proto.op_type == "Shape" or (proto.op_type in SHAPES and current not in proto.input)


def _reshaped_image(parsed: list[Operation]) -> tuple[int, int] | None:
    """Return rows and columns of the images into which a node reshapes its input."""
    shape = parsed[-1].shape if parsed and isinstance(parsed[-1], Reshape) else None
    return (shape[1], shape[2]) if shape is not None and len(shape) == 3 else None


def _constant(who: str, proto: NodeProto, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the value of a node without inputs from the network."""
    if proto.op_type == "Identity":
        return arrays[proto.input[0]]
    (attribute,) = proto.attribute
    value: Any = helper.get_attribute_value(attribute)
    if attribute.name == "value":
        return numpy_helper.to_array(value)
    if attribute.name.startswith(("value_float", "value_int")):
        return np.asarray(value)
    got, hint = f"{attribute.name} of {proto.name}", "Write the file again, with arrays."
    raise ValueError(error_message(who, "expected constants that are arrays", got, hint))


def _image(graph: GraphProto, name: str) -> tuple[int, int] | None:
    """Return rows and columns of the graph's input, if it has them and they are known."""
    (value,) = (value for value in graph.input if value.name == name)
    sizes = [size.dim_value for size in value.type.tensor_type.shape.dim]
    return (sizes[2], sizes[3]) if len(sizes) == 4 and min(sizes[2:]) > 0 else None


def _not_a_row(who: str, proto: NodeProto) -> ValueError:
    expected = "expected nodes in a row, each fed with the one before"
    got = f"{proto.op_type} of {', '.join(proto.input) or 'nothing'}"
    hint = "Only networks of this form have counterparts here; branches and sums of layers have none."
    return ValueError(error_message(who, expected, got, hint))
