"""``network3 expand``: the book's expanded data as a file."""

from pathlib import Path

import numpy as np
import pytest

import network3
from network3 import datasets


@pytest.mark.parametrize("name", ["mnist_expanded.pkl.gz", "expanded.npz"])
def test_the_file_has_five_times_the_images(run, little, name):
    result = run("expand", "--out", name, "--seed", 4)
    assert result.exit_code == 0, result.output
    assert "Writing 3,000 training images" in result.stdout
    training, validation, test = network3.load_data_shared(name)
    images, labels = datasets.expand(*little[0], seed=4)
    np.testing.assert_array_equal(training[0].get_value(), images / np.float32(256))
    np.testing.assert_array_equal(training[1].get_value(), labels)
    np.testing.assert_array_equal(validation[1].get_value(), little[1][1])
    np.testing.assert_array_equal(test[0].get_value(), little[2][0] / np.float32(256))
    assert list(Path().iterdir()) == [Path(name)]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "expanded.csv",
            "network3 expand: --out: expected a name that ends in .npz or .pkl.gz; got expanded.csv. Write",
        ),
        ("nowhere/expanded.npz", "network3 expand: --out: expected a file that can be written; got nowhere"),
    ],
)
def test_an_unsuitable_path_is_refused_at_once(run, name, message):
    result = run("expand", "--out", name)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"network3: {message}")
    assert result.stderr.count("\n") == 1
    assert list(Path().iterdir()) == []


def test_the_output_file_is_required(run):
    result = run("expand")
    assert result.exit_code == 2
    assert "--out" in result.stderr
