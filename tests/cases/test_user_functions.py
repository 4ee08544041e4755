"""Layers and functions of users that do not return what a training needs; neighbours of entry S47."""

from typing import Any

import numpy as np
import pytensor.tensor as pt
import pytest

from network3 import FullyConnectedLayer, Network, RegressionLayer, optim
from tests.cases.refusals import X, Y, net, refused


class Own:
    """A layer of the protocol; subclasses break it."""

    params: Any = ()

    def set_inpt(self, inpt, inpt_dropout, mini_batch_size):
        self.output, self.output_dropout = inpt, inpt_dropout

    def cost(self, net):
        return net.layers[-1].output_dropout.mean()


def own(**attributes):
    return type("Mine", (Own,), attributes)()


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (own(params=None), "params must be a list of shared variables; got None"),
        (own(params=[np.zeros(3)]), "params must be a list of shared variables; got [array([0., 0., 0.])]"),
        (
            own(set_inpt=lambda self, inpt: None),
            "set_inpt: expected a function of (inpt, inpt_dropout, mini_batch_size)",
        ),
        (own(set_inpt=lambda *a: None), "output must be an expression; got no output. Set self.output in set_inpt"),
        (own(cost=3), "cost: expected a function, or an object that can be called; got 3"),
        (own(cost=lambda self, net: 0.0), "cost: expected a scalar expression; got 0.0"),
        (
            own(cost=lambda self, net: net.layers[-1].output),
            "cost: expected a scalar expression of floats; got an expr",
        ),
        (own(cost=lambda self, net: pt.constant(0.5)), "expected a cost that depends on all parameters of the layer"),
        (own(output_shape=lambda self, shape: 5), "output_shape: expected (batch, sizes...); got 5"),
        (own(target_dtype="text"), "target_dtype: expected one of"),
        (own(accuracy=lambda self, y: y), "accuracy: expected a scalar expression of floats"),
    ],
)
def test_a_layer_of_ones_own_that_breaks_the_protocol_is_refused(layer, message):
    refused(lambda: Network([FullyConnectedLayer(6, 3), layer], 4).SGD((X, Y), 1, 4, 0.1), message)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cost": lambda a, y: 0.0}, "SGD: cost: expected a scalar expression; got 0.0"),
        ({"cost": lambda a, y: pt.constant(1.0)}, "expected a cost that depends on all parameters of the layer"),
        ({"cost": lambda a, y: a}, "SGD: cost: expected a scalar expression of floats; got an expression of 2 axes"),
        (
            {"cost": lambda a, y: pt.floor(pt.eq(pt.argmax(a, 1), y).mean())},
            "got one without a gradient for ",
        ),
        ({"cost": lambda a: a.mean()}, "SGD: cost: expected a function of (a, y); got one of a"),
        ({"cost": lambda a, y: np.linalg.norm(a - y)}, "SGD: cost: expected a function of PyTensor expressions; got "),
        (
            {"cost": RegressionLayer},
            "SGD: cost: expected a function, or an object that can be called; got the cl",
        ),
        ({"regularizer": lambda weights: 0.0}, "SGD: regularizer: expected a function of the weights that returns"),
        ({"regularizer": lambda weights: pt.constant(2.0)}, "that depends on them; got a constant"),
        ({"regularizer": lambda weights: weights[0]}, "got one of 2 axes"),
        (
            {"rule": lambda cost, params, eta: None},
            "SGD: rule: expected a rule that returns {variable: next value}; got N",
        ),
        ({"rule": lambda cost, params, eta: {p: 0 for p in params}}, "of shared variables and expressions; got 0"),
        ({"rule": lambda cost, params, eta: {p: p.sum() for p in params}}, "of the shapes of the variables; got ()"),
        (
            {"rule": lambda cost, params, eta: {p: pt.cast(p, "float64") for p in params}},
            "got float64 for w of float32",
        ),
        ({"rule": optim.Momentum}, "SGD: rule: expected a function, or an object that can be called; got the class"),
    ],
)
def test_a_function_that_returns_something_else_is_refused_before_anything_is_lost(options, message):
    network = net()
    network.SGD((X, Y), 1, 4, 0.1, (X, Y), verbose=False)
    best, state = network.best, np.random.get_state()[1].copy()
    refused(lambda: network.SGD((X, Y), 1, 4, 0.1, lmbda=0.1, shuffle=True, verbose=False, **options), message)
    assert network.best is best
    np.testing.assert_array_equal(np.random.get_state()[1], state)


def test_pairs_of_a_rule_train_as_its_dict():
    weights = []
    for rule in (optim.gradient_descent, lambda *a: list(optim.gradient_descent(*a).items())):
        np.random.seed(1)
        network = net()
        network.SGD((X, Y), 1, 4, 0.1, rule=rule, verbose=False)
        weights.append(network.get_weights())
    for one, two in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, two)
