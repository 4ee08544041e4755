"""Results of network and network2, changes of Theano and PyTensor, and shapes: entries R16 to R44 and R49."""

import math
import re
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

import network3
from network3 import ConvPoolLayer, DivergenceError, FullyConnectedLayer, Network, ReLU, SoftmaxLayer, TrainingWarning
from network3.layers import softmax
from network3.layers.ops import conv2d, pool2d
from tests.cases.entries import case

ROOT = Path(__file__).parents[2]
IMAGES = np.random.default_rng(2).random((12, 6)).astype("float32")
LABELS = np.arange(12) % 3


def small(**options):
    return Network([FullyConnectedLayer(6, 5, **options), SoftmaxLayer(5, 3)], 4)


@case("R16")
@case("R17")
@pytest.mark.parametrize(("over", "count"), [("mini_batches", 3), ("examples", 12)])
@pytest.mark.parametrize("lmbda", [0.0, 0.5, 4.0])
def test_r16_r17_the_l2_term_is_added_once_and_divided_as_chosen(over, count, lmbda):
    network3.use(floatX="float64")
    net = small()
    history = net.SGD((IMAGES, LABELS), 1, 4, 1e-9, lmbda=lmbda, lmbda_over=over, monitor=["training_cost"])
    w, b, v, c = net.get_weights()
    z = 1 / (1 + np.exp(-(IMAGES.astype("float64") @ w + b))) @ v + c
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    mean = -np.log(p[np.arange(12), LABELS]).mean()
    assert history.monitors["training_cost"] == [
        pytest.approx(mean + lmbda / (2 * count) * ((w**2).sum() + (v**2).sum()), rel=1e-6)
    ]


@case("R19")
@pytest.mark.parametrize("form", [lambda x: x, lambda x: x[None], lambda x: x[:, None], lambda x: x.tolist()])
def test_r19_one_image_is_predicted(form):
    net = small()
    assert net.predict(form(IMAGES[3])).tolist() == net.predict(IMAGES)[3:4].tolist()


@case("R20")
@pytest.mark.parametrize("eta", [300.0, 3000.0])
def test_r20_a_learning_rate_far_too_high_gives_a_warning(eta):
    np.random.seed(1)
    images, labels = np.random.default_rng(3).random((200, 6)), np.random.default_rng(4).integers(0, 3, 200)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        small(activation_fn=ReLU).SGD((images, labels), 6, 10, eta)
    assert caught
    assert all("Try a smaller eta" in str(warning.message) for warning in caught)
    assert {warning.category for warning in caught} == {TrainingWarning}


@case("R21")
def test_r21_the_readme_shows_sizes_that_learn():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "n_out=100" in text
    assert "97." in text


@case("R22")
@pytest.mark.parametrize("scale", [255, -255, 1e6])
def test_r22_unscaled_pixels_give_a_warning_and_nothing_overflows(scale):
    """Only values far outside of [0, 1] give the warning; data of mean 0 and deviation 1 do not."""
    with pytest.warns(TrainingWarning, match="expected values between 0 and 1"):
        history = small().SGD((IMAGES * scale, LABELS), 1, 4, 0.1)
    assert np.isfinite(history.cost).all()


@case("R23")
def test_r23_activations_are_expressions_of_whole_arrays():
    z = np.linspace(-800, 800, 1001)
    with np.errstate(over="raise", invalid="raise"):
        found = pytensor.function([], network3.sigmoid(pt.constant(z)), mode="FAST_COMPILE")()
    np.testing.assert_allclose(
        found,
        [0 if v < -745 else 1 / (1 + math.exp(-v)) if v > -700 else math.exp(v) for v in z],
        rtol=1e-12,
        atol=1e-300,
    )


@case("R24")
@case("R26")
@pytest.mark.parametrize("module", ["theano", "downsample", "cPickle"])
def test_r24_r26_no_removed_module_is_imported(module):
    for path in (ROOT / "network3").rglob("*.py"):
        assert not re.search(rf"^ *(import|from) {module}\b", path.read_text(encoding="utf-8"), re.MULTILINE), path


@case("R25")
@pytest.mark.parametrize(("given", "expected"), [("input_shape", "image_shape"), ("pool_size", "poolsize")])
def test_r25_argument_names_of_forks_are_corrected(given, expected):
    """They are no aliases, because both names would then have to be kept; the message names the right one."""
    arguments = {"image_shape": (4, 1, 8, 9), "filter_shape": (2, 1, 3, 2), "poolsize": (2, 2)}
    arguments[given] = arguments.pop(expected)
    with pytest.raises(
        TypeError, match=rf"^ConvPoolLayer: expected arguments among .*; got {given}=\. Perhaps you meant {expected}"
    ):
        ConvPoolLayer(**arguments)


@case("R27")
def test_r27_no_compiler_is_needed():
    """The PATH is empty, so no compiler is found."""
    program = (
        "import numpy as np, network3 as n; "
        "net = n.Network([n.FullyConnectedLayer(6, 5), n.SoftmaxLayer(5, 3)], 4); "
        "print(net.SGD((np.zeros((8, 6)), np.arange(8) % 3), 1, 4, 0.1).epochs)"
    )
    environment = {"PATH": "", "PYTHONPATH": str(ROOT), "NETWORK3_DEVICE": "cpu", "HOME": str(Path.home())}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=False)
    assert done.stdout.splitlines()[-1:] == ["1"], done.stderr
    assert "ompiler" not in done.stderr


@case("R28")
@case("R29")
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int64", "uint8"])
@pytest.mark.parametrize("eta", [0.1, np.float64(0.1), np.float32(0.1), 1])
def test_r28_r29_any_type_of_data_and_of_rates(dtype, eta):
    net = small()
    net.SGD(((IMAGES * 3).astype(dtype), LABELS.astype("int16")), 1, 4, eta, lmbda=np.float64(0.1))
    assert {w.dtype for w in net.get_weights()} == {np.dtype("float32")}


@case("R30")
@pytest.mark.parametrize("storage", ["uint8", "floatX"])
def test_r30_the_training_images_are_in_memory_once(storage):
    x, y = network3.load_data_shared(storage=storage)[0]
    size = x.get_value(borrow=True).nbytes
    assert size == 50_000 * 784 * (1 if storage == "uint8" else 4)
    net = Network([FullyConnectedLayer(784, 3), SoftmaxLayer(3, 10)], 10)
    assert np.shares_memory(network3.data.examples("data", (x, y), net).images, x.get_value(borrow=True))


@case("R31")
@pytest.mark.parametrize("fault", ["an image", "the rate", "an initial weight"])
def test_r31_a_cost_that_is_not_finite_stops_and_names_the_batch(fault):
    images, net, eta = IMAGES.copy(), small(activation_fn=ReLU), 0.1
    if fault == "an image":
        images[9, 2] = np.nan
        with pytest.raises(ValueError, match=r"^training data: images must be finite; got nan, first in row 9\."):
            net.SGD((images, LABELS), 2, 4, eta)
        return
    eta = 1e38 if fault == "the rate" else eta
    if fault == "an initial weight":
        net.params[0].set_value(np.full((6, 5), np.inf, "float32"))
    with pytest.raises(
        DivergenceError, match=r"^SGD: epoch \d, mini-batch \d+: expected a finite cost and finite weights"
    ):
        net.SGD((images, LABELS), 3, 4, eta)


@case("R33")
@pytest.mark.parametrize("shape", [(4, 1, 10, 10), (4, 2, 10, 20), (4, 1, 20, 11)])
def test_r33_images_of_another_shape_than_declared_are_refused(shape):
    layers = [ConvPoolLayer(image_shape=shape, filter_shape=(2, shape[1], 3, 3), poolsize=(2, 2))]
    size = 2 * ((shape[2] - 2) // 2) * ((shape[3] - 2) // 2)
    net = Network([*layers, SoftmaxLayer(size, 3)], 4)
    with pytest.raises(ValueError, match=rf"layer 0 \(ConvPoolLayer\) takes {math.prod(shape[1:])} values"):
        net.SGD((np.zeros((8, 200)), np.zeros(8, int)), 1, 4, 0.1)


@case("R34")
@case("R35")
@case("R36")
@pytest.mark.parametrize(("filters", "pool"), [((3, 2, 2, 3), (2, 2)), ((1, 2, 4, 1), (3, 2)), ((2, 2, 1, 1), (1, 1))])
def test_r34_r35_r36_convolution_and_pooling_exist_and_are_differentiable(rng, filters, pool):
    x, w = rng.normal(size=(2, 2, 7, 8)), rng.normal(size=filters)
    found = pytensor.function([], pool2d(conv2d(pt.constant(x), pt.constant(w)), pool), mode="FAST_COMPILE")()
    rows, columns = 8 - filters[2], 9 - filters[3]
    maps = np.zeros((2, filters[0], rows, columns))
    for n, f, i, j in np.ndindex(maps.shape):
        window = x[n, :, i : i + filters[2], j : j + filters[3]]
        maps[n, f, i, j] = (window * w[f, :, ::-1, ::-1]).sum()
    shape = rows // pool[0], columns // pool[1]
    cut = maps[:, :, : shape[0] * pool[0], : shape[1] * pool[1]]
    expected = cut.reshape(2, filters[0], shape[0], pool[0], shape[1], pool[1]).max((3, 5))
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    images = pt.tensor4("x", shape=x.shape)
    gradient = pytensor.grad(pool2d(conv2d(images, pt.constant(w)), pool).sum(), images)
    assert pytensor.function([images], gradient, mode="FAST_COMPILE")(x).shape == x.shape


@case("R37")
@pytest.mark.parametrize("rows", [1, 10, 33])
def test_r37_rows_of_a_softmax_sum_to_1(rng, rows):
    z = rng.normal(size=(rows, 7))
    found = pytensor.function([], softmax(pt.constant(z)), mode="FAST_COMPILE")()
    np.testing.assert_allclose(found.sum(axis=1), 1)
    history = Network([SoftmaxLayer(6, 10)], 4).SGD((IMAGES, LABELS), 1, 4, 0.0)
    assert history.cost == [pytest.approx(math.log(10), rel=1e-5)]  # its initial weights are 0


@case("R38")
def test_r38_masks_differ_from_step_to_step_and_from_layer_to_layer():
    seen = []

    def keep(cost, params, eta):
        return {p: p for p in params}

    hidden = [FullyConnectedLayer(6, 50, p_dropout=0.5), FullyConnectedLayer(50, 50, p_dropout=0.5)]
    net = Network([*hidden, SoftmaxLayer(50, 3, p_dropout=0.5)], 4)
    for _ in range(2):
        history = net.SGD((np.ones((4, 6)), np.zeros(4, int)), 1, 4, 0.1, rule=keep, seed=len(seen))
        seen.append([state.get_value().tolist() for state in net.dropout_states])
        assert history.epochs == 1
    states = seen[0]
    assert len({tuple(state) for state in states}) == 3  # each layer has its own random stream
    assert all(state[2] == 1 for state in states)  # one step was taken
    masks = [net.layers[k].output_dropout for k in (1, 1)]
    mask = pytensor.function([net.x], masks[0], mode="FAST_COMPILE", updates=network3.layers.dropout_updates(masks[0]))
    first, second = (mask(np.ones((4, 6), "float32")) for _ in range(2))
    assert (first != second).any()


@case("R39")
@case("R49")
@pytest.mark.parametrize("label", [3, 4, 10**6, -1])
def test_r39_r49_a_label_without_an_output_is_refused_before_anything_is_compiled(label):
    labels = LABELS.copy()
    labels[7] = label
    with pytest.raises(ValueError, match=rf"^training data: labels must .*; got {label}\b.*\. "):
        small().SGD((IMAGES, labels), 1, 4, 0.1)


@case("R40")
def test_r40_each_mini_batch_size_has_its_own_graph():
    net = small()
    costs = [net.SGD((IMAGES, LABELS), 1, batch, 0.0).cost[0] for batch in (4, 3, 12, 4)]
    np.testing.assert_allclose(costs, costs[0], rtol=1e-6)
    assert [len(net.predict(IMAGES[:n])) for n in (1, 5, 12)] == [1, 5, 12]


@case("R41")
@case("R42")
@case("R44")
@pytest.mark.parametrize(
    ("image", "filters", "next_shape", "fits"),
    [
        ((3, 32, 32), (32, 3, 3, 3), (32, 16, 16), r"\(batch, 32, 15, 15\)|32 x 15 x 15|15"),
        ((3, 32, 32), (20, 3, 5, 5), (20, 10, 10), "14"),
        ((3, 61, 46), (20, 3, 7, 8), (20, 27, 27), "19"),
    ],
)
def test_r41_r42_r44_a_shape_that_does_not_follow_is_reported_when_the_network_is_built(
    image, filters, next_shape, fits
):
    layers = [
        ConvPoolLayer(image_shape=(4, *image), filter_shape=filters, poolsize=(2, 2)),
        ConvPoolLayer(image_shape=(4, *next_shape), filter_shape=(5, filters[0], 3, 3), poolsize=(2, 2)),
    ]
    with pytest.raises(ValueError, match=rf"layer 1 \(ConvPoolLayer\).*{fits}"):
        Network(layers, 4)


@case("R41")
def test_r41_half_padding_keeps_the_size():
    layer = ConvPoolLayer((32, 3, 3, 3), (4, 3, 32, 32), (2, 2), padding="half")
    assert layer.output_shape((None, 3072)) == (None, 32, 16, 16)
