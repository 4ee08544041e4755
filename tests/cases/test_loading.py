"""Python 3 and the loading of data: entries R01 to R15."""

import gzip
import pickle
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import network3
from network3 import FullyConnectedLayer, Network, SoftmaxLayer, datasets
from network3.datasets.formats.write import write_pickle
from tests.cases.entries import ENTRIES, case

ROOT = Path(__file__).parents[2]
IMAGES = np.random.default_rng(2).random((12, 6)).astype("float32")
LABELS = np.arange(12) % 3
SETS = tuple((IMAGES[k : k + 4], LABELS[k : k + 4]) for k in (0, 4, 8))


def small():
    return Network([FullyConnectedLayer(6, 5), SoftmaxLayer(5, 3)], 4)


def python2_pickle(sets) -> bytes:
    """Return a pickle like those of Python 2: bytes of arrays are stored as ``str``, which Python 3 reads as text."""
    text = pickle.dumps(sets, protocol=2)
    assert b"latin1" in text  # how Python 3 stores bytes in protocol 2
    return text


@case("R01")
@pytest.mark.parametrize("opened", [gzip.open, open])
@pytest.mark.parametrize("name", ["mnist.pkl.gz", "mnist_expanded.pkl.gz"])
def test_r01_a_pickle_of_python_2(tmp_path, opened, name):
    with opened(tmp_path / name, "wb") as file:
        file.write(python2_pickle(SETS))
    read = network3.load_data_shared(tmp_path / name)
    for (x, y), (images, labels) in zip(read, SETS, strict=True):
        np.testing.assert_array_equal(x.get_value(), images)
        np.testing.assert_array_equal(y.get_value(), labels)


@case("R01")
def test_r01_a_damaged_file_is_reported(tmp_path):
    (tmp_path / "mnist.pkl.gz").write_bytes(gzip.compress(b"\x80\x02garbage"))
    with pytest.raises(pickle.UnpicklingError, match=r"mnist\.pkl\.gz.*; got .*\. "):
        network3.load_data_shared(tmp_path / "mnist.pkl.gz")


@case("R02")
def test_r02_another_module_named_as_the_books_is_never_imported(tmp_path):
    """The reader is inside the package, so an old mnist_loader beside the program is not imported."""
    (tmp_path / "mnist_loader.py").write_text("raise ImportError('stale')", encoding="utf-8")
    (tmp_path / "datasets.py").write_text("raise ImportError('stale')", encoding="utf-8")
    program = "import network3; print(network3.size(network3.load_data_shared()[0]))"
    command = [sys.executable, "-c", f"import sys; sys.path.insert(1, {str(ROOT)!r}); {program}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("50000\n", 0), done.stderr


@case("R04")
@pytest.mark.parametrize("form", ["list", "zip", "generator"])
def test_r04_lists_of_pairs_and_iterators(form):
    """Iterators are read once; a list, as the book's loader returns it, can be sliced."""
    pairs = [(image[:, None], label) for image, label in zip(IMAGES, LABELS, strict=True)]
    forms = {"list": pairs[:8], "zip": zip([x for x, _ in pairs], LABELS, strict=True), "generator": (p for p in pairs)}
    history = small().SGD(forms[form], 1, 4, 0.1)
    assert history.batches == (2 if form == "list" else 3)


@case("R05")
@pytest.mark.parametrize("name", ["network3", "layers", "datasets"])
def test_r05_there_is_no_python_2_code(name):
    for path in (ROOT / name).rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        compile(text, str(path), "exec")
        assert not re.search(r"\bcPickle\b|\bxrange\b|^\s*print ['\"]", text, re.MULTILINE), path


@case("R06")
@pytest.mark.parametrize(("examples", "batch", "batches"), [(12, 4, 3), (11, 4, 2), (12, 5, 2), (7, 7, 1)])
def test_r06_the_number_of_batches_is_an_integer(examples, batch, batches):
    history = small().SGD((IMAGES[:examples], LABELS[:examples]), 1, batch, 0.1)
    assert (history.batches, type(history.batches)) == (batches, int)
    assert np.isfinite(history.cost).all()


@case("R07")
@pytest.mark.parametrize("needed", ["import network3", "load_data_shared()", "Network(", ".SGD("])
def test_r07_the_readme_has_a_complete_program(needed):
    """All blocks run in another test; the first one that trains includes imports and data."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert needed in next(block for block in blocks if "SGD(training_data" in block)


@case("R08")
@pytest.mark.parametrize("path", ["../data/mnist.pkl.gz", "data/mnist.pkl.gz", "mnist.pkl.gz"])
def test_r08_the_books_path_works_from_any_folder(tmp_path, monkeypatch, capsys, path):
    monkeypatch.chdir(tmp_path)
    assert network3.size(network3.load_data_shared(path)[2]) == 10_000
    assert capsys.readouterr().out == f"{path} is not there: using the MNIST inside network3.\n"


@case("R10")
@pytest.mark.parametrize("form", [list, tuple, np.asarray])
def test_r10_pairs_of_plain_lists(form):
    pairs = [
        (form([[v] for v in image.tolist()]), form([int(label == k) for k in range(3)]))
        for image, label in zip(IMAGES, LABELS, strict=True)
    ]
    net, other = small(), small()
    other.set_weights(net.get_weights())
    net.SGD(pairs, 1, 4, 0.1)
    other.SGD((IMAGES, LABELS), 1, 4, 0.1)
    for one, two in zip(net.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-6)


@case("R13")
@pytest.mark.parametrize("labels", ["numbers", "one-hot columns"])
def test_r13_data_of_network2_train_network3(labels):
    one_hot = [np.eye(3)[label][:, None] for label in LABELS]
    targets = list(LABELS) if labels == "numbers" else one_hot
    pairs = [(image[:, None], target) for image, target in zip(IMAGES, targets, strict=True)]
    history = small().SGD(pairs, 1, 4, 0.1, [(x[:, None], y) for x, y in zip(IMAGES, LABELS, strict=True)])
    assert len(history.validation_accuracy) == 1


@case("R14")
def test_r14_the_expanded_file_is_written_and_read(tmp_path):
    """The file has the book's format, a gzipped pickle of three pairs, as ``network3 expand`` writes it."""
    images = (IMAGES[:, :4] * 255).astype("uint8")
    expanded = datasets.expand(images, LABELS, image_shape=(2, 2), seed=0)
    with (tmp_path / "e.pkl.gz").open("wb") as file:
        write_pickle(file, expanded, (images, LABELS), (images, LABELS))
    training, *_ = network3.load_data_shared(tmp_path / "e.pkl.gz")
    assert network3.size(training) == 60
    with gzip.open(tmp_path / "e.pkl.gz", "rb") as file:
        assert [len(pair) for pair in pickle.load(file)] == [2, 2, 2]


@case("R15")
@pytest.mark.parametrize("form", ["arrays", "csv", "npz"])
def test_r15_the_users_own_arrays(tmp_path, form):
    images, labels = IMAGES, LABELS
    if form == "csv":
        np.savetxt(tmp_path / "d.csv", np.column_stack([LABELS, IMAGES]), delimiter=",")
        table = np.loadtxt(tmp_path / "d.csv", delimiter=",")
        images, labels = table[:, 1:], table[:, 0].astype(int)
    elif form == "npz":
        names = ("train", "validation", "test")
        arrays = {f"{k}_{n}": v for n, pair in zip(names, SETS, strict=True) for k, v in zip("xy", pair, strict=True)}
        np.savez(tmp_path / "d.npz", **arrays)
        (images, labels), *_ = datasets.read(tmp_path / "d.npz")
    assert small().SGD((images, labels), 1, 4, 0.1).epochs == 1


def test_every_entry_has_a_test_and_an_explanation():
    marked = set()
    for path in Path(__file__).parent.glob("test_*.py"):
        marked |= set(re.findall(r'^@case\("([RSN]\d+)"\)', path.read_text(encoding="utf-8"), re.MULTILINE))
    assert marked == set(ENTRIES)
    page = (Path(__file__).parent / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^- ([RSN]\d+): .+\n  - Now: .+$", page, re.MULTILINE) == ENTRIES
