"""Training steps of a small network with a convolution, against loops written out in NumPy, forward and backward."""

from functools import cache
from itertools import product

import numpy as np
import pytest
from pytensor import function

from network3.layers.ops import DropoutMask

ETA, LMBDA, BATCH = 0.5, 0.7, 5
LIMITS = {"float64": 1e-10, "float32": 1e-4}


def examples(kind, steps):
    """Make images without ties, or of small integers: then many windows have several maxima."""
    rng = np.random.default_rng(21)
    shape = (BATCH * steps, 160)
    images = rng.normal(size=shape) if kind == "random" else rng.integers(0, 2, shape)
    return images.astype("float64"), rng.integers(0, 4, BATCH * steps).astype("int32")


def forward_convolution(x, w, b):
    """Convolve, pool and rectify; also return the values before pooling."""
    z = np.zeros((BATCH, 3, 8, 7))
    for n, o, c, i, j, k, m in product(*map(range, (BATCH, 3, 2, 8, 7, 3, 2))):
        z[n, o, i, j] += w[o, c, k, m] * x[n, c, i + 2 - k, j + 1 - m]
    pooled = np.array([[[[z[n, o, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2].max() for j in range(3)] for i in range(4)]
                        for o in range(3)] for n in range(BATCH)])  # fmt: skip
    return z, pooled, np.maximum(pooled + b[None, :, None, None], 0)


def backward_convolution(x, z, pooled, a, da):
    """Carry the gradient of the activations back to filters and biases."""
    dpooled = da * (a > 0)
    dz, dw = np.zeros_like(z), np.zeros((3, 2, 3, 2))
    for n, o, i, j in product(*map(range, (BATCH, 3, 8, 6))):  # the last of 7 columns fills no window
        if z[n, o, i, j] == pooled[n, o, i // 2, j // 2]:
            dz[n, o, i, j] = dpooled[n, o, i // 2, j // 2]
    for n, o, c, i, j, k, m in product(*map(range, (BATCH, 3, 2, 8, 7, 3, 2))):
        dw[o, c, k, m] += dz[n, o, i, j] * x[n, c, i + 2 - k, j + 1 - m]
    return dw, dpooled.sum(axis=(0, 2, 3))


def numpy_step(weights, x, y, masks, lmbda):
    """Return the cost of a step and the weights after it."""
    w1, b1, w2, b2, w3, b3 = weights
    x = x.reshape(BATCH, 2, 10, 8)
    z1, pooled, a1 = forward_convolution(x, w1, b1)
    hidden = a1.reshape(BATCH, 36) * masks[0]
    a2 = 1 / (1 + np.exp(-(hidden @ w2 + b2)))
    shown = a2 * masks[1]
    e = np.exp(shown @ w3 + b3)
    a3 = e / e.sum(axis=1, keepdims=True)
    cost = -np.log(a3[range(BATCH), y]).mean() + lmbda / 2 * sum((w**2).sum() for w in (w1, w2, w3))
    d3 = (a3 - np.eye(4)[y]) / BATCH
    d2 = d3 @ w3.T * masks[1] * a2 * (1 - a2)
    dw1, db1 = backward_convolution(x, z1, pooled, a1, (d2 @ w2.T * masks[0]).reshape(a1.shape))
    gradients = [dw1, db1, hidden.T @ d2, d2.sum(axis=0), shown.T @ d3, d3.sum(axis=0)]
    decay = [lmbda * w if w.ndim > 1 else 0 for w in weights]
    return cost, [w - ETA * (g + d) for w, g, d in zip(weights, gradients, decay, strict=True)]


def masks_by_numpy(p_dropout, seed, epoch, step):
    """Draw the masks of a step of an epoch as the Op's readable code does; stream 0 is the lower layer's."""
    sequences = np.random.SeedSequence(seed, spawn_key=(epoch,)).spawn(3)  # of shuffle, augmentation and dropout
    word = sequences[2].generate_state(1).view("int32")[0]
    drawn = []
    for stream, size in enumerate((36, 11)):
        op, values, out = DropoutMask(1 - p_dropout), np.zeros((BATCH, size)), [[None]]
        state = np.array([word, stream, step], "int32")
        op.perform(op.make_node(values, state), [values, state], out)
        drawn.append(out[0][0])
    return drawn


@cache
def built(build, floatX, p_dropout):
    net = build("network3", floatX, p_dropout)
    return net, net.get_weights()


@pytest.fixture
def fresh(small_network):
    """A network with its first weights, compiled no more than once for each type and dropout."""

    def fresh(floatX, p_dropout):
        net, weights = built(small_network, floatX, p_dropout)
        net.set_weights([np.round(8 * w) / 8 for w in weights])  # eighths: sums are exact, so ties stay ties
        return net

    return fresh


def assert_near(weights, expected, start, limit):
    """Compare weights, relative to the largest change of each array: the weights themselves hardly move."""
    for weight, e, w in zip(weights, expected, start, strict=True):
        np.testing.assert_allclose(weight, e, rtol=0, atol=limit * np.abs(e - w).max())


@pytest.mark.parametrize(("kind", "steps"), [("random", 3), ("tied", 1)])
@pytest.mark.parametrize(("floatX", "p_dropout"), [("float64", 0.0), ("float64", 0.4), ("float32", 0.4)])
def test_steps_are_those_of_numpy_loops(fresh, floatX, p_dropout, kind, steps):
    net = fresh(floatX, p_dropout)
    x, y = examples(kind, steps)
    weights = start = [w.astype("float64") for w in net.get_weights()]
    costs = []
    for step in range(steps):
        rows = slice(BATCH * step, BATCH * (step + 1))
        masks = masks_by_numpy(p_dropout, 77, 0, step)
        cost, weights = numpy_step(weights, x[rows], y[rows], masks, LMBDA / steps)
        costs.append(cost)
    history = net.SGD((x, y), 1, BATCH, ETA, lmbda=LMBDA, seed=77)
    assert history.cost[0] == pytest.approx(np.mean(costs), rel=LIMITS[floatX])
    assert_near(net.get_weights(), weights, start, LIMITS[floatX])


def test_the_tied_data_have_ties_that_matter(fresh):
    (x, _), weights = examples("tied", 1), fresh("float64", 0.0).get_weights()
    z, pooled, _ = forward_convolution(x.reshape(BATCH, 2, 10, 8), *weights[:2])
    winners = z[:, :, :, :6] == pooled.repeat(2, axis=2).repeat(2, axis=3)
    assert winners.sum() > 1.05 * pooled.size


def test_each_step_has_masks_of_its_own(fresh):
    net, (x, y) = fresh("float64", 0.4), examples("random", 1)
    costs = net.SGD((x, y), 3, BATCH, eta=0.0, lmbda=LMBDA, seed=78).cost
    expected = [numpy_step(net.get_weights(), x, y, masks_by_numpy(0.4, 78, k, 0), LMBDA)[0] for k in range(3)]
    np.testing.assert_allclose(costs, expected, rtol=1e-12)
    assert len(set(costs)) == 3


def test_evaluation_hides_nothing_and_weighs_the_sums_instead(fresh):
    net, (x, _) = fresh("float64", 0.4), examples("random", 1)
    w1, b1, w2, b2, w3, b3 = net.get_weights()
    _, _, a1 = forward_convolution(x.reshape(BATCH, 2, 10, 8), w1, b1)
    a2 = 1 / (1 + np.exp(-(0.6 * a1.reshape(BATCH, 36) @ w2 + b2)))
    e = np.exp(0.6 * a2 @ w3 + b3)
    output = function([net.x], net.output, mode="FAST_COMPILE")(x)
    np.testing.assert_allclose(output, e / e.sum(axis=1, keepdims=True), rtol=1e-12)
