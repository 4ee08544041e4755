"""Adam, AdamW and gradient clipping against their formulas in NumPy, over the steps of two epochs."""

import numpy as np
import pytest

from network3.optim import Adam, AdamW, ClipNorm, Momentum
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
    import network3

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
