"""How layers are joined: shapes are followed along the chain, then each layer gets the output of the one before."""

import copy
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Variable
from pytensor.graph.replace import graph_replace
from pytensor.graph.traversal import applys_between, graph_inputs
from pytensor.link.basic import Container
from pytensor.tensor.type import TensorType
from pytensor.tensor.variable import TensorVariable

from network3.layers import ShapeError, dropout_states
from network3.layers.backends.cpu.memory import total_memory
from network3.layers.calls import call
from network3.layers.checks import error_message

from .layer_protocol import check_connected, check_layer, check_output_shape, check_stateless


class NetworkLike(Protocol):
    """What the modules below `network3.network` use of a Network; see there."""

    layers: list[Any]
    mini_batch_size: int
    floatX: str
    shapes: list[tuple | None]
    params: list[SharedVariable]
    buffers: list[SharedVariable]
    x: TensorVariable
    y: TensorVariable
    output: TensorVariable
    output_dropout: TensorVariable
    dropout_states: list[SharedVariable]
    best: list[np.ndarray] | None
    compiled: dict[tuple, Any]

    @property
    def input_width(self) -> int | None: ...

    @property
    def output_width(self) -> int | None: ...

    @property
    def variables(self) -> list[SharedVariable]: ...

    def get_weights(self) -> list[np.ndarray]: ...

    def set_weights(self, weights: Sequence[np.ndarray] | None) -> None: ...


def frozen_layers(layers: Sequence[Any]) -> tuple[int, ...]:
    """Return the indices of the layers that training leaves as they are: those whose ``trainable`` is false."""
    return tuple(k for k, layer in enumerate(layers) if not getattr(layer, "trainable", True))


def buffers_of(layers: Sequence[Any]) -> list[SharedVariable]:
    """Return the buffers of `layers` in order; those that layers share once."""
    return list(dict.fromkeys(buffer for layer in layers for buffer in getattr(layer, "buffers", ())))


def has_accuracy(net: NetworkLike, target_shape: tuple[int, ...]) -> bool:
    """Return whether the last layer has an accuracy for targets of this shape: values instead of labels have none."""
    return hasattr(net.layers[-1], "accuracy") and net.y.ndim == 1 + len(target_shape)


def has_labels(net: NetworkLike) -> bool:
    """Return whether the last layer predicts labels; with one output and no cost of its own, it predicts a value."""
    last = net.layers[-1]
    return hasattr(last, "y_out") and (net.output_width != 1 or hasattr(last, "cost"))


def layer_name(layers: Sequence[Any], index: int) -> str:
    """Return the name of a layer in messages: ``layer 1 (FullyConnectedLayer)``, which is ``net.layers[1]``."""
    return f"layer {index} ({type(layers[index]).__name__})"


def input_width(layers: Sequence[Any]) -> int | None:
    """Return the number of values of an example that the first layer takes; None if it has no ``input_shape``."""
    shape = getattr(layers[0], "input_shape", None)
    return None if shape is None else math.prod(shape)


def follow_shapes(layers: Sequence[Any]) -> list[tuple | None]:
    """Return each layer's output shape, the batch as None; None for a layer without ``output_shape``.

    Raises
    ------
    ValueError
        A layer does not take the shape that the one before returns; names both, both shapes, and what would fit.
    """
    for index, layer in enumerate(layers):
        check_layer(layer_name(layers, index), layer)
    width = input_width(layers)
    shape: tuple | None = None if width is None else (None, width)
    shapes = []
    for index, layer in enumerate(layers):
        has_shape, who = hasattr(layer, "output_shape"), f"{layer_name(layers, index)}: output_shape"
        if shape is None and has_shape and hasattr(layer, "input_shape"):
            shape = (None, *layer.input_shape)
        try:
            shape = call(who, layer.output_shape, shape, of="an input shape") if has_shape and shape else None
        except ShapeError as error:
            before = f", after {layer_name(layers, index - 1)}" if index else ""
            raise ValueError(
                error_message(f"{layer_name(layers, index)}{before}", error.expected, error.got, error.hint)
            ) from None
        shapes.append(None if shape is None else check_output_shape(layer_name(layers, index), shape))
    return shapes


def connect(layers: Sequence[Any], x: TensorVariable, mini_batch_size: int, dtype: str) -> None:
    """Connect `layers` in place, starting from the network's input `x`.

    Parameters
    ----------
    layers : sequence of layers
    x : matrix expression of type `dtype`, shape (batch, features)
    mini_batch_size : int
    dtype : "float32" or "float64"

    Raises
    ------
    TypeError
        A layer whose parameters or output are of another type than `dtype`.
    """
    inpt = inpt_dropout = x
    for index, layer in enumerate(layers):
        who = f"{layer_name(layers, index)}: set_inpt"
        call(who, layer.set_inpt, inpt, inpt_dropout, mini_batch_size, of="the outputs of the layer before")
        check_connected(layer_name(layers, index), layer, dtype)
        inpt, inpt_dropout = layer.output, layer.output_dropout


def static_copy(net: NetworkLike, batch: int, width: int, target_shape: tuple[int, ...]) -> NetworkLike:
    """Return a copy of `net` whose graph has a fixed batch, for speed; both share their parameters and buffers.

    The graph is built again from copies of the layers, because replacing the input would keep the shapes of the old
    graph. The dropout masks of the copy follow the dropout states of the original.

    Parameters
    ----------
    net : Network
    batch : int
        Examples.
    width : int
        Values of one example.
    target_shape : tuple of int
        Shape of one target; () for labels.

    Raises
    ------
    MemoryError
        The outputs of the layers do not fit into this machine's memory.
    """
    _check_memory(net, batch)
    clone = copy.copy(net)
    clone.layers = [copy.copy(layer) for layer in net.layers]
    clone.mini_batch_size = batch
    clone.x = TensorType(net.floatX, shape=(batch, width))("x")
    own = net.y.ndim == 1 + len(target_shape)  # otherwise values for a layer whose targets are labels by default
    clone.y = TensorType(net.y.dtype if own else net.floatX, shape=(batch, *target_shape))("y")
    connect(clone.layers, clone.x, batch, net.floatX)
    for index, layer in enumerate(clone.layers):
        next_values = [value for _, value in getattr(layer, "updates", ())]
        check_stateless(layer_name(net.layers, index), [layer.output, layer.output_dropout, *next_values])
    clone.output, clone.output_dropout = clone.layers[-1].output, clone.layers[-1].output_dropout
    return clone


def _check_memory(net: NetworkLike, batch: int) -> None:
    """Raise MemoryError if the outputs of the layers, which a step keeps, are larger than this machine's memory."""
    sizes = [batch * math.prod(shape[1:]) if shape else 0 for shape in net.shapes]
    needed, available = sum(sizes) * np.dtype(net.floatX).itemsize, total_memory()
    if available is None or needed <= available:
        return
    index = max(range(len(sizes)), key=sizes.__getitem__)
    largest = sizes[index] * np.dtype(net.floatX).itemsize
    got = f"{needed:,} bytes, of which {largest:,} are this layer's at mini-batches of {batch}"
    hint = "Use smaller mini-batches, fewer maps or neurons, or larger pooling windows."
    expected = f"expected outputs of at most {available:,} bytes, this machine's memory"
    raise MemoryError(error_message(layer_name(net.layers, index), expected, got, hint))


def with_states_of(net: NetworkLike, clone: NetworkLike, expressions: Sequence[Variable]) -> list[Any]:
    """Return `expressions` of `clone`, with the dropout states of `net` in place of the clone's own."""
    own = dropout_states(clone.output_dropout)
    return graph_replace(expressions, list(zip(own, net.dropout_states, strict=True)), strict=False)


def known_shapes(
    expressions: Sequence[Variable], updates: Mapping[SharedVariable, Variable]
) -> tuple[list[Variable], dict[Variable, Variable]]:
    """Return the same expressions and updates, in which every shared variable has the static shape of its value.

    ``pytensor.shared(value)`` leaves the static shape open; code compiled for a known one is faster.
    """
    variables = graph_inputs([*expressions, *updates, *updates.values()])
    open_ones = [v for v in variables if isinstance(v, SharedVariable) and None in getattr(v.type, "shape", ())]
    known: dict[Any, Any] = {}
    for v in open_ones:
        kind = v.type.clone(shape=v.get_value(borrow=True).shape)
        known[v] = type(v)(type=kind, value=None, strict=None, container=v.container, name=v.name)  # type: ignore[arg-type]  # a container instead of a value
    if not known:
        return list(expressions), dict(updates.items())
    replaced = graph_replace([*expressions, *updates.values()], known, strict=False)
    keys = [known.get(variable, variable) for variable in updates]
    return replaced[: len(expressions)], dict(zip(keys, replaced[len(expressions) :], strict=True))


def foreign_op(net: NetworkLike) -> tuple[str, str] | None:
    """Return the name in messages of the first layer with an Op of the user's own, and the Op; None if there is none.

    An Op is the user's own if it is from neither PyTensor nor network3.
    """
    before: list[TensorVariable] = [net.x]
    for index, layer in enumerate(net.layers):
        outputs = [layer.output, layer.output_dropout]
        for node in applys_between(before, outputs):
            if type(node.op).__module__.partition(".")[0] not in ("pytensor", "network3"):
                return layer_name(net.layers, index), str(node.op)
        before = outputs
    return None


def number_streams(states: Iterable[SharedVariable], seed: int) -> None:
    """Set the k-th of the dropout `states` to the random stream k of `seed`, at step 0."""
    for stream, state in enumerate(states):
        # 32 bits of the seed, whatever its size.
        state.set_value(np.array([seed % 2**32, stream, 0]).astype("int32"))


def storages_of(
    containers: Iterable[Container], like: NetworkLike, net: NetworkLike, states: Iterable[list] = ()
) -> list[list]:
    """Return where `net` keeps the values that a function compiled for `like` reads from its `containers`.

    Parameters
    ----------
    containers : list of pytensor's Containers
        Of parameters, buffers and dropout states, or of other variables that `like` does not have.
    like, net : Network
        Of one architecture.
    states : list of one-element lists
        The values for those other variables, in order.
    """
    theirs = [variable.container.storage for variable in (*like.variables, *like.dropout_states)]
    ours = [variable.container.storage for variable in (*net.variables, *net.dropout_states)]
    others = iter(states)
    places = [[k for k, storage in enumerate(theirs) if storage is container.storage] for container in containers]
    return [ours[place[0]] if place else next(others) for place in places]
