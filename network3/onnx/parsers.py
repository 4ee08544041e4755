"""The nodes of ONNX graphs that have counterparts here, each as operations of a chain."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import NodeProto, helper

from network3.exchange.operations import (
    NO_SIDES,
    Activate,
    Bias,
    Convolve,
    Drop,
    Multiply,
    Normalize,
    Operation,
    Pool,
    PoolAll,
    Reshape,
    Sides,
)
from network3.layers.checks import error_message


@dataclass(frozen=True)
class Node:
    """A node of a graph, with the arrays among its inputs.

    Attributes
    ----------
    who : str
        The file, for messages.
    proto : NodeProto
    current : str
        The name of the input that comes from the node before.
    arrays : dict of str to array
        All constants of the graph.
    image : (int, int) or None
        Rows and columns of that input, where they are known.
    """

    who: str
    proto: NodeProto
    current: str
    arrays: Mapping[str, np.ndarray]
    image: tuple[int, int] | None

    @property
    def kind(self) -> str:
        """The name of its operation, such as "Conv"."""
        return self.proto.op_type

    @property
    def where(self) -> str:
        """Its name, or the name of its operation if it has none."""
        return f"node {self.proto.name or self.kind}"

    def attribute(self, name: str, default: Any = None) -> Any:
        """Return an attribute, or `default` if it is not set."""
        return next((helper.get_attribute_value(a) for a in self.proto.attribute if a.name == name), default)

    def array(self, place: int) -> np.ndarray:
        """Return the input at `place` as an array.

        Raises
        ------
        ValueError
            It is computed.
        """
        name = self.proto.input[place] if place < len(self.proto.input) else ""
        if name not in self.arrays:
            raise self.refused("an array as its weights", f"{name or 'none'}")
        return self.arrays[name]

    @property
    def other(self) -> np.ndarray:
        """Of two inputs, the one that is an array."""
        return self.array(1 if self.proto.input[0] == self.current else 0)

    def refused(self, expected: str, got: str) -> ValueError:
        """Return the error for a node that has no counterpart."""
        hint = "Only this form has a counterpart here."
        return ValueError(error_message(f"{self.who}: {self.where}", f"expected {expected}", got, hint))

    def windows(self) -> tuple[tuple[int, int], Sides | str, tuple[int, int]]:
        """Return stride, padding and dilation.

        Raises
        ------
        ValueError
            Windows over another number of axes than two.
        """
        stride, pads, dilation = (self.attribute(name) for name in ("strides", "pads", "dilations"))
        if any(values is not None and len(values) not in (2, 4) for values in (stride, pads, dilation)):
            raise self.refused("images with rows and columns", f"strides {stride}, pads {pads}")
        padding: Sides | str = NO_SIDES if pads is None else ((pads[0], pads[2]), (pads[1], pads[3]))
        automatic = (self.attribute("auto_pad") or b"NOTSET").decode()
        if automatic not in ("NOTSET", "VALID"):
            if automatic != "SAME_UPPER" or self.kind != "Conv":
                raise self.refused("numbers as its padding", f"auto_pad {automatic}")
            padding = "same"
        return tuple(stride or (1, 1)), padding, tuple(dilation or (1, 1))


def _convolution(node: Node) -> list[Operation]:
    w = node.array(1)
    if w.ndim != 4:
        raise node.refused("images with rows and columns", f"weights of shape {w.shape}")
    stride, padding, dilation = node.windows()
    flipped = np.ascontiguousarray(w[:, :, ::-1, ::-1])
    convolved = Convolve(node.where, flipped, stride, padding, dilation, node.attribute("group", 1), node.image)
    return [convolved, *([Bias(node.where, node.array(2))] if len(node.proto.input) > 2 else [])]


def _gemm(node: Node) -> list[Operation]:
    if node.attribute("transA", 0) or node.proto.input[0] != node.current:
        raise node.refused("a product of rows of values and weights", "the weights first")
    w = node.array(1).T if node.attribute("transB", 0) else node.array(1)
    product = Multiply(node.where, w * np.float32(node.attribute("alpha", 1.0)))
    if len(node.proto.input) < 3:
        return [product]
    b = np.broadcast_to(node.array(2) * np.float32(node.attribute("beta", 1.0)), (1, w.shape[1]))
    return [product, Bias(node.where, b.reshape(-1))]


def _product(node: Node) -> list[Operation]:
    if node.proto.input[0] != node.current or node.other.ndim != 2:
        raise node.refused("a product of rows of values and weights", "other factors")
    return [Multiply(node.where, node.other)]


def _sum(node: Node) -> list[Operation]:
    """Read a bias: one number for each feature, with axes of size 1 for the batch, rows and columns."""
    b = node.other
    if b.size != max(b.shape, default=0):
        raise node.refused("a bias, one number for each feature", f"a sum with an array of shape {b.shape}")
    return [Bias(node.where, b.reshape(-1))]


def _factor(node: Node) -> list[Operation]:
    if node.other.size != 1:
        raise node.refused("one factor for all values", f"factors of shape {node.other.shape}")
    return [Drop(node.where, 0.0, node.other.item())]


def _normalization(node: Node) -> list[Operation]:
    gamma, b, mean, variance = (node.array(place) for place in range(1, 5))
    if node.attribute("training_mode", 0):
        raise node.refused("batch normalization by running averages", "training_mode 1")
    return [Normalize(node.where, gamma, b, mean, variance, node.attribute("epsilon", 1e-5))]


def _pool(mode: str) -> Callable[[Node], list[Operation]]:
    def parse(node: Node) -> list[Operation]:
        stride, padding, dilation = node.windows()
        size = tuple(node.attribute("kernel_shape"))
        plain = dilation == (1, 1) and not node.attribute("ceil_mode", 0) and len(size) == 2
        counted = mode != "average" or padding == NO_SIDES or node.attribute("count_include_pad", 0)
        if not plain or not counted or (mode == "l2" and node.attribute("p", 2) != 2) or isinstance(padding, str):
            attributes = ", ".join(f"{a.name}={helper.get_attribute_value(a)}" for a in node.proto.attribute)
            raise node.refused(f"{mode} pooling of whole windows, with its padding counted", attributes)
        return [Pool(node.where, mode, size, stride, padding)]

    return parse


def _pool_all(mode: str) -> Callable[[Node], list[Operation]]:
    return lambda node: [PoolAll(node.where, mode)]


def _mean(node: Node) -> list[Operation]:
    axes = node.attribute("axes") if len(node.proto.input) == 1 else node.array(1).tolist()
    if sorted(axis % 4 for axis in axes or ()) != [2, 3]:
        raise node.refused("a mean over rows and columns", f"axes {axes}")
    return [PoolAll(node.where, "average")]


def _activation(name: str) -> Callable[[Node], list[Operation]]:
    return lambda node: [Activate(node.where, name)]


def _softmax(node: Node) -> list[Operation]:
    axis = node.attribute("axis", -1)
    if axis not in (-1, 1):
        raise node.refused("a softmax over axis 1 or the last one", f"axis {axis}")
    return [Activate(node.where, "softmax", axis)]


def _reshape(node: Node) -> list[Operation]:
    """Read a change of shape; its entries may be computed, and 0 and -1 stand for sizes that follow."""
    target = node.arrays.get(node.proto.input[1]) if len(node.proto.input) > 1 else None
    shape = None if target is None else tuple(int(size) for size in target[1:])
    return [Reshape(node.where, shape if shape and min(shape) > 0 and math.prod(shape) else None)]


def _flatten(node: Node) -> list[Operation]:
    if node.attribute("axis", 1) != 1:
        raise node.refused("examples with one axis", f"axis {node.attribute('axis')}")
    return [Reshape(node.where, None)]


def _nothing(node: Node) -> list[Operation]:
    return []


PARSERS: dict[str, Callable[[Node], list[Operation]]] = {
    "Conv": _convolution,
    "Gemm": _gemm,
    "MatMul": _product,
    "Add": _sum,
    "Mul": _factor,
    "BatchNormalization": _normalization,
    "MaxPool": _pool("max"),
    "AveragePool": _pool("average"),
    "LpPool": _pool("l2"),
    "GlobalMaxPool": _pool_all("max"),
    "GlobalAveragePool": _pool_all("average"),
    "ReduceMean": _mean,
    "Relu": _activation("ReLU"),
    "Sigmoid": _activation("sigmoid"),
    "Tanh": _activation("tanh"),
    "Sign": _activation("sign"),
    "Softmax": _softmax,
    "LogSoftmax": _softmax,
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Squeeze": _flatten,
    "Identity": _nothing,
    "Dropout": _nothing,
}
