"""Kernels by address: each compiled once, kept on the disk, and loaded once a process.

What is neither loaded nor on the disk is compiled in the background while the caller goes on: LLVM takes most of the
time, and does not hold Python's lock. One thread does it all, as LLVM does one thing at a time.
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
from .kernel_file import Kept
from .processor import target

if TYPE_CHECKING:
    from .compiler import Kernel


class Code(NamedTuple):
    """A kernel that can be called."""

    address: int
    scratch: int  # bytes of scratch memory that it wants


class Request:
    """A kernel that was asked for: `result` waits until it can be called."""

    def __init__(self, kernel: "Kernel", checking: bool, symbol: str):
        self.kernel, self.checking, self.symbol = kernel, checking, symbol
        self._code: Code | None = None
        self._error: Exception | None = None
        self._settled = threading.Event()

    def done(self) -> bool:
        """Return whether `result` need not wait."""
        return self._settled.is_set()

    def result(self) -> Code:
        """Return the kernel's address, and what else its callers need.

        Raises
        ------
        Exception
            What went wrong when it was compiled.
        """
        if self._code is None:  # what is not needed is not touched: other threads do so while the process forks
            self._settled.wait()
        cache_folder.warn_of_trouble()
        if self._code is None:
            if self._error is not None:
                raise self._error
            self._code = request(self.kernel, checking=self.checking).result()
        return self._code

    def succeed(self, code: Code) -> None:
        """Let `result` return `code`."""
        self._code = code
        self._settled.set()

    def fail(self, error: Exception | None) -> None:
        """Let `result` raise `error`, or ask for the kernel once more if there is none; so does whoever comes next."""
        if _requests.get(self.symbol) is self:
            del _requests[self.symbol]
        self._error = error
        self._settled.set()

    def drop(self) -> None:
        """Let this be made anew once its result is asked for; threads that wait for it already are gone, or as good."""
        self._settled = threading.Event()
        self.fail(None)


_requests: dict[str, Request] = {}  # by symbol: all of this process that did not fail


def request(kernel: "Kernel", *, checking: bool = False) -> Request:
    """Ask for a kernel, compiled with bounds checks if `checking`; what that takes goes on in the background."""
    symbol = kernel_symbol(kernel, checking)
    new = Request(kernel, checking, symbol)
    known = _requests.setdefault(symbol, new)
    if known is not new:
        return known
    try:
        kept = cache_folder.current().read(symbol)
        if kept is None:
            text, scratch = _module_text(new)
            background.submit(partial(_compile, new, text, scratch))
        # Most often LLVM is free when kernels are on the disk, and then loading takes less than starting a thread.
        elif object_code.LOCK.acquire(blocking=False):
            try:
                _load(new, kept)
            finally:
                object_code.LOCK.release()
        else:
            background.submit(partial(_load, new, kept))
    except Exception as error:
        new.fail(error)
    except BaseException:
        new.fail(None)
        raise
    cache_folder.warn_of_trouble()
    return new


def address_of(kernel: "Kernel") -> int:
    """Return the address of a kernel, once it is compiled."""
    return request(kernel).result().address


def kernel_symbol(kernel: "Kernel", checking: bool = False) -> str:
    """Return the name of a kernel's function and of its file: a hash of all that its code depends on."""
    made_from = repr((kernel.key, checking, _surroundings()))
    return "network3_" + hashlib.blake2b(made_from.encode(), digest_size=12).hexdigest()


@cache
def _surroundings() -> str:
    """Return what all kernels of a process depend on: our sources, the processor, LLVM and its settings."""
    sources = b"".join(file.read_bytes() for file in sorted(Path(__file__).parent.rglob("*.py")))
    # Without sources nobody can tell whether the kernels of another process are still right.
    version = hashlib.blake2b(sources or os.urandom(12), digest_size=12).hexdigest()
    return repr((version, binding.get_process_triple(), target(), llvmlite.__version__, object_code.SETTINGS))


def _module_text(new: Request) -> tuple[str, int]:
    # Not above: a process whose kernels are on the disk needs no compiler.
    from .compiler.translation import module_text

    return module_text(new.kernel, new.symbol, checking=new.checking)


def _compile(new: Request, text: str, scratch: int) -> None:
    try:
        kept = Kept(scratch, object_code.compile_text(text, vectorize=new.kernel.vectorized_by_llvm))
        address = object_code.load(new.symbol, kept.code)
        cache_folder.current().write(new.symbol, kept)
    except Exception as error:
        new.fail(error)
    else:
        new.succeed(Code(address, scratch))


def _load(new: Request, kept: Kept) -> None:
    try:
        new.succeed(Code(object_code.load(new.symbol, kept.code), kept.scratch))
    except Exception as error:
        new.fail(error)


def _drop_pending() -> None:
    for pending in [known for known in _requests.values() if known._code is None]:
        pending.drop()


background.call_when_dropped(_drop_pending)
