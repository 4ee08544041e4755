"""Every kind of network compiles to plans, whose kernels stay within their arrays and agree with PyTensor."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

from network3 import ConvPoolLayer, FullyConnectedLayer, Network, ReLU, SoftmaxLayer
from network3.execution import compile as compilation
from network3.graph import number_streams
from network3.layers import RegressionLayer, costs, linear, sigmoid, step, tanh
from network3.layers.precision import graph_flags, set_floatX
from network3.optim import regularization, rules
from tests.layers.backends.cpu.graphs import CHECKING, REFERENCE

WIDTH, BATCH = 63, 6  # an image of 7 x 9 pixels


class Own:
    """A user's layer, whose shared variable has no static shape."""

    def __init__(self, n):
        self.w = pytensor.shared(np.ones(n, "float32"))
        self.params = [self.w]

    def set_inpt(self, inpt, inpt_dropout, mini_batch_size):
        self.output, self.output_dropout = (self.formula(x) for x in (inpt, inpt_dropout))

    def formula(self, x):
        parts = pt.concatenate([pt.log1p(x[:, ::2] ** 2), x[:, 1::2]], axis=1)
        return pt.switch(parts > 0.3, parts, 0.1 * parts) * self.w + parts.mean(axis=0)


def adam(cost, params, eta):
    """An update rule as a user would write it."""
    updates = {}
    t = pytensor.shared(np.float32(0), name="t")
    updates[t] = t + np.float32(1)
    for p, g in zip(params, pytensor.grad(cost, params), strict=True):
        m, v = (pytensor.shared(np.zeros_like(p.get_value())) for _ in range(2))
        m_next = np.float32(0.9) * m + np.float32(0.1) * g
        v_next = np.float32(0.99) * v + np.float32(0.01) * g * g
        rate = pt.sqrt(1 - np.float32(0.99) ** updates[t]) / (1 - np.float32(0.9) ** updates[t])
        updates |= {m: m_next, v: v_next, p: p - eta * rate * m_next / (pt.sqrt(v_next) + np.float32(1e-6))}
    return updates


def conv(filters=4, maps=1, image=(7, 9), taps=(3, 2), pool=(2, 2), act=ReLU, **options):
    return ConvPoolLayer((filters, maps, *taps), (BATCH, maps, *image), pool, act, **options)


def dense(n_in, n_out, act=sigmoid, p=0.0):
    return FullyConnectedLayer(n_in, n_out, act, p)


def soft(n_in, p=0.0):
    return SoftmaxLayer(n_in, 10, p)


KINDS = {
    "dense": (lambda: [dense(WIDTH, 20), soft(20)], {}),
    "three hidden, l2": (
        lambda: [dense(WIDTH, 7), dense(7, 9), dense(9, 30), soft(30)],
        {"regularizer": regularization.l2},
    ),
    "quadratic": (lambda: [dense(WIDTH, 8), dense(8, 10)], {"cost": costs.quadratic}),
    "cross entropy, l1": (lambda: [dense(WIDTH, 10)], {"cost": costs.cross_entropy, "regularizer": regularization.l1}),
    "elastic": (lambda: [dense(WIDTH, 5), soft(5)], {"regularizer": regularization.ElasticNet(0.5)}),
    "momentum": (lambda: [dense(WIDTH, 20, tanh), soft(20)], {"rule": rules.Momentum(0.9)}),
    "nesterov": (
        lambda: [dense(WIDTH, 20, tanh), soft(20)],
        {"rule": rules.Nesterov(0.9), "regularizer": regularization.l2},
    ),
    "max norm, dropout": (lambda: [dense(WIDTH, 20, p=0.2), soft(20, 0.5)], {"rule": rules.MaxNorm(0.3)}),
    "adam": (lambda: [dense(WIDTH, 20), soft(20)], {"rule": adam}),
    "step": (lambda: [dense(WIDTH, 20, step), soft(20)], {}),
    "linear": (lambda: [dense(WIDTH, 20, linear), soft(20)], {}),
    "regression": (lambda: [dense(WIDTH, 5), RegressionLayer(5, 3)], {"target": (3,)}),
    "one neuron": (lambda: [RegressionLayer(1, 1, activation_fn=sigmoid)], {"target": (1,), "batch": 1, "width": 1}),
    "one conv": (lambda: [conv(act=sigmoid), dense(4 * 2 * 4, 11), soft(11)], {}),
    "two conv, l2": (
        lambda: [conv(), conv(5, 4, (2, 4), (2, 3), (1, 2)), dense(5, 12, ReLU), soft(12)],
        {"regularizer": regularization.l2},
    ),
    "two conv, tanh, dropout": (
        lambda: [conv(act=tanh), conv(5, 4, (2, 4), (2, 3), (1, 2), tanh), dense(5, 12, tanh, 0.5), soft(12, 0.5)],
        {},
    ),
    "l2 pool": (lambda: [conv_l2(), soft(4 * 2 * 4)], {}),
    "no pool, half": (lambda: [conv(3, pool=(1, 1), taps=(3, 3), padding="half"), soft(3 * 7 * 9)], {}),
    "stride": (lambda: [conv(3, taps=(3, 3), stride=2, padding="half"), soft(3 * 2 * 2)], {}),
    "one by one": (lambda: [conv(5, taps=(1, 1)), conv(4, 5, (3, 4), (1, 1), (1, 1)), soft(4 * 3 * 4)], {}),
    "windows of sixteen": (lambda: [conv(5, taps=(2, 2), pool=(4, 4)), soft(5 * 1 * 2)], {}),
    "large batch": (lambda: [dense(WIDTH, 20), soft(20)], {"batch": 70}),
    "own layer": (lambda: [dense(WIDTH, 8), Own(8), soft(8)], {}),
}


def conv_l2():
    return ConvPoolLayer((4, 1, 3, 2), (BATCH, 1, 7, 9), (2, 2), sigmoid, pool="l2")


def results(kind, mode, monkeypatch):
    """Return the results of all functions of a network in a mode, and its weights after three steps."""
    layers, options = KINDS[kind]
    options = dict(options)
    batch, width, target = (options.pop(k, v) for k, v in (("batch", BATCH), ("width", WIDTH), ("target", ())))
    monkeypatch.setitem(compilation.MODES, "network3", mode)
    np.random.seed(3)
    net = Network(layers(), batch)
    number_streams(net.dropout_states, 5)
    rng = np.random.default_rng(1)
    x = (rng.random((batch, width)) * (rng.random((batch, width)) < 0.5)).astype("float32")
    y = rng.random((batch, *target)).astype("float32") if target else rng.integers(0, 10, batch).astype("int32")
    eta, lmbda, cost = np.float32(0.1), np.float32(0.01), options.get("cost")
    with graph_flags("float32"):
        trained = compilation.compile_step(net, "network3", batch, width, target, **options)
        found = [value for _ in range(3) for value in trained(x, y, eta, lmbda)]
        found += [*net.get_weights(), *(state.get_value() for state in trained.slots)]
        found += compilation.compile_scorer(net, "network3", batch, width, target, cost)(x, y)
        found += compilation.compile_predictor(net, "network3", batch, width)(x)
        found += compilation.compile_gradients(net, "network3", batch, width, target, cost, "w")(x, y)
        if "regularizer" in options:
            found += compilation.compile_regularizer(net, "network3", options["regularizer"])()
    return trained, [np.asarray(value) for value in found]


@pytest.mark.parametrize("kind", KINDS)
def test_plans_agree_with_pytensor(kind, monkeypatch):
    set_floatX("float32")
    trained, ours = results(kind, CHECKING, monkeypatch)
    assert hasattr(trained.function.vm, "planned"), getattr(trained.function.vm, "reason", None)
    _, theirs = results(kind, REFERENCE, monkeypatch)
    for one, other in zip(ours, theirs, strict=True):
        assert (one.shape, one.dtype) == (other.shape, other.dtype)
        np.testing.assert_allclose(one, other, rtol=2e-4, atol=2e-5)
