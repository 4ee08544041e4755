"""The folder of compiled kernels: what is trusted, what is not, and what goes when there is too much."""

import errno
import os
import random
import time
import warnings
from pathlib import Path

import pytensor
import pytest

from network3.layers.backends.cpu import cache_folder
from network3.layers.backends.cpu.cache_folder import BLOCK, DAY, CacheFolder, Kept, cache_size
from network3.layers.backends.cpu.kernel_file import packed, unpacked

SYMBOL = "network3_" + "0123456789abcdef01234501"
KEPT = Kept(4096, bytes(random.Random(0).randbytes(300)))


def name(k: int) -> str:
    """One of the names that do not make `write` prune."""
    return f"network3_{k:022x}01"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    made = CacheFolder(tmp_path / "pytensor" / "network3")
    monkeypatch.setattr(cache_folder, "current", lambda: made)
    monkeypatch.setattr(cache_folder, "_has_warned", False)
    return made


def file_of(folder, symbol=SYMBOL):
    return folder.path / f"{symbol}.kernel"


def fail_with(number):
    def fail(*arguments, **keywords):
        raise OSError(number, os.strerror(number))

    return fail


def test_what_is_written_is_read_also_by_others(folder):
    assert folder.read(SYMBOL) is None
    assert not folder.path.exists()
    folder.write(SYMBOL, KEPT)
    assert folder.trouble is None
    assert folder.read(SYMBOL) == CacheFolder(folder.path).read(SYMBOL) == KEPT
    assert [file.name for file in folder.path.iterdir()] == [f"{SYMBOL}.kernel"]


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
@pytest.mark.parametrize("umask", [0o000, 0o002, 0o077])
def test_nobody_else_can_write_to_it(folder, umask):
    before = os.umask(umask)
    try:
        folder.write(SYMBOL, KEPT)
    finally:
        os.umask(before)
    assert folder.path.stat().st_mode & 0o777 == 0o700
    assert file_of(folder).stat().st_mode & 0o777 == 0o600
    assert folder.read(SYMBOL) == KEPT


def test_every_damaged_bit_is_noticed():
    content = packed(SYMBOL, KEPT)
    assert unpacked(SYMBOL, content) == KEPT
    for position in range(len(content)):
        damaged = bytearray(content)
        damaged[position] ^= 1 << position % 8
        assert unpacked(SYMBOL, bytes(damaged)) is None
    for length in range(len(content)):
        assert unpacked(SYMBOL, content[:length]) is None
    assert unpacked(SYMBOL, content + b"\0") is None
    assert unpacked(name(7), content) is None  # another kernel's file


@pytest.mark.parametrize("content", [b"", b"\x7fELF", packed(name(1), KEPT)], ids=["empty", "foreign", "renamed"])
def test_a_file_of_something_else_is_written_anew(folder, content):
    folder.write(SYMBOL, KEPT)
    file_of(folder).write_bytes(content)
    assert folder.read(SYMBOL) is None
    folder.write(SYMBOL, KEPT)
    assert folder.read(SYMBOL) == KEPT


def test_a_folder_in_a_files_place_is_no_kernel(folder):
    folder.path.mkdir(mode=0o700, parents=True)
    file_of(folder).mkdir()
    assert folder.read(SYMBOL) is None
    folder.write(SYMBOL, KEPT)
    assert "expected a folder that files can be written to" in folder.trouble
    assert [file.name for file in folder.path.iterdir()] == [f"{SYMBOL}.kernel"]


def test_no_place_for_a_folder(folder):
    folder.path.parent.write_text("a file")
    assert folder.read(SYMBOL) is None
    folder.write(SYMBOL, KEPT)
    assert str(folder.path) in folder.trouble


def test_a_home_that_cannot_be_written_to(folder, monkeypatch):
    monkeypatch.setattr(Path, "mkdir", fail_with(errno.EACCES))
    folder.write(SYMBOL, KEPT)
    assert os.strerror(errno.EACCES) in folder.trouble


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.ENOSPC])
def test_a_folder_that_cannot_be_written_to_is_still_read(folder, monkeypatch, number):
    folder.write(SYMBOL, KEPT)
    monkeypatch.setattr(cache_folder, "_open_private", fail_with(number))
    folder.write(name(1), KEPT)
    assert os.strerror(number) in folder.trouble
    assert folder.read(SYMBOL) == KEPT
    assert folder.read(name(1)) is None
    monkeypatch.undo()
    folder.write(name(1), KEPT)  # no second try
    assert folder.read(name(1)) is None


def test_a_disk_that_is_full_halfway_leaves_nothing(folder, monkeypatch):
    folder.path.mkdir(mode=0o700, parents=True)
    monkeypatch.setattr(Path, "replace", fail_with(errno.ENOSPC))
    folder.write(SYMBOL, KEPT)
    assert folder.trouble is not None
    assert list(folder.path.iterdir()) == []


def test_losing_a_race_to_write_is_no_trouble(folder, monkeypatch):
    folder.write(SYMBOL, KEPT)
    monkeypatch.setattr(Path, "replace", fail_with(errno.EACCES))  # as on Windows while another process reads it
    folder.write(SYMBOL, KEPT)
    assert folder.trouble is None


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777])
def test_a_folder_that_others_can_write_to_is_refused(folder, mode):
    folder.write(SYMBOL, KEPT)
    folder.path.chmod(mode)
    again = CacheFolder(folder.path)
    assert again.read(SYMBOL) is None
    assert f"mode {mode:o}" in again.trouble
    again.write(name(1), KEPT)
    assert [file.name for file in folder.path.iterdir()] == [f"{SYMBOL}.kernel"]


@pytest.mark.skipif(os.name != "posix", reason="owners are POSIX's")
def test_what_belongs_to_another_user_is_refused(folder, monkeypatch):
    folder.write(SYMBOL, KEPT)
    user = os.geteuid()
    if user == 0:
        user = 12345
        os.chown(folder.path, user, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: user + 1)
    again = CacheFolder(folder.path)
    assert again.read(SYMBOL) is None
    assert f"user {user}" in again.trouble


@pytest.mark.skipif(os.name != "posix", reason="owners are POSIX's")
def test_what_belongs_to_the_administrator_is_trusted(folder, monkeypatch):
    folder.write(SYMBOL, KEPT)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    trusted = folder.path.stat().st_uid == 0
    assert CacheFolder(folder.path).read(SYMBOL) == (KEPT if trusted else None)


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_a_file_that_others_can_write_to_is_written_anew(folder):
    folder.write(SYMBOL, KEPT)
    file_of(folder).chmod(0o620)
    assert folder.read(SYMBOL) is None
    folder.write(SYMBOL, KEPT)
    assert folder.read(SYMBOL) == KEPT


def test_it_warns_once_a_process(folder):
    cache_folder.warn_of_trouble()  # of nothing
    folder.path.parent.write_text("a file")
    folder.write(SYMBOL, KEPT)
    with pytest.warns(RuntimeWarning, match=r"^cache of compiled kernels: expected .*; got .*network3 .*\. Until then"):
        cache_folder.warn_of_trouble()
    cache_folder.warn_of_trouble()  # which would be an error here


def test_use_is_noted_once_a_day(folder):
    folder.write(SYMBOL, KEPT)
    now = time.time()
    for age, changes in ((DAY / 2, False), (DAY * 3, True), (-DAY * 3, True)):
        os.utime(file_of(folder), (now - age, now - age))
        assert folder.read(SYMBOL) == KEPT
        changed = abs(file_of(folder).stat().st_mtime - (now - age)) > 1
        assert changed == changes, age


def test_the_files_not_used_for_longest_go_first(folder):
    small, now = CacheFolder(folder.path, limit=12 * BLOCK), time.time()
    (other := folder.path / "notes.txt").parent.mkdir(mode=0o700, parents=True)
    other.write_bytes(bytes(20 * BLOCK))  # not ours: neither counted nor removed
    for k in range(20):
        small.write(name(k), KEPT)
        os.utime(file_of(folder, name(k)), (now - (k * 7 % 20), now - (k * 7 % 20)))  # the files in no order of age
    small.prune()
    ages = sorted(round(now - file.stat().st_mtime) for file in folder.path.glob("*.kernel"))
    assert ages == [*range(9)]  # three quarters
    assert other.exists()
    small.prune()
    assert len(list(folder.path.glob("*.kernel"))) == len(ages)


def test_writing_keeps_it_small(folder):
    small = CacheFolder(folder.path, limit=40 * BLOCK)
    for k in range(256):
        small.write(f"network3_{k:022x}{k:02x}", KEPT)
    assert small.size()[0] == len(list(folder.path.iterdir())) < 40 + 64


def test_pruning_is_not_hindered_by_others_that_prune(folder, monkeypatch):
    small = CacheFolder(folder.path, limit=4 * BLOCK)
    for k in range(8):
        small.write(name(k), KEPT)
    listed = small._files()
    monkeypatch.setattr(small, "_files", lambda: listed)
    CacheFolder(folder.path, limit=4 * BLOCK).prune()
    small.prune()  # its list names files that are gone
    assert len(list(folder.path.iterdir())) == 3


def test_what_killed_processes_left_goes_after_a_day(folder):
    folder.write(SYMBOL, KEPT)
    old, new = folder.path / f"{name(1)}.0123456789abcdef.part", folder.path / f"{name(2)}.0123456789abcdef.part"
    for file, age in ((old, 2 * DAY), (new, 60)):
        file.write_bytes(b"half a ker")
        os.utime(file, (time.time() - age,) * 2)
    folder.prune()
    assert not old.exists()
    assert new.exists()
    assert folder.read(SYMBOL) == KEPT


def test_its_size_is_told(folder):
    assert cache_size() == (0, 0, folder.path)
    for k in range(3):
        folder.write(name(k), KEPT)
    assert cache_size() == (3, 3 * len(packed(SYMBOL, KEPT)), folder.path)
    with warnings.catch_warnings(action="error"):
        folder.path.chmod(0o777)
        folder._trusted = None
        if os.name == "posix":
            assert cache_size() == (0, 0, None)


def test_it_lies_under_pytensors_compile_directory():
    assert cache_folder.current().path == Path(pytensor.config.base_compiledir).absolute() / "network3"
    assert cache_folder.current() is cache_folder.current()
