"""An Op of the user in a layer: it runs, its errors are passed on, and one that cannot run is named with its layer."""

import numpy as np
import pytest
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op

from network3 import FullyConnectedLayer, Network, SoftmaxLayer

pytestmark = pytest.mark.filterwarnings("ignore:Numba will use object mode")


class Twice(Op):
    """2 x, in Python."""

    __props__ = ("kind",)
    calls = 0

    def __init__(self, kind):
        self.kind = kind

    def make_node(self, x):
        return Apply(self, [x], [x.type()])

    def perform(self, node, inputs, output_storage):
        Twice.calls += 1
        if self.kind == "unfinished":
            raise NotImplementedError
        if self.kind == "late" and Twice.calls > 20:
            raise ZeroDivisionError("the user's")
        output_storage[0][0] = 2 * inputs[0]

    def pullback(self, inputs, outputs, cotangents):
        return [2 * cotangents[0]]


class Own:
    """A layer by the protocol alone."""

    params = ()

    def __init__(self, kind):
        self.kind = kind

    def set_inpt(self, inpt, inpt_dropout, mini_batch_size):
        self.output, self.output_dropout = Twice(self.kind)(inpt), Twice(self.kind)(inpt_dropout)


def trained(kind):
    Twice.calls = 0
    rng = np.random.default_rng(4)
    net = Network([FullyConnectedLayer(20, 7, rng=rng), Own(kind), SoftmaxLayer(7, 3, rng=rng)], 10)
    data = rng.random((300, 20)), rng.integers(0, 3, 300)
    before = net.get_weights()
    return net, before, lambda: net.SGD(data, 2, 10, 0.1)


def test_it_runs_at_every_step():
    net, before, train = trained("complete")
    train()
    assert Twice.calls >= 60
    assert not np.array_equal(net.get_weights()[0], before[0])


@pytest.mark.parametrize(
    ("kind", "error", "message"),
    [
        ("late", ZeroDivisionError, "the user's"),
        ("unfinished", NotImplementedError, r"^layer 1 \(Own\): expected Ops .*Twice"),
    ],
)
def test_an_error_restores_the_weights_from_before_the_epoch(kind, error, message):
    net, before, train = trained(kind)
    with pytest.raises(error, match=message):
        train()
    for one, other in zip(net.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)
