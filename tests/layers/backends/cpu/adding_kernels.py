"""Small kernels for the tests of the store: LLVM text without the compiler, and a store in its initial state."""

import ctypes
from types import SimpleNamespace

from llvmlite import ir

from network3.layers.backends.cpu import background, cache_folder, store
from network3.layers.backends.cpu.cache_folder import CacheFolder
from network3.layers.backends.cpu.store import kernel_symbol


def kernel(number):
    """Return a kernel that adds `number` and its part to the first word of its arguments."""
    return SimpleNamespace(key=f"add({number})", number=number, vectorized_by_llvm=False)


def text_of(symbol, number):
    """Return the LLVM text of such a kernel."""
    module, word = ir.Module(), ir.IntType(64)
    kinds = [word.as_pointer(), word, ir.IntType(8).as_pointer()]
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), kinds), symbol)
    b = ir.IRBuilder(function.append_basic_block())
    arguments, part, _ = function.args
    b.store(b.add(b.load(arguments), b.add(part, ir.Constant(word, number))), arguments)
    b.ret_void()
    return str(module)


def call(code, part=0):
    """Return the result of a kernel that starts from zero."""
    cell = ctypes.c_int64(0)
    function = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p)(code.address)
    function(ctypes.addressof(cell), part, None)
    return cell.value


class FreshStore:
    """The store in its initial state, for kernels made by `kernel`; records the kernels that are translated."""

    def __init__(self, monkeypatch, path):
        self.monkeypatch, self.path = monkeypatch, path
        self.translated = []
        monkeypatch.setattr(store, "_module_text", self.module_text)
        self.restart()

    def module_text(self, new):
        self.translated.append(new.symbol)
        return text_of(new.symbol, new.kernel.number), 64 * new.kernel.number

    def restart(self):
        """Reset the store, as in a new process that uses the same folder."""
        self.translated.clear()
        self.folder = CacheFolder(self.path)
        self.monkeypatch.setattr(cache_folder, "current", lambda: self.folder)
        self.monkeypatch.setattr(cache_folder, "_has_warned", False)
        self.monkeypatch.setattr(store, "_requests", {})

    def file_of(self, made):
        return self.path / f"{kernel_symbol(made)}.kernel"


def wait_for_worker():
    """Wait until the background thread has finished."""
    while (worker := background._worker) is not None:
        worker.join(10)
