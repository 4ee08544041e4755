"""Kernels: functions of the kernel language, identified by their factory and its arguments."""

import functools
from collections.abc import Callable
from dataclasses import is_dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .errors import KernelError
from .types import Array, Int
from .violations import REPORT as REPORT


class Kernel:
    """A kernel for given types and sizes; its function is created on first use.

    Attributes
    ----------
    name : str
        For display.
    key : str
        Identifies the kernel: the factory and its arguments.
    vectorized_by_llvm : bool
    """

    def __init__(self, factory: Callable, arguments: tuple, keywords: dict):
        self._factory, self._arguments, self._keywords = factory, arguments, keywords
        self.name, self.vectorized_by_llvm = factory.__name__.strip("_"), False
        self._check((*arguments, *keywords.values()))
        given = [*map(repr, arguments), *(f"{name}={value!r}" for name, value in sorted(keywords.items()))]
        self.key = f"{factory.__module__}.{factory.__qualname__}({', '.join(given)})"

    def _check(self, x: Any) -> None:
        """Reject arguments whose repr does not identify them: it may be abbreviated, or contain an address."""
        if isinstance(x, tuple):
            for part in x:
                self._check(part)
        elif is_dataclass(x) and not isinstance(x, type) and x.__dataclass_params__.frozen:
            for name in x.__dataclass_fields__:
                self._check(getattr(x, name))
        elif x is not None and not isinstance(x, str | int | float | np.generic):
            hint = "Pass values of these types, and build other objects in the factory."
            error = KernelError("numbers, strings, None, tuples or frozen dataclasses", type(x).__name__, hint)
            error.location = self.name
            raise error

    @cached_property
    def function(self) -> Callable:
        """The plain Python function of flat arrays; its first parameter is the number of the part."""
        return self._factory(*self._arguments, **self._keywords)

    @property
    def parameters(self) -> list[Array | type[Int]]:
        """The types of the parameters after the part."""
        kinds = list(self.function.__annotations__.values())
        for kind in kinds:
            if not isinstance(kind, Array) and kind is not Int:
                raise KernelError("parameters marked Array(dtype) or Int", repr(kind), f"Mark those of {self.name}.")
        if len(kinds) != self.function.__code__.co_argcount - 1:
            raise KernelError("every parameter but the part marked", self.name, "Mark each with Array(dtype) or Int.")
        return kinds

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Kernel) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return self.key.removeprefix(f"{self._factory.__module__.rpartition('.')[0]}.")


def kernel(factory: Callable[..., Callable]) -> Callable[..., Kernel]:
    """Decorate a factory, which returns a function of the kernel language; the result returns a `Kernel`."""

    @functools.wraps(factory)
    def make(*arguments: Any, **keywords: Any) -> Kernel:
        return Kernel(factory, arguments, keywords)

    make.makes_kernels = True
    return make


def vectorized_by_llvm(make: Callable[..., Kernel]) -> Callable[..., Kernel]:
    """Decorate a factory: LLVM's loop vectorizer runs on its kernels.

    It handles more loops, e.g. those that read every second element, but runs several times over the entire kernel.
    """

    @functools.wraps(make)
    def marked(*arguments: Any, **keywords: Any) -> Kernel:
        kernel = make(*arguments, **keywords)
        kernel.vectorized_by_llvm = True
        return kernel

    return marked
