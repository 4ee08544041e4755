"""The folder of compiled kernels: which files are trusted, and which are removed when the limit is exceeded."""

import errno
import os
import random
import time
import warnings
from pathlib import Path

import pytensor
import pytest

from network3.layers.backends.cpu import cache_folder
from network3.layers.backends.cpu.cache_folder import BLOCK, DAY, CachedKernel, CacheFolder, cache_size
from network3.layers.backends.cpu.kernel_file import decode, encode

SYMBOL = "network3_" + "0123456789abcdef01234501"
KEPT = CachedKernel(4096, bytes(random.Random(0).randbytes(300)))


def name(k: int) -> str:
    """Return one of the symbols for which `write` does not prune."""
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


def test_a_written_kernel_can_be_read_also_by_another_process(folder):
    assert folder.read(SYMBOL) is None
    assert not folder.path.exists()
    folder.write(SYMBOL, KEPT)
    assert folder.problem is None
    assert folder.read(SYMBOL) == CacheFolder(folder.path).read(SYMBOL) == KEPT
    assert [file.name for file in folder.path.iterdir()] == [f"{SYMBOL}.kernel"]


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
@pytest.mark.parametrize("umask", [0o000, 0o002, 0o077])
def test_no_other_user_can_write_to_folder_or_files(folder, umask):
    before = os.umask(umask)
    try:
        folder.write(SYMBOL, KEPT)
    finally:
        os.umask(before)
    assert folder.path.stat().st_mode & 0o777 == 0o700
    assert file_of(folder).stat().st_mode & 0o777 == 0o600
    assert folder.read(SYMBOL) == KEPT


def test_every_damaged_bit_is_detected():
    content = encode(SYMBOL, KEPT)
    assert decode(SYMBOL, content) == KEPT
    for position in range(len(content)):
        damaged = bytearray(content)
        damaged[position] ^= 1 << position % 8
        assert decode(SYMBOL, bytes(damaged)) is None
    for length in range(len(content)):
        assert decode(SYMBOL, content[:length]) is None
    assert decode(SYMBOL, content + b"\0") is None
    assert decode(name(7), content) is None  # another kernel's file


@pytest.mark.parametrize("content", [b"", b"\x7fELF", encode(name(1), KEPT)], ids=["empty", "foreign", "renamed"])
def test_a_file_of_another_format_is_replaced(folder, content):
    folder.write(SYMBOL, KEPT)
    file_of(folder).write_bytes(content)
    assert folder.read(SYMBOL) is None
    folder.write(SYMBOL, KEPT)
    assert folder.read(SYMBOL) == KEPT


def test_a_folder_with_the_name_of_a_kernel_file(folder):
    folder.path.mkdir(mode=0o700, parents=True)
    file_of(folder).mkdir()
    assert folder.read(SYMBOL) is None
    folder.write(SYMBOL, KEPT)
    assert "expected a folder that files can be written to" in folder.problem
    assert [file.name for file in folder.path.iterdir()] == [f"{SYMBOL}.kernel"]


def test_a_file_with_the_name_of_the_folder(folder):
    folder.path.parent.write_text("a file")
    assert folder.read(SYMBOL) is None
    folder.write(SYMBOL, KEPT)
    assert str(folder.path) in folder.problem


def test_a_folder_that_cannot_be_created(folder, monkeypatch):
    monkeypatch.setattr(Path, "mkdir", fail_with(errno.EACCES))
    folder.write(SYMBOL, KEPT)
    assert os.strerror(errno.EACCES) in folder.problem


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.ENOSPC])
def test_a_read_only_folder_is_still_read(folder, monkeypatch, number):
    folder.write(SYMBOL, KEPT)
    monkeypatch.setattr(cache_folder, "_open_private", fail_with(number))
    folder.write(name(1), KEPT)
    assert os.strerror(number) in folder.problem
    assert folder.read(SYMBOL) == KEPT
    assert folder.read(name(1)) is None
    monkeypatch.undo()
    folder.write(name(1), KEPT)  # not tried a second time
    assert folder.read(name(1)) is None


def test_a_full_disk_leaves_no_partial_file(folder, monkeypatch):
    folder.path.mkdir(mode=0o700, parents=True)
    monkeypatch.setattr(Path, "replace", fail_with(errno.ENOSPC))
    folder.write(SYMBOL, KEPT)
    assert folder.problem is not None
    assert list(folder.path.iterdir()) == []


def test_losing_a_race_to_write_is_no_problem(folder, monkeypatch):
    folder.write(SYMBOL, KEPT)
    monkeypatch.setattr(Path, "replace", fail_with(errno.EACCES))  # as on Windows while another process reads it
    folder.write(SYMBOL, KEPT)
    assert folder.problem is None


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777])
def test_a_folder_that_other_users_can_write_to_is_rejected(folder, mode):
    folder.write(SYMBOL, KEPT)
    folder.path.chmod(mode)
    again = CacheFolder(folder.path)
    assert again.read(SYMBOL) is None
    assert f"mode {mode:o}" in again.problem
    again.write(name(1), KEPT)
    assert [file.name for file in folder.path.iterdir()] == [f"{SYMBOL}.kernel"]


@pytest.mark.skipif(os.name != "posix", reason="owners are POSIX's")
def test_a_folder_of_another_user_is_rejected(folder, monkeypatch):
    folder.write(SYMBOL, KEPT)
    user = os.geteuid()
    if user == 0:
        user = 12345
        os.chown(folder.path, user, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: user + 1)
    again = CacheFolder(folder.path)
    assert again.read(SYMBOL) is None
    assert f"user {user}" in again.problem


@pytest.mark.skipif(os.name != "posix", reason="owners are POSIX's")
def test_a_folder_of_root_is_trusted(folder, monkeypatch):
    folder.write(SYMBOL, KEPT)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    trusted = folder.path.stat().st_uid == 0
    assert CacheFolder(folder.path).read(SYMBOL) == (KEPT if trusted else None)


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_a_file_that_other_users_can_write_to_is_replaced(folder):
    folder.write(SYMBOL, KEPT)
    file_of(folder).chmod(0o620)
    assert folder.read(SYMBOL) is None
    folder.write(SYMBOL, KEPT)
    assert folder.read(SYMBOL) == KEPT


def test_it_warns_once_per_process(folder):
    cache_folder.warn_of_problem()  # no problem yet
    folder.path.parent.write_text("a file")
    folder.write(SYMBOL, KEPT)
    with pytest.warns(RuntimeWarning, match=r"^cache of compiled kernels: expected .*; got .*network3 .*\. Until then"):
        cache_folder.warn_of_problem()
    cache_folder.warn_of_problem()  # a second warning would be an error here


def test_the_time_of_use_is_updated_once_a_day(folder):
    folder.write(SYMBOL, KEPT)
    now = time.time()
    for age, changes in ((DAY / 2, False), (DAY * 3, True), (-DAY * 3, True)):
        os.utime(file_of(folder), (now - age, now - age))
        assert folder.read(SYMBOL) == KEPT
        changed = abs(file_of(folder).stat().st_mtime - (now - age)) > 1
        assert changed == changes, age


def test_the_least_recently_used_files_are_removed_first(folder):
    small, now = CacheFolder(folder.path, limit=12 * BLOCK), time.time()
    (other := folder.path / "notes.txt").parent.mkdir(mode=0o700, parents=True)
    other.write_bytes(bytes(20 * BLOCK))  # not a kernel file: neither counted nor removed
    for k in range(20):
        small.write(name(k), KEPT)
        os.utime(file_of(folder, name(k)), (now - (k * 7 % 20), now - (k * 7 % 20)))  # ages in no particular order
    small.prune()
    ages = sorted(round(now - file.stat().st_mtime) for file in folder.path.glob("*.kernel"))
    assert ages == [*range(9)]  # three quarters
    assert other.exists()
    small.prune()
    assert len(list(folder.path.glob("*.kernel"))) == len(ages)


def test_writing_keeps_the_folder_below_its_limit(folder):
    small = CacheFolder(folder.path, limit=40 * BLOCK)
    for k in range(256):
        small.write(f"network3_{k:022x}{k:02x}", KEPT)
    assert small.size()[0] == len(list(folder.path.iterdir())) < 40 + 64


def test_pruning_while_another_process_prunes(folder, monkeypatch):
    small = CacheFolder(folder.path, limit=4 * BLOCK)
    for k in range(8):
        small.write(name(k), KEPT)
    listed = small._files()
    monkeypatch.setattr(small, "_files", lambda: listed)
    CacheFolder(folder.path, limit=4 * BLOCK).prune()
    small.prune()  # its list contains files that were removed
    assert len(list(folder.path.iterdir())) == 3


def test_leftovers_of_killed_processes_are_removed_after_a_day(folder):
    folder.write(SYMBOL, KEPT)
    old, new = folder.path / f"{name(1)}.0123456789abcdef.part", folder.path / f"{name(2)}.0123456789abcdef.part"
    for file, age in ((old, 2 * DAY), (new, 60)):
        file.write_bytes(b"half a ker")
        os.utime(file, (time.time() - age,) * 2)
    folder.prune()
    assert not old.exists()
    assert new.exists()
    assert folder.read(SYMBOL) == KEPT


def test_cache_size(folder):
    assert cache_size() == (0, 0, folder.path)
    for k in range(3):
        folder.write(name(k), KEPT)
    assert cache_size() == (3, 3 * len(encode(SYMBOL, KEPT)), folder.path)
    with warnings.catch_warnings(action="error"):
        folder.path.chmod(0o777)
        folder._trusted = None
        if os.name == "posix":
            assert cache_size() == (0, 0, None)


def test_it_is_under_pytensors_compile_directory():
    assert cache_folder.current().path == Path(pytensor.config.base_compiledir).absolute() / "network3"
    assert cache_folder.current() is cache_folder.current()
