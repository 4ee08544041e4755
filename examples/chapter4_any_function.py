"""Chapter 4: one hidden layer can approximate any function; here that of the chapter's games, from 1,000 points."""

import numpy as np

from network3 import FullyConnectedLayer, Network, RegressionLayer, tanh
from network3.layers.initializers import glorot
from network3.optim import ExponentialDecay, Momentum


def f(x: np.ndarray) -> np.ndarray:
    """Return the chapter's function, 0.2 + 0.4 x^2 + 0.3 x sin(15 x) + 0.05 cos(50 x)."""
    return 0.2 + 0.4 * x**2 + 0.3 * x * np.sin(15 * x) + 0.05 * np.cos(50 * x)


def build(neurons: int = 60) -> Network:
    """Return tanh neurons with steps spread over the interval [0, 1], and a linear neuron that sums them."""
    rng = np.random.default_rng(0)
    hidden = FullyConnectedLayer(1, neurons, activation_fn=tanh)
    net = Network([hidden, RegressionLayer(neurons, 1, initializer=glorot, rng=rng)], 20)
    slopes = rng.choice([-1, 1], neurons) * rng.uniform(10, 60, neurons)
    hidden.w.set_value(slopes[None, :].astype(net.floatX))
    hidden.b.set_value((-slopes * rng.uniform(0, 1, neurons)).astype(net.floatX))
    return net


def main(epochs: int = 300) -> tuple[float, float]:
    """Print and return the mean distance of the network from the function, before and after training."""
    net = build()
    x = np.random.default_rng(1).uniform(0, 1, (1000, 1))
    points = np.linspace(0, 1, 501)[:, None]

    def distance() -> float:
        return float(abs(net.predict(points) - f(points)).mean())

    before = distance()
    rule, schedule = Momentum(0.9), ExponentialDecay(0.01)
    net.SGD((x, f(x)), epochs, 20, 0.02, rule=rule, schedule=schedule, shuffle=True, seed=0, verbose=False)
    after = distance()
    print(f"mean distance from the function: {before:.3f} at first, {after:.4f} after {epochs} epochs")
    return before, after


if __name__ == "__main__":
    main()
