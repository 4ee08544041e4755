"""A keyword that is a slip, or another library's, is an error that says which was meant."""

import inspect
import re
from typing import Any

import numpy as np
import pytest

import network3
from network3 import ConvPoolLayer, FullyConnectedLayer, Network, SoftmaxLayer
from network3.layers.checks import keywords_checked


def slipped(**keywords: Any) -> dict[str, Any]:
    """Hide keywords from the type checker, which would find the slips itself."""
    return keywords


def sgd(**keywords):
    net = Network([SoftmaxLayer(3, 2)], 1)
    return net.SGD((np.zeros((4, 3)), [0, 1, 1, 0]), epochs=1, mini_batch_size=2, **{"eta": 0.1} | keywords)


SLIPS = {
    # what is written: (the call, who complains, what was meant)
    "input_shape": (
        lambda: ConvPoolLayer(filter_shape=(1, 1, 2, 2), **slipped(input_shape=(1, 1, 5, 5))),
        "ConvPoolLayer",
        "image_shape",
    ),
    "pool_size": (
        lambda: ConvPoolLayer((1, 1, 2, 2), (1, 1, 5, 5), **slipped(pool_size=2)),
        "ConvPoolLayer",
        "poolsize",
    ),
    "activation": (
        lambda: FullyConnectedLayer(3, 2, **slipped(activation=network3.tanh)),
        "FullyConnectedLayer",
        "activation_fn",
    ),
    "dropout": (lambda: SoftmaxLayer(3, 2, **slipped(dropout=0.5)), "SoftmaxLayer", "p_dropout"),
    "lambda_": (lambda: sgd(lambda_=0.1), "SGD", "lmbda"),
    "learning_rate": (lambda: sgd(learning_rate=0.1), "SGD", "eta"),
    "test": (lambda: sgd(test=None), "SGD", "test_data"),
    "batch_size": (lambda: Network([SoftmaxLayer(3, 2)], **slipped(batch_size=1)), "Network", "mini_batch_size"),
    "flotX": (lambda: network3.use(**slipped(flotX="float64")), "use", "floatX"),
    "file": (lambda: network3.load_data_shared(**slipped(file="x.npz")), "load_data_shared", "filename"),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_the_keyword_that_was_meant_is_named(slip):
    call, who, meant = SLIPS[slip]
    with pytest.raises(TypeError, match=rf"^{who}: expected arguments among .*; got {slip}=\. ") as caught:
        call()
    assert re.search(r"Perhaps you meant (\w+)=\.$", str(caught.value)).group(1) == meant


def test_a_keyword_that_is_like_none_is_to_be_left_out():
    with pytest.raises(TypeError, match=r"got xyzzy=\. Leave it out\.$"):
        sgd(xyzzy=1)


def test_what_is_elsewhere_called_so_is_only_meant_where_it_is_there():
    with pytest.raises(TypeError, match=r"got lr=\. Leave it out\.$"):
        SoftmaxLayer(3, 2, lr=1)


def test_python_says_what_is_missing():
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'n_out'"):
        SoftmaxLayer(3)


def test_a_decorated_function_is_as_it_was():
    @keywords_checked("add")
    def add(a, *, b=2):
        """Add."""
        return a + b

    assert (add(1), add(1, b=3), add.__doc__, add.__name__) == (3, 4, "Add.", "add")
    assert str(inspect.signature(add)) == "(a, *, b=2)"
