"""The user's own data, batches, prediction, saving, and repeatable results: entries R46 to R67."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytensor
import pytest
from pytensor import function

import network3
from network3 import ConvPoolLayer, FullyConnectedLayer, Network, RegressionLayer, ReLU, SoftmaxLayer
from network3.datasets.photos.own_images import preprocess_digit
from network3.layers.initializers import normalized
from network3.layers.ops import conv2d, pool2d
from tests.cases.entries import case

ROOT = Path(__file__).parents[2]
IMAGES = np.random.default_rng(2).random((12, 6)).astype("float32")
LABELS = np.arange(12) % 3
PAIR = (IMAGES, LABELS)


def small(**options):
    return Network([FullyConnectedLayer(6, 5, **options), SoftmaxLayer(5, 3)], 4)


@case("R46")
@pytest.mark.parametrize("n_out", [1, 2])
def test_r46_values_instead_of_labels_with_dropout_in_one_type(n_out):
    images = (
        np.random.default_rng(2).random((600, 6)).astype("float32")
    )  # many, because the cost of a few varies with the masks
    targets = images[:, :n_out].astype("float64")
    net = Network([FullyConnectedLayer(6, 5, p_dropout=0.2), RegressionLayer(5, n_out, p_dropout=0.2)], 4)
    history = net.SGD((images, targets), 2, 4, 0.01, (images, targets), monitor=["validation_cost"])
    assert {w.dtype for w in net.get_weights()} == {np.dtype("float32")}
    first, second = history.monitors["validation_cost"]
    assert second < first
    assert history.validation_accuracy == []  # there is none for values
    y = SimpleNamespace(y=net.y)
    masked, plain = net.layers[-1].output_dropout, net.layers[-1].output
    cost = net.layers[-1].cost(y)
    ancestors = set(pytensor.graph.traversal.ancestors([cost]))
    assert masked in ancestors
    assert plain not in ancestors


@case("R50")
@pytest.mark.parametrize("wrong", [{"data": IMAGES, "labels": LABELS}, [IMAGES, LABELS, LABELS], "cifar", None])
def test_r50_a_dictionary_is_refused_with_the_expected_forms(wrong):
    with pytest.raises((TypeError, ValueError), match=r"^training data: expected .*; got .*\. "):
        small().SGD(wrong, 1, 4, 0.1)


@case("R50")
def test_r50_batches_are_joined_with_numpy():
    batches = [{"data": IMAGES[:6], "labels": LABELS[:6]}, {"data": IMAGES[6:], "labels": LABELS[6:]}]
    pair = tuple(np.concatenate([batch[key] for batch in batches]) for key in ("data", "labels"))
    assert small().SGD(pair, 1, 4, 0.1).batches == 3


@case("R52")
@pytest.mark.parametrize(("size", "pool"), [((7, 9), (2, 2)), ((8, 7), (3, 2)), ((5, 5), (4, 4))])
def test_r52_rows_that_fill_no_window_are_left_out(rng, size, pool):
    x = rng.normal(size=(1, 2, *size))
    found = function([], pool2d(pytensor.tensor.constant(x), pool), mode="FAST_COMPILE")()
    assert found.shape == (1, 2, size[0] // pool[0], size[1] // pool[1])
    for i, j in np.ndindex(found.shape[2:]):
        window = x[0, 1, i * pool[0] : (i + 1) * pool[0], j * pool[1] : (j + 1) * pool[1]]
        assert found[0, 1, i, j] == window.max()


@case("R53")
@pytest.mark.parametrize("flip", [True, False])
def test_r53_filters_are_flipped_as_in_theano(rng, flip):
    x, w = rng.normal(size=(1, 1, 4, 5)), rng.normal(size=(1, 1, 2, 3))
    found = function([], conv2d(pytensor.tensor.constant(x), pytensor.tensor.constant(w), flip), mode="FAST_COMPILE")()
    taps = w[0, 0, ::-1, ::-1] if flip else w[0, 0]
    expected = [[(x[0, 0, i : i + 2, j : j + 3] * taps).sum() for j in range(3)] for i in range(3)]
    np.testing.assert_allclose(found[0, 0], expected, rtol=1e-12)


@case("R54")
@pytest.mark.parametrize("paper", [255, 0, 190])
@pytest.mark.parametrize("size", [28, 90])
def test_r54_the_users_own_images_become_bright_on_black(paper, size):
    """For any grey of the paper and any size; the centre of mass of the digit is in the middle."""
    grey = np.full((size, size), float(paper))
    ink = 20.0 if paper > 100 else 235.0
    grey[size // 5 : size // 2, size // 4 : size // 4 + max(2, size // 14)] = ink
    digit = preprocess_digit(grey)
    assert (digit.shape, digit.dtype, digit[0, 0]) == ((28, 28), np.dtype("uint8"), 0)
    assert digit.max() > 200
    weights = digit / digit.sum()
    centre = [(weights.sum(axis=1 - axis) * np.arange(28)).sum() for axis in (0, 1)]
    np.testing.assert_allclose(centre, 13.5, atol=1)


@case("R55")
@pytest.mark.parametrize("batch", [5, 7, 12])
def test_r55_an_incomplete_batch_is_left_out_of_training_only(batch):
    net = small()
    history = net.SGD(PAIR, 1, batch, 0.1, PAIR, PAIR)
    assert history.batches == 12 // batch
    right = np.mean(net.predict(IMAGES) == LABELS)
    assert history.validation_accuracy == [pytest.approx(right)]  # over all 12


@case("R56")
@pytest.mark.parametrize("batch", [13, 50, 10**9])
def test_r56_a_batch_larger_than_the_data_is_refused_with_both_numbers(batch):
    expected = rf"^SGD: mini_batch_size: expected at most the 12 examples of the training data; got {batch}\. Write 10"
    with pytest.raises(ValueError, match=expected):
        small().SGD(PAIR, 1, batch, 0.1, PAIR)


@case("R57")
@pytest.mark.parametrize("batch", [1, 4])
def test_r57_both_ways_of_predicting_with_a_compiled_function(batch):
    net = small()
    net.SGD(PAIR, 1, 4, 0.1)
    saved = [p.get_value() for p in net.params]
    served = Network([FullyConnectedLayer(6, 5), SoftmaxLayer(5, 3)], batch)
    for k, layer in enumerate(served.layers):
        layer.w.set_value(saved[2 * k])
        layer.b.set_value(saved[2 * k + 1])
    predict = function([served.x], served.layers[-1].y_out, mode="FAST_COMPILE")
    np.testing.assert_array_equal(predict(IMAGES[:1]), net.predict(IMAGES[:1]))
    np.testing.assert_array_equal(predict(np.repeat(IMAGES[:1], 4, 0)), np.repeat(net.predict(IMAGES[:1]), 4))


@case("R58")
@case("R59")
def test_r58_r59_arrays_and_the_best_weights_are_saved(tmp_path):
    net = small()
    net.SGD(PAIR, 3, 4, 0.5, PAIR)
    net.set_weights(net.best)
    net.save(tmp_path / "net.safetensors")
    again = network3.load(tmp_path / "net.safetensors")
    assert all((a == b).all() for a, b in zip(net.best, again.get_weights(), strict=True))
    assert b"pickle" not in (tmp_path / "net.safetensors").read_bytes()


@case("R61")
@pytest.mark.parametrize("options", [{}, {"p_dropout": 0.3}])
def test_r61_a_seed_repeats_a_run_in_another_process(options):
    program = (
        "import numpy as np, network3 as n; np.random.seed(4); "
        f"net = n.Network([n.FullyConnectedLayer(6, 5, **{options}), n.SoftmaxLayer(5, 3)], 4); "
        "x = np.random.default_rng(2).random((12, 6)); "
        "net.SGD((x, np.arange(12) % 3), 2, 4, 0.3, shuffle=True); "
        "print([float(w.sum()).hex() for w in net.get_weights()])"
    )
    command = [sys.executable, "-c", program]
    runs = [subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout for _ in range(2)]
    assert runs[0].splitlines()[-1] == runs[1].splitlines()[-1]


@case("R62")
def test_r62_the_books_initial_weights_are_the_default_and_others_can_be_chosen():
    book = FullyConnectedLayer(400, 25).w.get_value()
    other = FullyConnectedLayer(400, 25, initializer=normalized, rng=np.random.default_rng(0)).w.get_value()
    assert book.std() == pytest.approx(1 / 5, rel=0.03)  # by its number of outputs
    assert other.std() == pytest.approx(1 / 20, rel=0.03)  # by its number of inputs


@case("R64")
@pytest.mark.parametrize("filters", [(4, 2, 1, 1), (3, 2, 3, 2)])
def test_r64_no_pooling_filters_of_one_tap_and_a_softmax_at_once(filters, rng):
    network3.use(floatX="float64")
    conv = ConvPoolLayer(filters, (4, 2, 5, 6), (1, 1), ReLU, rng=rng)
    rows, columns = 6 - filters[2], 7 - filters[3]
    size = filters[0] * rows * columns
    net = Network([conv, SoftmaxLayer(size, 3)], 4)
    x, w = rng.random((4, 60)), rng.normal(size=(size, 3))
    net.layers[1].w.set_value(w)
    taps, b = (p.get_value() for p in conv.params)
    maps = np.zeros((4, filters[0], rows, columns))
    images = x.reshape(4, 2, 5, 6)
    for n, f, i, j in np.ndindex(maps.shape):
        maps[n, f, i, j] = (images[n, :, i : i + filters[2], j : j + filters[3]] * taps[f, :, ::-1, ::-1]).sum() + b[f]
    z = np.maximum(maps, 0).reshape(4, -1) @ w
    expected = np.exp(z - z.max(1, keepdims=True))
    np.testing.assert_allclose(net.predict_proba(x), expected / expected.sum(1, keepdims=True), rtol=1e-8)


@case("R67")
def test_r67_the_gpu_flag_reports_whether_there_is_one():
    assert network3.GPU is False
    with pytest.raises(RuntimeError, match=r"^use: device='gpu': expected a GPU that JAX can use; got "):
        network3.use(device="gpu")
    with pytest.raises(ValueError, match=r"^use: device: expected one of auto, cpu, gpu; got 'cuda'"):
        network3.use(device="cuda")
