"""What a step of training computes, as checked expressions: the cost, the accuracy, and the updates of parameters."""

from collections.abc import Callable, Sequence
from typing import Any

from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Variable
from pytensor.tensor.variable import TensorVariable

from network3.graph import NetworkLike, layer_name
from network3.layer_protocol import check_stateless
from network3.layers.calls import call
from network3.layers.checks import error_message, shown
from network3.optim.rules import updates_of


def cost_of(net: NetworkLike, cost: Callable | None = None) -> TensorVariable:
    """Return the cost of the outputs for training: ``cost(a, y)``, by default that of the last layer.

    Raises
    ------
    TypeError, ValueError
        The function does not return a scalar expression, or its value changes from call to call.
    """
    last, who = net.layers[-1], "SGD: cost"
    if cost is None:
        who = f"{layer_name(net.layers, len(net.layers) - 1)}: cost"
        found = call(who, last.cost, net, of="a network")
    else:
        found = call(who, cost, last.output_dropout, net.y)
    found = _scalar(who, found, "pytensor.tensor.mean((a - y) ** 2)")
    check_stateless(who, [found])
    return found


def accuracy_of(net: NetworkLike) -> TensorVariable:
    """Return the accuracy of the last layer.

    Raises
    ------
    TypeError, ValueError
        The layer's method does not return a scalar expression.
    """
    who = f"{layer_name(net.layers, len(net.layers) - 1)}: accuracy"
    found = call(who, net.layers[-1].accuracy, net.y)
    return _scalar(who, found, "pytensor.tensor.eq(y, self.y_out).mean()")


def step_updates(
    net: NetworkLike, rule: Callable, total: Any, params: Sequence[Any], eta: TensorVariable
) -> dict[Any, Any]:
    """Return the updates of `params`, some of those of `net`, by `rule` for the cost `total`.

    Raises
    ------
    TypeError, ValueError
        A parameter on which the cost does not depend, or a rule that returns something else.
    """
    check_used(net, total, params)
    return updates_of("SGD: rule", rule, total, params, eta)


def buffer_updates(net: NetworkLike, frozen: tuple[int, ...] = ()) -> dict[SharedVariable, TensorVariable]:
    """Return the next value of each buffer of the layers of `net`, but of those in `frozen`.

    Raises
    ------
    ValueError
        Two layers update one buffer.
    """
    updates: dict[SharedVariable, TensorVariable] = {}
    for index, layer in enumerate(net.layers):
        own = dict(getattr(layer, "updates", ())) if index not in frozen else {}
        if shared := updates.keys() & own.keys():
            got = f"an update of {_name(layer, next(iter(shared)))}, which a layer before updates as well"
            hint = "Give each layer buffers of its own."
            raise ValueError(error_message(layer_name(net.layers, index), "expected one update a buffer", got, hint))
        updates |= own
    return updates


def check_used(net: NetworkLike, total: Any, params: Sequence[Any]) -> None:
    """Raise ValueError if the cost has no gradient for one of `params`, which are of layers of `net`."""
    used = _differentiable(total)
    for index, layer in enumerate(net.layers):
        for param in layer.params:
            if param in set(params) and param not in used:
                got = f"one without a gradient for {_name(layer, param)}"
                hint = (
                    "Use it in output_dropout, and output_dropout in the cost; or leave it out of params. "
                    "Comparisons, argmax and other functions with whole numbers as values have no gradient."
                )
                expected = "expected a cost that depends on all parameters of the layer"
                raise ValueError(error_message(layer_name(net.layers, index), expected, got, hint))


def _differentiable(total: Variable) -> set[Variable]:
    """Return the variables on which `total` depends by floats alone: on other ways a derivative is 0 or undefined."""
    found, waiting = set(), [total]
    while waiting:
        variable = waiting.pop()
        if variable not in found and getattr(variable, "dtype", "").startswith("float"):
            found.add(variable)
            waiting += [] if variable.owner is None else variable.owner.inputs
    return found


def _name(layer: Any, param: SharedVariable) -> str:
    names = [name for name, value in vars(layer).items() if value is param]
    return names[0] if names else param.name or f"a parameter of shape {param.get_value(borrow=True).shape}"


def _scalar(who: str, found: Any, example: str) -> TensorVariable:
    hint = f"Return e.g. {example}."
    if not isinstance(found, TensorVariable):
        raise TypeError(error_message(who, "expected a scalar expression", shown(found), hint))
    if found.ndim or not found.dtype.startswith("float"):
        got = f"an expression of {found.ndim} axes, {found.dtype}"
        raise ValueError(error_message(who, "expected a scalar expression of floats", got, hint))
    return found
