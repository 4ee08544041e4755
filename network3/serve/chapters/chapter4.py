"""Chapter 4: one hidden layer can compute any function; by hand from pairs of steps, or by training."""

import threading
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from network3.layers import FullyConnectedLayer, RegressionLayer, sigmoid, tanh
from network3.layers.checks import error_message, integer, real, shown
from network3.layers.initializers import glorot, zeros
from network3.network import Network
from network3.optim import ExponentialDecay, Momentum
from network3.training.callbacks import Progress

MOST_BUMPS, MOST_NEURONS = 12, 200
POINTS = np.linspace(0, 1, 201)
EPOCHS, EVERY = 150, 5
_lock = threading.Lock()  # the networks of `bumps` are shared by requests


def goal(x: NDArray[Any]) -> NDArray[Any]:
    r"""Return the chapter's function, :math:`0.2 + 0.4 x^2 + 0.3 x \sin 15 x + 0.05 \cos 50 x`."""
    return 0.2 + 0.4 * x**2 + 0.3 * x * np.sin(15 * x) + 0.05 * np.cos(50 * x)


def bumps(pairs: Any, steepness: Any = 300.0) -> dict[str, Any]:
    r"""Return what pairs of hidden sigmoid neurons with a linear output compute.

    .. math:: \sum_k h_k \left(\sigma(w (x - s_k)) - \sigma(w (x - t_k))\right)

    Parameters
    ----------
    pairs : list of dict
        ``{"from": s, "to": t, "height": h}`` for each pair.
    steepness : float in [1, 2000]
        :math:`w`, the weight of each hidden neuron.

    Returns
    -------
    dict
        ``{"x", "goal", "output": lists of 201 floats, "distance": mean of |output - goal|}``.

    Raises
    ------
    ValueError
        Too many pairs, or numbers outside their limits.
    """
    if not isinstance(pairs, list) or not 1 <= len(pairs) <= MOST_BUMPS:
        got = f"{len(pairs)}" if isinstance(pairs, list) else shown(pairs)
        raise ValueError(error_message("bumps", f"expected 1 to {MOST_BUMPS} pairs", got, "Add or remove pairs."))
    checked = [_pair(k, one) for k, one in enumerate(pairs)]
    w = real("bumps: steepness", steepness, least=1.0, most=2000.0)
    places = np.array([place for start, end, _ in checked for place in (start, end)])
    heights = np.array([part for _, _, height in checked for part in (height, -height)])
    with _lock:
        net = _steps(len(places))
        hidden, last = net.layers
        weights = np.full((1, len(places)), w), -w * places, heights[:, None], np.zeros(1)
        for variable, value in zip((hidden.w, hidden.b, last.w, last.b), weights, strict=True):
            variable.set_value(value.astype(net.floatX))
        return _curve(_output(net))


def fit(neurons: Any = 60, seed: Any = 0) -> dict[str, Any]:
    """Train a hidden layer of tanh neurons on 1,000 points of the function.

    Returns
    -------
    dict
        As that of `bumps`, and ``"curves"``, the outputs before the training and after every fifth epoch.

    Raises
    ------
    ValueError
        Neurons outside 1 to 200, or a seed below 0.
    """
    count = integer("fit: neurons", neurons)
    if count > MOST_NEURONS:
        hint = f"Write {MOST_NEURONS}."
        raise ValueError(error_message("fit: neurons", f"expected at most {MOST_NEURONS}", count, hint))
    rng = np.random.default_rng(integer("fit: seed", seed, least=0))
    hidden = FullyConnectedLayer(1, count, activation_fn=tanh, initializer=zeros)
    net = Network([hidden, RegressionLayer(count, 1, initializer=glorot, rng=rng)], 20)
    slopes = rng.choice([-1, 1], count) * rng.uniform(10, 60, count)  # steps that are spread over the interval
    hidden.w.set_value(slopes[None, :].astype(net.floatX))
    hidden.b.set_value((-slopes * rng.uniform(0, 1, count)).astype(net.floatX))
    curves = [_output(net)]

    def record(progress: Progress) -> None:
        if progress.epoch_done and (progress.epoch + 1) % EVERY == 0:
            curves.append(_output(net))

    x = rng.uniform(0, 1, (1000, 1))
    net.SGD(
        (x, goal(x)),
        EPOCHS,
        20,
        0.02,
        rule=Momentum(0.9),
        schedule=ExponentialDecay(0.02),
        shuffle=True,
        seed=0,
        callbacks=[record],
        verbose=False,
    )
    found = [_curve(curve) for curve in curves]
    return found[-1] | {
        "curves": [curve["output"] for curve in found],
        "distances": [curve["distance"] for curve in found],
        "every": EVERY,
    }


@lru_cache(MOST_BUMPS)
def _steps(count: int) -> Network:
    """Return a network of `count` hidden neurons, compiled once."""
    layers = [FullyConnectedLayer(1, count, activation_fn=sigmoid, initializer=zeros)]
    return Network([*layers, RegressionLayer(count, 1, initializer=zeros)], 1)


def _pair(k: int, given: Any) -> tuple[float, float, float]:
    if not isinstance(given, dict):
        hint = 'Write {"from": 0.2, "to": 0.4, "height": 0.5}.'
        raise ValueError(error_message(f"bumps: pair {k}", "expected from, to and height", shown(given), hint))
    limits = {"from": (0.0, 1.0), "to": (0.0, 1.0), "height": (-4.0, 4.0)}
    start, end, height = (
        real(f"bumps: {name} of pair {k}", given.get(name), least=least, most=most)
        for name, (least, most) in limits.items()
    )
    return start, end, height


def _output(net: Network) -> NDArray[np.float64]:
    return net.predict(POINTS[:, None]).ravel().astype(np.float64)


def _curve(output: NDArray[np.float64]) -> dict[str, Any]:
    expected = goal(POINTS)
    return {
        "x": POINTS.tolist(),
        "goal": expected.tolist(),
        "output": output.tolist(),
        "distance": float(abs(output - expected).mean()),
    }
