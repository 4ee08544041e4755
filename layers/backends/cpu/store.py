"""The kernel store: each kernel is compiled once, cached on disk, and loaded once per process.

A kernel that is neither loaded nor on disk is compiled in the background while the caller continues: LLVM takes most
of the time, and does not hold the GIL. One thread compiles all kernels, as LLVM is used by one thread at a time.
"""

import hashlib
import os
import threading
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import llvmlite
from llvmlite import binding

from . import background, cache_folder, object_code
from .kernel_file import CachedKernel
from .processor import target

if TYPE_CHECKING:
    from .compiler import Kernel


class Code(NamedTuple):
    """A kernel that can be called."""

    address: int
    scratch: int  # bytes of scratch memory that it needs


class Request:
    """A requested kernel; `result` waits until it is compiled and loaded."""

    def __init__(self, kernel: "Kernel", checking: bool, symbol: str):
        self.kernel, self.checking, self.symbol = kernel, checking, symbol
        self._code: Code | None = None
        self._error: Exception | None = None
        self._finished = threading.Event()

    def done(self) -> bool:
        """Return whether `result` returns without waiting."""
        return self._finished.is_set()

    def result(self) -> Code:
        """Return the kernel's address and the size of its scratch memory.

        Raises
        ------
        Exception
            Any error of the compilation.
        """
        if self._code is None:  # no lock on the fast path: another thread may hold it during a fork
            self._finished.wait()
        cache_folder.warn_of_problem()
        if self._code is None:
            if self._error is not None:
                raise self._error
            self._code = request(self.kernel, checking=self.checking).result()
        return self._code

    def succeed(self, code: Code) -> None:
        """Make `result` return `code`."""
        self._code = code
        self._finished.set()

    def fail(self, error: Exception | None) -> None:
        """Make `result` raise `error`, or request the kernel again if there is none; later requests start afresh."""
        if _requests.get(self.symbol) is self:
            del _requests[self.symbol]
        self._error = error
        self._finished.set()

    def drop(self) -> None:
        """Make `result` request the kernel again; threads that already wait for it have ended, or are about to."""
        self._finished = threading.Event()
        self.fail(None)


_requests: dict[str, Request] = {}  # by symbol: all requests of this process that did not fail


def request(kernel: "Kernel", *, checking: bool = False) -> Request:
    """Request a kernel, compiled with bounds checks if `checking`; compilation runs in the background."""
    symbol = kernel_symbol(kernel, checking)
    new = Request(kernel, checking, symbol)
    known = _requests.setdefault(symbol, new)
    if known is not new:
        return known
    try:
        cached = cache_folder.current().read(symbol)
        if cached is None:
            text, scratch = _module_text(new)
            background.submit(partial(_compile, new, text, scratch))
        # If the kernels are on disk, LLVM is usually idle, and loading takes less time than starting a thread.
        elif object_code.LOCK.acquire(blocking=False):
            try:
                _load(new, cached)
            finally:
                object_code.LOCK.release()
        else:
            background.submit(partial(_load, new, cached))
    except Exception as error:
        new.fail(error)
    except BaseException:
        new.fail(None)
        raise
    cache_folder.warn_of_problem()
    return new


def address_of(kernel: "Kernel") -> int:
    """Return the address of a kernel; waits until it is compiled."""
    return request(kernel).result().address


def kernel_symbol(kernel: "Kernel", checking: bool = False) -> str:
    """Return the name of a kernel's function and of its cache file: a hash of everything its code depends on."""
    made_from = repr((kernel.key, checking, _environment()))
    return "network3_" + hashlib.blake2b(made_from.encode(), digest_size=12).hexdigest()


@cache
def _environment() -> str:
    """Return what the code of all kernels depends on: this package's source, the processor, LLVM and its settings."""
    sources = b"".join(file.read_bytes() for file in sorted(Path(__file__).parent.rglob("*.py")))
    # Without source files, a random version: kernels of another process might be outdated.
    version = hashlib.blake2b(sources or os.urandom(12), digest_size=12).hexdigest()
    return repr((version, binding.get_process_triple(), target(), llvmlite.__version__, object_code.SETTINGS))


def _module_text(new: Request) -> tuple[str, int]:
    # Imported here: a process whose kernels are on disk does not need the compiler.
    from .compiler.translation import module_text

    return module_text(new.kernel, new.symbol, checking=new.checking)


def _compile(new: Request, text: str, scratch: int) -> None:
    try:
        cached = CachedKernel(scratch, object_code.compile_text(text, vectorize=new.kernel.vectorized_by_llvm))
        address = object_code.load(new.symbol, cached.code)
        cache_folder.current().write(new.symbol, cached)
    except Exception as error:
        new.fail(error)
    else:
        new.succeed(Code(address, scratch))


def _load(new: Request, cached: CachedKernel) -> None:
    try:
        new.succeed(Code(object_code.load(new.symbol, cached.code), cached.scratch))
    except Exception as error:
        new.fail(error)


def _drop_pending() -> None:
    for pending in [known for known in _requests.values() if known._code is None]:
        pending.drop()


background.call_when_dropped(_drop_pending)
