"""Flat arrays as kernels read and write them: aligned, without checks of an index, some numbers at a time."""

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from .kernel import written_out

INDEX, BYTE = ir.IntType(64), ir.IntType(8).as_pointer()
LINE = 64  # bytes of a cache line


@written_out
def aligned(size, like):
    """Return an empty flat array of `size` numbers of the type of `like` that begins with a cache line.

    A vector that lies across two lines takes two loads.
    """
    buffer = np.empty(size + LINE // like.itemsize, like.dtype)
    skipped = (-buffer.ctypes.data % LINE) // like.itemsize
    return buffer[skipped : skipped + size]


@intrinsic
def get(typing, a, i):
    """Return a[i] of a flat, contiguous array. NumPy's indices from the end cost a kernel's inner loop dearly."""

    def generate(context, builder, signature, arguments):
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        return context.unpack_value(builder, a.dtype, builder.gep(data, [arguments[1]]))

    return a.dtype(a, types.intp), generate


@intrinsic
def put(typing, a, i, value):
    """Set a[i] of a flat, contiguous array."""

    def generate(context, builder, signature, arguments):
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        context.pack_value(builder, a.dtype, arguments[2], builder.gep(data, [arguments[1]]))
        return context.get_dummy_value()

    return types.void(a, types.intp, a.dtype), generate


@intrinsic
def copy(typing, to, i, source, j, count):
    """Copy `count` numbers, a constant of a few hundred at most, from source[j] to to[i]."""
    if not isinstance(count, types.IntegerLiteral):
        return None
    bytes_ = count.literal_value * to.dtype.bitwidth // 8

    def generate(context, builder, signature, arguments):
        to, i, source, j, _ = arguments
        to_type, _, source_type, _, _ = signature.args
        places = [
            builder.bitcast(builder.gep(context.make_array(kind)(context, builder, array).data, [index]), BYTE)
            for kind, array, index in ((to_type, to, i), (source_type, source, j))
        ]
        memcpy = builder.module.declare_intrinsic("llvm.memcpy", [BYTE, BYTE, INDEX])
        builder.call(memcpy, [*places, ir.Constant(INDEX, bytes_), ir.Constant(ir.IntType(1), 0)])
        return context.get_dummy_value()

    return types.void(to, types.intp, source, types.intp, count), generate
