"""What a Network expects of its layers: the methods and attributes of the book's protocol, checked one by one."""

import inspect
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Variable
from pytensor.graph.traversal import graph_inputs
from pytensor.tensor.variable import TensorVariable

from network3.layers.calls import function_of
from network3.layers.checks import as_list, entries_of, error_message, flag, integer, one_of, shown, sizes

METHODS = {  # of a layer: the required one, and the optional ones
    "set_inpt": ("inpt", "inpt_dropout", "mini_batch_size"),
    "cost": ("net",),
    "accuracy": ("y",),
    "output_shape": ("input_shape",),
}
LABELS = tuple(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))
TARGETS = ("float32", "float64", *LABELS)
MOST_AXES = 5  # of targets
EXAMPLE = "[FullyConnectedLayer(n_in=784, n_out=30), SoftmaxLayer(n_in=30, n_out=10)]"


def layer_list(layers: Any) -> Any:
    """Return `layers` if it is a list or tuple with at least one layer, other iterators as a list.

    Raises
    ------
    TypeError, ValueError
        Something else, such as the sizes of ``network.py``.
    """
    who, expected = "Network", "expected a list of layers"
    if isinstance(layers, Iterator):
        layers = as_list(layers)
    numbers = [n for n in entries_of(layers) if isinstance(n, int | np.integer)]
    if len(numbers) > 1 and len(numbers) == len(layers):
        pairs = [f"n_in={a}, n_out={b}" for a, b in pairwise(numbers)]
        written = [f"FullyConnectedLayer({pair})" for pair in pairs[:-1]] + [f"SoftmaxLayer({pairs[-1]})"]
        hint = f"Write Network([{', '.join(written)}], mini_batch_size=10)."
        raise TypeError(error_message(who, expected, shown(layers), hint))
    if not isinstance(layers, list | tuple):
        hint = "Write it in brackets: [layer]." if hasattr(layers, "set_inpt") else f"Write e.g. {EXAMPLE}."
        raise TypeError(error_message(who, expected, shown(layers), hint))
    if not layers:
        raise ValueError(error_message(who, expected, shown(layers), "Give it at least one."))
    return layers


def check_network(who: str, net: Any) -> None:
    """Raise TypeError unless `net` is a Network."""
    if isinstance(net, type) or not all(hasattr(net, name) for name in ("layers", "params", "input_width")):
        raise TypeError(error_message(who, "expected a Network", shown(net), f"Pass Network({EXAMPLE}, 10)."))


def check_layer(name: str, layer: Any) -> None:
    """Raise TypeError or ValueError unless `layer` has what the protocol requires before it is connected."""
    if isinstance(layer, type) or not callable(getattr(layer, "set_inpt", None)):
        expected = "expected a layer, an object with params and a method set_inpt"
        hint = f"Write e.g. {EXAMPLE}."
        if isinstance(layer, type):
            hint = f"Write {layer.__name__}(...), with its arguments."
        elif hasattr(layer, "params"):
            hint = "Give it a method set_inpt(inpt, inpt_dropout, mini_batch_size); see network3.Layer."
        raise TypeError(error_message(name, expected, shown(layer), hint))
    for method, arguments in METHODS.items():
        if hasattr(layer, method):
            example = f"def {method}(self, {', '.join(arguments)})"
            function_of(f"{name}: {method}", getattr(layer, method), arguments, example)
    params: Any = getattr(layer, "params", None)
    if not _is_list_of_shared(params):
        got = "no params" if not hasattr(layer, "params") else shown(params)
        hint = "Set self.params = [self.w, self.b] of pytensor.shared(array); [] for none."
        raise TypeError(error_message(name, "params must be a list of shared variables", got, hint))
    buffers = getattr(layer, "buffers", ())
    if not _is_list_of_shared(buffers) or set(buffers) & set(params):
        hint = "Set self.buffers = [pytensor.shared(array)], of variables that are not in params."
        expected = "buffers must be a list of shared variables besides params"
        raise TypeError(error_message(name, expected, shown(buffers), hint))
    integer(f"{name}: min_batch", getattr(layer, "min_batch", 1))
    if getattr(layer, "n_out", None) is not None:
        integer(f"{name}: n_out", layer.n_out)
    if hasattr(layer, "w") and not isinstance(layer.w, SharedVariable):
        hint = "Make it with pytensor.shared(array), or give it another name."
        raise TypeError(error_message(name, "w must be a shared variable, the weights", shown(layer.w), hint))
    if getattr(layer, "input_shape", None) is not None:
        sizes(f"{name}: input_shape", layer.input_shape, max(1, len(entries_of(layer.input_shape))))
    dtype = getattr(layer, "target_dtype", "int32")
    one_of(f"{name}: target_dtype", str(dtype) if isinstance(dtype, np.dtype) else dtype, TARGETS)
    flag(f"{name}: trainable", getattr(layer, "trainable", True))
    axes = getattr(layer, "target_ndim", 1)
    if not isinstance(axes, int | np.integer) or not 1 <= axes <= MOST_AXES:
        hint = "Write target_ndim = 2 for rows of values."
        raise ValueError(error_message(name, f"target_ndim must be 1 to {MOST_AXES}, axes", shown(axes), hint))


def _is_list_of_shared(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(entry, SharedVariable) for entry in value)


def check_output_shape(name: str, shape: Any) -> tuple:
    """Return what a layer's ``output_shape`` returned, if it is a batch size or None, followed by whole numbers."""
    if not isinstance(shape, tuple | list) or len(shape) < 2:
        hint = "Return e.g. (input_shape[0], self.n_out)."
        raise TypeError(error_message(f"{name}: output_shape", "expected (batch, sizes...)", shown(shape), hint))
    return (shape[0], *sizes(f"{name}: output_shape", tuple(shape[1:]), len(shape) - 1))


def check_connected(name: str, layer: Any, dtype: str) -> None:
    """Check a layer that has been connected: its outputs are expressions, and all is of type `dtype`.

    Raises
    ------
    TypeError
        An output that is missing, no expression, or of another type; or a parameter of another type.
    """
    for attribute in ("output", "output_dropout", *(["y_out"] if hasattr(layer, "y_out") else [])):
        output = getattr(layer, attribute, None)
        if not isinstance(output, TensorVariable):
            got = shown(output) if hasattr(layer, attribute) else f"no {attribute}"
            hint = f"Set self.{attribute} in set_inpt; output is for evaluation, output_dropout for training."
            raise TypeError(error_message(name, f"{attribute} must be an expression", got, hint))
    for variable in (*layer.params, *getattr(layer, "buffers", ()), layer.output, layer.output_dropout):
        if variable.dtype != dtype:
            expected = f"its parameters and output must be {dtype}, the type of this network"
            hint = f"Make its shared variables from arrays of {dtype}."
            raise TypeError(error_message(name, expected, variable.dtype, hint))
    _check_updates(name, layer)


def _check_updates(name: str, layer: Any) -> None:
    """Raise TypeError or ValueError unless the ``updates`` of a layer are pairs of its buffers and next values."""
    pairs, buffers = as_list(getattr(layer, "updates", ())), list(getattr(layer, "buffers", ()))
    expected, hint = "updates must be a list of pairs (buffer, next value)", "Write [(self.mean, expression)]."
    if pairs is None or not all(isinstance(pair, tuple | list) and len(pair) == 2 for pair in pairs):
        raise TypeError(error_message(name, expected, shown(getattr(layer, "updates", ())), hint))
    for buffer, value in pairs:
        if not any(buffer is own for own in buffers):
            raise ValueError(error_message(name, f"{expected}, of buffers of the layer", shown(buffer), hint))
        if not isinstance(value, TensorVariable) or value.dtype != buffer.dtype or value.ndim != buffer.ndim:
            got = f"{value.type} for a buffer of {buffer.type}" if isinstance(value, Variable) else shown(value)
            hint = "Compute an expression of the type and the number of axes of the buffer."
            raise TypeError(error_message(name, expected, got, hint))


def kept_state(expressions: Sequence[Variable]) -> list[SharedVariable]:
    """Return the shared variables of `expressions` whose value PyTensor would change by their ``default_update``."""
    inputs = [v for v in graph_inputs(expressions) if isinstance(v, SharedVariable)]
    return [variable for variable in inputs if variable.default_update is not None]


def check_stateless(name: str, expressions: Sequence[Variable]) -> None:
    """Raise ValueError if an expression keeps state by a ``default_update``.

    Evaluation would then change the network, and training would not.
    """
    if found := kept_state(expressions):
        got = f"a default_update of {found[0].name or found[0].type}"
        hint = "For random masks use network3.dropout_layer; other state of layers is not supported."
        raise ValueError(error_message(name, "expected expressions without state of their own", got, hint))


def is_own(value: Any) -> bool:
    """Whether a function, a layer or another object is from network3, whose own need no check."""
    module = value.__module__ if inspect.isfunction(value) else type(value).__module__
    return module.startswith("network3.")


def has_users_code(layer: Any) -> bool:
    """Whether a layer, or its activation function, is the user's."""
    activation_fn: Callable | None = getattr(layer, "activation_fn", None)
    return not is_own(layer) or not (activation_fn is None or is_own(activation_fn))
