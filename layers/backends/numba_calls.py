"""Calls of the kernels of `cpu` from functions that Numba compiles: by address, all parts in the calling thread.

LLVM finds a kernel by its symbol. The symbol is registered when PyTensor requests an Op's function, which it does in
every process, and is part of the key of that function in Numba's cache.
"""

import hashlib
import os
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload
from pytensor.link.numba.dispatch.basic import numba_njit

from .cpu.compiler import Kernel
from .cpu.kernels.elementwise import elementwise
from .cpu.store import request

WORD = ir.IntType(64)
# The signature of a kernel: the address of its arguments, the number of the part, the address of scratch memory.
FUNCTION = ir.FunctionType(ir.VoidType(), [WORD, WORD, WORD])
LINE = 64  # bytes of a cache line, at which scratch memory is aligned

# Arithmetic as written, independent of PyTensor's flag for fast math.
compiled = partial(numba_njit, fastmath=False)


def register_kernels(*kernels: Kernel) -> tuple[list[Callable[..., None]], int]:
    """Register the symbols of `kernels` with LLVM, and those of the kernels that `contiguous` uses.

    Returns
    -------
    list of functions for compiled code
        ``call(parts, *arguments)`` runs all parts of a kernel, one after the other.
    int
        The version of the functions that call them, for Numba's cache.
    """
    requests = [request(kernel) for kernel in (*kernels, *map(_copy_of_axes, ("float32", "float64")))]
    for entry in requests:
        binding.add_symbol(entry.symbol, entry.result().address)
    made_from = _sources() + "".join(entry.symbol for entry in requests).encode()
    version = int.from_bytes(hashlib.blake2b(made_from, digest_size=6).digest(), "big")
    return [_caller(entry.symbol, entry.result().scratch) for entry in requests[: len(kernels)]], version


@cache
def _sources() -> bytes:
    """Return the source code on which the functions that call kernels depend, besides the kernels."""
    folders = Path(__file__).parent, Path(__file__).parents[1] / "ops"
    return b"".join(file.read_bytes() for folder in folders for file in sorted(folder.glob("*.py"))) or os.urandom(12)


@cache
def _caller(symbol: str, scratch: int) -> Callable[..., None]:
    """Return the function that calls a kernel, which needs `scratch` bytes of scratch memory.

    An array is passed by its address; as it is an argument, it is alive until the call returns.
    """

    @intrinsic
    def call(typing: Any, parts: Any, *arguments: Any) -> tuple[Any, Callable[..., Any]]:
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            count, packed = values
            block = cgutils.alloca_once(builder, WORD, size=len(arguments))
            for k, (kind, value) in enumerate(zip(arguments, cgutils.unpack_tuple(builder, packed), strict=True)):
                if isinstance(kind, types.Array):
                    word = builder.ptrtoint(context.make_array(kind)(context, builder, value).data, WORD)
                else:
                    word = context.cast(builder, value, kind, types.int64)
                builder.store(word, builder.gep(block, [ir.Constant(WORD, k)]))
            memory = context.nrt.allocate(builder, ir.Constant(WORD, scratch + LINE))
            start = builder.add(builder.ptrtoint(memory, WORD), ir.Constant(WORD, LINE - 1))
            start = builder.and_(start, ir.Constant(WORD, -LINE))
            function = cgutils.get_or_insert_function(builder.module, FUNCTION, symbol)
            with cgutils.for_range(builder, count) as loop:
                builder.call(function, [builder.ptrtoint(block, WORD), loop.index, start])
            context.nrt.free(builder, memory)
            return context.get_dummy_value()

        return types.void(types.int64, types.StarArgTuple(arguments)), generate

    return call


def _copy_of_axes(dtype: str) -> Kernel:
    """Return the kernel that copies an array of four axes of any strides."""
    return elementwise((), ("v0",), (dtype,), ((dtype, None),), (None, 1), 4)


def contiguous(x: np.ndarray) -> np.ndarray:
    """Return an array of four axes in C order."""
    return np.ascontiguousarray(x)


@overload(contiguous, jit_options={"fastmath": False})
def _contiguous_in_compiled_code(x: Any) -> Callable[[Any], Any]:
    # Numba requires that these functions have the same parameters, including the annotations.
    def unchanged(x: Any) -> Any:
        return x

    if x.layout == "C":
        return unchanged
    entry = request(_copy_of_axes(x.dtype.name))
    copy, size = _caller(entry.symbol, entry.result().scratch), x.dtype.bitwidth // 8

    def copied(x: Any) -> Any:
        n, maps, rows, columns = x.shape
        y = np.empty((n, maps, rows, columns), x.dtype)
        a, b, c, d = x.strides
        lengths, strides = (n, maps, rows, columns), (a // size, b // size, c // size, d // size)
        copy(1, x, y, *lengths, *strides, maps * rows * columns, rows * columns, columns, 1, n)
        return y

    return copied
