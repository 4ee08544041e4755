"""``network3 predict``: the digit on an image, and the input of the network."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file, save_file

from network3 import FullyConnectedLayer, Network, SoftmaxLayer
from network3.cli.predict import drawn
from tests.datasets.photos.drawn_digits import TEN, draw


@pytest.fixture(scope="module")
def means(mnist):
    images, labels = mnist[0]
    return np.stack([images[labels == digit].mean(axis=0) / 256 for digit in range(10)])


@pytest.fixture
def model(tmp_path, means):
    """A network that predicts the digit whose mean MNIST image is nearest."""
    net = Network([SoftmaxLayer(784, 10)], 10)
    net.set_weights([means.T, -0.5 * (means**2).sum(axis=1)])
    net.save(tmp_path / "model.safetensors")
    return net


@pytest.fixture
def write_digit(mnist):
    images, labels = mnist[2]

    def write_digit(digit, name, *, scale=1, invert=False):
        """Write MNIST's first test image of `digit`, enlarged."""
        grey = images[np.flatnonzero(labels == digit)[0]].reshape(28, 28)
        grey = grey.repeat(scale, axis=0).repeat(scale, axis=1)
        Image.fromarray(255 - grey if invert else grey).save(name)

    return write_digit


def test_each_image_has_a_line(run, model, write_digit):
    write_digit(1, "one.png", scale=5, invert=True)
    write_digit(0, "zero.png", scale=7)
    result = run("predict", "model.safetensors", "one.png", "zero.png")
    assert result.exit_code == 0, result.output
    first, second = result.stdout.splitlines()
    assert first.startswith("one.png: 1  (")
    assert second.startswith("zero.png: 0  (")
    assert first.count("%") == 2


def test_the_input_of_the_network_is_shown_on_request(run, model, write_digit):
    write_digit(0, "zero.png", scale=10, invert=True)
    lines = run("predict", "model.safetensors", "zero.png", "--show").stdout.splitlines()
    assert len(lines) == 29
    assert max(map(len, lines[1:])) <= 56
    assert lines[14][24:32].strip() == ""  # the hole of a 0, in the middle
    assert set("".join(lines[1:])) <= set(" .:-=+*#%@")
    assert "@" in "".join(lines[1:])


def test_json_holds_everything(run, model, write_digit):
    write_digit(1, "one.png", scale=4)
    result = run("predict", "model.safetensors", "one.png", "one.png", "--json", "--show")
    first, second = (json.loads(line) for line in result.stdout.splitlines())
    assert first == second
    assert first["digit"] == 1 == int(np.argmax(first["probabilities"]))
    assert sum(first["probabilities"]) == pytest.approx(1, abs=1e-5)
    seen = np.array(first["seen"], "uint8")
    assert seen.shape == (28, 28)
    np.testing.assert_allclose(model.predict_proba(seen.ravel())[0], first["probabilities"], rtol=1e-5)


def test_a_folder_of_train_is_a_model(run, model, write_digit):
    write_digit(1, "one.png", scale=4)
    assert run("predict", ".", "one.png").stdout.startswith("one.png: 1")


def test_a_name_stands_for_the_last_run(run, model, write_digit):
    write_digit(1, "one.png", scale=4)
    untrained = Network([SoftmaxLayer(784, 10)], 10)
    for name, net in (("shallow", untrained), ("shallow-2", model)):
        Path("network3-runs", name).mkdir(parents=True)
        net.save(Path("network3-runs", name, "model.safetensors"))
    assert run("predict", "shallow", "one.png").stdout.startswith("one.png: 1")


def test_pixels_are_drawn_two_characters_wide():
    assert drawn(np.array([[0, 255, 0], [26, 25, 128]], "uint8")) == "  @@\n..  ++"


REFUSED = {
    "no model": (("nowhere", "one.png"), "predict: expected a file of network3 train or net.save.*; got nowhere"),
    "a folder without one": (("folder", "one.png"), "load: expected a file that .*which does not exist"),
    "another file": (("one.png", "one.png"), "load: one.png: expected a file that net.save"),
    "a newer format": (("newer", "one.png"), r"expected format \d or older; got format 7. Update network3"),
    "a model of other images": (
        ("small", "one.png"),
        "predict: small: expected a network from 784 pixels.* got one from 5",
    ),
    "no image": (("model.safetensors", "none.png"), "none.png"),
    "an empty image": (("model.safetensors", "empty.png"), "empty.png: expected an image"),
    "a text": (("model.safetensors", "text.png"), "text.png: expected an image"),
    "a blank image": (("model.safetensors", "blank.png"), "blank.png: .*expected|blank.png: .*must"),
    "a folder": (("model.safetensors", "folder"), "folder: expected an image"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_is_one_clear_line(run, model, write_digit, case):
    write_digit(1, "one.png", scale=4)
    Path("folder").mkdir()
    Path("empty.png").write_bytes(b"")
    Path("text.png").write_text("a digit", encoding="utf-8")
    Image.new("L", (50, 60), 200).save("blank.png")
    Network([FullyConnectedLayer(5, 4), SoftmaxLayer(4, 10)], 1).save("small")
    header = {"network3": json.dumps({"format": 7, "floatX": "float32"})}
    save_file(load_file("model.safetensors"), "newer", header)
    arguments, message = REFUSED[case]
    result = run("predict", *arguments)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("network3: ")
    assert result.stderr.count("\n") == 1
    assert re.search(message, result.stderr), result.stderr


def test_an_image_is_required(run, model):
    result = run("predict", "model.safetensors")
    assert result.exit_code == 2


@pytest.mark.slow
def test_nearly_all_of_ten_hand_drawn_digits_are_recognized(run):
    assert run("train", "dbl_conv_relu", "--epochs", 2, "--out", "run").exit_code == 0
    for digit, how in TEN:
        draw(digit, **how).save(f"{digit}.png")
    result = run("predict", "run", *(f"{digit}.png" for digit, _ in TEN))
    answers = [line.split(": ")[1][0] for line in result.stdout.splitlines()]
    assert sum(answer == str(digit) for answer, (digit, _) in zip(answers, TEN, strict=True)) >= 8, result.stdout
