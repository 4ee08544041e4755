"""The step function, its derivative, and the perceptrons of the book's chapter 1: a NAND gate adds two bits."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

import network3
from network3 import FullyConnectedLayer, Network, step
from network3.layers.precision import graph_flags

INPUTS = [(0, 0), (0, 1), (1, 0), (1, 1)]
TINY = np.finfo("float32").tiny
Z = np.array([[-np.inf, -3.0, -TINY, -0.0], [0.0, TINY, 0.5, np.inf], [1e30, -1e30, 2.0, -2.0]])


def matrix(dtype):
    return pt.tensor("z", shape=(None, None), dtype=dtype)


@pytest.mark.parametrize("mode", ["FAST_COMPILE", "NUMBA"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_step_is_1_above_0_and_its_derivative_is_0(compute, dtype, mode):
    z, values = matrix(dtype), Z.astype(dtype)
    with graph_flags(dtype):
        a, derivative = compute([step(z), pytensor.grad(step(z).sum(), z)], {z: values}, mode)
    assert (a.dtype, derivative.dtype) == (dtype, dtype)
    np.testing.assert_array_equal(a, [[0, 0, 0, 0], [0, 1, 1, 1], [1, 0, 1, 0]])
    np.testing.assert_array_equal(derivative, np.zeros_like(Z))
    values[1, 2] = np.nan
    with_nan = compute(step(z), {z: values})
    np.testing.assert_array_equal(np.isnan(with_nan), np.isnan(values))


def perceptron(weights, bias):
    """A network of one perceptron."""
    net = Network([FullyConnectedLayer(len(weights), 1, activation_fn=step)], 1)
    net.set_weights([np.array(weights)[:, None], [bias]])
    return net


def test_five_nands_add_two_bits():
    net = perceptron([-2, -2], 3)

    def nand(*bits):
        return net.predict_proba(np.column_stack(bits))[:, 0]

    a, b = np.array(INPUTS).T
    assert nand(a, b).tolist() == [1, 1, 1, 0]
    either = nand(a, b)
    total, carry = nand(nand(a, either), nand(either, b)), nand(either, either)
    assert total.tolist() == [0, 1, 1, 0]
    assert carry.tolist() == [0, 0, 0, 1]
    assert total.dtype == "float32"


def test_the_half_adder_is_a_network_too():
    """Three layers; perceptrons with weight 1 and threshold 1/2 copy a bit."""
    layers = [FullyConnectedLayer(n_in, n_out, activation_fn=step) for n_in, n_out in ((2, 3), (3, 4), (4, 2))]
    net = Network(layers, 1)
    inner = [[1, -2, 0], [0, -2, 1]], [-0.5, 3, -0.5]  # a, NAND(a, b), b
    middle = [[-2, 0, 0, 0], [-2, -2, 1, 1], [0, -2, 0, 0]], [3, 3, -0.5, -0.5]  # two NANDs, the first NAND twice
    outer = [[-2, 0], [-2, 0], [0, -2], [0, -2]], [3, 3]  # sum, carry
    net.set_weights([np.array(part) for layer in (inner, middle, outer) for part in layer])
    for bits, expected in zip(INPUTS, [[0, 0], [1, 0], [1, 0], [0, 1]], strict=True):
        assert net.predict_proba(np.array(bits, "float32")).tolist() == [expected]


def test_the_perceptron_of_the_cheese_festival():
    """Chapter 1: weight 6 for good weather, 2 each for company and transport; threshold 5, then 3."""
    net = perceptron([6, 2, 2], -5)
    evenings = [[w, c, t] for w in (0, 1) for c in (0, 1) for t in (0, 1)]
    assert net.predict_proba(np.array(evenings))[:, 0].tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    net.layers[0].b.set_value(np.array([-3], "float32"))
    assert net.predict_proba(np.array(evenings))[:, 0].tolist() == [0, 0, 0, 1, 1, 1, 1, 1]


def test_a_network_of_steps_is_saved_and_loaded(tmp_path):
    perceptron([-2, -2], 3).save(tmp_path / "nand")
    loaded = network3.load(tmp_path / "nand")
    assert loaded.layers[0].activation_fn is step is network3.layers.ACTIVATIONS["step"]
    assert [w.tolist() for w in loaded.get_weights()] == [[[-2], [-2]], [3]]
