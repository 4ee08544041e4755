"""Wrong use of constructors, functions and methods: entries S15, S47, and what new users tried."""

from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import network3
from network3 import ConvPoolLayer, FullyConnectedLayer, Network, SoftmaxLayer
from network3.layers.ops import conv2d, pool2d
from tests.cases.entries import case
from tests.cases.refusals import X, Y, net, refused
from tests.tools.fuzz_wrong_use import failure, shown, wrong_call
from tests.tools.wrong_values import values

conv: Any = ConvPoolLayer


@case("S15")
@pytest.mark.parametrize(
    ("image_shape", "filter_shape", "hint"),
    [
        ((10, 28, 28, 1), (5, 5, 1, 20), "image_shape=(10, 1, 28, 28), filter_shape=(20, 1, 5, 5)."),
        ((28, 26, 3), (5, 4, 3, 20), "image_shape=(3, 28, 26), filter_shape=(20, 3, 5, 4)."),
        ((10, 28, 28, 1), (20, 1, 5, 5), "image_shape=(10, 1, 28, 28)."),
        ((10, 1, 28, 28), (5, 5, 1, 20), "filter_shape=(20, 1, 5, 5)."),
        ((10, 3, 28, 28), (3, 20, 5, 5), "filter_shape=(20, 3, 5, 5)."),
    ],
)
def test_s15_axes_in_another_order_are_refused_with_the_right_order(image_shape, filter_shape, hint):
    order = "The order of axes is image_shape=(batch, maps, rows, columns), filter_shape=(filters, maps, rows, columns)"
    refused(lambda: conv(image_shape=image_shape, filter_shape=filter_shape), f"{order}. Write {hint}")


@case("S47")
@pytest.mark.parametrize("arguments", [([6, 5, 3], 10), ([6, 5, 3],), ((6, np.int64(5), 3), 10)])
def test_s47_sizes_instead_of_layers_are_refused_with_the_layers(arguments):
    layers = "[FullyConnectedLayer(n_in=6, n_out=5), SoftmaxLayer(n_in=5, n_out=3)]"
    refused(lambda: Network(*arguments), f"Write Network({layers}, mini_batch_size=10).", TypeError)


@case("S47")
@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (
            [SoftmaxLayer],
            "layer 0 (ABCMeta): expected a layer, an object with params and a method set_inpt; got the class",
        ),
        ([FullyConnectedLayer(6, 5), None], "layer 1 (NoneType): expected a layer"),
        (SoftmaxLayer(6, 3), "Write it in brackets: [layer]."),
        (None, "Network: expected a list of layers; got None"),
        ("abc", "Network: expected a list of layers; got 'abc'"),
    ],
)
def test_s47_other_things_than_layers_are_refused(layers, message):
    refused(lambda: Network(layers, 10), message)


def test_layers_of_a_generator_are_accepted():
    assert len(Network((SoftmaxLayer(6, n) for n in (6, 3)), 10).layers) == 2


@case("S47")
@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("weights", "get_weights"), ("biases", "layer.b"), ("sizes", "print(net)"), ("num_layers", "len(net.layers)"),
        ("cost", "SGD(..., cost="), ("large_weight_initializer", "initializers.large"), ("evaluate", "accuracy(data)"),
        ("feedforward", "predict_proba"), ("total_cost", "monitor"), ("backprop", "gradient_norms"),
    ],
)  # fmt: skip
def test_s47_attributes_of_the_books_other_programs_are_explained(name, instead):
    network: Any = net()
    refused(lambda: getattr(network, name), instead, AttributeError)
    refused(lambda: setattr(network, name, 1), instead, AttributeError)
    assert not hasattr(network, name)


@case("S47")
def test_s47_attributes_of_other_libraries_are_explained_and_those_of_users_are_possible():
    network: Any = net()
    refused(lambda: network.fit(X, Y), "SGD(training_data", AttributeError)
    with pytest.raises(AttributeError, match="'Network' object has no attribute 'xyzzy'"):
        network.xyzzy  # noqa: B018  (read for its error)
    network.note, network.fit = "first try", len
    assert (network.note, network.fit([])) == ("first try", 0)

    class Evaluated(Network):
        def evaluate(self, data):
            return self.accuracy(data)

        weights = property(Network.get_weights)

    assert len(Evaluated([SoftmaxLayer(6, 3)], 4).weights) == 2


class Counting:
    """A layer that counts its calls in the Theano way."""

    def __init__(self, n_in):
        self.calls = pytensor.shared(np.zeros(n_in, "float32"), name="calls")
        self.calls._default_update = self.calls + np.float32(1)  # without the warning that it is deprecated
        self.params: list = []

    def set_inpt(self, inpt, inpt_dropout, mini_batch_size):
        self.output, self.output_dropout = inpt + 0 * self.calls, inpt_dropout + 0 * self.calls


class Noisy(Counting):
    """A layer with noise of PyTensor's RandomStream."""

    def set_inpt(self, inpt, inpt_dropout, mini_batch_size):
        self.output = inpt
        rng = pytensor.shared(np.random.default_rng(1), name="noise")
        rng._default_update, noise = pt.random.normal(size=inpt.shape, rng=rng, return_next_rng=True)
        self.output_dropout = inpt_dropout + pt.cast(noise, inpt.dtype)


@case("N13")
@pytest.mark.parametrize(("layer", "name"), [(Counting, "calls"), (Noisy, "noise")])
@pytest.mark.parametrize(
    "use",
    [
        lambda network: network.SGD((X, Y), 1, 4, 0.1),
        lambda network: network.accuracy((X, Y)),
        lambda network: network.predict(X),
        lambda network: network3.gradient_norms(network, (X, Y)),
    ],
)
def test_n13_a_layer_that_keeps_state_by_default_update_is_refused(use, layer, name):
    network = Network([layer(6), FullyConnectedLayer(6, 5), SoftmaxLayer(5, 3)], 4)
    message = (
        f"layer 0 ({layer.__name__}): expected expressions without state of their own; got a default_update of {name}"
    )
    refused(lambda: use(network), message, ValueError)


@case("N13")
def test_n13_dropout_and_shared_variables_without_updates_are_no_state():
    layers = [FullyConnectedLayer(6, 5, lambda z: z * scale), SoftmaxLayer(5, 3, p_dropout=0.5)]
    assert Network(layers, 4).SGD((X, Y), 1, 4, 0.1).epochs == 1


scale = pytensor.shared(np.ones(5, "float32"), shape=(5,))


def sgd(**keywords):
    arguments: dict[str, Any] = {"epochs": 1, "mini_batch_size": 4, "eta": 0.1, "verbose": False} | keywords
    return net().SGD((X, Y), **arguments)


@case("N15")
@pytest.mark.parametrize(
    ("argument", "value", "message"),
    [
        ("eta", "0.1", "SGD: eta: expected a finite number, at least 0; got '0.1'"),
        ("eta", -1, "SGD: eta: expected a finite number, at least 0; got -1"),
        ("eta", np.nan, "SGD: eta: expected a finite number, at least 0; got nan"),
        ("eta", np.array([0.1]), "SGD: eta: expected a finite number, at least 0; got array([0.1])"),
        ("eta", True, "SGD: eta: expected a finite number, at least 0; got True"),
        ("lmbda", "0.1", "SGD: lmbda: expected a finite number, at least 0; got '0.1'"),
        ("epochs", 2.5, "SGD: epochs: expected a whole number, 0 or more; got 2.5"),
        ("mini_batch_size", "10", "SGD: mini_batch_size: expected a whole number, 1 or more; got '10'"),
        ("shuffle", "no", "SGD: shuffle: expected True or False; got 'no'"),
        ("schedule", lambda eta: eta, "SGD: schedule: expected a function of (eta, history); got one of eta"),
        ("schedule", lambda eta, history: -eta, "SGD: what the schedule returns: expected a finite number, at least 0"),
        ("callbacks", lambda: None, "SGD: callbacks: expected a function of (progress); got one of no arguments"),
        ("callbacks", 5, "SGD: callbacks: expected functions, or objects with some of the methods"),
        ("monitor", 5, "SGD: monitor: expected a list of names; got 5"),
    ],
)
def test_n15_a_wrong_argument_of_sgd_is_refused(argument, value, message):
    refused(lambda: sgd(**{argument: value}), message)


@case("N15")
@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("epochs", 1.0),
        ("mini_batch_size", 4.0),
        ("eta", 0),
        ("eta", np.float32(0.1)),
        ("epochs", np.array(1)),
        ("seed", 1.0),
    ],
)
def test_n15_harmless_numbers_are_accepted(argument, value):
    assert sgd(**{argument: value}).epochs == 1


@case("N15")
def test_n15_one_callback_is_accepted_as_a_list_of_one():
    calls: list = []
    sgd(callbacks=calls.append)
    assert calls
    sgd(callbacks=None)


@case("N20")
@pytest.mark.filterwarnings("ignore:Explicitly requested dtype")  # PyTensor's sums, where x64 is off
@pytest.mark.parametrize("mode", ["JAX", "NETWORK3"])
@pytest.mark.parametrize("cost", ["sum", "mean", "max"])
def test_n20_sums_of_float32_stay_float32(mode, cost):
    """An autoencoder of four convolutions, whose gradients of biases are sums that convolutions use again."""
    rng = np.random.default_rng(1)
    shapes = [(4, 1, 3, 3), (3, 4, 3, 3), (4, 3, 3, 3), (1, 4, 3, 3)]
    ws = [pytensor.shared(rng.normal(0, 0.3, shape).astype("float32"), shape=shape) for shape in shapes]
    x = pt.tensor("x", shape=(5, 1, 7, 6), dtype="float32")
    a = x
    for w in ws:
        a = pt.tanh(conv2d(a - a.sum(axis=(2, 3), keepdims=True) / np.float32(42), w, padding="half"))
    total = getattr((a - x) ** 2, cost)()
    expressions = [total, *pytensor.grad(total, ws)]
    images = rng.random((5, 1, 7, 6), dtype="float32")
    found = pytensor.function([x], expressions, mode=mode)(images)
    expected = pytensor.function([x], expressions, mode="FAST_COMPILE")(images)
    for one, two in zip(found, expected, strict=True):  # the type of a sum is PyTensor's on each back end
        np.testing.assert_allclose(one, two, rtol=2e-4, atol=1e-4)


@case("N21")
@pytest.mark.parametrize(
    ("op", "keyword", "right"),
    [
        (conv2d, "border_mode", "padding"), (conv2d, "subsample", "stride"), (conv2d, "filter_flip", "flip"),
        (pool2d, "ws", "size"), (pool2d, "ds", "size"), (pool2d, "pool_size", "size"),
    ],
)  # fmt: skip
def test_n21_keywords_of_theano_are_answered_with_the_right_ones(op, keyword, right):
    x = pt.tensor4("x", dtype="float32")
    arguments = (x, x) if op is conv2d else (x,)
    refused(lambda: op(*arguments, **{keyword: 2}), f"got {keyword}=. Perhaps you meant {right}=.", TypeError)


# A pool larger than an image of unknown size, on every back end: tests/layers/ops/test_refusals.py.


def test_weights_that_are_not_finite_real_numbers_are_refused():
    network = net()
    before = network.get_weights()
    for value in (np.nan, 1j, "x", 1e300):
        refused(
            lambda value=value: network.set_weights([np.full(w.shape, value) for w in before]), "set_weights: expect"
        )
    refused(lambda: network.set_weights([[[1, 2], [3]]]), "set_weights: expected arrays of shapes")
    for one, two in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_values_in_messages_are_short():
    for value in values():
        message = ""
        try:
            FullyConnectedLayer(value, 3)
        except ValueError as error:
            message = str(error)
        assert len(message) < 300


@given(data=st.data())
@settings(max_examples=150, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_random_wrong_arguments_raise_errors_in_four_parts(data, tmp_path_factory):
    """A longer run: make fuzz-use."""
    call = wrong_call(lambda options: options[data.draw(st.integers(0, len(options) - 1))])
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.getbasetemp())
        error = failure(*call)
    assert error is None, f"{shown(*call)}: {error!r}"
