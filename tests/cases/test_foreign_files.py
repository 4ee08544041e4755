"""Files of other programs: entries S22, S24, S37 and S38."""

import gzip
import io
import json
import pickle
import zipfile
from itertools import pairwise

import numpy as np
import pytest

import network3
from network3 import FullyConnectedLayer, Network, SoftmaxLayer, datasets
from network3.datasets.formats.idx import idx_header
from tests.cases.entries import case

RNG = np.random.default_rng(7)
IMAGES = RNG.integers(0, 256, (18, 2, 3), dtype=np.uint8)
LABELS = np.arange(18, dtype=np.uint8) % 3
TABLE = np.column_stack([LABELS, IMAGES.reshape(18, 6)])


def write_idx(folder, spell, images=IMAGES, labels=LABELS, pack=bytes):
    """Write the four files of a data set; `spell` makes their names of "train" or "test", and what they contain."""
    folder.mkdir(exist_ok=True)
    for part in ("train", "test"):
        for what, array in (("images-idx3", images), ("labels-idx1", labels)):
            (folder / spell(part, what)).write_bytes(pack(idx_header(array.shape) + array.tobytes()))


def emnist(part, what):
    return f"emnist-letters-{part}-{what}-ubyte"


@case("S22")
@pytest.mark.parametrize(
    "spell",
    [
        lambda part, what: f"{part.replace('test', 't10k')}-{what.replace('-', '.')}-ubyte",
        lambda part, what: f"{part}_{what.replace('-', '_')}_ubyte.gz",
        lambda part, what: f"kannada-{part}-{what}-ubyte",
    ],
)
def test_s22_spellings_of_idx_files(tmp_path, spell):
    write_idx(tmp_path / "d", spell, pack=gzip.compress if spell("", "").endswith(".gz") else bytes)
    training, validation, test = datasets.read(tmp_path / "d")
    np.testing.assert_array_equal(np.concatenate([training[0], validation[0]]), IMAGES.reshape(18, 6))
    np.testing.assert_array_equal(test[1], LABELS)


@case("S24")
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_s24_emnist_is_read_upright(tmp_path, pack):
    ending = ".gz" if pack is gzip.compress else ""
    write_idx(
        tmp_path / "gzip",
        lambda *parts: emnist(*parts) + ending,
        np.ascontiguousarray(IMAGES.swapaxes(1, 2)),
        pack=pack,
    )
    for path in (tmp_path / "gzip", tmp_path / "gzip" / "emnist-letters", str(tmp_path / "gzip" / "EMNIST-letters")):
        np.testing.assert_array_equal(datasets.read(path)[2][0], IMAGES.reshape(18, 6))


@case("S24")
def test_s24_one_of_several_data_sets_is_chosen_by_its_name(tmp_path):
    write_idx(tmp_path, emnist)
    write_idx(tmp_path, lambda *parts: emnist(*parts).replace("letters", "digits"), labels=LABELS + 5)
    with pytest.raises(FileNotFoundError, match=r"got those of emnist-digits, emnist-letters\. Write .*emnist-digits'"):
        network3.load_data_shared(tmp_path)
    assert network3.load_data_shared(tmp_path / "emnist-digits")[2][1].get_value()[0] == 5
    with pytest.raises(FileNotFoundError, match=r"expected a folder of IDX files.* got a path that does not exist"):
        network3.load_data_shared(tmp_path / "emnist-balanced")


@case("S24")
@pytest.mark.parametrize("outputs", [3, 4])
def test_s24_labels_from_1(tmp_path, outputs):
    """The message has the number of outputs that works: labels are not changed."""
    write_idx(tmp_path, emnist, labels=LABELS + 1)
    training, *_ = network3.load_data_shared(tmp_path)
    net = Network([FullyConnectedLayer(6, 4), SoftmaxLayer(4, outputs)], 5)
    if outputs == 4:
        net.SGD(training, 1, 5, 0.1, verbose=False)
        return
    with pytest.raises(ValueError, match=r"labels must lie in 0\.\.2.*; got 3 .*n_out=4"):
        net.SGD(training, 1, 5, 0.1)


def zipped(*names):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, b"0")
    return file.getvalue()


def csv(separator=",", header="", encoding="utf-8"):
    rows = [separator.join(map(str, row)) for row in TABLE]
    return "\n".join([*([header] if header else []), *rows]).encode(encoding)


def npy():
    file = io.BytesIO()
    np.save(file, IMAGES)
    return file.getvalue()


READ_CSV = r"text in columns, such as CSV. Read it with np.loadtxt\({path}, delimiter=','"
FOREIGN = {
    "train.csv": (csv(), READ_CSV + r"\), and pass"),
    "header.csv": (csv(header="digit,p0,p1,p2,p3,p4,p5"), READ_CSV + r", skiprows=1\)"),
    "class.csv": (csv(header="classes,p0,p1,p2,p3,p4,p5"), READ_CSV + r", skiprows=1\)"),  # begins as a pickle might
    "german.csv": (csv(header="Größe,p0", encoding="latin-1"), READ_CSV + r", encoding='latin-1', skiprows=1\)"),
    "excel.csv": (csv(encoding="utf-16"), READ_CSV),
    "train.csv.gz": (gzip.compress(csv()), READ_CSV),
    "columns.txt": (csv(" "), r"Read it with np.loadtxt\({path}\), and"),
    "tabs.tsv": (csv("\t"), r"delimiter='\\t'"),
    "nan.csv": (b"nan,1e-5,inf\n1,2,3\n", READ_CSV + r"\), and"),
    "x.npy": (npy(), r"a single NumPy array. Read it with np.load\({path}\)"),
    "saved.dat": (zipped("a.npy", "b.npy"), r"arrays of np.savez. Pass a file whose name ends in .npz"),
    "d.mat": (b"MATLAB 5.0 MAT-file, Platform" + bytes(200), r"a MATLAB file. Read its arrays with scipy.io.loadmat"),
    "d.h5": (b"\x89HDF\r\n\x1a\n" + bytes(200), r"an HDF5 file. Read its arrays with h5py.File"),
    "net.onnx": (b"\x08\x07\x12\x07pytorch" + bytes(50), "a network in ONNX. It holds no data"),
    "net.pt": (zipped("archive/data.pkl"), r"a file of PyTorch. Read it with torch.load\({path}\)"),
    "old.pth": (pickle.dumps(0x1950A86A20F9469CFC6C, 2) + bytes(9), "a file of PyTorch"),
    "net.json": (json.dumps({"sizes": [2, 3]}).encode(), "JSON. Read it with json.load"),
    "digit.png": (b"\x89PNG\r\n\x1a\n" + bytes(9), "an image. Read each image with .*read_grayscale"),
    "archive.zip": (zipped("train.csv"), "an archive. Unpack it"),
    "table.xlsx": (zipped("xl/workbook.xml"), "an Excel file. Save it as CSV"),
    "mnist.pkl.gz": (b"<!DOCTYPE html><html>", "a page of the web, or XML. Download the file again"),
    "train-images-idx3-ubyte": (idx_header((1, 1, 1)) + b"0", r"a single IDX file. Pass the folder with the four"),
    "empty.pkl": (b"", "an empty file"),
}


@case("S38")
@pytest.mark.parametrize("name", FOREIGN)
def test_s38_another_file_is_named_with_what_reads_it(tmp_path, name):
    path = tmp_path / name
    content, expected = FOREIGN[name]
    path.write_bytes(content)
    with pytest.raises(pickle.UnpicklingError, match=expected.replace("{path}", repr(str(path)))) as error:
        network3.load_data_shared(path)
    assert "a complete pickle" not in str(error.value)
    with pytest.raises(ValueError, match=r"^load: .*: expected a file that net\.save\(filename\) wrote; got .*\. "):
        network3.load(path)


@case("S38")
@pytest.mark.parametrize("separator", [",", ";", "\t", " "])
@pytest.mark.parametrize(("header", "encoding"), [("", "utf-8"), ("label", "utf-16"), ("Größe", "latin-1")])
def test_s38_the_hint_works(tmp_path, separator, header, encoding):
    header = separator.join([header, *"abcdef"]) if header else ""
    (tmp_path / "train.csv").write_bytes(csv(separator, header, encoding))
    with pytest.raises(pickle.UnpicklingError) as error:
        network3.load_data_shared(tmp_path / "train.csv")
    call = str(error.value).split("Read it with ")[1].split(", and pass")[0]
    np.testing.assert_array_equal(eval(call, {"np": np}), TABLE)


@case("S38")
@pytest.mark.parametrize("content", ["images", "csv", "npz", "nested", "nothing"])
def test_s38_a_folder_of_other_files(tmp_path, content):
    (tmp_path / "cat").mkdir()
    hints = {
        "images": ("1.PNG", r"Read each image with .*read_grayscale.* np\.stack"),
        "npz": ("data.npz", r"Pass the file, e\.g\. '.*data\.npz'"),
        "nested": ("train-images-idx3-ubyte", r"Pass the folder that contains the files, e\.g\. '.*cat'"),
        "csv": ("train.csv", "add the file. network3 reads the book's pickle, a folder of IDX files"),
    }
    name, hint = hints.get(content, ("", hints["csv"][1]))
    if name:
        (tmp_path / "cat" / name).touch()
    with pytest.raises(FileNotFoundError, match=rf"expected a folder of IDX files, with one of train-images.*{hint}"):
        network3.load_data_shared(tmp_path)


@case("S37")
@pytest.mark.parametrize("sizes", [[6, 4, 3], [6, 3]])
def test_s37_the_json_of_network2(tmp_path, sizes):
    """The hint works: network2's weights are the transposes, and its biases are columns."""
    weights = [RNG.normal(size=(n_out, n_in)) for n_in, n_out in pairwise(sizes)]
    biases = [RNG.normal(size=(n, 1)) for n in sizes[1:]]
    saved = {"sizes": sizes, "weights": weights, "biases": biases, "cost": "CrossEntropyCost"}
    (tmp_path / "net.json").write_text(json.dumps(saved, default=np.ndarray.tolist), encoding="utf-8")
    with pytest.raises(ValueError, match=r"got JSON of the book's network2\. Build .*np\.transpose\(w\) and np\.ravel"):
        network3.load(tmp_path / "net.json")
    pairs = list(pairwise(sizes))
    net = Network([*(FullyConnectedLayer(*pair) for pair in pairs[:-1]), SoftmaxLayer(*pairs[-1])], 5)
    net.set_weights([part for w, b in zip(weights, biases, strict=True) for part in (np.transpose(w), np.ravel(b))])
    images = RNG.random((4, 6))
    for image, label in zip(images, net.predict(images), strict=True):
        activation = image[:, None]
        for w, b in zip(weights, biases, strict=True):
            activation = 1 / (1 + np.exp(-(w @ activation + b)))
        assert activation.argmax() == label
