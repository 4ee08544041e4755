"""Exponentials and functions derived from them; for float32 without branches or calls, so that loops are vectorized.

NaN propagates. The maximum errors of float32 results, subnormal ones included, in units in the last place: exp 1 (1.2
on a processor without fused multiply-add), sigmoid 2.5, tanh 1.5, log1p 1, softplus 2. float64 uses the C library.
"""

import math
from typing import Any

import numpy as np

from network3.layers.backends.cpu.compiler import operation
from network3.layers.backends.cpu.compiler.constants import require_dtype
from network3.layers.backends.cpu.compiler.frame import Frame
from network3.layers.backends.cpu.compiler.types import Value

f = np.float32
ZERO, ONE, TWO, HALF = f(0), f(1), f(2), f(0.5)
LOG2_E = f(1.44269504)
# ln 2 in two parts, of which the first has so few digits that its products with integers are exact.
LN2, LN2_REST = f(0.693359375), f(-2.12194440e-4)
LEAST, MOST = f(-104), f(89)  # outside of these bounds, exp is 0 or infinite
# Adding this rounds a number to an integer, which is then in the lowest bits.
ROUNDING = f(1.5 * 2**23)
ROUNDING_BITS = np.int32(0x4B400000)
BIAS, DIGITS = np.int32(127), 23  # of the exponent; bits of the fraction
# S. Moshier, Cephes library: exp on [-ln 2 / 2, ln 2 / 2], and tanh on [-0.625, 0.625], in powers of the square.
E0, E1, E2, E3, E4, E5 = map(f, (1.9875691e-4, 1.3981999e-3, 8.3334519e-3, 4.1665796e-2, 1.6666665e-1, 5.0000001e-1))
T0, T1, T2, T3, T4 = map(
    f, (-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1)
)
SMALL = f(0.625)
# Sun's fdlibm: (log(1 + r) - log(1 - r)) / r - 2, in powers of the square, for (1 + r) / (1 - r) of 0.7 to 1.4.
L0, L1, L2, L3 = map(f, (0.24279078841, 0.28498786688, 0.40000972152, 0.66666662693))
ROOT_BITS, MANTISSA = np.int32(0x3F3504F3), np.int32(0x7FFFFF)  # of the root of 1/2
ONE_BITS = np.int32(0x3F800000)
NO_DIGIT = f(2**-25)  # log1p of smaller numbers is the number itself
INFINITE, NAN = f(np.inf), f(np.nan)


@operation
def bits_of(x: np.float32) -> np.int32:
    """Return the bits of a float32 as int32."""
    return np.float32(x).view(np.int32)


@bits_of.emitter
def _emit_bits_of(frame: Frame, x: Value) -> Value:
    return Value(frame.pure(f"bitcast float {x.llvm} to i32"), "int32")


@operation
def float_of(bits: np.int32) -> np.float32:
    """Return the float32 whose bits are those of an int32."""
    return np.int32(bits).view(np.float32)


@float_of.emitter
def _emit_float_of(frame: Frame, bits: Value) -> Value:
    return Value(frame.pure(f"bitcast i32 {bits.llvm} to float"), "float32")


@operation
def fused(a: np.float32, b: np.float32, c: np.float32) -> np.float32:
    """Return a * b + c, rounded once if the processor supports it: faster, and more accurate."""
    return a * b + c


@fused.emitter
def _emit_fused(frame: Frame, a: Any, b: Any, c: Any) -> Value:
    one, other, third = (require_dtype(x, "float32", "fused").llvm for x in (a, b, c))
    product = frame.pure(f"fmul contract float {one}, {other}")
    return Value(frame.pure(f"fadd contract float {product}, {third}"), "float32")


def scaled(p, n):
    """Return p * 2 ** n, in two steps, since 2 ** n alone may be out of range."""
    half = n >> 1
    p = p * float_of((half + BIAS) << DIGITS)
    return p * float_of((n - half + BIAS) << DIGITS)


def exp32(x):
    """Return e to the power of a float32."""
    low = LEAST if x < LEAST else x
    bounded = MOST if low > MOST else low
    rounded = fused(bounded, LOG2_E, ROUNDING)
    n = rounded - ROUNDING
    r = fused(n, -LN2_REST, fused(n, -LN2, bounded))
    p = fused(fused(fused(fused(fused(E0, r, E1), r, E2), r, E3), r, E4), r, E5)
    p = fused(fused(p, r, ONE), r, ONE)
    return scaled(p, bits_of(rounded) - ROUNDING_BITS)


def sigmoid32(x):
    """Return 1 / (1 + exp(-x)) of a float32."""
    # With an exponential of at most 1: the left tail is as accurate as exp, and becomes subnormal before it is 0.
    e = exp32(-abs(x))
    over = e if x < ZERO else ONE
    return over / (ONE + e)


def tanh32(x):
    """Return the hyperbolic tangent of a float32."""
    size = abs(x)
    square = x * x
    near = fused(fused(fused(fused(T0, square, T1), square, T2), square, T3), square, T4)
    near = fused(near * square, size, size)
    far = ONE - TWO / (exp32(TWO * size) + ONE)
    return math.copysign(far if size > SMALL else near, x)  # keeps -0


def log1p32(x):
    """Return the logarithm of 1 + x for a float32."""
    u = ONE + x
    # u = 2 ** k * (1 + y) with 1 + y from 0.7 to 1.4; the rounding error of 1 + x is added again.
    shifted = bits_of(u) + (ONE_BITS - ROOT_BITS)
    k = np.float32((shifted >> DIGITS) - BIAS)
    y, lost = float_of((shifted & MANTISSA) + ROOT_BITS) - ONE, x - (u - ONE)
    lost_of_one = ONE - (u - x)
    lost = (lost if x < ONE else lost_of_one) / u
    y, lost = x if k == ZERO else y, ZERO if k == ZERO else lost
    r = y / (TWO + y)
    z = r * r
    half = HALF * y * y
    series = z * fused(z, fused(z, fused(z, L0, L1), L2), L3)
    result = fused(r, half + series, fused(k, LN2_REST, lost)) - half + y
    result = fused(k, LN2, result)
    result = result if x > -ONE else NAN
    result = -INFINITE if x == -ONE else result
    return x if (abs(x) < NO_DIGIT) | (x == INFINITE) else result


def softplus32(x):
    """Return log(1 + exp(x)) of a float32."""
    above = ZERO if x < ZERO else x
    return above + log1p32(exp32(-abs(x)))


def exp64(x):
    """Return e to the power of a float64."""
    return np.exp(x)


def sigmoid64(x):
    """Return 1 / (1 + exp(-x)) of a float64."""
    e = np.exp(-abs(x))
    over = e if x < 0.0 else 1.0
    return over / (1.0 + e)


def tanh64(x):
    """Return the hyperbolic tangent of a float64."""
    return np.tanh(x)


def log1p64(x):
    """Return the logarithm of 1 + x for a float64."""
    return np.log1p(x)


def softplus64(x):
    """Return log(1 + exp(x)) of a float64."""
    above = 0.0 if x < 0.0 else x
    return above + np.log1p(np.exp(-abs(x)))
