"""Kernels on disk: loaded without compiling; damaged files and untrusted folders are not used."""

import errno
import os
import random
import threading

import pytest

from network3.layers.backends.cpu import background, cache_folder, object_code
from network3.layers.backends.cpu.store import request
from tests.layers.backends.cpu.adding_kernels import call, kernel, wait_for_worker


def test_kernels_on_disk_need_no_text_and_no_thread(fresh_store, monkeypatch):
    for number in range(5):
        request(kernel(number)).result()
    wait_for_worker()
    fresh_store.restart()
    monkeypatch.setattr(background, "submit", lambda job: pytest.fail("a job for the thread"))
    codes = [request(kernel(number)).result() for number in range(5)]
    assert [call(code) for code in codes] == [0, 1, 2, 3, 4]
    assert [code.scratch for code in codes] == [0, 64, 128, 192, 256]
    assert fresh_store.translated == []


def test_a_request_for_a_kernel_on_disk_returns_while_llvm_is_busy(fresh_store):
    request(kernel(1)).result()
    fresh_store.restart()
    locked, release = threading.Event(), threading.Event()

    def hold_lock():
        with object_code.LOCK:
            locked.set()
            release.wait(10)

    holder = threading.Thread(target=hold_lock)
    holder.start()
    locked.wait(10)
    made = request(kernel(1))  # returns although LLVM is busy
    assert not made.done()
    release.set()
    assert call(made.result()) == 1
    assert fresh_store.translated == []
    holder.join()


@pytest.mark.parametrize("damage", ["flipped", "cut", "empty", "foreign"])
def test_damaged_files_are_recompiled(fresh_store, damage):
    rng = random.Random(5)
    made = kernel(1)
    request(made).result()
    wait_for_worker()
    content = fresh_store.file_of(made).read_bytes()
    for _ in range(60 if damage == "flipped" else 5):
        damaged = bytearray(content)
        if damage == "flipped":
            damaged[rng.randrange(len(content))] ^= rng.randrange(1, 256)
        elif damage == "cut":
            del damaged[rng.randrange(len(content)) :]
        else:
            damaged = b"" if damage == "empty" else rng.randbytes(1000)
        fresh_store.file_of(made).write_bytes(damaged)
        fresh_store.restart()
        assert call(request(made).result()) == 1
        wait_for_worker()
        assert len(fresh_store.translated) == 1
        assert fresh_store.file_of(made).read_bytes() == content


def test_without_a_folder_kernels_are_kept_in_memory_with_one_warning(fresh_store, monkeypatch):
    def fail(path, flags):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(cache_folder, "_open_private", fail)
    with pytest.warns(RuntimeWarning, match="expected a folder that files can be written to"):
        request(kernel(1)).result()
    assert [call(request(kernel(number)).result()) for number in (1, 2)] == [1, 2]
    assert len(fresh_store.translated) == 2


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_a_folder_that_other_users_can_write_to_is_not_read(fresh_store):
    request(kernel(1)).result()
    fresh_store.restart()
    fresh_store.path.chmod(0o777)
    with pytest.warns(RuntimeWarning, match="that no other user can write to"):
        request(kernel(1))
    assert call(request(kernel(1)).result()) == 1
    assert len(fresh_store.translated) == 1
