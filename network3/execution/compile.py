"""Networks as compiled functions at a fixed batch: one training step, a scorer of labelled data, a predictor."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from pytensor import function
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.tensor.type import TensorType
from pytensor.tensor.variable import TensorVariable

from network3.graph import NetworkLike, has_accuracy, has_labels, known_shapes, static_copy, with_states_of
from network3.layers import dropout_updates
from network3.layers.precision import graph_flags
from network3.optim import gradient_descent
from network3.optim.averaging import averaged_variables, buffer_averages
from network3.optim.regularization import penalty_of
from network3.optim.rules import gradients as gradients_of

from .backends import compile_context
from .device import chosen_backend
from .expressions import accuracy_of, buffer_updates, check_used, cost_of, step_updates
from .functions import Compiled, Step

MODES: dict[str, Any] = {"network3": "NETWORK3", "numba": "NUMBA", "jax": "JAX"}
Shape = tuple[int, ...]
Result = TypeVar("Result", bound=Compiled)


def compiled(net: NetworkLike, compile_function: Callable[..., Result], *arguments: Any) -> Result:
    """Return ``compile_function(net, backend, *arguments)`` for the chosen back end, compiled once for each network."""
    backend = chosen_backend()
    key = (compile_function, backend, *arguments)
    if key not in net.compiled:
        with compile_context(backend, net.floatX), graph_flags(net.floatX), _without_collection():
            net.compiled[key] = compile_function(net, backend, *arguments)
    return net.compiled[key]


@contextmanager
def _without_collection() -> Iterator[None]:
    """Hold Python's garbage collector off: while a graph is built it finds only cycles that are in use."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _compile(
    backend: str,
    inputs: dict[str, TensorVariable],
    outputs: dict[str, TensorVariable],
    updates: dict[SharedVariable, TensorVariable] | None = None,
) -> dict[str, Any]:
    """Return the fields of a `Compiled`."""
    expressions, known = known_shapes(list(outputs.values()), updates or {})
    compiled_function = function(
        list(inputs.values()), expressions, updates=known, mode=MODES[backend], on_unused_input="ignore"
    )
    return {"function": compiled_function, "arguments": tuple(inputs), "results": tuple(outputs)}


def compile_step(
    net: NetworkLike,
    backend: str,
    batch: int,
    width: int,
    target_shape: Shape,
    cost: Callable | None = None,
    regularizer: Callable | None = None,
    rule: Callable = gradient_descent,
    frozen: tuple[int, ...] = (),
) -> Step:
    """Compile a step of training.

    Parameters
    ----------
    net : Network
    backend : "network3", "numba" or "jax"
    batch, width : int
        Examples a step, and values of an example.
    target_shape : tuple of int
        Shape of one example's target; () for labels.
    cost : callable or None
        ``cost(a, y) -> scalar`` of the network's output while training; None for the last layer's own.
    regularizer : callable or None
        ``regularizer(weights) -> scalar``, which is added lmbda times.
    rule : callable
        ``rule(cost, params, eta) -> {variable: next value}``.
    frozen : tuple of int
        Indices of layers whose parameters and buffers stay as they are.

    Returns
    -------
    Step
        x : (batch, width), y : (batch, *target_shape); eta and lmbda are scalars of the network's type. lmbda
        multiplies the regularizer as it is: already divided by the number of mini-batches.
    """
    clone = static_copy(net, batch, width, target_shape)
    eta, lmbda = (TensorType(net.floatX, shape=())(name) for name in ("eta", "lmbda"))
    kept = buffer_updates(clone, frozen)
    total, *values = with_states_of(net, clone, [cost_of(clone, cost), *kept.values()])
    parts: dict[str, Any] = {}
    if regularizer is not None:
        penalty = lmbda * penalty_of("SGD: regularizer", regularizer, weights(net))
        # XLA drops what a loop does not use: the loop on a GPU leaves the penalty's value out of its steps.
        parts = {"unpenalized": total, "penalty": penalty} if backend == "jax" else {}
        total = total + penalty
    params = trained_params(net, frozen)
    buffers: dict[Any, Any] = dict(zip(kept, values, strict=True))
    changed = step_updates(net, rule, total, params, eta)
    changed |= buffer_averages(changed, buffers)
    slots = [variable for variable in changed if variable not in params]
    inputs = {"x": clone.x, "y": clone.y, "eta": eta, "lmbda": lmbda}
    fields = _compile(backend, inputs, {"cost": total, **parts}, changed | buffers | dropout_updates(total))
    averaged = averaged_variables(slots)
    averages = [(k, net.variables.index(averaged[slot])) for k, slot in enumerate(slots) if slot in averaged]
    return Step(**fields, slots=slots, initial_slots=[slot.get_value() for slot in slots], averages=averages)


def trained_params(net: NetworkLike, frozen: tuple[int, ...] = ()) -> list[SharedVariable]:
    """Return the parameters that a step changes, those that layers share once."""
    layers = [layer for k, layer in enumerate(net.layers) if k not in frozen]
    return list(dict.fromkeys(param for layer in layers for param in layer.params))


def weights(net: NetworkLike) -> list[SharedVariable]:
    """Return what is regularized: the ``w`` of each layer that has one."""
    return [layer.w for layer in net.layers if hasattr(layer, "w")]


def compile_regularizer(net: NetworkLike, backend: str, regularizer: Callable) -> Compiled:
    """Compile ``regularizer() -> [penalty]`` of the current weights."""
    return Compiled(**_compile(backend, {}, {"penalty": penalty_of("SGD: regularizer", regularizer, weights(net))}))


def compile_scorer(
    net: NetworkLike, backend: str, batch: int, width: int, target_shape: Shape, cost: Callable | None = None
) -> Compiled:
    """Compile ``score(x, y) -> [accuracy, cost]``, those that there are: means over a batch, without dropout."""
    clone = static_copy(net, batch, width, target_shape)
    last = clone.layers[-1]
    last.output_dropout = last.output
    scores = {"accuracy": accuracy_of(clone)} if has_accuracy(net, target_shape) else {}
    if cost is not None or hasattr(last, "cost"):
        scores["cost"] = cost_of(clone, cost)
    return Compiled(**_compile(backend, {"x": clone.x, "y": clone.y}, scores))


def compile_gradients(
    net: NetworkLike,
    backend: str,
    batch: int,
    width: int,
    target_shape: Shape,
    cost: Callable | None = None,
    name: str = "b",
) -> Compiled:
    """Compile ``gradients(x, y) -> arrays``, of the mean cost without dropout, by each layer's ``b`` or ``w``."""
    clone = static_copy(net, batch, width, target_shape)
    last = clone.layers[-1]
    last.output_dropout = last.output
    total = cost_of(clone, cost)
    params = {k: getattr(layer, name) for k, layer in enumerate(net.layers) if hasattr(layer, name)}
    check_used(net, total, list(params.values()))
    found: Any = gradients_of(total, list(params.values()))
    gradients = {f"layer {k}": g for k, g in zip(params, found, strict=True)}
    return Compiled(**_compile(backend, {"x": clone.x, "y": clone.y}, gradients))


def compile_predictor(net: NetworkLike, backend: str, batch: int, width: int) -> Compiled:
    """Compile ``predict(x) -> [y_out, output]`` without dropout; only the output for a layer without labels."""
    clone = static_copy(net, batch, width, (1,) * (net.y.ndim - 1))
    last = clone.layers[-1]
    predictions = {"y_out": last.y_out} if has_labels(net) else {}
    return Compiled(**_compile(backend, {"x": clone.x}, predictions | {"output": last.output}))
