"""How functions that Numba compiles call the kernels of `cpu`: by address, all parts in the calling thread.

LLVM knows a kernel by its symbol. It is announced when PyTensor asks for an Op's function, which it does in every
process, and is part of the key under which Numba's cache keeps that function.
"""

import hashlib
import os
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

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
# A kernel as it is called: with the address of its arguments, the part's number, the address of scratch memory.
FUNCTION = ir.FunctionType(ir.VoidType(), [WORD, WORD, WORD])
LINE = 64  # bytes of a cache line, with which scratch memory begins

# As they are written, whatever PyTensor's flag for fast mathematics says.
compiled = partial(numba_njit, fastmath=False)


def announce(*kernels: Kernel) -> tuple[list[Callable], int]:
    """Make kernels known to LLVM, and the one that `contiguous` needs.

    Returns
    -------
    list of functions for compiled code
        ``call(parts, *arguments)`` does all parts of a kernel, one after the other.
    int
        The version of whatever calls them, for Numba's cache.
    """
    requests = [request(kernel) for kernel in (*kernels, *map(_copy_of_axes, ("float32", "float64")))]
    for asked in requests:
        binding.add_symbol(asked.symbol, asked.result().address)
    made_from = _sources() + "".join(asked.symbol for asked in requests).encode()
    version = int.from_bytes(hashlib.blake2b(made_from, digest_size=6).digest(), "big")
    return [_caller(asked.symbol, asked.result().scratch) for asked in requests[: len(kernels)]], version


@cache
def _sources() -> bytes:
    """Return what the functions that call kernels are made from, beside those."""
    folders = Path(__file__).parent, Path(__file__).parents[1] / "ops"
    return b"".join(file.read_bytes() for folder in folders for file in sorted(folder.glob("*.py"))) or os.urandom(12)


@cache
def _caller(symbol: str, scratch: int) -> Callable:
    """Return what calls a kernel that wants so many bytes of scratch memory.

    An array is given by its address; being an argument, it lives until the call is done.
    """

    @intrinsic
    def call(typing, parts, *arguments):
        def generate(context, builder, signature, values):
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
    """Return the kernel that copies an array of four axes, which may lie anyhow."""
    return elementwise((), ("v0",), (dtype,), ((dtype, None),), (None, 1), 4)


def contiguous(x: np.ndarray) -> np.ndarray:
    """Return an array of four axes in one piece, by rows."""
    return np.ascontiguousarray(x)


@overload(contiguous, jit_options={"fastmath": False})
def _contiguous_in_compiled_code(x):
    if x.layout == "C":
        return lambda x: x
    asked = request(_copy_of_axes(x.dtype.name))
    copy, size = _caller(asked.symbol, asked.result().scratch), x.dtype.bitwidth // 8

    def copied(x):
        n, maps, rows, columns = x.shape
        y = np.empty((n, maps, rows, columns), x.dtype)
        a, b, c, d = x.strides
        lengths, strides = (n, maps, rows, columns), (a // size, b // size, c // size, d // size)
        copy(1, x, y, *lengths, *strides, maps * rows * columns, rows * columns, columns, 1, n)
        return y

    return copied
