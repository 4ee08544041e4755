"""Networks that are put together in the page: shapes that follow, and errors with the layer's number."""

import numpy as np
import pytest

from network3 import Network, SoftmaxLayer
from network3.layers.costs import cross_entropy, quadratic
from network3.serve.composition import compose, cost_for, table

SOFTMAX = {"kind": "SoftmaxLayer"}


def test_shapes_follow_through_all_kinds():
    layers = compose(
        [
            {"kind": "ConvPoolLayer", "filters": 3, "size": 5, "pool": 2, "pooling": "l2", "activation": "ReLU"},
            {"kind": "BatchNormLayer"},
            {"kind": "ConvPoolLayer", "filters": 4, "size": 3, "pool": 1, "padding": "half"},
            {"kind": "GlobalPoolLayer", "pooling": "max"},
            {"kind": "DropoutLayer", "dropout": 0.2},
            {"kind": "FullyConnectedLayer", "neurons": 6, "activation": "tanh", "dropout": 0.5},
            SOFTMAX,
        ]
    )
    expected = [[3, 12, 12], [3, 12, 12], [4, 12, 12], [4], [4], [6], [10]]
    assert [row["shape"] for row in table(layers)] == expected
    assert [row["parameters"] for row in table(layers)] == [78, 6, 112, 0, 0, 30, 70]
    assert Network(layers, 10).predict(np.zeros((2, 784))).shape == (2,)


def test_the_seed_decides_the_weights():
    given = [{"kind": "FullyConnectedLayer", "neurons": 5}, SOFTMAX]
    one, same, other = (compose(given, seed)[0].w.get_value() for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_the_cost_fits_the_last_layer():
    sigmoid = compose([{"kind": "FullyConnectedLayer", "neurons": 10}])
    assert [cost_for(sigmoid), cost_for(sigmoid, "quadratic")] == [cross_entropy, quadratic]
    softmax = compose([SOFTMAX])
    assert isinstance(softmax[-1], SoftmaxLayer)
    assert cost_for(softmax) is None
    with pytest.raises(ValueError, match="network: cost: expected one of log-likelihood; got 'quadratic'"):
        cost_for(softmax, "quadratic")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (None, "network: expected a list of 1 to 12 layers; got None"),
        ([], "got 0 layers"),
        ([SOFTMAX] * 13, "got 13 layers"),
        ([SOFTMAX, SOFTMAX], "layer 1: expected nothing after a SoftmaxLayer"),
        (["SoftmaxLayer"], "layer 0: expected an object with a kind"),
        ([{"kind": "SoftMaxLayer"}], 'layer 0: kind: expected one of .*Perhaps you meant "SoftmaxLayer"'),
        ([{"kind": "<script>alert(1)</script>"}], "layer 0: kind: expected one of"),
        ([{"kind": ["ConvPoolLayer"]}], "layer 0: kind: expected one of"),
        ([{"kind": "SoftmaxLayer", "neurons": 10}], r"layer 0 \(SoftmaxLayer\): expected values among dropout, kind"),
        ([{"kind": "SoftmaxLayer", "dropout": 1}], r"layer 0 \(SoftmaxLayer\): dropout: expected a finite number"),
        ([{"kind": "FullyConnectedLayer", "neurons": 0}, SOFTMAX], "neurons: expected a whole number, 1 or more"),
        ([{"kind": "FullyConnectedLayer", "neurons": 10**9}, SOFTMAX], "neurons: expected at most 2000"),
        ([{"kind": "FullyConnectedLayer", "neurons": 30}], "network: expected 10 outputs.*got an output of 30 values"),
        ([{"kind": "FullyConnectedLayer", "neurons": 9, "activation": "softmax"}], "activation: expected one of"),
        (
            [{"kind": "FullyConnectedLayer"}, {"kind": "ConvPoolLayer"}, SOFTMAX],
            r"layer 1 \(ConvPoolLayer\): expected maps of rows and columns; got 100 values\. Move it before",
        ),
        ([{"kind": "ConvPoolLayer", "size": 20}, {"kind": "ConvPoolLayer"}, SOFTMAX], r"layer 1 \(ConvPoolLayer\): "),
        (
            [
                {"kind": "ConvPoolLayer", "filters": 64, "size": 1, "pool": 1},
                {"kind": "FullyConnectedLayer", "neurons": 2000},
                SOFTMAX,
            ],
            r"layer 1 \(FullyConnectedLayer\): expected at most 5,000,000 weights; got 100,352,000",
        ),
    ],
)
def test_what_cannot_be_built_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        compose(given)
