"""Each installed peer trains the same network as network3: same cost, same weights after a step, same labels.

The images are random: without equal values in a pooling window, all libraries agree on the gradient.
"""

import importlib
import math
import os
import shutil

import numpy as np
import pytest

from benchmarks.configurations import CHAPTER6, CONFIGURATIONS, channels_first, channels_last
from benchmarks.peers import PEERS

os.environ.setdefault("KERAS_BACKEND", "jax")  # as the benchmark sets it for its process
BATCH = 10
LIBRARIES = {
    "pytorch_eager": "torch",
    "pytorch_compiled": "torch",
    "jax_jit": "jax",
    "keras_peer": "keras",
    "pytorch_eager_last": "torch",
    "pytorch_compiled_last": "torch",
    "pytensor_ml": "pytensor_ml",
}
SLOW = {"pytorch_compiled", "pytorch_compiled_last", "pytensor_ml"}
MODULES = [pytest.param(name, marks=[pytest.mark.torch] if LIBRARIES[name] == "torch" else []) for name in PEERS]
pytestmark = [
    # Raised inside PyTorch and Keras.
    pytest.mark.filterwarnings("ignore:`torch.jit.script_method` is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"),
]


def random_data(config):
    """Return images and labels for a network."""
    rng = np.random.default_rng(1)
    return rng.random((500, math.prod(config.image)), dtype=np.float32), rng.integers(0, 10, 500).astype(np.int32)


@pytest.fixture(scope="module")
def data():
    return random_data(CONFIGURATIONS["dropout"])


@pytest.fixture(scope="module")
def after_a_step():
    """Return a function for the cost, the weights after a step and the labels of a peer, computed once."""
    done = {}

    def run(module, name):
        if (module, name) not in done:
            config = CONFIGURATIONS[name].without_dropout()
            x, y = random_data(config)
            network = importlib.import_module(f"benchmarks.peers.{module}").build(config, config.weights(), BATCH)
            cost = network.cost(x[:BATCH], y[:BATCH])
            network.load(x, y)
            network.run(1)
            done[module, name] = cost, [np.asarray(w) for w in network.weights()], network.predict(x)
        return done[module, name]

    return run


def test_every_peer_is_tested():
    assert {name: peer.module for name, peer in PEERS.items()} == {
        name: f"benchmarks.peers.{name}" for name in LIBRARIES
    }


@pytest.mark.parametrize("name", [name for name in CONFIGURATIONS if name != "vgg64"])  # as vgg16, but slow
@pytest.mark.parametrize("module", MODULES)
def test_a_peer_computes_the_same(module, name, after_a_step):
    pytest.importorskip(LIBRARIES[module])
    if module in SLOW and name != "two_conv":
        pytest.skip("compiles for long")
    if PEERS[module].networks and name not in PEERS[module].networks:
        pytest.skip("not compared")
    if module == "pytorch_compiled" and not any(map(shutil.which, ("g++", "clang++", "cl"))):
        pytest.skip("torch.compile needs a C++ compiler")
    cost, weights, labels = after_a_step(module, name)
    our_cost, ours, our_labels = after_a_step("ours", name)
    assert cost == pytest.approx(our_cost, rel=1e-5)
    first = CONFIGURATIONS[name].weights()
    for weight, our, before in zip(weights, ours, first, strict=True):
        assert not np.array_equal(our, before)
        if name in CHAPTER6:
            np.testing.assert_allclose(weight, our, rtol=1e-4, atol=1e-6)
            np.testing.assert_allclose(weight - before, our - before, rtol=0.01, atol=1e-6)
        else:  # among very many windows, rounding decides in one or two which of nearly equal values is the maximum
            assert np.linalg.norm(weight - our) < 0.02 * np.linalg.norm(our - before)
    assert np.mean(labels == our_labels) >= 0.99


@pytest.mark.parametrize("module", [*(param for param in MODULES if param.values[0] not in SLOW), "ours"])
def test_dropout_masks_while_training_and_scales_in_evaluation(module, data):
    pytest.importorskip(LIBRARIES.get(module, "network3"))
    x, y = data
    config = CONFIGURATIONS["dropout"]
    build = importlib.import_module(f"benchmarks.peers.{module}").build
    network = build(config, config.weights(), BATCH)
    scaled = [w * 0.5 if i >= 4 and w.ndim == 2 else w for i, w in enumerate(config.weights())]
    plain = build(config.without_dropout(), scaled, BATCH)
    assert np.mean(network.predict(x) == plain.predict(x)) >= 0.99
    network.load(x, y)
    network.run(1)
    moved = np.asarray(network.weights()[6]) != config.weights()[6]  # the second matrix, 1000 x 1000
    # A weight moves if its input is kept and positive for some example; it stays if the input is dropped for all.
    assert moved.any()
    assert not moved.all()


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_channels_first_undoes_channels_last(name):
    config = CONFIGURATIONS[name]
    restored = channels_first(config, channels_last(config, config.weights()))
    for a, b in zip(restored, config.weights(), strict=True):
        np.testing.assert_array_equal(a, b)
