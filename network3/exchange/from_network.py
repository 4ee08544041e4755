"""The chain of operations that a network evaluates, layer by layer."""

from collections.abc import Callable, Iterator
from typing import Any

from network3.graph import NetworkLike, layer_name
from network3.layer_protocol import check_network
from network3.layers import (
    ACTIVATIONS,
    BatchNormLayer,
    ConvPoolLayer,
    DropoutLayer,
    FullyConnectedLayer,
    GlobalPoolLayer,
    RegressionLayer,
    SoftmaxLayer,
)
from network3.layers.checks import error_message
from network3.layers.normalization import BatchNormalized
from network3.layers.ops.conv_shapes import border

from .operations import Activate, Bias, Chain, Convolve, Drop, Multiply, Normalize, Operation, Pool, PoolAll, Reshape

FUNCTIONS: dict[str, tuple[str, ...]] = {  # of network3, as operations
    "linear": (),
    "step": ("ReLU", "sign"),
    "sigmoid": ("sigmoid",),
    "tanh": ("tanh",),
    "ReLU": ("ReLU",),
    "softmax": ("softmax",),
}


def chain(who: str, net: NetworkLike) -> Chain:
    """Return the operations of `net`, from examples of the shape of its first layer's input.

    Parameters
    ----------
    who : str
        The function that the user has called, for messages.
    net : Network

    Raises
    ------
    TypeError
        Not a network, or one with a layer or an activation that is not network3's; it is named.
    """
    check_network(who, net)
    operations: Chain = []
    shape: tuple[int, ...] | None = None  # of the examples so far
    for index, layer in enumerate(net.layers):
        where = layer_name(net.layers, index)
        parts = PARTS.get(type(layer))
        if parts is None:
            expected = f"expected layers among {', '.join(kind.__name__ for kind in PARTS)}"
            hint = "Replace it by these layers; others have no counterpart elsewhere."
            raise TypeError(error_message(f"{who}: {where}", expected, f"a {type(layer).__name__}", hint))
        if shape not in (None, layer.input_shape):
            operations.append(Reshape(where, layer.input_shape))
        operations += parts(layer, where)
        operations += _activation(who, layer, where)
        shape = layer.output_shape((None, *layer.input_shape))[1:]
    return operations


def _activation(who: str, layer: Any, where: str) -> Iterator[Operation]:
    function = getattr(layer, "activation_fn", ACTIVATIONS["linear"])
    name = getattr(function, "__name__", repr(function))
    if ACTIVATIONS.get(name) is not function or name not in FUNCTIONS:
        expected = f"expected an activation among {', '.join(FUNCTIONS)}"
        hint = "Use one of these; others have no counterpart elsewhere."
        raise TypeError(error_message(f"{who}: {where}", expected, name, hint))
    rows = len(layer.output_shape((None, *layer.input_shape))) == 2
    yield from (Activate(where, part, 1 if rows and part == "softmax" else -1) for part in FUNCTIONS[name])


def _convolution(layer: ConvPoolLayer, where: str) -> Iterator[Operation]:
    rows, columns = layer.input_shape[1:]
    size = layer.filter_shape[2:]
    sides = border(layer.padding, (rows, columns), size, layer.stride, layer.dilation)
    yield Convolve(where, layer.w, _pair(layer.stride), sides, _pair(layer.dilation), layer.groups, (rows, columns))
    pool = Pool(where, layer.pool, _pair(layer.poolsize), _pair(layer.pool_stride), _sides(layer.pool_padding))
    if (pool.size, pool.stride) != ((1, 1), (1, 1)) or pool.mode == "l2":
        yield pool
    yield from _normalization(layer, where) if layer.batch_norm else [Bias(where, layer.b)]


def _normalization(layer: BatchNormalized, where: str) -> Iterator[Operation]:
    arrays = (layer.gamma, layer.b, layer.mean, layer.variance)
    yield Normalize(where, *arrays, epsilon=layer.epsilon, momentum=layer.momentum)


def _product(layer: Any, where: str) -> Iterator[Operation]:
    if layer.p_dropout:
        yield Drop(where, layer.p_dropout, 1 - layer.p_dropout)
    yield Multiply(where, layer.w)
    yield Bias(where, layer.b)


def _dropout(layer: DropoutLayer, where: str) -> Iterator[Operation]:
    if layer.p_dropout:
        yield Drop(where, layer.p_dropout, 1 - layer.p_dropout)


def _global_pool(layer: GlobalPoolLayer, where: str) -> Iterator[Operation]:
    yield PoolAll(where, layer.pool)


PARTS: dict[type, Callable[[Any, str], Iterator[Operation]]] = {
    ConvPoolLayer: _convolution,
    FullyConnectedLayer: _product,
    SoftmaxLayer: _product,
    RegressionLayer: _product,
    BatchNormLayer: _normalization,
    DropoutLayer: _dropout,
    GlobalPoolLayer: _global_pool,
}


def _pair(values: Any) -> tuple[int, int]:
    first, second = values
    return int(first), int(second)


def _sides(padding: Any) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the padding of a pooling, as it is stored, per side."""
    first, second = (_pair(side) if isinstance(side, tuple) else (side, side) for side in padding)
    return first, second
