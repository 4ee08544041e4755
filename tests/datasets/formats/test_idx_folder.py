"""A folder of four IDX files is read under each of the usual file names."""

import gzip

import numpy as np
import pytest

from network3.datasets.formats.idx import idx_header
from network3.datasets.formats.idx_folder import read_idx_folder

ARRAYS = {
    "train-images-idx3-ubyte": np.arange(7 * 2 * 3, dtype=np.uint8).reshape(7, 2, 3),
    "train-labels-idx1-ubyte": np.arange(7, dtype=np.uint8),
    "t10k-images-idx3-ubyte": np.arange(4 * 2 * 3, dtype=np.uint8).reshape(4, 2, 3),
    "t10k-labels-idx1-ubyte": np.arange(4, dtype=np.uint8),
}


def write(folder, spell=str, pack=bytes):
    for name, array in ARRAYS.items():
        (folder / spell(name)).write_bytes(pack(idx_header(array.shape) + array.tobytes()))


def dotted(name):
    return name.replace("-idx", ".idx")


@pytest.mark.parametrize("spell", [str, dotted])
@pytest.mark.parametrize(("ending", "pack"), [("", bytes), (".gz", gzip.compress)])
def test_spellings(tmp_path, spell, ending, pack):
    write(tmp_path, lambda name: spell(name) + ending, pack)
    training, test = read_idx_folder(tmp_path)
    for array, expected in zip((*training, *test), ARRAYS.values(), strict=True):
        np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize("name", ARRAYS)
def test_a_missing_file(tmp_path, name):
    write(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(
        FileNotFoundError,
        match=rf"expected a folder of IDX files, with one of {name}, {name}\.gz, .*Add",
    ):
        read_idx_folder(tmp_path)


def test_a_damaged_file_is_named(tmp_path):
    write(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(b"nothing")
    with pytest.raises(ValueError, match="t10k-labels-idx1-ubyte"):
        read_idx_folder(tmp_path)
