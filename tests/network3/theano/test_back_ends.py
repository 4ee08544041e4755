"""A network of Theano's functions has the same cost and gradients on every back end."""

from contextlib import nullcontext

import numpy as np
import pytest

import network3.theano as theano
import network3.theano.tensor as T
from network3.theano.tensor import nnet
from network3.theano.tensor.signal.pool import pool_2d

MODES = ["NETWORK3", "NUMBA", "JAX", pytest.param("PYTORCH", marks=pytest.mark.torch)]


def network(x, w):
    """Return the cost of a network with dilation, groups, batch normalization and partial windows."""
    half = {"border_mode": "half", "filter_dilation": (1, 2), "num_groups": 2}
    maps = nnet.relu(nnet.conv2d(x, w, subsample=(2, 1), **half), 0.1)
    maps = nnet.batch_normalization_train(maps, T.ones(6), T.zeros(6), "spatial")[0]
    images = nnet.conv2d_transpose(maps, w, (None, None, 9, 8), input_dilation=(2, 1), **half)
    pooled = pool_2d(images, (3, 2), ignore_border=False, stride=(2, 2), mode="average_exc_pad")
    probabilities = nnet.softmax(pooled.reshape((4, 2 * 4 * 4)))
    return nnet.categorical_crossentropy(probabilities, T.constant([1, 2, 3, 0])).sum()


def double_precision(mode):
    """Return the context for float64, which JAX has only where it is enabled."""
    return pytest.importorskip("jax").enable_x64(True) if mode == "JAX" else nullcontext()


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.filterwarnings("ignore:`torch.jit.script_method` is deprecated:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:The given NumPy array is not writable:UserWarning")
def test_cost_and_gradients_are_those_of_numpy(rng, mode):
    if mode == "PYTORCH":
        pytest.importorskip("torch")
        import network3.layers.backends.pytorch  # noqa: F401  (registers our Ops)
    x, w = T.tensor("x", shape=(4, 2, 9, 8), dtype="float64"), T.tensor("w", shape=(6, 1, 3, 3), dtype="float64")
    cost = network(x, w)
    outputs = [cost, *T.grad(cost, [x, w])]
    arrays = rng.normal(size=(4, 2, 9, 8)), rng.normal(size=(6, 1, 3, 3))
    expected = theano.function([x, w], outputs, mode="FAST_COMPILE")(*arrays)
    with double_precision(mode):
        found = theano.function([x, w], outputs, mode=mode)(*arrays)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(np.asarray(one), other, rtol=1e-9, atol=1e-11)
