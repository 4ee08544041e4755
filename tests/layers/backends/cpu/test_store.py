"""Kernels as object code: compiled once, kept on the disk, called by address, whatever happens on the way."""

import ctypes
import errno
import os
import random
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from llvmlite import binding, ir

from network3.layers.backends.cpu import background, cache_folder, object_code, processor, store
from network3.layers.backends.cpu.cache_folder import CacheFolder
from network3.layers.backends.cpu.store import kernel_symbol, request


def kernel(number):
    """A kernel that adds `number` and its part to the first word of its arguments."""
    return SimpleNamespace(key=f"add({number})", number=number, vectorized_by_llvm=False)


def text_of(symbol, number):
    module, word = ir.Module(), ir.IntType(64)
    kinds = [word.as_pointer(), word, ir.IntType(8).as_pointer()]
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), kinds), symbol)
    b = ir.IRBuilder(function.append_basic_block())
    arguments, part, _ = function.args
    b.store(b.add(b.load(arguments), b.add(part, ir.Constant(word, number))), arguments)
    b.ret_void()
    return str(module)


def call(code, part=0):
    """Call what adds to zero."""
    cell = ctypes.c_int64(0)
    function = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p)(code.address)
    function(ctypes.addressof(cell), part, None)
    return cell.value


class World:
    """A store as of a new process, whose kernels are `kernel(number)`, and which counts their texts."""

    def __init__(self, monkeypatch, path):
        self.monkeypatch, self.path = monkeypatch, path
        self.texts = []
        monkeypatch.setattr(store, "_module_text", self.module_text)
        self.restart()

    def module_text(self, new):
        self.texts.append(new.symbol)
        return text_of(new.symbol, new.kernel.number), 64 * new.kernel.number

    def restart(self):
        self.texts.clear()
        self.folder = CacheFolder(self.path)
        self.monkeypatch.setattr(cache_folder, "current", lambda: self.folder)
        self.monkeypatch.setattr(cache_folder, "_has_warned", False)
        self.monkeypatch.setattr(store, "_requests", {})

    def file_of(self, made):
        return self.path / f"{kernel_symbol(made)}.kernel"


@pytest.fixture
def world(monkeypatch, tmp_path):
    made = World(monkeypatch, tmp_path / "network3")
    yield made
    wait_for_worker()


def wait_for_worker():
    """Wait until the background thread has ended."""
    while (worker := background._worker) is not None:
        worker.join(10)


def test_a_kernel_is_compiled_once_and_loaded_once(world):
    first = request(kernel(7))
    assert call(first.result(), part=3) == 10
    assert first.result().scratch == 64 * 7
    assert first.done()
    assert request(kernel(7)) is first
    assert store.address_of(kernel(7)) == first.result().address
    assert call(request(kernel(8)).result()) == 8
    assert len(world.texts) == 2


def test_from_the_disk_no_text_is_made_and_no_thread_started(world, monkeypatch):
    for number in range(5):
        request(kernel(number)).result()
    wait_for_worker()
    world.restart()
    monkeypatch.setattr(background, "submit", lambda job: pytest.fail("a job for the thread"))
    codes = [request(kernel(number)).result() for number in range(5)]
    assert [call(code) for code in codes] == [0, 1, 2, 3, 4]
    assert [code.scratch for code in codes] == [0, 64, 128, 192, 256]
    assert world.texts == []


def test_bounds_checks_are_another_kernel(world):
    assert request(kernel(1), checking=True) is not request(kernel(1))
    assert len(set(world.texts)) == 2


def test_the_caller_goes_on_meanwhile(world):
    usual = sys.getswitchinterval()
    with object_code.LOCK:  # so the thread gets nothing done
        requests = [request(kernel(number)) for number in range(10)]
        assert len(world.texts) == 10
        assert not any(made.done() for made in requests)
        assert background._worker.daemon
        assert sys.getswitchinterval() == background.BRISK < usual
    assert [call(made.result()) for made in requests] == list(range(10))
    wait_for_worker()
    assert all(thread.name != "network3 compiler" for thread in threading.enumerate())
    assert sys.getswitchinterval() == usual


def test_what_is_on_the_disk_does_not_wait_for_what_is_compiled(world):
    request(kernel(1)).result()
    world.restart()
    held, go = threading.Event(), threading.Event()

    def hold():
        with object_code.LOCK:
            held.set()
            go.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(10)
    made = request(kernel(1))  # returns, though LLVM is busy
    assert not made.done()
    go.set()
    assert call(made.result()) == 1
    assert world.texts == []
    holder.join()


def test_threads_that_ask_for_the_same_kernel_get_one(world):
    found, together = [], threading.Barrier(4)

    def ask():
        together.wait(10)
        found.append(request(kernel(11)).result())

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len(found) == 4
    assert len(world.texts) == 1


def test_errors_come_out_of_the_result_and_do_not_stay(world, monkeypatch):
    monkeypatch.setattr(store, "_module_text", lambda new: ("define nonsense", 0))
    bad = request(kernel(1))
    for _ in range(2):
        with pytest.raises(RuntimeError, match="LLVM IR parsing error"):
            bad.result()

    def refuse(new):
        raise TypeError("kernel.py:3: expected another thing")

    monkeypatch.setattr(store, "_module_text", refuse)
    with pytest.raises(TypeError, match=r"kernel\.py:3"):
        request(kernel(1)).result()
    monkeypatch.setattr(store, "_module_text", lambda new: (text_of("another", 1), 0))
    with pytest.raises(RuntimeError, match="expected a function network3_"):
        request(kernel(99)).result()
    monkeypatch.setattr(store, "_module_text", world.module_text)
    assert call(request(kernel(1)).result()) == 1


def test_an_interruption_does_not_stay(world, monkeypatch):
    waiting = []

    def interrupt(new):
        waiting.append(store._requests[new.symbol])
        raise KeyboardInterrupt

    monkeypatch.setattr(store, "_module_text", interrupt)
    with pytest.raises(KeyboardInterrupt):
        request(kernel(1))
    monkeypatch.setattr(store, "_module_text", world.module_text)
    assert call(waiting[0].result()) == 1  # who waited in another thread asks once more
    assert call(request(kernel(1)).result()) == 1
    assert len(world.texts) == 1


def test_where_no_thread_can_be_started_the_caller_compiles(world, monkeypatch):
    def start(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    made = request(kernel(1))
    assert made.done()
    assert call(made.result()) == 1
    assert background._worker is None


@pytest.mark.parametrize("damage", ["flipped", "cut", "empty", "foreign"])
def test_damaged_files_are_compiled_anew(world, damage):
    draw = random.Random(5)
    made = kernel(1)
    request(made).result()
    wait_for_worker()
    content = world.file_of(made).read_bytes()
    for _ in range(60 if damage == "flipped" else 5):
        damaged = bytearray(content)
        if damage == "flipped":
            damaged[draw.randrange(len(content))] ^= draw.randrange(1, 256)
        elif damage == "cut":
            del damaged[draw.randrange(len(content)) :]
        else:
            damaged = b"" if damage == "empty" else draw.randbytes(1000)
        world.file_of(made).write_bytes(damaged)
        world.restart()
        assert call(request(made).result()) == 1
        wait_for_worker()
        assert len(world.texts) == 1
        assert world.file_of(made).read_bytes() == content


def test_without_a_folder_kernels_stay_in_memory_and_it_says_so_once(world, monkeypatch):
    def fail(path, flags):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(cache_folder, "_open_private", fail)
    with pytest.warns(RuntimeWarning, match="expected a folder that files can be written to"):
        request(kernel(1)).result()
    assert [call(request(kernel(number)).result()) for number in (1, 2)] == [1, 2]
    assert len(world.texts) == 2


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_a_folder_that_others_can_write_to_is_not_read(world):
    request(kernel(1)).result()
    world.restart()
    world.path.chmod(0o777)
    with pytest.warns(RuntimeWarning, match="that nobody else can write to"):
        request(kernel(1))
    assert call(request(kernel(1)).result()) == 1
    assert len(world.texts) == 1


def test_the_symbol_follows_what_code_depends_on(monkeypatch):
    def symbol(key="add(1)", checking=False):
        store._surroundings.cache_clear()
        return kernel_symbol(SimpleNamespace(key=key), checking)

    first = symbol()
    assert first == symbol()
    assert len(first) == len("network3_") + 24
    others = [symbol("add(2)"), symbol(checking=True)]
    changes = [
        (store.llvmlite, "__version__", "0.99.0"),
        (store, "target", lambda: ("haswell", processor.target()[1])),
        (store, "target", lambda: (processor.target()[0], "+sse2")),
        (object_code, "SETTINGS", object_code.SETTINGS._replace(passes=("sroa",))),
        (Path, "read_bytes", lambda path: b"other sources"),
        (binding, "get_process_triple", lambda: "another-system"),
    ]
    for owner, name, value in changes:
        with monkeypatch.context() as change:
            change.setattr(owner, name, value)
            others.append(symbol())
    assert len({first, *others}) == 1 + len(others)
    assert symbol() == first


def test_another_processor_is_chosen_by_the_environment(monkeypatch):
    own = processor.target()
    cases = [
        ({}, own),
        ({"NETWORK3_CPU_NAME": "haswell"}, ("haswell", "")),
        ({"NETWORK3_CPU_NAME": "haswell", "NETWORK3_CPU_FEATURES": "+avx,+avx2"}, ("haswell", "+avx,+avx2")),
        ({"NETWORK3_CPU_FEATURES": "+sse2"}, (own[0], "+sse2")),
        ({"NETWORK3_CPU_NAME": "host"}, own),
    ]
    for environment, expected in cases:
        with monkeypatch.context() as change:
            for name, value in environment.items():
                change.setenv(name, value)
            assert processor.target.__wrapped__() == expected


@pytest.mark.parametrize(
    ("features", "size"),
    [("", 16), ("+sse2,-avx", 16), ("+avx,-avx512f", 32), ("+avx,+avx512f", 64)],
)
def test_vectors_follow_the_features(monkeypatch, features, size):
    monkeypatch.setattr(processor, "target", lambda: ("x86-64", features))
    assert processor.vector_bytes.__wrapped__() == size
    arm = binding.get_process_triple().startswith(("aarch64", "arm64"))
    assert processor.vector_registers.__wrapped__() == (32 if arm or size == 64 else 16)


def test_vectors_cover_a_row():
    assert processor.offsets(10, 4) == (0, 4, 6)
    assert processor.lanes_of("float32") == 2 * processor.lanes_of("float64") == processor.vector_bytes() // 4


def test_pointers_need_no_types(world, monkeypatch):
    text = "define void @{}(ptr %a, i64 %part, ptr %scratch) {{\nstore i64 5, ptr %a\nret void\n}}"
    monkeypatch.setattr(store, "_module_text", lambda new: (text.format(new.symbol), 0))
    assert call(request(kernel(101)).result()) == 5
