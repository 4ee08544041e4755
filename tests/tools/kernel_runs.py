"""Runs kernels in all three ways, on arrays at varying offsets between guards, and reports differences."""

import linecache
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from itertools import count
from typing import Any

import numpy as np

from network3.layers.backends.cpu import object_code
from network3.layers.backends.cpu.compiler import Array, Int, Kernel, copy, scratch
from network3.layers.backends.cpu.compiler.translation import module_text
from network3.layers.backends.cpu.store import Code
from tests.layers.backends.cpu.runs import call, run_python
from tests.tools.kernel_source import Source

QUICK = 1e-3  # seconds; above it, plain Python is skipped, which is about a thousand times slower
LENGTHS = (1, 2, 3, 4, 5, 7, 8, 9, 17, 33, 70, 130)
_numbers = count()


class DifferenceError(AssertionError):
    """Two ways to run a kernel do not agree."""


def compiled(kernel: Kernel, checking: bool) -> Code:
    """Compile a kernel without the store; the code is never freed."""
    symbol = f"fuzzed{next(_numbers)}"
    text, size = module_text(kernel, symbol, checking=checking)
    code = object_code.compile_text(text, vectorize=kernel.vectorized_by_llvm)
    return Code(object_code.load(symbol, code), size)


class Runner:
    """Runs kernels in all three ways, and fails if results differ.

    Attributes
    ----------
    tolerance : float
        Tolerance of floats relative to the largest element of an array; 0 if they must be equal to the last bit.
    kernels : list of Kernel
        All kernels that were run.
    """

    def __init__(self) -> None:
        self.tolerance = 0.0
        self.kernels: list[Kernel] = []

    def __call__(self, kernel: Kernel, arguments: list[Any], parts: int) -> None:
        """Run a kernel; its arrays contain the results of the compiled code."""
        self.kernels.append(kernel)
        python, checked = _copied(arguments), _copied(arguments)
        call(compiled(kernel, True), kernel, checked, parts, True)
        code, start = compiled(kernel, False), time.thread_time()
        call(code, kernel, arguments, parts, False)
        if time.thread_time() - start < QUICK:
            run_python(kernel, python, parts)
            self._compare(kernel, "plain Python", arguments, python)
        self._compare(kernel, "checked", arguments, checked)

    def _compare(self, kernel: Kernel, how: str, found: Sequence[Any], others: Sequence[Any]) -> None:
        for k, (one, other) in enumerate(zip(found, others, strict=True)):
            if isinstance(one, np.ndarray):
                wrong = differences(one.reshape(-1), other.reshape(-1), self.tolerance)
                if wrong:
                    raise DifferenceError(f"{kernel!r}, argument {k}, compiled and {how}: {wrong}")


def _copied(arguments: list[Any]) -> list[Any]:
    """Return the arguments with copies of the arrays; an array that occurs twice is copied once."""
    copies = {id(a): a.copy() for a in arguments if isinstance(a, np.ndarray)}
    return [copies[id(a)] if isinstance(a, np.ndarray) else a for a in arguments]


def differences(one: np.ndarray, other: np.ndarray, tolerance: float) -> str:
    """Describe where two flat arrays differ; NaN equals NaN, and without tolerance -0 differs from 0."""
    alike = one == other
    if one.dtype.kind == "f":
        nan = np.isnan(one) & np.isnan(other)
        with np.errstate(all="ignore"):
            if tolerance:
                size = np.abs(other[np.isfinite(other)]).max(initial=0.0)
                alike |= np.abs(one - other) <= tolerance * size
            else:
                alike &= np.signbit(one) == np.signbit(other)
        alike |= nan
    if alike.all():
        return ""
    (places,) = np.nonzero(~alike)
    some = places[:4]
    return f"{one[some]} and {other[some]} at {some}, {places.size} places of {one.size}"


def function_of(source: Source) -> Callable:
    """Return the function of a random kernel; the compiler can find its source."""
    file = f"<fuzzed {sha256(source.text.encode()).hexdigest()[:16]}>"
    linecache.cache[file] = len(source.text), None, source.text.splitlines(keepends=True), file
    scope: dict[str, Any] = {"np": np, "Array": Array, "Int": Int, "scratch": scratch, "copy": copy}
    exec(compile(source.text, file, "exec"), scope)
    return scope["fuzzed"]


def check_source(seed: int, size: int = 3) -> None:
    """Run the random kernel of a seed in all three ways.

    Raises
    ------
    DifferenceError
        The results differ, or an error occurs; the message contains the text of the kernel.
    """
    source, rng = Source(seed, size), np.random.default_rng(seed)
    function, n = function_of(source), int(rng.choice(LENGTHS))
    arguments = [*(numbers(dtype, n, rng) for dtype in source.arrays), n]
    try:
        Runner()(Kernel(lambda: function, (), {}), arguments, int(rng.integers(1, 3)))
    except Exception as error:
        raise DifferenceError(f"seed {seed}, size {size}, n = {n}: {error!r}\n{source.text}") from error


def numbers(dtype: str, shape: int | tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Return random values of a type, including special ones; int64 is small."""
    if dtype == "bool":
        return rng.random(shape) < 0.5
    if dtype.startswith("float"):
        special = np.array([0.0, -0.0, 1.0, np.nan, np.inf, -np.inf, 1e30, -1e-40])
        usual = np.where(rng.random(shape) < 0.5, rng.integers(-2, 4, shape), rng.normal(0, 3, shape))  # some are equal
        return np.where(rng.random(shape) < 0.15, rng.choice(special, shape), usual).astype(dtype)
    bounds = np.iinfo(dtype)
    low, high = (-1000, 1000) if dtype == "int64" else (bounds.min, bounds.max)
    small = rng.integers(max(low, -9), 9, shape)
    return np.where(rng.random(shape) < 0.7, small, rng.integers(low, high + 1, shape)).astype(dtype)
