"""The exponential, sigmoid and tanh of float32 without a branch or a call, so that loops over them become vector code.

Numba calls the C library's functions one number at a time. NaN stays; results, subnormal ones included, are this many
units in the last place from the exact ones at most: exp 1, sigmoid 2.4, tanh 1.4.
"""

import math
from functools import partial

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from .kernel import kernel

f = np.float32
ONE, TWO, HALF = f(1), f(2), f(0.5)
LOG2_E = f(1.44269504)
# ln 2 in two parts, of which the first has so few digits that its products with whole numbers are exact.
LN2, LN2_REST = f(0.693359375), f(-2.12194440e-4)
LEAST, MOST = f(-104), f(89)  # beyond, the result is 0 or infinite
# S. Moshier, Cephes library: exp on [-ln 2 / 2, ln 2 / 2], and tanh on [-0.625, 0.625], in powers of the square.
E0, E1, E2, E3, E4, E5 = map(f, (1.9875691e-4, 1.3981999e-3, 8.3334519e-3, 4.1665796e-2, 1.6666665e-1, 5.0000001e-1))
T0, T1, T2, T3, T4 = map(
    f, (-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1)
)
SMALL = f(0.625)


@intrinsic
def _scaled(typing, p, n):
    """Return p * 2 ** n for a whole number n of type float32, in two steps: its type may have no place for 2 ** n.

    Numba would do this with integers of 64 bits, and half as many to a vector.
    """
    int32, float32 = ir.IntType(32), ir.FloatType()

    def generate(context, builder, signature, arguments):
        p, n = arguments
        nan = builder.fcmp_unordered("uno", n, n)  # has no whole number; p is NaN too
        whole = builder.fptosi(builder.select(nan, ir.Constant(float32, 0.0), n), int32)
        half = builder.ashr(whole, ir.Constant(int32, 1))
        for power in half, builder.sub(whole, half):
            bits = builder.shl(builder.add(power, ir.Constant(int32, 127)), ir.Constant(int32, 23))
            p = builder.fmul(p, builder.bitcast(bits, float32))
        return p

    return types.float32(types.float32, types.float32), generate


# A division by 0 is infinite, not an exception: no branch.
plain = partial(kernel, error_model="numpy")


@plain
def exp(x):
    bounded = LEAST if x < LEAST else x
    bounded = MOST if bounded > MOST else bounded
    n = np.floor(bounded * LOG2_E + HALF)
    r = bounded - n * LN2
    r = r - n * LN2_REST
    p = ((((E0 * r + E1) * r + E2) * r + E3) * r + E4) * r + E5
    p = p * (r * r) + r + ONE
    return _scaled(np.float32(p), np.float32(n))


@plain
def sigmoid(x):
    # By the exponential that is at most 1: the left tail is as exact as that, and subnormal before it is 0.
    e = exp(-abs(x))
    return np.float32((e if x < 0 else ONE) / (ONE + e))


@plain
def tanh(x):
    size = abs(x)
    square = x * x
    near = ((((T0 * square + T1) * square + T2) * square + T3) * square + T4) * square * size + size
    far = ONE - TWO / (exp(TWO * size) + ONE)
    return np.float32(math.copysign(far if size > SMALL else near, x))  # -0 stays
