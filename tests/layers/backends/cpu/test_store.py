"""The kernel store: each kernel is compiled and loaded once, in the background; errors are not cached."""

import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from llvmlite import binding

from network3.layers.backends.cpu import background, object_code, processor, store
from network3.layers.backends.cpu.store import kernel_symbol, request
from tests.layers.backends.cpu.adding_kernels import call, kernel, text_of, wait_for_worker


def test_a_kernel_is_compiled_and_loaded_once(fresh_store):
    first = request(kernel(7))
    assert call(first.result(), part=3) == 10
    assert first.result().scratch == 64 * 7
    assert first.done()
    assert request(kernel(7)) is first
    assert store.address_of(kernel(7)) == first.result().address
    assert call(request(kernel(8)).result()) == 8
    assert len(fresh_store.translated) == 2


def test_a_kernel_with_bounds_checks_is_another_kernel(fresh_store):
    assert request(kernel(1), checking=True) is not request(kernel(1))
    assert len(set(fresh_store.translated)) == 2


def test_kernels_are_compiled_in_the_background(fresh_store):
    usual = sys.getswitchinterval()
    with object_code.LOCK:  # blocks the background thread
        requests = [request(kernel(number)) for number in range(10)]
        assert len(fresh_store.translated) == 10
        assert not any(made.done() for made in requests)
        assert background._worker.daemon
        assert sys.getswitchinterval() == background.SHORT_INTERVAL < usual
    assert [call(made.result()) for made in requests] == list(range(10))
    wait_for_worker()
    assert all(thread.name != "network3 compiler" for thread in threading.enumerate())
    assert sys.getswitchinterval() == usual


def test_concurrent_requests_compile_a_kernel_once(fresh_store):
    found, barrier = [], threading.Barrier(4)

    def request_kernel():
        barrier.wait(10)
        found.append(request(kernel(11)).result())

    threads = [threading.Thread(target=request_kernel) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len(found) == 4
    assert len(fresh_store.translated) == 1


def test_errors_are_raised_by_result_and_not_cached(fresh_store, monkeypatch):
    monkeypatch.setattr(store, "_module_text", lambda new: ("define nonsense", 0))
    bad = request(kernel(1))
    for _ in range(2):
        with pytest.raises(RuntimeError, match="LLVM IR parsing error"):
            bad.result()

    def reject(new):
        raise TypeError("kernel.py:3: expected something else")

    monkeypatch.setattr(store, "_module_text", reject)
    with pytest.raises(TypeError, match=r"kernel\.py:3"):
        request(kernel(1)).result()
    monkeypatch.setattr(store, "_module_text", lambda new: (text_of("another", 1), 0))
    with pytest.raises(RuntimeError, match="expected a function network3_"):
        request(kernel(99)).result()
    monkeypatch.setattr(store, "_module_text", fresh_store.module_text)
    assert call(request(kernel(1)).result()) == 1


def test_an_interruption_is_not_cached(fresh_store, monkeypatch):
    waiting = []

    def interrupt(new):
        waiting.append(store._requests[new.symbol])
        raise KeyboardInterrupt

    monkeypatch.setattr(store, "_module_text", interrupt)
    with pytest.raises(KeyboardInterrupt):
        request(kernel(1))
    monkeypatch.setattr(store, "_module_text", fresh_store.module_text)
    assert call(waiting[0].result()) == 1  # a thread that already waits requests the kernel again
    assert call(request(kernel(1)).result()) == 1
    assert len(fresh_store.translated) == 1


def test_if_no_thread_can_be_started_the_caller_compiles(fresh_store, monkeypatch):
    def start(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    made = request(kernel(1))
    assert made.done()
    assert call(made.result()) == 1
    assert background._worker is None


def test_the_symbol_changes_with_everything_that_code_depends_on(monkeypatch):
    def symbol(key="add(1)", checking=False):
        store._environment.cache_clear()
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


def test_opaque_pointers_are_accepted(fresh_store, monkeypatch):
    text = "define void @{}(ptr %a, i64 %part, ptr %scratch) {{\nstore i64 5, ptr %a\nret void\n}}"
    monkeypatch.setattr(store, "_module_text", lambda new: (text.format(new.symbol), 0))
    assert call(request(kernel(101)).result()) == 5
