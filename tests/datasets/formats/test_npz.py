"""An .npz with the usual names is read; one with false sizes is rejected before memory is allocated."""

import io
import os
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from network3.datasets.formats.npz import read_npz

RNG = np.random.default_rng(3)
PARTS = {
    "x_train": RNG.random((7, 2, 3), np.float32),
    "y_train": np.arange(7),
    "x_test": RNG.random((4, 2, 3), np.float32),
    "y_test": np.arange(4, dtype=np.uint8),
}
VALIDATION = {"x_validation": RNG.random((5, 2, 3), np.float32), "y_validation": np.arange(5)}


def without(name):
    return {key: value for key, value in PARTS.items() if key != name}


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_without_validation(tmp_path, save):
    save(tmp_path / "sets.npz", **PARTS)
    training, validation, test = read_npz(tmp_path / "sets.npz")
    assert validation is None
    for array, name in zip((*training, *test), PARTS, strict=True):
        assert array.dtype == PARTS[name].dtype
        np.testing.assert_array_equal(array, PARTS[name])


def test_with_validation(tmp_path):
    np.savez(tmp_path / "sets.npz", **PARTS, **VALIDATION)
    _, validation, _ = read_npz(tmp_path / "sets.npz")
    np.testing.assert_array_equal(validation[0], VALIDATION["x_validation"])
    np.testing.assert_array_equal(validation[1], VALIDATION["y_validation"])


def test_fortran_order(tmp_path):
    np.savez(tmp_path / "sets.npz", **PARTS | {"x_train": np.asfortranarray(PARTS["x_train"])})
    np.testing.assert_array_equal(read_npz(tmp_path / "sets.npz")[0][0], PARTS["x_train"])


@pytest.mark.parametrize("name", PARTS)
def test_a_missing_array(tmp_path, name):
    np.savez(tmp_path / "sets.npz", **without(name))
    with pytest.raises(ValueError, match=rf"read_npz\(.*got no {name}, only \[.*Write it with np\.savez"):
        read_npz(tmp_path / "sets.npz")


def test_half_a_validation_set(tmp_path):
    np.savez(tmp_path / "sets.npz", **PARTS, x_validation=VALIDATION["x_validation"])
    with pytest.raises(ValueError, match="got no y_validation"):
        read_npz(tmp_path / "sets.npz")


class MakeFolder:
    def __reduce__(self):
        return os.mkdir, ("hacked",)


def test_objects_are_rejected_and_nothing_is_executed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez("sets.npz", **PARTS | {"y_test": np.array([MakeFolder()] * 4, object)})
    with pytest.raises(ValueError, match=r"y_test\.npy of dtype object, which is not numeric"):
        read_npz("sets.npz")
    assert not (tmp_path / "hacked").exists()


def test_text_is_rejected(tmp_path):
    np.savez(tmp_path / "sets.npz", **PARTS | {"y_train": np.array(list("abcdefg"))})
    with pytest.raises(ValueError, match=r"y_train\.npy of dtype <U1, which is not numeric"):
        read_npz(tmp_path / "sets.npz")


def with_member(path, name, content):
    np.savez(path, **without(name))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{name}.npy", content)


def npy_header(shape):
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": shape})
    return file.getvalue()


@pytest.mark.parametrize("shape", [(2**29,), (2**40, 2**40), (3,), (-4,)])
def test_a_header_that_does_not_match_the_bytes_allocates_nothing(tmp_path, shape):
    with_member(tmp_path / "sets.npz", "x_train", npy_header(shape) + bytes(32))
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=r"x_train\.npy of .* bytes by its header and 160 by the archive"):
            read_npz(tmp_path / "sets.npz")
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_a_zip_bomb_is_not_decompressed(tmp_path):
    with_member(tmp_path / "sets.npz", "x_train", npy_header((2**24,)) + bytes(2**27))
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=r"of 134,217,856 bytes by its header"):
            read_npz(tmp_path / "sets.npz")
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_every_truncation_is_rejected(tmp_path):
    path = tmp_path / "sets.npz"
    np.savez_compressed(path, **PARTS)
    content = path.read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(ValueError, match=r"read_npz\("):
            read_npz(path)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_random_damage(tmp_path_factory, data):
    file = io.BytesIO()
    np.savez_compressed(file, **PARTS)
    content = bytearray(file.getvalue())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "damaged.npz"
    path.write_bytes(content)
    try:
        read_npz(path)
    except ValueError as error:
        assert str(error).startswith("read_npz(")  # noqa: PT017  (a damaged file may also be read correctly)
