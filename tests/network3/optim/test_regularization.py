"""Regularization: its effect on the weights, and the precision of its sums on every back end."""

import numpy as np
import pytest
from pytensor import function, shared
from pytensor.gradient import grad

import network3
from network3.execution.backends import execution_context
from network3.layers.precision import graph_flags
from network3.optim.regularization import ElasticNet, l1, l2
from tests.network3.execution import two_layers


@pytest.mark.parametrize(("backend", "mode"), [("network3", "NETWORK3"), ("jax", "JAX")])
def test_a_sum_of_a_million_squares_has_the_precision_of_float32(backend, mode):
    if backend == "jax":
        pytest.importorskip("jax")
    network3.use("cpu", "float32", backend=backend)
    rng = np.random.default_rng(8)
    weights = [rng.normal(size=shape).astype("float32") for shape in ((1100, 1000), (7, 5, 3, 2))]
    with execution_context(backend, "float32"), graph_flags("float32"):
        term = function([], l2([shared(w, shape=w.shape) for w in weights]), mode=mode)
        value = np.asarray(term())
    assert value.dtype == "float32"
    exact = 0.5 * sum((w.astype("float64") ** 2).sum() for w in weights)
    np.testing.assert_allclose(value, exact, rtol=1e-6)


@pytest.mark.parametrize(
    ("regularizer", "slope"),
    [
        (None, lambda w: w),
        (l2, lambda w: w),
        (l1, np.sign),
        (ElasticNet(0.3), lambda w: 0.3 * np.sign(w) + 0.7 * w),
        (ElasticNet(1), np.sign),
    ],
    ids=["default", "L2", "L1", "both", "a share of 1"],
)
@pytest.mark.parametrize(("over", "m"), [("mini_batches", 6), ("examples", 30)])
def test_weights_decay_by_lmbda_over_m(regularizer, slope, over, m):
    net, (x, y) = two_layers.build(), two_layers.data()
    weights = net.get_weights()
    for images, labels in two_layers.mini_batches(x, y, 2):
        gradients = two_layers.gradient(weights, images, labels)
        decay = [0.9 / m * slope(w) if w.ndim > 1 else 0 for w in weights]  # biases are not regularized
        weights = [w - 0.3 * (g + d) for w, g, d in zip(weights, gradients, decay, strict=True)]
    net.SGD((x, y), 2, 5, 0.3, lmbda=0.9, regularizer=regularizer, lmbda_over=over)
    two_layers.same(net.get_weights(), weights)


def test_the_gradient_of_l1_at_0_is_0():
    w = shared(np.array([[0.0, -2.0, 3.0]]))
    np.testing.assert_array_equal(grad(l1([w]), w).eval(), [[0, -1, 1]])


@pytest.mark.parametrize(
    ("share", "expected"), [(share, "a finite number, at least 0 and at most 1") for share in (1.5, -0.5)]
)
def test_shares_out_of_range_are_refused(share, expected):
    with pytest.raises(ValueError, match=rf"^ElasticNet: share: expected {expected}; got .*5\. "):
        ElasticNet(share)


def test_lmbda_over_is_checked():
    with pytest.raises(ValueError, match=r"^SGD: lmbda_over: expected one of mini_batches, examples; got 'n'\. "):
        two_layers.build().SGD(two_layers.data(), 1, 5, 0.3, lmbda=0.9, lmbda_over="n")
