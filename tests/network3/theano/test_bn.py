"""Batch normalization of Theano against its formulas: axes, both layouts of parameters, running averages."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.compile.mode import Mode
from pytensor.gradient import verify_grad

from network3.theano.tensor.nnet import batch_normalization, batch_normalization_test, batch_normalization_train

AXES = {"per-activation": (0,), "spatial": (0, 2, 3), (0, 2): (0, 2), (3,): (3,)}


@pytest.fixture
def x(rng):
    return rng.normal(3, 2, (5, 4, 3, 2))


def means_shape(shape, over, kept):
    """Return the shape of means with the axes `over` of length 1, or without them."""
    return tuple(1 if k in over else n for k, n in enumerate(shape) if kept or k not in over)


@pytest.mark.parametrize("kept", [False, True], ids=["without the axes", "with axes of length 1"])
@pytest.mark.parametrize("axes", AXES, ids=str)
def test_values_are_those_of_the_formulas(evaluate, rng, x, axes, kept):
    over = AXES[axes]
    shape, full = means_shape(x.shape, over, kept), means_shape(x.shape, over, True)
    gamma, beta, old_mean, old_var = rng.uniform(0.5, 2, (4, *shape))

    def train(x, gamma, beta, old_mean, old_var):
        return list(batch_normalization_train(x, gamma, beta, axes, 1e-3, 0.25, old_mean, old_var))

    out, mean, invstd, new_mean, new_var = evaluate(train, x, gamma, beta, old_mean, old_var)
    m, v = x.mean(over, keepdims=True), x.var(over, keepdims=True)
    g, b = gamma.reshape(full), beta.reshape(full)
    np.testing.assert_allclose(out, (x - m) / np.sqrt(v + 1e-3) * g + b, rtol=1e-9)
    np.testing.assert_allclose(mean, m.reshape(shape), rtol=1e-9)
    np.testing.assert_allclose(invstd, 1 / np.sqrt(v + 1e-3).reshape(shape), rtol=1e-9)
    np.testing.assert_allclose(new_mean, 0.75 * old_mean + 0.25 * m.reshape(shape), rtol=1e-9)
    unbiased = x.var(over, ddof=1, keepdims=True).reshape(shape)
    np.testing.assert_allclose(new_var, 0.75 * old_var + 0.25 * unbiased, rtol=1e-9)

    found = evaluate(lambda *a: batch_normalization_test(*a, axes, 1e-3), x, gamma, beta, old_mean, old_var)
    expected = (x - old_mean.reshape(full)) / np.sqrt(old_var.reshape(full) + 1e-3) * g + b
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_static_shapes_and_float32_stay():
    x = pt.tensor("x", shape=(5, 4, 3, 2), dtype="float32")
    gamma, beta, mean, var = (pt.tensor(shape=(4,), dtype="float32") for _ in range(4))
    results = batch_normalization_train(x, gamma, beta, "spatial", running_mean=mean, running_var=var)
    assert [r.type.shape for r in results] == [(5, 4, 3, 2), *[(4,)] * 4]
    assert {r.dtype for r in results} == {"float32"}


def test_without_running_averages_there_are_three_results(x):
    assert len(batch_normalization_train(pt.constant(x), pt.ones((4, 3, 2)), pt.zeros((4, 3, 2)))) == 3


def test_the_gradient_is_that_of_finite_differences(rng, x):
    def normalized(x, gamma, beta):
        return batch_normalization_train(x, gamma, beta, "spatial")[0]

    arrays = [x[:3, :2], *rng.uniform(0.5, 2, (2, 2))]
    verify_grad(normalized, arrays, rng=np.random.default_rng(5), mode=Mode("py", "fast_compile"))


def test_the_older_function(evaluate, x):
    stats = x.mean(0), x.std(0)
    found = evaluate(lambda x, m, s: batch_normalization(x, 2.0, 1.0, m, s, mode="high_mem"), x, *stats)
    np.testing.assert_allclose(found, 2 * (x - stats[0]) / stats[1] + 1, rtol=1e-9)


MISTAKES = {
    "one average": ({"running_mean": pt.dvector()}, ValueError, "expected both .*; got running_mean only"),
    "epsilon": ({"epsilon": 1e-6}, ValueError, "epsilon: expected a finite number, at least 1e-05; got 1e-06"),
    "axes": ({"axes": "spacial"}, ValueError, 'axes: expected one of .*; got .*Perhaps you meant "spatial"'),
    "no such axis": ({"axes": (0, 4)}, ValueError, r"axes: expected some of the 4 axes; got \(0, 4\)"),
    "per-activation": ({"axes": "per-activation"}, TypeError, r"gamma: expected 3 axes, .*; got 1 axes.*spatial"),
    "factor": ({"running_average_factor": 2}, ValueError, "running_average_factor: expected .*; got 2"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_named(mistake):
    settings, kind, message = MISTAKES[mistake]
    with pytest.raises(kind, match=rf"^batch_normalization_train:? ?.*{message}.*\.$"):
        batch_normalization_train(pt.dtensor4(), pt.dvector(), pt.dvector(), **{"axes": "spatial"} | settings)


def test_the_running_averages_are_trained_as_updates(x):
    average = pytensor.shared(np.zeros(4), shape=(4,))
    spread = pytensor.shared(np.ones(4), shape=(4,))
    inputs = pt.dtensor4()
    settings = {"axes": "spatial", "running_average_factor": 1.0, "running_mean": average, "running_var": spread}
    *_, new_mean, new_var = batch_normalization_train(inputs, pt.ones(4), pt.zeros(4), **settings)
    step = pytensor.function([inputs], [], updates={average: new_mean, spread: new_var}, mode="FAST_COMPILE")
    step(x)
    np.testing.assert_allclose(average.get_value(), x.mean((0, 2, 3)), rtol=1e-9)
    np.testing.assert_allclose(spread.get_value(), x.var((0, 2, 3), ddof=1), rtol=1e-9)
