"""Unknown keywords: the error suggests the nearest name, or the book's name for that of another library."""

import inspect
import re
from typing import Any

import numpy as np
import pytest

import network3
from network3 import ConvPoolLayer, FullyConnectedLayer, Network, SoftmaxLayer, optim
from network3.layers.calls import keywords_checked


def untyped(**keywords: Any) -> dict[str, Any]:
    """Hide keywords from the type checker, which would report the errors itself."""
    return keywords


def called(function: Any, *arguments: Any, **keywords: Any) -> Any:
    """Return a call that the type checker would refuse."""
    return lambda: function(*arguments, **keywords)


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


def built():
    return Network([SoftmaxLayer(3, 2)], 1)


CALLS = {
    # name: (call, who, expected, got, hint)
    "missing": (called(SoftmaxLayer, 3), "SoftmaxLayer: expected n_in, n_out; got no n_out. Write SoftmaxLayer(n_in"),
    "all missing": (called(ConvPoolLayer), "expected filter_shape, image_shape; got no filter_shape and no image"),
    "too many": (
        called(FullyConnectedLayer, 3, 2, network3.tanh, 0.5, network3.tanh),
        "expected at most 4 arguments by position (n_in, n_out, activation_fn, p_dropout); got 5. Pass initial",
    ),
    "twice": (
        called(SoftmaxLayer, 3, 2, n_in=3),
        "SoftmaxLayer: expected each argument once; got n_in twice, by position and as n_in=. Write all of them by key",
    ),
    "a generator first": (
        called(ConvPoolLayer, np.random.default_rng(1), (1, 1, 2, 2), (1, 5, 5), 2, network3.tanh),
        "ConvPoolLayer: expected the generator as rng=; got it as the first argument. Write",
    ),
    "a generator and keywords": (
        called(ConvPoolLayer, np.random.RandomState(1), filter_shape=(1, 1, 2, 2), image_shape=(1, 5, 5)),
        "ConvPoolLayer: expected the generator as rng=",
    ),
    "a dataclass": (called(optim.MaxNorm), "MaxNorm: expected limit; got no limit. Write MaxNorm(limit=...)."),
    "a keyword of a dataclass": (called(optim.Momentum, momentum=0.9), "Momentum: expected arguments among mu; got"),
    "a method": (lambda: built().predict(), "predict: expected images; got no images."),
    "no arguments": (
        lambda: built().get_weights(True), "get_weights: expected no arguments; got 1."
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_a_call_with_other_arguments_is_refused(name):
    call, message = CALLS[name]
    with pytest.raises(TypeError, match=re.escape(message)):
        call()


def test_a_decorated_function_keeps_its_result_and_signature():
    @keywords_checked("add")
    def add(a, *, b=2):
        """Add."""
        return a + b

    assert (add(1), add(1, b=3), add.__doc__, add.__name__) == (3, 4, "Add.", "add")
    assert str(inspect.signature(add)) == "(a, *, b=2)"
