"""Own photographs and drawings: entries S34, S36 and S37 of the second round, N06 and N09."""

import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from network3 import ConvPoolLayer, FullyConnectedLayer, Network, RegressionLayer, ReLU, SoftmaxLayer, linear
from network3.cli import app
from network3.datasets import load_mnist
from network3.datasets.photos.own_images import preprocess_digit, split_digits
from tests.cases.entries import case
from tests.datasets.photos.drawn_digits import draw
from tests.datasets.photos.photographs import KINDS, drawn_ink, mnist_ink, photograph

CONFIDENT = 0.9
SEEDS = range(401, 411)  # the constants of datasets/photos were chosen with seeds below 400


@pytest.fixture(scope="module")
def net():
    """A network of two convolutions, trained on 30,000 of MNIST's images for an epoch: some 5 seconds."""
    np.random.seed(0)
    (images, labels), _, _ = load_mnist()
    layers = [
        ConvPoolLayer((12, 1, 5, 5), (10, 1, 28, 28), (2, 2), ReLU),
        ConvPoolLayer((24, 12, 5, 5), (10, 12, 12, 12), (2, 2), ReLU),
        FullyConnectedLayer(24 * 4 * 4, 60, ReLU),
        SoftmaxLayer(60, 10),
    ]
    trained = Network(layers, 10)
    trained.SGD((images[:30_000], labels[:30_000]), 1, 10, 0.05)
    return trained


@pytest.fixture(scope="module")
def clear(net):
    """Test images of MNIST that the network recognizes as they are."""
    images, labels = load_mnist()[2]
    probabilities = net.predict_proba(images[:1000])
    chosen = (probabilities.argmax(axis=1) == labels[:1000]) & (probabilities.max(axis=1) > 0.99)
    return images[:1000][chosen], labels[:1000][chosen]


@pytest.fixture
def run(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


def outcomes(net, photographs):
    """Return how many photographs, pairs (digit, grey), are right, refused, wrong, and wrong with confidence."""
    found = dict.fromkeys(["right", "refused", "wrong", "confident"], 0)
    for digit, grey in photographs:
        try:
            probabilities = net.predict_proba(preprocess_digit(grey).reshape(1, 784))[0]
        except ValueError:
            found["refused"] += 1
            continue
        if probabilities.argmax() == digit:
            found["right"] += 1
        else:
            found["confident" if probabilities.max() >= CONFIDENT else "wrong"] += 1
    return found


@case("N06")
@case("S36")
@pytest.mark.parametrize("kind", KINDS)
def test_n06_s36_photographs_are_right_and_never_confidently_wrong(net, clear, kind):
    """Ten drawn digits, and ten of MNIST in ink; lined paper, tables, squares, shadows, pens and noise."""
    images, labels = clear
    drawn = [(seed % 10, photograph(drawn_ink(seed % 10, seed), seed, **KINDS[kind])) for seed in SEEDS]
    written = [(labels[s], photograph(mnist_ink(images[s], s), s, **KINDS[kind])) for s in SEEDS]
    found = outcomes(net, drawn + written)
    assert found["right"] >= 18, found
    assert found["confident"] == 0, found


@case("N06")
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "table and shadow"])
def test_n06_paper_without_a_digit_is_refused_with_what_to_do(kind):
    """A blank sheet on a table, partly in a soft shadow, is refused in 9 of 10 photographs only."""
    for seed in range(401, 404):
        with pytest.raises(ValueError, match=r"^preprocess_digit: expected a digit.*; got .*\. Draw it .*\.$"):
            preprocess_digit(photograph(np.zeros((180, 180)), seed, **KINDS[kind]))


@case("N06")
@pytest.mark.parametrize("kind", ["plain", "lined", "table", "hard shadow"])
def test_n06_several_digits_are_reported_and_split_from_left_to_right(net, kind):
    right = 0
    for seed in range(401, 406):
        digits = [seed % 10, (seed * 7 + 3) % 10]
        grey = photograph([drawn_ink(digit, seed) for digit in digits], seed, **KINDS[kind])
        with pytest.warns(UserWarning, match=r"expected an image of one digit; got 2\. Use split_digits\(image\)"):
            preprocess_digit(grey)
        found = split_digits(grey)
        assert len(found) == 2
        right += net.predict(np.stack(found).reshape(-1, 784)).tolist() == digits
    assert right >= 4


@case("N06")
def test_n06_one_digit_of_several_strokes_is_one(clear):
    images, _ = clear
    for image in images[:60]:
        assert len(split_digits(image.reshape(28, 28))) == 1
    digit = np.asarray(draw(5, size=(210, 260), height=0.5).convert("L"), float)
    digit[78:86] = 245  # a gap below the bar
    np.testing.assert_array_equal(split_digits(digit)[0], preprocess_digit(digit))


RANGES = {
    "0 to 1": lambda grey: grey / 255,
    "-1 to 1": lambda grey: grey / 127.5 - 1,
    "booleans": lambda grey: grey > 128,
    "whole 0 and 1": lambda grey: (grey > 128).astype("uint8"),
    "float32": lambda grey: grey.astype("float32") / 255,
    "standardized": lambda grey: (grey - grey.mean()) / grey.std(),
    "16 bits": lambda grey: (grey * 257).astype("uint16"),
    "signed": lambda grey: (grey - 128).astype("int8"),
}


@case("S34")
@pytest.mark.parametrize("form", RANGES)
def test_s34_the_range_of_the_values_is_recognized(form):
    grey = np.asarray(draw(3, size=(120, 150), height=0.6).convert("L"), float)
    plain = preprocess_digit(grey).astype(float)
    found = preprocess_digit(RANGES[form](grey))
    assert np.abs(found - plain).sum() < 0.2 * plain.sum()


WRONG = {
    "text": (np.array([["a", "b"], ["c", "d"]]), r"values of type <U1"),
    "complex": (np.zeros((9, 9), complex), r"values of type complex128"),
    "objects": (np.array([[None, 1], [2, 3]]), r"values of type object"),
    "rows of different lengths": ([[1, 2, 3], [1, 2]], "rows of different lengths"),
    "a vector": (np.zeros(784), r"shape \(784,\)\. Write image\.reshape\(28, 28\)"),
    "infinity": (np.full((9, 8), np.inf), "NaN or infinity"),
}


@case("S34")
@pytest.mark.parametrize("form", WRONG)
def test_s34_what_is_no_image_is_refused_in_words(form):
    value, message = WRONG[form]
    with pytest.raises(ValueError, match=rf"^preprocess_digit: expected a grey image .*; got .*{message}"):
        preprocess_digit(value)


@pytest.fixture
def model(net, run):
    net.save("model")
    draw(3, size=(200, 240)).save("three.png")
    draw(7, size=(240, 200)).save("seven.png")
    Image.fromarray(photograph([drawn_ink(4, 1), drawn_ink(2, 1)], 1)).save("two.png")
    return "model"


@case("S37")
def test_s37_two_digits_have_a_warning_and_split_answers_for_each(run, model):
    result = run("predict", model, "two.png")
    assert result.exit_code == 0
    assert result.stderr.startswith(
        "network3: two.png: warning: preprocess_digit: expected an image of one digit; got 2."
    )
    assert "Add --split" in result.stderr
    result = run("predict", model, "two.png", "three.png", "--split")
    names = [line.split(":")[0] for line in result.stdout.splitlines()]
    assert (result.exit_code, result.stderr) == (0, "")
    assert names == ["two.png [1 of 2]", "two.png [2 of 2]", "three.png"]
    assert [line.split(": ")[1][0] for line in result.stdout.splitlines()] == ["4", "2", "3"]
    records = [json.loads(line) for line in run("predict", model, "two.png", "--split", "--json").stdout.splitlines()]
    assert [(record["part"], record["parts"], record["digit"]) for record in records] == [(1, 2, 4), (2, 2, 2)]


@case("S37")
@pytest.mark.parametrize(
    "last", [RegressionLayer(30, 10), FullyConnectedLayer(30, 10, linear)], ids=["values", "linear"]
)
def test_s37_a_network_without_probabilities_is_refused(run, model, last):
    last.b.set_value(np.linspace(-3, 5, 10).astype(last.b.dtype))
    Network([FullyConnectedLayer(784, 30), last], 10).save("values")
    result = run("predict", "values", "three.png")
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1)
    assert "expected a network whose outputs are the probabilities of digits" in result.stderr


@case("S37")
@pytest.mark.parametrize("files", [["three.png"], ["three.png", "seven.png"]])
def test_s37_a_folder_of_images_is_read_by_name(run, model, tmp_path, files):
    (tmp_path / "own").mkdir()
    for name in files:
        (tmp_path / name).rename(tmp_path / "own" / name)
    (tmp_path / "own" / "notes.txt").write_text("not an image", encoding="utf-8")
    result = run("predict", model, "own")
    assert (result.exit_code, result.stderr) == (0, "")
    assert [line.split(":")[0] for line in result.stdout.splitlines()] == [f"own/{name}" for name in sorted(files)]
    (tmp_path / "empty").mkdir()
    assert "empty: expected an image, or a folder of images" in run("predict", model, "empty").stderr


@case("N09")
@pytest.mark.parametrize("bad", ["missing.png", "blank.png", "text.png"])
@pytest.mark.parametrize("options", [[], ["--split"], ["--json"]])
def test_n09_a_bad_file_does_not_hide_the_answers_for_the_others(run, model, tmp_path, bad, options):
    Image.new("L", (90, 80), 200).save("blank.png")
    (tmp_path / "text.png").write_text("a digit", encoding="utf-8")
    result = run("predict", model, "three.png", bad, "seven.png", bad, *options)
    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == 2
    assert result.stderr.count("\n") == 2
    assert all(line.startswith(f"network3: {bad}: ") for line in result.stderr.splitlines())
