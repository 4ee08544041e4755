"""Networks as compiled functions, at a fixed batch: one training step, a scorer of labelled data, a predictor."""

from pytensor import function
from pytensor.tensor.type import TensorType

from network3.layers import dropout_updates
from network3.layers.precision import building

from .device import chosen_backend
from .regularization import l2
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


def compile_step(net, backend, batch, width, target_shape, cost=None, decayed=False):
    """Compile ``step(x, y, eta, lmbda) -> cost``, which takes one step of gradient descent.

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
    decayed : bool
        Whether lmbda times `l2` of the weights is added.

    Returns
    -------
    pytensor.compile.Function
        x : (batch, width), y : (batch, *target_shape); eta and lmbda are scalars of the network's type. lmbda is
        what multiplies the L2 term as it stands: already divided by the number of mini-batches.
    """
    clone = static_copy(net, batch, width, target_shape)
    last = clone.layers[-1]
    eta, lmbda = (TensorType(net.floatX, shape=())(name) for name in ("eta", "lmbda"))
    total = last.cost(clone) if cost is None else cost(last.output_dropout, clone.y)
    total = with_states_of(net, clone, total)
    if decayed:
        total = total + lmbda * l2([layer.w for layer in net.layers if hasattr(layer, "w")])
    updates = gradient_descent(total, net.params, eta) | dropout_updates(total)
    return function(
        [clone.x, clone.y, eta, lmbda], total, updates=updates, mode=MODES[backend], on_unused_input="ignore"
    )


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


def compile_predictor(net, backend, batch, width):
    """Compile ``predict(x) -> (y_out, output)`` without dropout; only the output for a layer without ``y_out``."""
    clone = static_copy(net, batch, width, (1,) * (net.y.ndim - 1))
    last = clone.layers[-1]
    predictions = [last.y_out] if hasattr(last, "y_out") else []
    return function([clone.x], [*predictions, last.output], mode=MODES[backend])
