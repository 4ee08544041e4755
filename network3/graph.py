"""How layers are joined: shapes are followed along the chain, then each layer is given the output of the one before."""

import copy
import math
from typing import Any

import numpy as np
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.replace import graph_replace
from pytensor.graph.traversal import applys_between, graph_inputs
from pytensor.tensor.type import TensorType

from network3.layers import ShapeError, dropout_states
from network3.layers.backends.cpu.memory import total_memory
from network3.layers.checks import error_message


def layer_name(layers, index: int) -> str:
    """Return how messages name a layer: ``layer 2 (FullyConnectedLayer)``, counted from 1."""
    return f"layer {index + 1} ({type(layers[index]).__name__})"


def input_width(layers) -> int | None:
    """Return the number of values of an example that the first layer takes; None if it does not say."""
    shape = getattr(layers[0], "input_shape", None)
    return None if shape is None else math.prod(shape)


def follow_shapes(layers) -> list[tuple | None]:
    """Return each layer's output shape, the batch as None; None for a layer that does not tell its own.

    Raises
    ------
    ValueError
        A layer does not take what the one before gives; names both, both shapes, and what would fit.
    """
    width = input_width(layers)
    shape: tuple | None = None if width is None else (None, width)
    shapes = []
    for index, layer in enumerate(layers):
        tells = hasattr(layer, "output_shape")
        if shape is None and tells and hasattr(layer, "input_shape"):
            shape = (None, *layer.input_shape)
        try:
            shape = layer.output_shape(shape) if tells and shape is not None else None
        except ShapeError as error:
            before = f", after {layer_name(layers, index - 1)}" if index else ""
            raise ValueError(
                error_message(f"{layer_name(layers, index)}{before}", error.expected, error.got, error.hint)
            ) from None
        shapes.append(shape)
    return shapes


def connect(layers, x, mini_batch_size, dtype) -> None:
    """Wire `layers` in place, from the network's input `x` on.

    Raises
    ------
    TypeError
        A layer whose parameters or output are of another type than `dtype`.
    """
    inpt = inpt_dropout = x
    for index, layer in enumerate(layers):
        layer.set_inpt(inpt, inpt_dropout, mini_batch_size)
        inpt, inpt_dropout = layer.output, layer.output_dropout
        for variable in (*layer.params, inpt, inpt_dropout):
            if variable.dtype != dtype:
                raise TypeError(
                    error_message(
                        layer_name(layers, index),
                        f"its parameters and output must be {dtype}, the type of this network",
                        variable.dtype,
                        f"Make its shared variables from arrays of {dtype}.",
                    )
                )


def static_copy(net, batch: int, width: int, target_shape: tuple[int, ...]):
    """Return a copy of `net` whose graph has a fixed batch, for speed; it shares the parameters with `net`.

    The graph is built anew, from copies of the layers, rather than by replacing the input: shapes are baked
    into a graph. Masks of the copy follow the dropout states of the original.
    """
    _check_memory(net, batch)
    clone = copy.copy(net)
    clone.layers = [copy.copy(layer) for layer in net.layers]
    clone.mini_batch_size = batch
    clone.x = TensorType(net.floatX, shape=(batch, width))("x")
    clone.y = TensorType(net.y.dtype, shape=(batch, *target_shape))("y")
    connect(clone.layers, clone.x, batch, net.floatX)
    clone.output, clone.output_dropout = clone.layers[-1].output, clone.layers[-1].output_dropout
    return clone


def _check_memory(net, batch: int) -> None:
    """Raise MemoryError if the outputs of the layers, which a step keeps, are more than this machine's memory."""
    sizes = [batch * math.prod(shape[1:]) if shape else 0 for shape in net.shapes]
    needed, there = sum(sizes) * np.dtype(net.floatX).itemsize, total_memory()
    if there is None or needed <= there:
        return
    index = max(range(len(sizes)), key=sizes.__getitem__)
    largest = sizes[index] * np.dtype(net.floatX).itemsize
    got = f"{needed:,} bytes, of which {largest:,} are this layer's at mini-batches of {batch}"
    hint = "Use smaller mini-batches, fewer maps or neurons, or larger pooling windows."
    expected = f"expected outputs of at most {there:,} bytes, this machine's memory"
    raise MemoryError(error_message(layer_name(net.layers, index), expected, got, hint))


def with_states_of(net, clone, expression):
    """Return `expression` of `clone` with the dropout states of `net` in the place of the clone's own."""
    own = dropout_states(clone.output_dropout)
    return graph_replace(expression, dict(zip(own, net.dropout_states, strict=True)), strict=False)


def known_shapes(expressions: list, updates: dict) -> tuple[list, dict]:
    """Return expressions, and updates of shared variables, in which every shared variable has the shape of its value.

    A variable made by ``pytensor.shared(value)`` says nothing of its shape; compiled code is faster that knows it.
    """
    variables = graph_inputs([*expressions, *updates, *updates.values()])
    open_ones = [v for v in variables if isinstance(v, SharedVariable) and None in getattr(v.type, "shape", ())]
    known: dict[Any, Any] = {}
    for v in open_ones:
        kind = v.type.clone(shape=v.get_value(borrow=True).shape)
        known[v] = type(v)(type=kind, value=None, strict=None, container=v.container, name=v.name)  # type: ignore[arg-type]
    if not known:
        return expressions, updates
    replaced = graph_replace([*expressions, *updates.values()], known, strict=False)
    keys = [known.get(variable, variable) for variable in updates]
    return replaced[: len(expressions)], dict(zip(keys, replaced[len(expressions) :], strict=True))


def foreign_op(net) -> tuple[str, str] | None:
    """Return how messages name the first layer with an Op that is neither PyTensor's nor ours, and the Op."""
    before = [net.x]
    for index, layer in enumerate(net.layers):
        outputs = [layer.output, layer.output_dropout]
        for node in applys_between(before, outputs):
            if type(node.op).__module__.partition(".")[0] not in ("pytensor", "network3"):
                return layer_name(net.layers, index), str(node.op)
        before = outputs
    return None


def number_streams(states, seed: int) -> None:
    """Give the k-th of the dropout `states` the stream k under `seed`, at step 0."""
    for stream, state in enumerate(states):
        # 32 bits of the seed, whatever its size.
        state.set_value(np.array([seed % 2**32, stream, 0]).astype("int32"))


def storages_of(containers, like, net, states=()) -> list[list]:
    """Return where `net` has the values of what a function compiled for `like` reads from its `containers`.

    Parameters
    ----------
    containers : list of pytensor's Containers
        Of parameters and masks' states, or of others that `like` does not have.
    like, net : Network
        Of one architecture.
    states : list of one-element lists
        The values for those others, in order.
    """
    theirs = [variable.container.storage for variable in (*like.params, *like.dropout_states)]
    ours = [variable.container.storage for variable in (*net.params, *net.dropout_states)]
    others = iter(states)
    places = [[k for k, storage in enumerate(theirs) if storage is container.storage] for container in containers]
    return [ours[place[0]] if place else next(others) for place in places]
