"""Operations of the kernel language for threads: atomic access to shared words, waiting, and calls by address.

An address is an int64; word k is the 8 bytes at ``address + 8 * k``. Operations on words are sequentially consistent.
Each operation also has a version in plain Python, for a single thread.
"""

import ctypes
import sys
import time
from typing import Any

from llvmlite import binding

from network3.layers.backends.cpu.compiler.arithmetic import convert
from network3.layers.backends.cpu.compiler.frame import Frame
from network3.layers.backends.cpu.compiler.operations import operation
from network3.layers.backends.cpu.compiler.types import Value

# The signature of a kernel: the address of its arguments, the number of the part, and the address of scratch memory.
CALLABLE = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)
BILLION = 1_000_000_000
CLOCK, YIELD, SLEEP = (f"network3_{name}" for name in ("clock", "yield", "sleep"))


def _register_symbols() -> None:
    """Register the system functions under the names by which compiled code calls them."""
    if sys.platform == "win32":
        kernel32 = ctypes.windll.kernel32
        functions = {CLOCK: ctypes.cdll.ucrtbase._timespec64_get, YIELD: kernel32.SwitchToThread, SLEEP: kernel32.Sleep}
    else:
        system = ctypes.CDLL(None)
        functions = {CLOCK: system.timespec_get, YIELD: system.sched_yield, SLEEP: system.usleep}
    for name, function in functions.items():
        binding.add_symbol(name, ctypes.cast(function, ctypes.c_void_p).value)


_register_symbols()


def _int(frame: Frame, x: Any) -> str:
    return convert(frame, x, "int64").llvm


def _pointer(frame: Frame, address: Any) -> str:
    return frame.pure(f"inttoptr i64 {_int(frame, address)} to ptr")


def _word(frame: Frame, address: Any, index: Any) -> str:
    return frame.pure(f"getelementptr i64, ptr {_pointer(frame, address)}, i64 {_int(frame, index)}")


def _python_word(address: int, index: int) -> ctypes.c_int64:
    return ctypes.c_int64.from_address(int(address) + 8 * int(index))


@operation
def atomic_load(address: int, index: int) -> int:
    """Return the value of a word."""
    return _python_word(address, index).value


@atomic_load.emitter
def atomic_load(frame: Frame, address: Any, index: Any) -> Value:
    return Value(frame.value(f"load atomic i64, ptr {_word(frame, address, index)} seq_cst, align 8"), "int64")


@operation
def atomic_store(address: int, index: int, value: int) -> None:
    """Set the value of a word."""
    _python_word(address, index).value = int(value)


@atomic_store.emitter
def atomic_store(frame: Frame, address: Any, index: Any, value: Any) -> None:
    frame.do(f"store atomic i64 {_int(frame, value)}, ptr {_word(frame, address, index)} seq_cst, align 8")


@operation
def atomic_add(address: int, index: int, value: int) -> int:
    """Add to a word, and return its previous value."""
    old = _python_word(address, index).value
    atomic_store(address, index, old + value)
    return old


@atomic_add.emitter
def atomic_add(frame: Frame, address: Any, index: Any, value: Any) -> Value:
    word, more = _word(frame, address, index), _int(frame, value)
    return Value(frame.value(f"atomicrmw add ptr {word}, i64 {more} seq_cst"), "int64")


@operation
def compare_and_swap(address: int, index: int, old: int, new: int) -> bool:
    """Set a word to `new` if its value is `old`, and return whether it was."""
    found = _python_word(address, index).value == old
    if found:
        atomic_store(address, index, new)
    return found


@compare_and_swap.emitter
def compare_and_swap(frame: Frame, address: Any, index: Any, old: Any, new: Any) -> Value:
    place, old, new = _word(frame, address, index), _int(frame, old), _int(frame, new)
    found = frame.value(f"cmpxchg ptr {place}, i64 {old}, i64 {new} seq_cst seq_cst")
    return Value(frame.value(f"extractvalue {{ i64, i1 }} {found}, 1"), "bool")


@operation
def pause() -> None:
    """Signal a busy-wait loop to the processor, on x86 and ARM."""


@pause.emitter
def pause(frame: Frame) -> None:
    kind = binding.get_process_triple().split("-")[0]
    if kind in ("aarch64", "arm64"):
        frame.call("void", "llvm.aarch64.hint", ("i32", "1"))
    elif kind in ("x86_64", "i686"):
        frame.call("void", "llvm.x86.sse2.pause")


@operation
def yield_processor() -> None:
    """Yield the processor to another thread, if one is waiting."""
    time.sleep(0)


@yield_processor.emitter
def yield_processor(frame: Frame) -> None:
    frame.call("i32", YIELD)


@operation
def sleep(microseconds: int) -> None:
    """Sleep for a constant time; on Windows it is rounded down to milliseconds."""
    time.sleep(microseconds * 1e-6)


@sleep.emitter
def sleep(frame: Frame, microseconds: int) -> None:
    time_given = max(1, microseconds // 1000) if sys.platform == "win32" else microseconds
    frame.call("i32", SLEEP, ("i32", str(time_given)))


@operation
def now() -> int:
    """Return the time in nanoseconds."""
    return time.time_ns()


@now.emitter
def now(frame: Frame) -> Value:
    spec = frame.memory("{ i64, i64 }")
    frame.call("i32", CLOCK, ("ptr", spec), ("i32", "1"))
    # On Windows and on all 64-bit systems: 64-bit seconds, then nanoseconds in at least 32 bits, always below 2**30.
    seconds = frame.value(f"load i64, ptr {spec}")
    rest = frame.value(f"load i64, ptr {frame.pure(f'getelementptr i64, ptr {spec}, i64 1')}")
    nanoseconds = frame.pure(f"and i64 {rest}, {2**32 - 1}")
    return Value(frame.pure(f"add i64 {frame.pure(f'mul i64 {seconds}, {BILLION}')}, {nanoseconds}"), "int64")


@operation
def call(function: int, arguments: int, part: int, scratch: int) -> None:
    """Run one part of the kernel whose code is at the address `function`."""
    CALLABLE(int(function))(int(arguments), int(part), int(scratch))


@call.emitter
def call(frame: Frame, function: Any, arguments: Any, part: Any, scratch: Any) -> None:
    kernel, block, memory = (_pointer(frame, address) for address in (function, arguments, scratch))
    frame.do(f"call void {kernel}(ptr {block}, i64 {_int(frame, part)}, ptr {memory})")
