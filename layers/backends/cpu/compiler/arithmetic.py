"""The operators and conversions of the kernel language as LLVM instructions.

Constants are evaluated at compile time. Beside a value at run time, a Python constant takes the value's type, and a
NumPy constant must have it already. Two types meet only in an explicit conversion.
"""

import operator
from typing import Any

from .constants import (
    constant,
    constant_integer,
    convert_constant,
    default_dtype,
    describe,
    explicit_dtype,
    fold,
    is_number,
    unify,
    unify_alternatives,
)
from .errors import KernelError
from .frame import Frame
from .types import REGISTER, UNSIGNED, RunTime, Value, bits, is_float
from .violations import OVERFLOW, ZERO

OPERATORS = {
    "Add": ("+", operator.add),
    "Sub": ("-", operator.sub),
    "Mult": ("*", operator.mul),
    "Div": ("/", operator.truediv),
    "FloorDiv": ("//", operator.floordiv),
    "Mod": ("%", operator.mod),
    "BitAnd": ("&", operator.and_),
    "BitOr": ("|", operator.or_),
    "BitXor": ("^", operator.xor),
    "LShift": ("<<", operator.lshift),
    "RShift": (">>", operator.rshift),
    "Pow": ("**", operator.pow),
    "MatMult": ("@", operator.matmul),
}
COMPARISONS = {
    "Eq": ("==", operator.eq),
    "NotEq": ("!=", operator.ne),
    "Lt": ("<", operator.lt),
    "LtE": ("<=", operator.le),
    "Gt": (">", operator.gt),
    "GtE": (">=", operator.ge),
}
_BITS = {"BitAnd": "and", "BitOr": "or", "BitXor": "xor"}
_OF_FLOATS = {"Add": "fadd", "Sub": "fsub", "Mult": "fmul", "Div": "fdiv"}
_OF_WHOLE = {"Add": "add", "Sub": "sub", "Mult": "mul", **_BITS}
# With NaN, only != is true.
_FLOAT_SIGNS = {"Eq": "oeq", "NotEq": "une", "Lt": "olt", "LtE": "ole", "Gt": "ogt", "GtE": "oge"}
_WHOLE_SIGNS = {"Eq": "eq", "NotEq": "ne", "Lt": "lt", "LtE": "le", "Gt": "gt", "GtE": "ge"}


def as_index(frame: Frame, x: Any) -> str:
    """Return an integer as int64."""
    if isinstance(x, Value) and x.dtype == "int64":
        return x.llvm
    if not is_number(x) or explicit_dtype(x) == "bool" or isinstance(x, bool):
        raise KernelError("an integer as an index", describe(x), "Index by an integer.")
    if is_float(explicit_dtype(x) or default_dtype(x)):
        raise KernelError("an integer as an index", describe(x), "Convert it, e.g. np.int64(x).")
    return convert(frame, x, "int64").llvm


def binary(frame: Frame, name: str, x: Any, y: Any) -> Any:
    """Return the result of the operator `name` (of Python's syntax trees) for two numbers."""
    sign, function = OPERATORS[name]
    if not isinstance(x, RunTime) and not isinstance(y, RunTime):
        return fold(sign, function, x, y)
    if name in ("LShift", "RShift"):
        return _shift(frame, name, x, y)
    if name in ("Add", "Sub"):
        x, y = _bool_as_integer(frame, x, y)
    x, y = unify(x, y)
    dtype = x.dtype
    if name in ("FloorDiv", "Mod") and not is_float(dtype) and dtype != "bool":
        return _divide(frame, name, x, y)
    made = (_OF_FLOATS if is_float(dtype) else _BITS if dtype == "bool" else _OF_WHOLE).get(name)
    if made is None:
        raise KernelError("an operator that numbers of this type have", f"{sign} of {dtype}", "Convert them first.")
    if dtype == "int64" and name in ("Add", "Sub", "Mult"):
        return _int64_arithmetic(frame, made, x, y)
    return Value(frame.pure(f"{made} {REGISTER[dtype]} {x.llvm}, {y.llvm}"), dtype)


def _int64_arithmetic(frame: Frame, made: str, x: Value, y: Value) -> Value:
    """Return a sum, difference or product of int64, a possible index: it must not overflow. Other types wrap around."""
    neutral = "1" if made == "mul" else "0"
    if y.llvm == neutral:
        return x
    if x.llvm == neutral and made != "sub":
        return y
    if not frame.checking:
        return Value(frame.pure(f"{made} nsw i64 {x.llvm}, {y.llvm}"), "int64")
    name = f"llvm.s{made}.with.overflow.i64"
    frame.module.declare("{ i64, i1 }", name, ["i64", "i64"])
    both = frame.pure(f"call {{ i64, i1 }} @{name}(i64 {x.llvm}, i64 {y.llvm})")
    over = frame.pure(f"extractvalue {{ i64, i1 }} {both}, 1")
    frame.check(frame.pure(f"xor i1 {over}, true"), OVERFLOW)
    return Value(frame.pure(f"extractvalue {{ i64, i1 }} {both}, 0"), "int64")


def _bool_as_integer(frame: Frame, x: Any, y: Any) -> tuple[Any, Any]:
    """Return both operands; a bool beside an integer is converted to 0 or 1."""
    if not is_number(x) or not is_number(y):
        return x, y
    types = [explicit_dtype(number) or default_dtype(number) for number in (x, y)]
    if types.count("bool") != 1:
        return x, y
    number, dtype = (y, types[1]) if types[0] == "bool" else (x, types[0])
    if is_float(dtype):
        return x, y
    flag = convert(frame, x if types[0] == "bool" else y, dtype)
    return (flag, number) if types[0] == "bool" else (number, flag)


def _shift(frame: Frame, name: str, x: Any, y: Any) -> Value:
    sign, count = OPERATORS[name][0], constant_integer(y)
    if not isinstance(x, Value) or count is None or is_float(x.dtype) or x.dtype == "bool":
        got = f"{describe(x)} {sign} {describe(y)}"
        raise KernelError("an integer shifted by a constant", got, "Shift by a constant, or multiply.")
    if explicit_dtype(y) not in (None, x.dtype):
        raise KernelError("numbers of one type", f"{x.dtype} {sign} {explicit_dtype(y)}", "Shift by a Python int.")
    if not 0 <= count < bits(x.dtype):
        raise KernelError(f"a shift of 0 to {bits(x.dtype) - 1} bits", repr(y), "Shift by fewer bits.")
    kind, unsigned = REGISTER[x.dtype], x.dtype in UNSIGNED
    if name == "RShift":
        return Value(frame.pure(f"{'lshr' if unsigned else 'ashr'} {kind} {x.llvm}, {count}"), x.dtype)
    shifted = frame.pure(f"shl {kind} {x.llvm}, {count}")
    if frame.checking and x.dtype == "int64":
        back = frame.pure(f"ashr i64 {shifted}, {count}")
        frame.check(frame.pure(f"icmp eq i64 {back}, {x.llvm}"), OVERFLOW)
    return Value(shifted, x.dtype)


def _divide(frame: Frame, name: str, x: Value, y: Value) -> Value:
    """Return the quotient rounded down, or the remainder with the sign of the divisor, as in Python, not as in C."""
    kind, quotient = REGISTER[x.dtype], name == "FloorDiv"
    by = int(y.llvm) if not y.llvm.startswith("%") else None
    if by == 0:
        raise KernelError("a divisor other than 0", "0", "Check it.")
    if by is None:
        frame.check(frame.pure(f"icmp ne {kind} {y.llvm}, 0"), ZERO)
    if x.dtype in UNSIGNED:
        return Value(frame.pure(f"{'udiv' if quotient else 'urem'} {kind} {x.llvm}, {y.llvm}"), x.dtype)
    if by is not None and by > 0 and by & (by - 1) == 0:  # a power of two
        line = f"ashr {kind} {x.llvm}, {by.bit_length() - 1}" if quotient else f"and {kind} {x.llvm}, {by - 1}"
        return Value(frame.pure(line), x.dtype)
    if by is None or by == -1:
        _check_quotient(frame, kind, x, y)
    rest = frame.pure(f"srem {kind} {x.llvm}, {y.llvm}")
    if by is not None:
        off = frame.pure(f"icmp {'slt' if by > 0 else 'sgt'} {kind} {rest}, 0")
    else:
        other_sign = frame.pure(f"icmp slt {kind} {frame.pure(f'xor {kind} {rest}, {y.llvm}')}, 0")
        off = frame.pure(f"and i1 {frame.pure(f'icmp ne {kind} {rest}, 0')}, {other_sign}")
    if quotient:
        towards_zero = frame.pure(f"sdiv {kind} {x.llvm}, {y.llvm}")
        return Value(frame.pure(f"sub {kind} {towards_zero}, {frame.pure(f'zext i1 {off} to {kind}')}"), x.dtype)
    more = frame.pure(f"select i1 {off}, {kind} {y.llvm}, {kind} 0")
    return Value(frame.pure(f"add {kind} {rest}, {more}"), x.dtype)


def _check_quotient(frame: Frame, kind: str, x: Value, y: Value) -> None:
    """In checking mode, report the one quotient that overflows: the minimum divided by -1."""
    if not frame.checking:
        return
    least = -(2 ** (bits(x.dtype) - 1))
    numerator = frame.pure(f"icmp ne {kind} {x.llvm}, {least}")
    divisor = frame.pure(f"icmp ne {kind} {y.llvm}, -1")
    frame.check(frame.pure(f"or i1 {numerator}, {divisor}"), OVERFLOW)


def compare(frame: Frame, name: str, x: Any, y: Any) -> Any:
    """Return the result of a comparison; with NaN, only != is true."""
    sign, function = COMPARISONS[name]
    if not isinstance(x, RunTime) and not isinstance(y, RunTime):
        return fold(sign, function, x, y)
    x, y = unify(x, y)
    kind = REGISTER[x.dtype]
    if is_float(x.dtype):
        return Value(frame.pure(f"fcmp {_FLOAT_SIGNS[name]} {kind} {x.llvm}, {y.llvm}"), "bool")
    code = _WHOLE_SIGNS[name]
    if name not in ("Eq", "NotEq"):
        code = ("u" if x.dtype in UNSIGNED else "s") + code
    return Value(frame.pure(f"icmp {code} {kind} {x.llvm}, {y.llvm}"), "bool")


def select(frame: Frame, condition: Value, x: Any, y: Any) -> Value:
    """Return x if the condition holds, else y; both are already evaluated."""
    x, y = unify_alternatives(x, y)
    kind = REGISTER[x.dtype]
    return Value(frame.pure(f"select i1 {condition.llvm}, {kind} {x.llvm}, {kind} {y.llvm}"), x.dtype)


def as_condition(x: Any) -> Any:
    """Return a condition: a constant, or a bool at run time."""
    if not isinstance(x, RunTime):
        return fold("a condition", bool, x)
    if not isinstance(x, Value) or x.dtype != "bool":
        raise KernelError("a bool as a condition", describe(x), "Compare it, e.g. x != 0.")
    return x


def convert(frame: Frame, x: Any, dtype: str) -> Value:
    """Return a number in another type.

    Integers lose their upper bits, as in NumPy. Floats are truncated towards zero; out of range, the result is the
    nearest value of the type, and NaN becomes 0, on every processor: NumPy leaves these cases undefined.
    """
    if not isinstance(x, Value):
        return constant(convert_constant(x, dtype), dtype)
    source, kind, given = x.dtype, REGISTER[dtype], REGISTER[x.dtype]
    if source == dtype:
        return x
    if dtype == "bool":
        different = "fcmp une" if is_float(source) else "icmp ne"
        zero = constant(0, source).llvm
        return Value(frame.pure(f"{different} {given} {x.llvm}, {zero}"), dtype)
    if is_float(source) and not is_float(dtype):
        suffix = "u" if dtype in UNSIGNED else "s"
        name = f"llvm.fpto{suffix}i.sat.{kind}.{'f32' if source == 'float32' else 'f64'}"
        return Value(frame.call(kind, name, (given, x.llvm), pure=True), dtype)
    if is_float(source):
        how = "fpext" if dtype == "float64" else "fptrunc"
    elif is_float(dtype):
        how = "uitofp" if source in UNSIGNED else "sitofp"
    elif bits(source) == bits(dtype):
        return Value(x.llvm, dtype)
    elif bits(source) > bits(dtype):
        how = "trunc"
    else:
        how = "zext" if source in UNSIGNED else "sext"
    return Value(frame.pure(f"{how} {given} {x.llvm} to {kind}"), dtype)


def negate(frame: Frame, x: Any) -> Any:
    """Return -x."""
    if not isinstance(x, RunTime):
        return fold("-", operator.neg, x)
    if not isinstance(x, Value) or x.dtype in UNSIGNED:
        raise KernelError("a signed number", describe(x), "Convert it first.")
    kind = REGISTER[x.dtype]
    return Value(frame.pure(f"fneg {kind} {x.llvm}" if is_float(x.dtype) else f"sub {kind} 0, {x.llvm}"), x.dtype)


def invert(frame: Frame, x: Any) -> Any:
    """Return ~x."""
    if not isinstance(x, RunTime):
        return fold("~", operator.invert, x)
    if not isinstance(x, Value) or is_float(x.dtype):
        raise KernelError("~ of an integer", describe(x), "Convert it first.")
    if x.dtype == "bool":
        raise KernelError("~ of an integer", "a bool", "Write not.")
    return Value(frame.pure(f"xor {REGISTER[x.dtype]} {x.llvm}, -1"), x.dtype)
