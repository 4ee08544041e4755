"""Users' functions and layers tried on expressions before a training begins, where nothing is compiled yet."""

from collections.abc import Callable
from typing import Any

from pytensor.tensor.type import TensorType

from network3.data import Examples
from network3.execution.compile import trained_params, weights
from network3.execution.expressions import accuracy_of, cost_of, step_updates
from network3.graph import NetworkLike, frozen_layers, has_accuracy, layer_name, static_copy
from network3.layer_protocol import check_stateless, has_users_code, is_own
from network3.layers.precision import graph_flags
from network3.optim.regularization import penalty_of


def try_functions(
    net: NetworkLike,
    batch: int,
    examples: Examples,
    cost: Callable | None,
    regularizer: Callable | None,
    rule: Any,
) -> None:
    """Build the expressions of a step once, unless all functions and layers are from network3.

    Parameters
    ----------
    net : Network
    batch : int
        Examples of a mini-batch.
    examples : Examples
        Of the training.
    cost : callable or None
        None for the last layer's own.
    regularizer : callable or None
        None if nothing is regularized.
    rule : callable

    Raises
    ------
    TypeError, ValueError
        In four parts: one of them does not return what a step needs.
    """
    for k, layer in enumerate(net.layers):
        check_stateless(layer_name(net.layers, k), [layer.output, layer.output_dropout])
    functions = [f for f in (cost, regularizer, rule, getattr(rule, "rule", None)) if f is not None]
    if all(map(is_own, functions)) and not any(map(has_users_code, net.layers)):
        return
    with graph_flags(net.floatX):
        target_shape = examples.targets.shape[1:]
        clone = static_copy(net, batch, examples.images.shape[1], target_shape)
        total = cost_of(clone, cost)
        if regularizer is not None:
            total = total + penalty_of("SGD: regularizer", regularizer, weights(net))
        if has_accuracy(net, target_shape):
            accuracy_of(clone)
        eta = TensorType(net.floatX, shape=())("eta")
        step_updates(net, rule, total, trained_params(net, frozen_layers(net.layers)), eta)
