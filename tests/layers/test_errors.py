"""Arguments and shapes that layers refuse; each message has four parts: who, expected, got and hint."""

import re

import numpy as np
import pytest

from network3.layers import ConvPoolLayer, FullyConnectedLayer, ShapeError, SoftmaxLayer
from network3.layers.checks import one_of

FOUR_PARTS = re.compile(r"(?P<who>\w+(: \w+)?): (?P<expected>\S.*); got (?P<got>\S.*?)\. (?P<hint>[A-Z].*\.)")


def connected(n_in=6, n_out=5, **others):
    return FullyConnectedLayer(n_in, n_out, **others)


def softmax(n_in=6, n_out=5, **others):
    return SoftmaxLayer(n_in, n_out, **others)


def conv(filter_shape=(6, 2, 3, 4), image_shape=(5, 2, 11, 9), **others):
    """Maps of 9 x 6 before pooling."""
    return ConvPoolLayer(filter_shape, image_shape, **others)


WHOLE = "whole number, 1 or more"
FINITE = "finite number, at least 0 and below 1"
FC, SM, CP = "FullyConnectedLayer", "SoftmaxLayer", "ConvPoolLayer"

REFUSED = {
    # name: (constructor call, who, expected, got, hint)
    "n_in 0": (lambda: connected(0), f"{FC}: n_in", WHOLE, "0", "Write e.g. 10"),
    "n_in -3": (lambda: connected(-3), f"{FC}: n_in", WHOLE, "-3", "Write"),
    "n_in True": (lambda: connected(True), f"{FC}: n_in", WHOLE, "True", "Write"),
    "n_in 6.5": (lambda: connected(6.5), f"{FC}: n_in", WHOLE, "6.5", "Write"),
    "n_in of a shape": (lambda: connected((2, 3)), f"{FC}: n_in", WHOLE, r"\(2, 3\)", "Write"),
    "n_out 0": (lambda: connected(6, 0), f"{FC}: n_out", WHOLE, "0", "Write"),
    "n_out None": (lambda: connected(6, None), f"{FC}: n_out", WHOLE, "None", "Write"),
    "n_out '5'": (lambda: connected(6, "5"), f"{FC}: n_out", WHOLE, "'5'", "Write"),
    "p_dropout 1": (lambda: connected(p_dropout=1), f"{FC}: p_dropout", FINITE, "1", "0.1"),
    "p_dropout -0.1": (lambda: connected(p_dropout=-0.1), f"{FC}: p_dropout", FINITE, "-0.1", "0.1"),
    "p_dropout 50": (lambda: connected(p_dropout=50), f"{FC}: p_dropout", FINITE, "50", "0.1"),
    "p_dropout NaN": (lambda: connected(p_dropout=np.nan), f"{FC}: p_dropout", FINITE, "nan", "0.1"),
    "p_dropout None": (lambda: connected(p_dropout=None), f"{FC}: p_dropout", FINITE, "None", "0.1"),
    "activation 'tanh'": (
        lambda: connected(activation_fn="tanh"), f"{FC}: activation_fn", "function such as sigmoid", "'tanh'", "quotes"
    ),
    "activation None": (
        lambda: connected(activation_fn=None), f"{FC}: activation_fn", "function such as sigmoid", "None", "ReLU"
    ),
    "softmax n_in 0": (lambda: softmax(0), f"{SM}: n_in", WHOLE, "0", "Write"),
    "softmax n_out False": (lambda: softmax(6, False), f"{SM}: n_out", WHOLE, "False", "Write"),
    "softmax p_dropout 1.5": (lambda: softmax(p_dropout=1.5), f"{SM}: p_dropout", FINITE, "1.5", "0.1"),
    "filters of 3 entries": (
        lambda: conv((6, 3, 4)), f"{CP}: filter_shape", "4 whole numbers, each 1", r"\(6, 3, 4\)", "2, 3, 28, 28"
    ),
    "no filters": (lambda: conv((0, 2, 3, 4)), f"{CP}: filter_shape", "4 whole", r"\(0, 2, 3, 4\)", "Write"),
    "filters of 3.5 rows": (lambda: conv((6, 2, 3.5, 4)), f"{CP}: filter_shape", "4 whole", "3.5", "Write"),
    "filters of True": (lambda: conv((True, 2, 3, 4)), f"{CP}: filter_shape", "4 whole", "True", "Write"),
    "filters None": (lambda: conv(None), f"{CP}: filter_shape", "4 whole", "None", "Write"),
    "image of 2 entries": (lambda: conv(image_shape=(11, 9)), f"{CP}: image_shape", "whole", r"\(11, 9\)", "Write"),
    "image of 5 entries": (
        lambda: conv(image_shape=(5, 2, 11, 9, 1)), f"{CP}: image_shape", "4 whole", r"\(5, 2, 11, 9, 1\)", "Write"
    ),
    "image of no rows": (lambda: conv(image_shape=(5, 2, 0, 9)), f"{CP}: image_shape", "each 1", "0, 9", "Write"),
    "image of 2.5 maps": (lambda: conv(image_shape=(2.5, 11, 9)), f"{CP}: image_shape", "3 whole", "2.5", "Write"),
    "image None": (lambda: conv(image_shape=None), f"{CP}: image_shape", "whole", "None", "Write"),
    "other maps": (
        lambda: conv((6, 3, 3, 4)), CP, r"must have 2 as its second entry, the maps of .*\(5, 2, 11, 9\)", "3",
        r"filter_shape=\(6, 2, 3, 4\)",
    ),
    "filters too tall": (lambda: conv((6, 2, 12, 4)), CP, r"fit into its image of \(11, 9\)", r"\(12, 4\)", "half"),
    "filters too wide": (lambda: conv((6, 2, 3, 10)), CP, r"fit into its image of \(11, 9\)", r"\(3, 10\)", "smaller"),
    "pool too tall": (
        lambda: conv(poolsize=(10, 1)), CP, r"window must fit into a convolved map of \(9, 6\)", r"\(10, 1\)", "smaller"
    ),
    "pool too wide": (lambda: conv(poolsize=(1, 7)), CP, r"convolved map of \(9, 6\)", r"\(1, 7\)", r"\(1, 1\) pools"),
    "pool too wide for the stride": (
        lambda: conv(stride=(2, 3), poolsize=(5, 3)), CP, r"convolved map of \(5, 2\)", r"\(5, 3\)", "smaller"
    ),
    "poolsize 0": (lambda: conv(poolsize=(2, 0)), f"{CP}: poolsize", "2 whole .* each 1", r"\(2, 0\)", r"\(2, 3\)"),
    "poolsize of 3": (lambda: conv(poolsize=(1, 2, 2)), f"{CP}: poolsize", "2 whole", r"\(1, 2, 2\)", "Write"),
    "poolsize 2.5": (lambda: conv(poolsize=2.5), f"{CP}: poolsize", "2 whole", "2.5", "Write"),
    "poolsize True": (lambda: conv(poolsize=True), f"{CP}: poolsize", "2 whole", "True", "Write"),
    "stride 0": (lambda: conv(stride=(1, 0)), f"{CP}: stride", "2 whole numbers, each 1", r"\(1, 0\)", "Write"),
    "stride -1": (lambda: conv(stride=-1), f"{CP}: stride", "each 1 or more", "-1", "Write"),
    "pool 'Max'": (lambda: conv(pool="Max"), f"{CP}: pool", "one of max, l2", "'Max'", 'Perhaps you meant "max"'),
    "pool 'L2'": (lambda: conv(pool="L2"), f"{CP}: pool", "one of max, l2", "'L2'", 'Perhaps you meant "l2"'),
    "pool 'mean'": (lambda: conv(pool="mean"), f"{CP}: pool", "one of max, l2, average", "'mean'", 'Write e.g. "max"'),
    "pool None": (lambda: conv(pool=None), f"{CP}: pool", "one of max, l2", "None", "Write"),
    "padding 'cover'": (lambda: conv(padding="cover"), CP, "'valid', 'half', 'full'", "'cover'", "padding='half'"),
    "padding -1": (lambda: conv(padding=-1), f"{CP}: padding", "2 whole numbers, each 0 or more", "-1", "Write"),
    "padding of 3": (lambda: conv(padding=(1, 1, 1)), f"{CP}: padding", "2 whole", r"\(1, 1, 1\)", "Write"),
    "padding 0.5": (lambda: conv(padding=0.5), f"{CP}: padding", "2 whole", "0.5", "Write"),
    "conv activation 'ReLU'": (
        lambda: conv(activation_fn="ReLU"), f"{CP}: activation_fn", "function such as", "'ReLU'", "activation_fn=ReLU"
    ),
    "an infinite standard deviation": (
        lambda: conv((1, 2, 1, 1)), "book_normal", "filter area >= pool area", r"\(1, 2, 1, 1\).*0", "normalized"
    ),
}  # fmt: skip

WRONG_SHAPES = {
    # name: (layer, input shape, who, expected, got, hint)
    "too many values": (connected, (None, 7), FC, r"n_in must be 7, the 7 values", "6", r"Write n_in=7\."),
    "feature maps": (connected, (5, 2, 3, 4), FC, r"n_in must be 24, the 2\*3\*4 values", "6", "n_in=24"),
    "softmax": (softmax, (None, 3, 4), SM, r"n_in must be 12, the 3\*4 values", "6", "n_in=12"),
    "too few pixels": (conv, (None, 99), CP, r"maps, rows, columns\) of the 99 values", r"\(5, 2, 11, 9\)", "product"),
    "a transposed image": (
        conv, (None, 2, 9, 11), CP, r"of the 2\*9\*11 values", r"\(5, 2, 11, 9\)", "Let image_shape end in 2, 9, 11"
    ),
    "other channels": (conv, (7, 3, 11, 9), CP, r"of the 3\*11\*9", r"\(5, 2, 11, 9\)", "end in 3, 11, 9"),
}  # fmt: skip


def check_message(message, who, expected, got, hint):
    parts = FOUR_PARTS.fullmatch(message)
    assert parts is not None, message
    assert parts["who"] == who
    for part, pattern in (("expected", expected), ("got", got), ("hint", hint)):
        assert re.search(pattern, parts[part]), (part, message)


@pytest.mark.parametrize(("call", "who", "expected", "got", "hint"), REFUSED.values(), ids=REFUSED)
def test_a_constructor_refuses(call, who, expected, got, hint):
    with pytest.raises(ValueError, match="got") as caught:
        call()
    check_message(str(caught.value), who, expected, got, hint)


@pytest.mark.parametrize(("build", "shape", "who", "expected", "got", "hint"), WRONG_SHAPES.values(), ids=WRONG_SHAPES)
def test_an_input_shape_that_does_not_match_is_refused(build, shape, who, expected, got, hint):
    with pytest.raises(ShapeError) as caught:
        build().output_shape(shape)
    check_message(str(caught.value), who, expected, got, hint)
    assert str(caught.value) == f"{who}: {caught.value.expected}; got {caught.value.got}. {caught.value.hint}"


def test_a_refused_layer_draws_no_random_numbers():
    state = np.random.get_state()[1].copy()
    for call, *_ in REFUSED.values():
        with pytest.raises(ValueError, match="got"):
            call()
    np.testing.assert_array_equal(np.random.get_state()[1], state)


ACCEPTED = {
    "NumPy's whole numbers": (lambda: connected(np.int64(6), np.uint8(5)), {"n_in": 6, "n_out": 5}),
    "whole numbers after a division": (lambda: connected(24 / 4, np.float64(5)), {"n_in": 6, "n_out": 5}),
    "numbers in arrays": (lambda: connected(np.array(6), np.array(5.0)), {"n_in": 6, "n_out": 5}),
    "shapes after a division": (
        lambda: conv((6, 4 / 2, 3, 4), (2, 22 / 2, 9), poolsize=2.0),
        {"filter_shape": (6, 2, 3, 4), "image_shape": (2, 11, 9), "poolsize": (2, 2)},
    ),
    "p_dropout just below 1": (lambda: connected(p_dropout=0.999), {"p_dropout": 0.999}),
    "p_dropout of NumPy": (lambda: softmax(p_dropout=np.float32(0.5)), {"p_dropout": 0.5}),
    "lists": (lambda: conv([6, 2, 3, 4], [5, 2, 11, 9]), {"filter_shape": (6, 2, 3, 4), "image_shape": (5, 2, 11, 9)}),
    "a list of 3": (lambda: conv(image_shape=[2, 11, 9]), {"image_shape": (2, 11, 9), "input_shape": (2, 11, 9)}),
    "arrays": (lambda: conv(np.array([6, 2, 3, 4]), poolsize=np.array([3, 2])), {"poolsize": (3, 2)}),
    "numbers for pairs": (lambda: conv(poolsize=3, stride=1, padding=0), {"poolsize": (3, 3), "padding": (0, 0)}),
    "windows as large as the map": (lambda: conv(poolsize=(9, 6)), {"poolsize": (9, 6)}),
    "filters as large as the image": (lambda: conv((6, 2, 11, 9), poolsize=1), {"filter_shape": (6, 2, 11, 9)}),
    "padding that makes them fit": (lambda: conv((6, 2, 12, 4), padding="half"), {"padding": "half"}),
}


@pytest.mark.parametrize(("build", "attributes"), ACCEPTED.values(), ids=ACCEPTED)
def test_accepted_arguments_are_stored_as_plain_values(build, attributes):
    layer = build()
    for name, value in attributes.items():
        stored = getattr(layer, name)
        assert (stored, type(stored)) == (value, type(value))
        assert all(type(entry) is int for entry in stored) if isinstance(stored, tuple) else True


@pytest.mark.parametrize("written", ["relu", "RELU", "rel"])
def test_the_nearest_name_ignores_case(written):
    with pytest.raises(ValueError, match=r'Perhaps you meant "ReLU"\.$'):
        one_of("activation", written, ("tanh", "ReLU"))
