"""Each peer that is installed here trains the same network as ours: same cost, same weights after a step, same labels.

On random images: without equal values in a pooling window, all libraries agree on the gradient.
"""

import importlib
import os
import shutil

import numpy as np
import pytest

from benchmarks.configurations import CONFIGURATIONS, channels_first, channels_last
from benchmarks.peers import PEERS

os.environ.setdefault("KERAS_BACKEND", "jax")  # as the benchmark sets it for its process
BATCH = 10
LIBRARIES = {
    "pytorch_eager": "torch",
    "pytorch_compiled": "torch",
    "jax_jit": "jax",
    "keras_peer": "keras",
    "pytensor_ml": "pytensor_ml",
}
SLOW = {"pytorch_compiled", "pytensor_ml"}
HERE = [pytest.param(name, marks=[pytest.mark.torch] if LIBRARIES[name] == "torch" else []) for name in PEERS]
pytestmark = [
    # PyTorch and Keras warn of themselves.
    pytest.mark.filterwarnings("ignore:`torch.jit.script_method` is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"),
]


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(1)
    return rng.random((500, 784), dtype=np.float32), rng.integers(0, 10, 500).astype(np.int32)


@pytest.fixture(scope="module")
def after_a_step(data):
    """Return cost, weights after a step and labels of a peer; ours are computed once."""
    x, y = data
    done = {}

    def run(module, name):
        if (module, name) not in done:
            config = CONFIGURATIONS[name].without_dropout()
            contestant = importlib.import_module(f"benchmarks.peers.{module}").build(config, config.weights(), BATCH)
            cost = contestant.cost(x[:BATCH], y[:BATCH])
            contestant.load(x, y)
            contestant.run(1)
            done[module, name] = cost, [np.asarray(w) for w in contestant.weights()], contestant.predict(x)
        return done[module, name]

    return run


def test_every_peer_is_tried():
    assert set(LIBRARIES) == set(PEERS)


@pytest.mark.parametrize("name", CONFIGURATIONS)
@pytest.mark.parametrize("module", HERE)
def test_a_peer_does_the_same_work(module, name, after_a_step):
    pytest.importorskip(LIBRARIES[module])
    if module in SLOW and name != "two_conv":
        pytest.skip("compiles for long")
    if module == "pytorch_compiled" and not any(map(shutil.which, ("g++", "clang++", "cl"))):
        pytest.skip("torch.compile needs a C++ compiler")
    cost, weights, labels = after_a_step(module, name)
    our_cost, ours, our_labels = after_a_step("ours", name)
    assert cost == pytest.approx(our_cost, rel=1e-5)
    first = CONFIGURATIONS[name].weights()
    for weight, our, before in zip(weights, ours, first, strict=True):
        assert not np.array_equal(our, before)
        np.testing.assert_allclose(weight, our, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(weight - before, our - before, rtol=0.01, atol=1e-6)
    assert np.mean(labels == our_labels) >= 0.99


@pytest.mark.parametrize("module", [*HERE[:1], *HERE[2:4], "ours"])
def test_dropout_hides_while_training_and_scales_in_evaluation(module, data):
    pytest.importorskip(LIBRARIES.get(module, "network3"))
    x, y = data
    config = CONFIGURATIONS["dropout"]
    build = importlib.import_module(f"benchmarks.peers.{module}").build
    contestant = build(config, config.weights(), BATCH)
    scaled = [w * 0.5 if i >= 4 and w.ndim == 2 else w for i, w in enumerate(config.weights())]
    plain = build(config.without_dropout(), scaled, BATCH)
    assert np.mean(contestant.predict(x) == plain.predict(x)) >= 0.99
    contestant.load(x, y)
    contestant.run(1)
    moved = np.asarray(contestant.weights()[6]) != config.weights()[6]  # of the second matrix of 1000 x 1000
    # A weight moves if its input was kept for some example and is not dead: rows of the whole batch dropped do not.
    assert moved.any()
    assert not moved.all()


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_layouts_come_back(name):
    config = CONFIGURATIONS[name]
    back = channels_first(config, channels_last(config, config.weights()))
    for a, b in zip(back, config.weights(), strict=True):
        np.testing.assert_array_equal(a, b)
