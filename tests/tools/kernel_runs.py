"""Kernels run on arrays that begin anywhere, between guards, in all three ways; and what differed."""

import linecache
from collections.abc import Callable, Sequence
from hashlib import sha256
from itertools import count
from typing import Any

import numpy as np

from network3.layers.backends.cpu import object_code
from network3.layers.backends.cpu.compiler import (
    REPORT,
    Array,
    FlatArray,
    Int,
    Kernel,
    copy,
    module_text,
    scratch,
    violation,
)
from tests.layers.backends.cpu.runs import CALL
from tests.tools.kernel_source import Source

GUARD = 64  # numbers before and behind an array
LINE = 64
_numbers = count()


class DifferenceError(Exception):
    """Two ways to run a kernel do not agree, or one leaves its arrays."""


def function_of(source: Source) -> Callable:
    """Return the function of a random kernel, with its source where the compiler finds it."""
    file = f"<fuzzed {sha256(source.text.encode()).hexdigest()[:16]}>"
    linecache.cache[file] = len(source.text), None, source.text.splitlines(keepends=True), file
    scope = {"np": np, "Array": Array, "Int": Int, "scratch": scratch, "copy": copy}
    exec(compile(source.text, file, "exec"), scope)
    return scope["fuzzed"]


class Loaded:
    """The code of a kernel, compiled without the store; it stays as long as the process."""

    def __init__(self, kernel: Kernel, checking: bool):
        self.kernel, self.checking = kernel, checking
        symbol = f"fuzzed{next(_numbers)}"
        text, self.scratch = module_text(kernel, symbol, checking=checking)
        self._call = CALL(object_code.load(symbol, object_code.compile_text(text)))

    def run(self, arguments: Sequence[Any], parts: int) -> None:
        """Run all parts.

        Raises
        ------
        DifferenceError
            A violation was reported, or the kernel wrote beyond its scratch memory.
        """
        report = np.zeros(REPORT, np.int64)
        words = [report.ctypes.data] if self.checking else []
        for kind, argument in zip(self.kernel.parameters, arguments, strict=True):
            if isinstance(kind, Array):
                assert argument.dtype == kind.dtype, f"{argument.dtype} for {kind}"
                words += [argument.ctypes.data, argument.size] if self.checking else [argument.ctypes.data]
            else:
                words.append(int(argument))
        block, memory = np.array(words, np.int64), np.full(self.scratch + 4 * LINE, 0xA5, np.uint8)
        start = -(-memory.ctypes.data // LINE) * LINE + LINE
        for part in range(parts):
            self._call(block.ctypes.data, part, start)
        used = slice(start - memory.ctypes.data, start - memory.ctypes.data + self.scratch)
        outside = np.concatenate([memory[: used.start], memory[used.stop :]])
        if (outside != 0xA5).any():
            raise DifferenceError("scratch memory was left")
        wrong = violation(report)
        if wrong is not None:
            raise DifferenceError(wrong)


class Guarded:
    """A copy of an array, which begins anywhere between guards."""

    def __init__(self, values: np.ndarray, offset: int):
        flat = np.ascontiguousarray(values).reshape(-1)
        self._memory = np.full((flat.size + 2 * GUARD + offset) * flat.itemsize, 0xA5, np.uint8)
        self._first = (GUARD + offset) * flat.itemsize
        self._end = self._first + flat.nbytes
        self.array = self._memory[self._first : self._end].view(flat.dtype)
        self.array[:] = flat

    def check(self) -> None:
        """Make sure that the guards are as they were."""
        if (self._memory[: self._first] != 0xA5).any() or (self._memory[self._end :] != 0xA5).any():
            raise DifferenceError("something outside of an array was written")


def run_as_python(function: Callable, arguments: Sequence[Any], parts: int) -> list[Any]:
    """Return what plain Python makes of copies of the arguments."""
    given = [a.reshape(-1).copy().view(FlatArray) if isinstance(a, np.ndarray) else a for a in arguments]
    with np.errstate(all="ignore"):
        for part in range(parts):
            function(part, *given)
    return [a.view(np.ndarray) if isinstance(a, np.ndarray) else a for a in given]


def run_loaded(code: Loaded, arguments: Sequence[Any], parts: int, rng: np.random.Generator) -> list[Any]:
    """Return what compiled code makes of copies of the arguments, which begin at any number."""
    guarded = [Guarded(a, int(rng.integers(0, 32))) if isinstance(a, np.ndarray) else a for a in arguments]
    given = [g.array if isinstance(g, Guarded) else g for g in guarded]
    code.run(given, parts)
    for g in guarded:
        if isinstance(g, Guarded):
            g.check()
    return given


def compare(how: str, found: Sequence[Any], expected: Sequence[Any], tolerance: float) -> None:
    """Make sure that two lists of arguments are alike: to the last bit, or floats within a tolerance."""
    for k, (one, other) in enumerate(zip(found, expected, strict=True)):
        if not isinstance(one, np.ndarray):
            continue
        if one.dtype.kind == "f":
            nan = np.isnan(one) & np.isnan(other)
            size = np.abs(other[np.isfinite(other)]).max(initial=0.0)
            with np.errstate(all="ignore"):
                alike = nan | (one == other) | (np.abs(one - other) <= tolerance * np.maximum(np.abs(other), size))
            if tolerance == 0.0:
                alike &= nan | (np.signbit(one) == np.signbit(other))
        else:
            alike = one == other
        if not alike.all():
            (at,) = np.nonzero(~alike)
            raise DifferenceError(f"argument {k}, {how}: {one[at[:5]]} instead of {other[at[:5]]} at {at[:5]} of {one.size}")


def check(
    kernel: Kernel,
    arguments: Sequence[Any],
    parts: int,
    rng: np.random.Generator,
    tolerance: float,
    python: bool = True,
) -> None:
    """Run a kernel in all ways, of which plain Python may be left out, and compare.

    Raises
    ------
    DifferenceError
    """
    compiled = run_loaded(Loaded(kernel, False), arguments, parts, rng)
    checked = run_loaded(Loaded(kernel, True), arguments, parts, rng)
    compare("checked", checked, compiled, tolerance)
    if python:
        compare("compiled", compiled, run_as_python(kernel.function, arguments, parts), tolerance)


def check_source(seed: int, size: int = 3) -> str:
    """Run the random kernel of a seed in all ways, and return its text.

    Raises
    ------
    DifferenceError
        With the text in its message.
    """
    source, rng = Source(seed, size), np.random.default_rng(seed)
    function = function_of(source)
    n = int(rng.choice([1, 2, 3, 4, 5, 7, 8, 9, 17, 33, 70], p=[0.1] * 8 + [0.1, 0.06, 0.04]))
    arguments = [*(numbers(dtype, n, rng) for dtype in source.arrays), n]
    kernel = Kernel(lambda text: function, (source.text,), {})
    try:
        check(kernel, arguments, int(rng.integers(1, 3)), rng, 0.0)
    except Exception as error:
        raise DifferenceError(f"seed {seed}, n = {n}: {error!r}\n{source.text}") from error
    return source.text


def numbers(dtype: str, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return random numbers of a type, special ones among them; int64 stays small."""
    if dtype == "bool":
        return rng.random(count) < 0.5
    if dtype.startswith("float"):
        special = np.array([0.0, -0.0, 1.0, np.nan, np.inf, -np.inf, 1e30, -1e-40])
        usual = np.where(rng.random(count) < 0.5, rng.integers(-2, 4, count), rng.normal(0, 3, count))  # some are equal
        return np.where(rng.random(count) < 0.15, rng.choice(special, count), usual).astype(dtype)
    bounds = np.iinfo(dtype)
    low, high = (-1000, 1000) if dtype == "int64" else (bounds.min, bounds.max)
    small = rng.integers(max(low, -9), 9, count)
    return np.where(rng.random(count) < 0.7, small, rng.integers(low, high + 1, count)).astype(dtype)
