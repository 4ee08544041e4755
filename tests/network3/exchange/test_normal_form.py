"""Chains in one form: what changes places because it makes no difference, and what must not."""

from itertools import permutations

import numpy as np
import pytest

from network3.exchange.normal_form import biases_first, normal_form
from network3.exchange.operations import Activate, Bias, Convolve, Drop, Multiply, Normalize, Pool, PoolAll

NONE = ((0, 0), (0, 0))
CONV = Convolve("", np.ones((2, 1, 3, 3)), (1, 1), NONE, (1, 1), 1)
PRODUCT = Multiply("", np.ones((3, 2)))
BIAS = Bias("", np.ones(2))
NORM = Normalize("", np.ones(2), np.ones(2), np.ones(2), np.ones(2), 0.01)
MAX, AVERAGE, L2 = (Pool("", mode, (2, 2), (2, 2), NONE) for mode in ("max", "average", "l2"))
PADDED = Pool("", "average", (2, 2), (2, 2), ((1, 0), (0, 0)))
RELU, SOFTMAX = Activate("", "ReLU"), Activate("", "softmax", 1)


def names(operations):
    return [id(operation) for operation in operations]


def form(*operations):
    return [(type(operation).__name__, factor) for operation, factor in normal_form(list(operations))]


@pytest.mark.parametrize(("pool", "moved"), [(MAX, True), (AVERAGE, True), (PADDED, False), (L2, False)])
def test_a_bias_is_ahead_of_pooling_that_it_commutes_with(pool, moved):
    expected = [CONV, BIAS, pool, RELU] if moved else [CONV, pool, BIAS, RELU]
    assert names(biases_first([CONV, pool, BIAS, RELU])) == names(expected)
    assert names(biases_first([CONV, BIAS, RELU, pool])) == names([CONV, BIAS, RELU, pool])


def test_the_order_of_bias_activation_and_maximum_makes_no_difference():
    orders = [order for order in permutations([BIAS, RELU, MAX]) if order.index(BIAS) < order.index(RELU)]
    assert len(orders) == 3
    found = {tuple(id(one) for one, _ in normal_form([CONV, *order])) for order in orders}
    assert found == {tuple(names([CONV, BIAS, MAX, RELU]))}


@pytest.mark.parametrize(
    ("activation", "pool"), [(RELU, AVERAGE), (RELU, L2), (SOFTMAX, MAX), (RELU, PoolAll("", "average"))]
)
def test_other_orders_stay(activation, pool):
    assert names(one for one, _ in normal_form([CONV, activation, pool])) == names([CONV, activation, pool])


def test_factors_of_dropout_are_those_of_the_next_weights():
    half = Drop("", 0.5, 0.5)
    assert form(half, PRODUCT) == [("Multiply", 0.5)]
    assert form(half, RELU, MAX, half, CONV, PRODUCT) == [
        ("Pool", 1),
        ("Activate", 1),
        ("Convolve", 0.25),
        ("Multiply", 1),
    ]
    assert form(Drop("", 0.5, 1.0), NORM) == [("Normalize", 1)]


@pytest.mark.parametrize("following", [[NORM], [BIAS], [SOFTMAX], []])
def test_factors_that_no_weights_can_have_stay(following):
    kinds = [type(operation).__name__ for operation in following]
    assert [kind for kind, _ in form(Drop("", 0.5, 0.5), *following)] == ["Drop", *kinds]
    assert normal_form([Drop("here", 0.5, 0.5), *following])[0][0] == Drop("here", 0.0, 0.5)


def test_a_negative_factor_is_not_that_of_a_maximum():
    assert [kind for kind, _ in form(Drop("", 0.0, -2.0), MAX, PRODUCT)] == ["Drop", "Pool", "Multiply"]
