"""Tiles of sums in the processor's registers, for kernels in Numba.

Numba's own loops become vector code where LLVM sees that they may, but it keeps no block of sums in registers. A tile
is a value of its own type: `rows` x `columns` vectors of numbers, all sums that a kernel has under way. What is done to
a tile at once is one intrinsic, so that the kernels stay loops that a person reads and Numba compiles in a moment.
"""

from functools import cache
from types import SimpleNamespace

import numba
import numpy as np
from llvmlite import binding, ir
from numba.core import types
from numba.core.datamodel import models
from numba.extending import intrinsic, register_model

FLOATS = {"float32": ir.FloatType(), "float64": ir.DoubleType()}
INDEX, INT32 = ir.IntType(64), ir.IntType(32)
# A product goes into its sum unrounded, where the processor can: faster, and more exact.
FUSED = ("contract",)


@cache
def processor() -> tuple[int, int]:
    """Return the bytes of a vector and the number of vector registers of the processor that is compiled for.

    Numba's CPU_NAME and CPU_FEATURES, where they are set, stand for the one that this runs on.
    """
    features = numba.config.CPU_FEATURES
    if features is None:
        own = numba.config.CPU_NAME in (None, "host")
        features = binding.get_host_cpu_features().flatten() if own else ""
    has = {name.removeprefix("+") for name in features.split(",") if name.startswith("+")}
    if "avx512f" in has:
        return 64, 32
    if "avx" in has:
        return 32, 16
    return 16, 32 if binding.get_process_triple().startswith(("aarch64", "arm64")) else 16


def lanes_of(dtype: str) -> int:
    """Return how many numbers of `dtype` a vector of this processor holds."""
    return processor()[0] // np.dtype(dtype).itemsize


def offsets(length: int, lanes: int) -> tuple[int, ...]:
    """Return where vectors begin that cover `length` numbers: the last ends with them, and may begin early."""
    return tuple(min(v, length - lanes) for v in range(0, length, lanes))


@cache
def tile(
    dtype: str,
    lanes: int,
    left: tuple[int, ...],
    right: tuple[int, ...],
    *,
    spread: bool,
    onto: tuple[int, ...] | None = None,
) -> SimpleNamespace:
    """Return the operations on a tile of len(left) x len(right) vectors of `lanes` numbers of `dtype`.

    zero() is a tile of zeros, add(tile, other) the sum of two. accumulate(tile, a, i, b, j) adds to its vector (t, f)
    the product of what lies at a[i + left[t]] and the vector at b[j + right[f]]; the first is a number, spread over a
    vector, if `spread`, and a vector otherwise. The arrays are flat and contiguous.

    store(tile, a, i, stride) puts the vectors at a[i + t * stride + onto[f]], by default right[f]; blend(tile, a, i,
    stride, old, new) puts there old * what it finds + new * the tile; add_to(tile, a, i) adds the vectors to those in
    a row from a[i] on. load(a, i) is a tile of one row, the vectors at a[i + right[f]]; scatter(tile, a, i, b, j) adds
    a[i] times that row to the vectors at b[j + right[f]].

    largest(tile, out, bits, i, stride) stores of each row the largest of its vectors, with NaN kept, at
    out[i + t * stride], and which have it, as bits 1 << f, at the same place of `bits`.
    """
    rows, columns = len(left), len(right)
    scalar = FLOATS[dtype]
    vector, integers = ir.VectorType(scalar, lanes), ir.VectorType(INT32, lanes)
    sums = ir.ArrayType(vector, rows * columns)
    size = np.dtype(dtype).itemsize
    kind = kind_of(f"tile of {rows} x {columns} x {lanes} {dtype}, {left}, {right}, {spread}, {onto}", sums)

    def pointer(context, builder, array_type, array, index, llvm):
        data = context.make_array(array_type)(context, builder, array).data
        return builder.bitcast(builder.gep(data, [index]), llvm.as_pointer())

    def at(builder, index, offset):
        return builder.add(index, ir.Constant(INDEX, offset))

    def read(builder, place, align):
        value = builder.load(place)
        value.align = align
        return value

    def filled(builder, value, llvm):
        first = builder.insert_element(ir.Constant(llvm, ir.Undefined), value, ir.Constant(INT32, 0))
        return builder.shuffle_vector(first, ir.Constant(llvm, ir.Undefined), ir.Constant(integers, [0] * lanes))

    @intrinsic
    def zero(typing):
        def generate(context, builder, signature, arguments):
            return ir.Constant(sums, [ir.Constant(vector, [0.0] * lanes)] * (rows * columns))

        return kind(), generate

    @intrinsic
    def accumulate(typing, tile, a, i, b, j):
        def generate(context, builder, signature, arguments):
            result, a, i, b, j = arguments
            _, a_type, _, b_type, _ = signature.args
            vectors = [
                read(builder, pointer(context, builder, b_type, b, at(builder, j, offset), vector), size)
                for offset in right
            ]
            for t, offset in enumerate(left):
                place = pointer(context, builder, a_type, a, at(builder, i, offset), scalar if spread else vector)
                factor = read(builder, place, size)
                if spread:
                    factor = filled(builder, factor, vector)
                for f, value in enumerate(vectors):
                    product = builder.fmul(factor, value, flags=FUSED)
                    k = t * columns + f
                    total = builder.fadd(builder.extract_value(result, k), product, flags=FUSED)
                    result = builder.insert_value(result, total, k)
            return result

        return kind(kind, a, types.intp, b, types.intp), generate

    @intrinsic
    def add(typing, tile, other):
        def generate(context, builder, signature, arguments):
            result, other = arguments
            for k in range(rows * columns):
                total = builder.fadd(builder.extract_value(result, k), builder.extract_value(other, k))
                result = builder.insert_value(result, total, k)
            return result

        return kind(kind, kind), generate

    @intrinsic
    def load(typing, a, i):
        def generate(context, builder, signature, arguments):
            result = ir.Constant(sums, ir.Undefined)
            for f, offset in enumerate(right):
                place = pointer(
                    context, builder, signature.args[0], arguments[0], at(builder, arguments[1], offset), vector
                )
                result = builder.insert_value(result, read(builder, place, size), f)
            return result

        return kind(a, types.intp), generate

    def each_place(context, builder, array_type, array, i, stride):
        """Yield, for each vector of a tile that lies in an array by rows, its number and its pointer."""
        for t in range(rows):
            row = builder.add(i, builder.mul(stride, ir.Constant(INDEX, t)))
            for f, offset in enumerate(right if onto is None else onto):
                yield t * columns + f, pointer(context, builder, array_type, array, at(builder, row, offset), vector)

    @intrinsic
    def store(typing, tile, a, i, stride):
        def generate(context, builder, signature, arguments):
            given, *where = arguments
            for k, place in each_place(context, builder, signature.args[1], *where):
                builder.store(builder.extract_value(given, k), place, align=size)
            return context.get_dummy_value()

        return types.void(kind, a, types.intp, types.intp), generate

    @intrinsic
    def blend(typing, tile, a, i, stride, old, new):
        def generate(context, builder, signature, arguments):
            given, *where, old, new = arguments
            old, new = filled(builder, old, vector), filled(builder, new, vector)
            places = list(each_place(context, builder, signature.args[1], *where))
            # All are read before any is written: two vectors may have numbers in common.
            values = [builder.fmul(read(builder, place, size), old) for _, place in places]
            for (k, place), value in zip(places, values, strict=True):
                product = builder.fmul(builder.extract_value(given, k), new, flags=FUSED)
                builder.store(builder.fadd(value, product, flags=FUSED), place, align=size)
            return context.get_dummy_value()

        return types.void(kind, a, types.intp, types.intp, a.dtype, a.dtype), generate

    @intrinsic
    def add_to(typing, tile, a, i):
        def generate(context, builder, signature, arguments):
            given, a, i = arguments
            for k in range(rows * columns):
                place = pointer(context, builder, signature.args[1], a, at(builder, i, k * lanes), vector)
                total = builder.fadd(read(builder, place, size), builder.extract_value(given, k))
                builder.store(total, place, align=size)
            return context.get_dummy_value()

        return types.void(kind, a, types.intp), generate

    @intrinsic
    def scatter(typing, tile, a, i, b, j):
        def generate(context, builder, signature, arguments):
            given, a, i, b, j = arguments
            _, a_type, _, b_type, _ = signature.args
            factor = filled(builder, read(builder, pointer(context, builder, a_type, a, i, scalar), size), vector)
            for f, offset in enumerate(right):
                place = pointer(context, builder, b_type, b, at(builder, j, offset), vector)
                product = builder.fmul(factor, builder.extract_value(given, f), flags=FUSED)
                builder.store(builder.fadd(read(builder, place, size), product, flags=FUSED), place, align=size)
            return context.get_dummy_value()

        return types.void(kind, a, types.intp, b, types.intp), generate

    @intrinsic
    def largest(typing, tile, out, bits, i, stride):
        def generate(context, builder, signature, arguments):
            given, out, bits, i, stride = arguments
            _, out_type, bits_type, _, _ = signature.args
            none = ir.Constant(integers, [0] * lanes)
            for t in range(rows):
                values = [builder.extract_value(given, t * columns + f) for f in range(columns)]
                best = values[0]
                for value in values[1:]:
                    nan = builder.fcmp_unordered("uno", value, value)
                    best = builder.select(builder.or_(builder.fcmp_ordered(">", value, best), nan), value, best)
                won = none
                for f, value in enumerate(values):
                    bit = ir.Constant(integers, [1 << f] * lanes)
                    won = builder.or_(won, builder.select(builder.fcmp_ordered("==", value, best), bit, none))
                here = builder.add(i, builder.mul(stride, ir.Constant(INDEX, t)))
                builder.store(best, pointer(context, builder, out_type, out, here, vector), align=size)
                builder.store(won, pointer(context, builder, bits_type, bits, here, integers), align=4)
            return context.get_dummy_value()

        return types.void(kind, out, bits, types.intp, types.intp), generate

    return SimpleNamespace(
        zero=zero,
        accumulate=accumulate,
        add=add,
        add_to=add_to,
        load=load,
        store=store,
        blend=blend,
        scatter=scatter,
        largest=largest,
    )


def kind_of(name: str, llvm):
    """Return a Numba type whose values are those of an LLVM type."""

    class Kind(types.Type):
        pass

    @register_model(Kind)
    class Model(models.PrimitiveModel):
        def __init__(self, manager, numba_type):
            super().__init__(manager, numba_type, llvm)

    return Kind(name=name)
