"""Unknown keywords: the error suggests the nearest name, or the book's name for that of another library."""

import inspect
from typing import Any

import numpy as np
import pytest

import network3
from network3 import ConvPoolLayer, FullyConnectedLayer, Network, SoftmaxLayer
from network3.layers.checks import keywords_checked


def untyped(**keywords: Any) -> dict[str, Any]:
    """Hide keywords from the type checker, which would report the errors itself."""
    return keywords


def sgd(**keywords):
    net = Network([SoftmaxLayer(3, 2)], 1)
    return net.SGD((np.zeros((4, 3)), [0, 1, 1, 0]), epochs=1, mini_batch_size=2, **{"eta": 0.1} | keywords)


MISTAKES = {
    # keyword: (call, who, suggestion)
    "input_shape": (
        lambda: ConvPoolLayer(filter_shape=(1, 1, 2, 2), **untyped(input_shape=(1, 1, 5, 5))),
        "ConvPoolLayer",
        "image_shape",
    ),
    "pool_size": (
        lambda: ConvPoolLayer((1, 1, 2, 2), (1, 1, 5, 5), **untyped(pool_size=2)),
        "ConvPoolLayer",
        "poolsize",
    ),
    "activation": (
        lambda: FullyConnectedLayer(3, 2, **untyped(activation=network3.tanh)),
        "FullyConnectedLayer",
        "activation_fn",
    ),
    "dropout": (lambda: SoftmaxLayer(3, 2, **untyped(dropout=0.5)), "SoftmaxLayer", "p_dropout"),
    "lambda_": (lambda: sgd(lambda_=0.1), "SGD", "lmbda"),
    "learning_rate": (lambda: sgd(learning_rate=0.1), "SGD", "eta"),
    "test": (lambda: sgd(test=None), "SGD", "test_data"),
    "batch_size": (lambda: Network([SoftmaxLayer(3, 2)], **untyped(batch_size=1)), "Network", "mini_batch_size"),
    "flotX": (lambda: network3.use(**untyped(flotX="float64")), "use", "floatX"),
    "file": (lambda: network3.load_data_shared(**untyped(file="x.npz")), "load_data_shared", "filename"),
}


@pytest.mark.parametrize("keyword", MISTAKES)
def test_the_intended_keyword_is_suggested(keyword):
    call, who, suggestion = MISTAKES[keyword]
    with pytest.raises(TypeError, match=rf"^{who}: .*{suggestion}.*; got {keyword}=\. .*\b{suggestion}=\.$"):
        call()


def test_no_keyword_is_suggested_where_none_is_similar():
    with pytest.raises(TypeError, match=r"^SGD: .*; got xyzzy=\. Leave it out\.$"):
        sgd(xyzzy=1)


def test_an_alias_is_suggested_only_for_an_existing_argument():
    with pytest.raises(TypeError, match=r"^SoftmaxLayer: .*; got lr=\. Leave it out\.$"):
        SoftmaxLayer(3, 2, lr=1)


def test_missing_arguments_are_reported_by_python():
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'n_out'"):
        SoftmaxLayer(3)


def test_a_decorated_function_keeps_its_result_and_signature():
    @keywords_checked("add")
    def add(a, *, b=2):
        """Add."""
        return a + b

    assert (add(1), add(1, b=3), add.__doc__, add.__name__) == (3, 4, "Add.", "add")
    assert str(inspect.signature(add)) == "(a, *, b=2)"
