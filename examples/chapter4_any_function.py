"""Chapter 4: one hidden layer computes any function; here the one of the chapter's games, from 1,000 of its points."""

import contextlib
import io

import numpy as np

from network3 import FullyConnectedLayer, Network, RegressionLayer, tanh
from network3.layers.initializers import glorot
from network3.optim import ExponentialDecay, Momentum


def f(x):
    """Return the chapter's function, 0.2 + 0.4 x^2 + 0.3 x sin(15 x) + 0.05 cos(50 x)."""
    return 0.2 + 0.4 * x**2 + 0.3 * x * np.sin(15 * x) + 0.05 * np.cos(50 * x)


def build(neurons=60):
    """Return tanh neurons that are spread over the interval [0, 1], and a linear one that adds them up."""
    rng = np.random.default_rng(0)
    hidden = FullyConnectedLayer(1, neurons, activation_fn=tanh)
    net = Network([hidden, RegressionLayer(neurons, 1, initializer=glorot, rng=rng)], 20)
    slopes = rng.choice([-1, 1], neurons) * rng.uniform(10, 60, neurons)
    hidden.w.set_value(slopes[None, :].astype(net.floatX))
    hidden.b.set_value((-slopes * rng.uniform(0, 1, neurons)).astype(net.floatX))
    return net


def main(epochs=300):
    """Print and return how far the network is from the function, on average, before and after training."""
    net = build()
    x = np.random.default_rng(1).uniform(0, 1, (1000, 1))
    places = np.linspace(0, 1, 501)[:, None]

    def distance():
        return float(abs(net.predict(places) - f(places)).mean())

    before = distance()
    with contextlib.redirect_stdout(io.StringIO()):
        net.SGD((x, f(x)), epochs, 20, 0.02, shuffle=True, seed=0, rule=Momentum(0.9), schedule=ExponentialDecay(0.01))
    after = distance()
    print(f"mean distance from the function: {before:.3f} at first, {after:.4f} after {epochs} epochs")
    return before, after


if __name__ == "__main__":
    main()
