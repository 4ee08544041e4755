"""``network3 train --data``: the sizes follow from the data, which are recorded, and compared by ``--resume``."""

import gzip
import json
import pickle
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import network3
from network3.experiments.run_plots import save_run_plots
from tests.cases.entries import case
from tests.network3.cli.conftest import run as run


@pytest.fixture(autouse=True)
def no_plots(monkeypatch):
    """Leave the plots out, which take longer than these trainings; one test below draws them."""
    monkeypatch.setattr("network3.cli.train.save_run_plots", lambda *arguments, **options: [])


def sets(pixels, classes, count=60, seed=0):
    """Return three pairs of random images and all labels in turn."""
    rng = np.random.default_rng(seed)
    return [(rng.random((n, pixels), np.float32), np.arange(n, dtype=np.int32) % classes) for n in (count, 20, 20)]


def write(name, data):
    """Write an .npz or a pickle."""
    if Path(name).suffix == ".npz":
        names = ("train", "validation", "test")
        parts = zip(names, data, strict=True)
        np.savez(name, **{f"{axis}_{part}": pair[k] for part, pair in parts for k, axis in enumerate("xy")})
    else:
        with gzip.open(name, "wb") as file:
            pickle.dump(tuple(data), file)


def settings(folder):
    return json.loads((Path(folder) / "run.json").read_text(encoding="utf-8"))


@case("N16")
@pytest.mark.parametrize(
    ("name", "pixels", "classes", "first"),
    [
        ("shallow", 64, 3, (64, 100)),
        ("no_hidden", 30, 2, (30, 2)),  # no square
        ("sigmoid_30", 784, 12, (784, 30)),
        ("basic_conv", 100, 4, (20, 1, 5, 5)),
        ("dbl_conv", 256, 5, (20, 1, 5, 5)),
        ("expanded_data_100", 400, 3, (20, 1, 5, 5)),  # own data are not expanded
    ],
)
def test_the_sizes_follow_from_the_data(run, name, pixels, classes, first):
    write("mine.npz", sets(pixels, classes))
    result = run("train", name, "--data", "mine.npz", "--epochs", 1, "--out", "here")
    assert result.exit_code == 0, result.output
    assert f"1 epochs over 60 images of {Path('mine.npz').resolve()}" in result.stdout
    assert "the book" not in result.stdout.splitlines()[-2]  # whose numbers are of other data
    net = network3.load("here/model.safetensors")
    assert net.get_weights()[0].shape == first
    assert net.layers[-1].n_out == classes
    assert settings("here")["own_data"]["inputs"] == pixels


@case("N16")
@pytest.mark.parametrize("name", ["mine.npz", "mine.pkl.gz", "folder"])
def test_whatever_read_takes_is_taken(run, name):
    if name == "folder":
        source = Path(network3.datasets.__file__).parent / "data"
        shutil.copytree(source, name)
        data = network3.datasets.read(name)
        assert len(data[0][0]) == 50_000
    else:
        write(name, sets(16, 3))
        data = network3.datasets.read(name)
    assert run("train", "no_hidden", "--data", name, "--epochs", 0, "--out", "here").exit_code == 0
    own = settings("here")["own_data"]
    assert own["examples"] == [len(labels) for _, labels in data]
    assert settings("here")["data"] == "own"


REFUSED = {
    "no square": (
        "dbl_conv",
        sets(30, 3),
        "dbl_conv expects square images of one channel, such as 28 x 28, .* 30 values",
    ),
    "three channels": (
        "basic_conv",
        sets(3 * 64, 3),
        "basic_conv expects square images .*; got mine.npz with 192 values",
    ),
    "too small": ("dbl_conv", sets(64, 3), "dbl_conv expects images that its convolutions .*; got mine.npz with 64 "),
    "one class": ("shallow", sets(64, 1), "expected labels of two classes or more; got only the label 0. Number"),
}


@case("N16")
@pytest.mark.parametrize("which", REFUSED)
def test_data_for_other_layers_are_refused_before_anything_is_written(run, which):
    name, data, message = REFUSED[which]
    write("mine.npz", data)
    result = run("train", name, "--data", "mine.npz")
    assert result.exit_code == 1
    assert re.match(rf"network3: network3 train: --data: {message}", result.stderr), result.stderr
    assert (result.stderr.count("\n"), result.stdout) == (1, "")
    assert [path.name for path in Path().iterdir()] == ["mine.npz"]


@case("N16")
def test_missing_and_damaged_files_are_refused(run):
    Path("bad.npz").write_bytes(b"PK")
    for name in ("none.npz", "bad.npz"):
        result = run("train", "shallow", "--data", name)
        assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
        assert name in result.stderr
        assert "Traceback" not in result.output
    assert not Path("network3-runs").exists()


@case("N16")
def test_resume_has_the_same_data_wherever_they_are(run):
    write("mine.npz", sets(16, 3))
    assert run("train", "no_hidden", "--data", "mine.npz", "--epochs", 1, "--out", "one").exit_code == 0
    assert run("train", "no_hidden", "--data", "mine.npz", "--epochs", 2, "--out", "two").exit_code == 0
    again = run("train", "no_hidden", "--resume", "--epochs", 2, "--out", "one")
    assert again.exit_code == 0, again.output
    assert str(Path("mine.npz").resolve()) in again.stdout
    one, two = (network3.load(f"{name}/model.safetensors").get_weights() for name in ("one", "two"))
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
    Path("mine.npz").rename("moved.npz")
    assert "none" not in run("train", "no_hidden", "--resume", "--out", "one").output
    assert run("train", "no_hidden", "--resume", "--out", "one").exit_code == 1
    assert run("train", "no_hidden", "--resume", "--out", "one", "--data", "moved.npz").exit_code == 0
    assert settings("one")["own_data"]["path"].endswith("moved.npz")


@case("N16")
@pytest.mark.parametrize(("seed", "count"), [(1, 60), (0, 66)])
def test_resume_names_other_data(run, seed, count):
    write("mine.npz", sets(16, 3))
    assert run("train", "no_hidden", "--data", "mine.npz", "--epochs", 1, "--out", "one").exit_code == 0
    write("mine.npz", sets(16, 3, count, seed))  # overwritten, or given
    for option in ((), ("--data", "mine.npz")):
        result = run("train", "no_hidden", "--resume", "--out", "one", *option)
        assert result.exit_code == 1
        assert re.search(r"got data was .*\(60 \+ 20 \+ 20 examples of 16 values, CRC-32 \w{8}\) and is", result.stderr)


@case("N16")
def test_resume_does_not_mix_mnist_and_own_data(run):
    write("mine.npz", sets(784, 10))
    assert run("train", "no_hidden", "--epochs", 0, "--out", "one").exit_code == 0
    result = run("train", "no_hidden", "--resume", "--out", "one", "--data", "mine.npz")
    assert result.exit_code == 1
    assert f"got data was MNIST and is {Path('mine.npz').resolve()}. " in result.stderr


@case("N16")
def test_a_run_of_before_own_data_is_resumed(run):
    assert run("train", "no_hidden", "--epochs", 0, "--out", "one").exit_code == 0
    saved = settings("one")
    del saved["own_data"]
    Path("one/run.json").write_text(json.dumps(saved), encoding="utf-8")
    assert run("train", "no_hidden", "--resume", "--out", "one").exit_code == 0
    assert settings("one")["own_data"] is None


@case("N16")
@pytest.mark.parametrize("pixels", [30, 64])
def test_plots_that_need_square_images_are_left_out_for_others(run, monkeypatch, pixels):
    monkeypatch.setattr("network3.cli.train.save_run_plots", save_run_plots)
    write("mine.npz", sets(pixels, 3))
    result = run("train", "shallow", "--data", "mine.npz", "--epochs", 1, "--json", "--out", "here")
    assert result.exit_code == 0, result.output
    end = json.loads(result.stdout.splitlines()[-1])
    plots = {name for name in end["files"] if name.endswith(".png")}
    square = {"errors.png", "filters_layer0.png"} if pixels == 64 else set()
    assert plots == {"learning_curve.png", "confusion.png"} | square
    assert (end["data"], end["published"]) == (str(Path("mine.npz").resolve()), {})
