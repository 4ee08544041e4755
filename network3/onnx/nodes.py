"""Operations as nodes of an ONNX graph, each of which takes the output of the one before."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from onnx import NodeProto, TensorProto, helper, numpy_helper

from network3.exchange.operations import (
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
    Values,
    array_of,
)

FUNCTIONS = {"sigmoid": "Sigmoid", "tanh": "Tanh", "ReLU": "Relu", "sign": "Sign", "softmax": "Softmax"}
POOLS = {"max": "MaxPool", "average": "AveragePool", "l2": "LpPool"}
POOLS_OF_ALL = {"max": "GlobalMaxPool", "average": "GlobalAveragePool"}


class Nodes:
    """The nodes of a chain of operations, and their weights.

    Parameters
    ----------
    first, last : str
        The names of the graph's input and output.
    """

    def __init__(self, first: str, last: str) -> None:
        self.nodes: list[NodeProto] = []
        self.initializers: list[TensorProto] = []
        self._before, self._last = first, last
        self._axes = 0  # of what the last node returns: 4 for maps, 2 for rows; 0 if it is not known yet

    def add(self, operation: Operation) -> None:
        """Append the nodes of `operation`."""
        match operation:
            case Reshape():
                shape = np.array([0, *(operation.shape or ())], np.int64)  # 0 stands for the batch
                self._node("Reshape", shape=shape)
                self._axes = len(shape)
            case Convolve():
                self._convolve(operation)
            case Multiply():
                self._node("MatMul", w=array_of(operation.w))
                self._axes = 2
            case Bias():
                self._bias(operation.b)
            case Normalize():
                arrays = {name: array_of(getattr(operation, name)) for name in ("gamma", "b", "mean", "variance")}
                self._node("BatchNormalization", **arrays, attributes={"epsilon": operation.epsilon})
            case Pool():
                self._pool(operation)
            case PoolAll():
                self._node(POOLS_OF_ALL[operation.mode])
                self._node("Flatten", attributes={"axis": 1})
                self._axes = 2
            case Activate():
                axis = {"axis": operation.axis} if operation.function == "softmax" else {}
                self._node(FUNCTIONS[operation.function], attributes=axis)
            case Drop():
                self._node("Mul", factor=np.float32(operation.scale))
            case _:
                raise KeyError(type(operation))

    def finish(self) -> None:
        """Give the output of the last node the name of the graph's output."""
        if not self.nodes:
            self._node("Identity")
        self.nodes[-1].output[0] = self._last

    def _convolve(self, operation: Convolve) -> None:
        """Append a convolution, whose filters ONNX does not flip."""
        self._node(
            "Conv",
            w=np.ascontiguousarray(array_of(operation.w)[:, :, ::-1, ::-1]),
            attributes={
                "strides": operation.stride,
                "pads": _pads(operation.padding),
                "dilations": operation.dilation,
                "group": operation.groups,
            },
        )
        self._axes = 4

    def _bias(self, b: Values) -> None:
        """Add `b` to the features: in the convolution or product before, if there is one."""
        before = self.nodes[-1] if self.nodes else None
        if before is not None and before.op_type in ("Conv", "MatMul") and len(before.input) == 2:
            if before.op_type == "MatMul":
                before.op_type = "Gemm"
            before.input.append(self._initializer("b", array_of(b)))
            return
        self._node("Add", b=array_of(b).reshape(-1, *(1,) * (self._axes - 2)))

    def _pool(self, operation: Pool) -> None:
        """Append pooling; averages count the padding, as ours do."""
        own = {"max": {}, "average": {"count_include_pad": 1}, "l2": {"p": 2}}[operation.mode]
        windows = {"kernel_shape": operation.size, "strides": operation.stride, "pads": _pads(operation.padding)}
        self._node(POOLS[operation.mode], attributes=windows | own)
        self._axes = 4

    def _node(self, kind: str, attributes: dict[str, Any] | None = None, **arrays: ArrayLike) -> None:
        """Append a node that takes the output of the one before, and these arrays."""
        names = [self._initializer(name, array) for name, array in arrays.items()]
        output = f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, [self._before, *names], [output], name=output, **(attributes or {})))
        self._before = output

    def _initializer(self, name: str, array: ArrayLike) -> str:
        """Store an array, floats as float32, and return its name."""
        values = np.asarray(array)
        values = values if values.dtype == np.int64 else values.astype(np.float32)
        unique = f"{name}_{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(values), unique))
        return unique


def _pads(padding: Sides | str) -> list[int]:
    """Return padding in ONNX's order: top, left, bottom, right."""
    assert not isinstance(padding, str), "chains of networks have numbers"
    (top, bottom), (left, right) = padding
    return [top, left, bottom, right]
