"""Adam, AdamW and gradient clipping against their formulas in NumPy, over the steps of two epochs."""

import numpy as np
import pytensor.tensor as pt
import pytest

import network3
from network3 import FullyConnectedLayer, Network, SoftmaxLayer
from network3.layers.initializers import normalized
from network3.optim import Adam, AdamW, ClipNorm, Hessian, MaxNorm, Momentum
from tests.network3.execution.two_layers import build, data, gradient, mini_batches, same

ETA = 0.01


def with_adam(weights, batches, beta1=0.9, beta2=0.999, epsilon=1e-8, decay=0.0):
    m, v = ([np.zeros_like(w) for w in weights] for _ in range(2))
    for t, (x, y) in enumerate(batches, start=1):
        for k, g in enumerate(gradient(weights, x, y)):
            m[k] = beta1 * m[k] + (1 - beta1) * g
            v[k] = beta2 * v[k] + (1 - beta2) * g**2
            step = ETA * (m[k] / (1 - beta1**t)) / (np.sqrt(v[k] / (1 - beta2**t)) + epsilon)
            weights[k] = weights[k] * (1 - ETA * decay if weights[k].ndim == 2 else 1) - step
    return weights


def with_clipping(weights, batches, limit, mu):
    velocities = [np.zeros_like(w) for w in weights]
    for x, y in batches:
        gradients = gradient(weights, x, y)
        norm = np.sqrt(sum((g**2).sum() for g in gradients))
        gradients = [g * min(1, limit / norm) for g in gradients]
        velocities = [mu * v - ETA * g for v, g in zip(velocities, gradients, strict=True)]
        weights = [w + v for w, v in zip(weights, velocities, strict=True)]
    return weights


@pytest.mark.parametrize("backend", ["network3", "jax"])
@pytest.mark.parametrize(
    ("rule", "reference"),
    [
        (Adam(), with_adam),
        (Adam(0.5, 0.9, 1e-3), lambda w, b: with_adam(w, b, 0.5, 0.9, 1e-3)),
        (AdamW(decay=0.5), lambda w, b: with_adam(w, b, decay=0.5)),
        (ClipNorm(0.3, Momentum(0.8)), lambda w, b: with_clipping(w, b, 0.3, 0.8)),
        (ClipNorm(100.0, Adam()), with_adam),
    ],
    ids=["Adam", "other betas", "AdamW", "clipped momentum", "Adam, clipped by nothing"],
)
def test_two_epochs(rule, reference, backend):
    network3.use(backend=backend)
    net, (x, y) = build(), data()
    start = net.get_weights()
    expected = reference([w.copy() for w in start], list(mini_batches(x, y, 2)))
    net.SGD((x, y), 2, 5, ETA, rule=rule, verbose=False)
    same(net.get_weights(), expected)
    net.set_weights(start)  # another training begins with means of 0
    net.SGD((x, y), 2, 5, ETA, rule=rule, verbose=False)
    same(net.get_weights(), expected)


@pytest.mark.parametrize("rule", [Adam(), AdamW(), ClipNorm(0.5, Adam())], ids=repr)
def test_a_checkpoint_keeps_the_means(rule, tmp_path):
    (x, y), nets = data(), [build(), build()]
    nets[1].set_weights(nets[0].get_weights())
    nets[0].SGD((x, y), 3, 5, ETA, rule=rule, verbose=False)
    nets[1].SGD((x, y), 1, 5, ETA, rule=rule, verbose=False, checkpoint=tmp_path / "c")
    nets[1].SGD((x, y), 3, 5, ETA, rule=rule, verbose=False, resume=tmp_path / "c")
    for one, other in zip(nets[0].get_weights(), nets[1].get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("clipped", [False, True])
@pytest.mark.parametrize("decay", [0.0, 0.5], ids=["Adam", "AdamW"])
def test_pytorch_agrees_in_float32(clipped, decay):
    torch = pytest.importorskip("torch", reason="PyTorch is no dependency")
    network3.use("cpu", "float32")
    rng = np.random.default_rng(2)
    layers = [FullyConnectedLayer(7, 4, rng=rng), SoftmaxLayer(4, 3, initializer=normalized, rng=rng)]
    net, (x, y) = Network(layers, 5), data()
    x = x.astype("float32")
    params = [torch.tensor(w, requires_grad=True) for w in net.get_weights()]
    groups = [{"params": params[::2], "weight_decay": decay}, {"params": params[1::2], "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=ETA)
    for images, labels in mini_batches(torch.tensor(x), torch.tensor(y, dtype=torch.int64), 3):
        optimizer.zero_grad()
        hidden = torch.sigmoid(images @ params[0] + params[1])
        torch.nn.functional.cross_entropy(hidden @ params[2] + params[3], labels).backward()
        if clipped:
            torch.nn.utils.clip_grad_norm_(params, 0.1)
        optimizer.step()
    rule = AdamW(decay=decay) if decay else Adam()
    net.SGD((x, y), 3, 5, ETA, rule=ClipNorm(0.1, rule) if clipped else rule, verbose=False)
    for w, expected in zip(net.get_weights(), params, strict=True):
        # PyTorch divides by the norm plus 1e-6 when it clips.
        np.testing.assert_allclose(w, expected.detach().numpy(), rtol=1e-5, atol=3e-6)


@pytest.mark.parametrize("backend", ["network3", "jax"])
def test_the_first_step_in_float32_is_of_the_length_of_the_rate(backend):
    network3.use("cpu", "float32", backend=backend)
    rng = np.random.default_rng(2)
    net, (x, y) = Network([SoftmaxLayer(7, 3, initializer=normalized, rng=rng)], 5), data()
    before = net.get_weights()
    net.SGD((x[:5], y[:5]), 1, 5, 2.0**-7, rule=Adam(epsilon=1e-30), verbose=False)
    for a, b in zip(before, net.get_weights(), strict=True):
        # 1 - 0.999 would be off by 1e-5 or more.
        np.testing.assert_allclose(abs(b.astype("float64") - a), 2.0**-7, rtol=0, atol=1.5e-7)


def test_a_network_of_frozen_weights_and_layers_without_any():
    cost, eta = pt.scalar(), pt.scalar()
    assert ClipNorm(1.0)(cost, [], eta) == ClipNorm(1.0, Adam())(cost, [], eta) == {}


def test_clipping_refuses_second_derivatives():
    with pytest.raises(
        ValueError, match=r"ClipNorm: rule: expected a rule that uses the first gradient alone; got Hes"
    ):
        ClipNorm(1.0, MaxNorm(2.0, Hessian()))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Adam(beta1=1.0), r"Adam: beta1: expected a finite number, at least 0 and below 1; got 1\.0"),
        (lambda: Adam(beta2=-0.1), r"Adam: beta2: expected a finite number"),
        (lambda: Adam(epsilon=0), r"Adam: epsilon: expected a finite number, above 0; got 0"),
        (lambda: AdamW(decay=-1), r"AdamW: decay: expected a finite number, at least 0; got -1"),
        (lambda: ClipNorm(0), r"ClipNorm: limit: expected a finite number, above 0; got 0"),
    ],
)
def test_values_out_of_range(make, message):
    with pytest.raises(ValueError, match=message):
        make()
