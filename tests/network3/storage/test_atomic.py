"""Files are written completely or not at all."""

import os

import pytest

from network3.storage.atomic import atomic_write, check_writable


def names(folder):
    return [path.name for path in folder.iterdir()]


def write_half(path, error):
    with atomic_write(path) as file:
        file.write(b"half")
        raise error


def test_the_old_file_stays_until_the_new_one_is_complete(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with atomic_write(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_after_an_error_only_the_old_file_exists(tmp_path, error):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(error):
        write_half(path, error)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


def test_the_content_is_flushed_before_the_rename(tmp_path, monkeypatch):
    path, calls = tmp_path / "file", []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda number: (calls.append(path.exists()), fsync(number)))
    with atomic_write(path) as file:
        file.write(b"new")
    assert calls == [False, True]  # the file, then its folder


def test_a_writable_path_is_left_unchanged(tmp_path):
    (tmp_path / "existing").write_bytes(b"old")
    check_writable("who", tmp_path / "existing")
    check_writable("who", tmp_path / "new")
    assert names(tmp_path) == ["existing"]
    assert (tmp_path / "existing").read_bytes() == b"old"


@pytest.mark.parametrize("name", ["folder", "missing/file", "plain/file"])
def test_a_path_that_cannot_be_written(tmp_path, name):
    (tmp_path / "folder").mkdir()
    (tmp_path / "plain").write_bytes(b"")
    expected = r"^who: expected a file that can be written; got .* \(.+\)\. Choose another path, .*permissions\.$"
    with pytest.raises(OSError, match=expected):
        check_writable("who", tmp_path / name)
