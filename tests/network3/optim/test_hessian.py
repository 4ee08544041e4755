"""The Hessian technique against the explicit matrix of second derivatives, by finite differences of the gradient."""

import numpy as np
import pytest

from network3.optim import Hessian
from tests.network3.execution.two_layers import build, data, gradient, same


def flat(arrays):
    return np.concatenate([a.ravel() for a in arrays])


def explicit_hessian(weights, x, y, h=1e-6):
    """Return the matrix, a column for each parameter."""
    columns = []
    for k, w in enumerate(weights):
        for i in range(w.size):
            moved = []
            for sign in (1, -1):
                changed = [a.copy() for a in weights]
                changed[k].flat[i] += sign * h
                moved.append(flat(gradient(changed, x, y)))
            columns.append((moved[0] - moved[1]) / (2 * h))
    return np.array(columns).T


@pytest.mark.slow
@pytest.mark.parametrize("damping", [0.3, 2.0])
@pytest.mark.parametrize("eta", [1.0, 0.25])
def test_enough_iterations_solve_the_system(damping, eta):
    net, (x, y) = build(), data(batches=1)
    weights = net.get_weights()
    matrix = explicit_hessian(weights, x, y) + damping * np.eye(47)
    assert np.linalg.eigvalsh(matrix).min() > 0
    step = np.linalg.solve(matrix, flat(gradient(weights, x, y)))
    net.SGD((x, y), 1, 5, eta, rule=Hessian(damping, iterations=20))
    np.testing.assert_allclose(flat(net.get_weights()), flat(weights) - eta * step, rtol=1e-6, atol=1e-8)


def test_one_iteration_steps_along_the_gradient_to_the_minimum():
    net, (x, y) = build(), data(batches=1)
    weights = net.get_weights()
    g = flat(gradient(weights, x, y))
    length = g @ g / (g @ (explicit_hessian(weights, x, y) @ g + 0.5 * g))
    net.SGD((x, y), 1, 5, 1.0, rule=Hessian(0.5, iterations=1))
    np.testing.assert_allclose(flat(net.get_weights()), flat(weights) - length * g, rtol=1e-7)


def test_negative_curvature_gives_no_step():
    """A parabola that opens downwards has no minimum."""
    import pytensor
    import pytensor.tensor as pt

    x = pytensor.shared(np.array([0.5, 0.1]), name="x")
    cost = -(x[0] ** 2) - x[1] ** 2
    updates = Hessian(damping=0.5, iterations=3)(cost, [x], pt.constant(1.0))
    with pytensor.config.change_flags(mode="FAST_COMPILE"):  # Numba compiles the loop for five seconds
        np.testing.assert_array_equal(updates[x].eval(), [0.5, 0.1])


@pytest.mark.slow
def test_the_cost_falls_faster_than_with_gradient_descent():
    """The book expects fewer steps."""
    costs = []
    for rule, eta in ((None, 1.0), (Hessian(0.1, iterations=5), 1.0)):
        net, examples = build(), data(seed=1, batches=1)
        costs.append(net.SGD(examples, 15, 5, eta, rule=rule).cost[-1])
    assert costs[1] < 0.5 * costs[0]


def test_second_derivatives_of_a_network_with_a_convolution(small_network):
    """Along one vector: by the rule with one iteration, and by finite differences of its own gradient."""
    net = small_network("network3", "float64")
    rng = np.random.default_rng(2)
    examples = rng.random((5, 160)), rng.integers(0, 4, 5)
    start = net.get_weights()

    def gradient_at(weights):
        net.set_weights(weights)
        net.SGD(examples, 1, 5, 1.0)
        return [a - b for a, b in zip(weights, net.get_weights(), strict=True)]

    g = gradient_at(start)
    h = 1e-5
    ahead, behind = (gradient_at([w + s * h * v for w, v in zip(start, g, strict=True)]) for s in (1, -1))
    curvature = sum(((a - b) / (2 * h) * v).sum() for a, b, v in zip(ahead, behind, g, strict=True))
    square = sum((v**2).sum() for v in g)
    length = square / (curvature + 3 * square)
    net.set_weights(start)
    net.SGD(examples, 1, 5, 1.0, rule=Hessian(3.0, iterations=1))
    same(net.get_weights(), [w - length * v for w, v in zip(start, g, strict=True)], rtol=1e-5)


@pytest.mark.parametrize(("damping", "iterations", "which"), [(-1, 3, "damping"), (1.0, 0, "iterations")])
def test_values_out_of_range_are_refused(damping, iterations, which):
    with pytest.raises(ValueError, match=rf"^Hessian: {which}: expected .*; got .*\. "):
        Hessian(damping, iterations)
