"""Networks as compiled functions, at a fixed batch: one training step, a scorer of labelled data, a predictor."""

from dataclasses import dataclass

import numpy as np
from pytensor import function
from pytensor.compile import Function
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.gradient import grad
from pytensor.tensor.type import TensorType

from network3.layers import dropout_updates
from network3.layers.precision import building

from .device import chosen_backend
from .rules import gradient_descent
from .runners import calling
from .wiring import static_copy, with_states_of

MODES = {"numba": "NUMBA", "jax": "JAX"}


def compiled(net, compile_function, *arguments):
    """Return ``compile_function(net, backend, *arguments)`` for the chosen back end, compiled once a network."""
    backend = chosen_backend()
    key = (compile_function, backend, *arguments)
    if key not in net.compiled:
        with calling(backend, net.floatX), building(net.floatX):
            net.compiled[key] = compile_function(net, backend, *arguments)
    return net.compiled[key]


@dataclass(frozen=True)
class Step:
    """A compiled training step, ``function(x, y, eta, lmbda) -> cost``.

    Attributes
    ----------
    function : pytensor.compile.Function
    states : list of shared variables
        That the update rule made, such as velocities.
    first : list of arrays
        Their values when a training begins.
    """

    function: Function
    states: list[SharedVariable]
    first: list[np.ndarray]


def compile_step(net, backend, batch, width, target_shape, cost=None, regularizer=None, rule=gradient_descent) -> Step:
    """Compile a step of training.

    Parameters
    ----------
    net : Network
    backend : "numba" or "jax"
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

    Returns
    -------
    Step
        x : (batch, width), y : (batch, *target_shape); eta and lmbda are scalars of the network's type. lmbda is
        what multiplies the regularizer as it stands: already divided by the number of mini-batches.
    """
    clone = static_copy(net, batch, width, target_shape)
    last = clone.layers[-1]
    eta, lmbda = (TensorType(net.floatX, shape=())(name) for name in ("eta", "lmbda"))
    total = last.cost(clone) if cost is None else cost(last.output_dropout, clone.y)
    total = with_states_of(net, clone, total)
    if regularizer is not None:
        total = total + lmbda * regularizer(weights(net))
    changed = rule(total, net.params, eta)
    states = [variable for variable in changed if variable not in net.params]
    compiled_step = function(
        [clone.x, clone.y, eta, lmbda],
        total,
        updates=changed | dropout_updates(total),
        mode=MODES[backend],
        on_unused_input="ignore",
    )
    return Step(compiled_step, states, [state.get_value() for state in states])


def weights(net) -> list[SharedVariable]:
    """Return what is regularized: the ``w`` of each layer that has one."""
    return [layer.w for layer in net.layers if hasattr(layer, "w")]


def compile_regularizer(net, backend, regularizer):
    """Compile ``regularizer() -> scalar`` of the weights as they are."""
    return function([], regularizer(weights(net)), mode=MODES[backend])


def compile_scorer(net, backend, batch, width, target_shape, cost=None):
    """Compile ``score(x, y) -> (accuracy, cost)``: means over a batch, without dropout, of what the layer has."""
    clone = static_copy(net, batch, width, target_shape)
    last = clone.layers[-1]
    last.output_dropout = last.output
    scores = [last.accuracy(clone.y)] if hasattr(last, "accuracy") else []
    if cost is not None:
        scores.append(cost(last.output, clone.y))
    elif hasattr(last, "cost"):
        scores.append(last.cost(clone))
    return function([clone.x, clone.y], scores, mode=MODES[backend], on_unused_input="ignore")


def compile_gradients(net, backend, batch, width, target_shape, cost=None, name="b"):
    """Compile ``gradients(x, y) -> arrays``, of the mean cost without dropout, by each layer's ``b`` or ``w``."""
    clone = static_copy(net, batch, width, target_shape)
    last = clone.layers[-1]
    last.output_dropout = last.output
    total = last.cost(clone) if cost is None else cost(last.output, clone.y)
    params = [getattr(layer, name) for layer in net.layers if hasattr(layer, name)]
    return function([clone.x, clone.y], grad(total, params), mode=MODES[backend], on_unused_input="ignore")


def compile_predictor(net, backend, batch, width):
    """Compile ``predict(x) -> (y_out, output)`` without dropout; only the output for a layer without ``y_out``."""
    clone = static_copy(net, batch, width, (1,) * (net.y.ndim - 1))
    last = clone.layers[-1]
    predictions = [last.y_out] if hasattr(last, "y_out") else []
    return function([clone.x], [*predictions, last.output], mode=MODES[backend])
