"""PyTensor's scalar graphs as source lines of the kernel language.

Different functions have different text, so the text identifies the kernel that is built from it.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
from pytensor.graph.basic import Constant, Variable
from pytensor.scalar import basic as ps
from pytensor.scalar.basic import ScalarOp
from pytensor.scalar.math import Erf, Sigmoid, Softplus

from .unsupported import UnsupportedError

Inputs = Sequence[tuple[str, str]]  # the name and the dtype of each argument

COMPARISONS: dict[type, str] = {ps.EQ: "==", ps.NEQ: "!=", ps.LT: "<", ps.GT: ">", ps.LE: "<=", ps.GE: ">="}
OPERATORS: dict[type, str] = {ps.Add: "+", ps.Mul: "*", ps.Sub: "-"}
BITS: dict[type, str] = {ps.AND: "&", ps.OR: "|", ps.XOR: "^"}
# Functions of one floating-point argument, and their names in the kernel language.
FUNCTIONS: dict[type, str] = {
    ps.Sqrt: "np.sqrt",
    ps.Floor: "np.floor",
    ps.Ceil: "np.ceil",
    ps.Trunc: "np.trunc",
    ps.RoundHalfToEven: "np.rint",
    ps.Log: "np.log",
    ps.Log2: "np.log2",
    ps.Log10: "np.log10",
    ps.Expm1: "np.expm1",
    ps.Sin: "np.sin",
    ps.Cos: "np.cos",
    ps.Tan: "np.tan",
    ps.ArcSin: "np.arcsin",
    ps.ArcCos: "np.arccos",
    ps.ArcTan: "np.arctan",
    ps.Sinh: "np.sinh",
    ps.Cosh: "np.cosh",
    ps.ArcSinh: "np.arcsinh",
    ps.ArcCosh: "np.arccosh",
    ps.ArcTanh: "np.arctanh",
    Erf: "math.erf",
}
# Implemented in `kernels.exponential`: for float32 without branches or calls.
KERNEL_FUNCTIONS: dict[type, str] = {
    ps.Exp: "exp",
    ps.Tanh: "tanh",
    ps.Log1p: "log1p",
    Sigmoid: "sigmoid",
    Softplus: "softplus",
}


class Lines:
    """The lines of one scalar expression.

    Attributes
    ----------
    text : list of str
        Assignments to t0, t1 and so on.
    """

    def __init__(self) -> None:
        self.text: list[str] = []

    def add(self, expression: str) -> str:
        """Assign an expression to a new name, and return the name."""
        name = f"t{len(self.text)}"
        self.text.append(f"{name} = {expression}")
        return name

    def converted(self, name: str, source: str, dtype: str) -> str:
        """Return the name of a value converted to another type."""
        if source == dtype:
            return name
        return self.add(f"np.{'bool_' if dtype == 'bool' else dtype}({name})")


def lines_of(op: ScalarOp, inputs: Inputs, outputs: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the source lines of a scalar Op, and the names of its results.

    Parameters
    ----------
    op : ScalarOp
    inputs : (name, dtype) of each argument
    outputs : dtype of each result

    Raises
    ------
    UnsupportedError
        The scalar Op or a type is not supported.
    """
    lines = Lines()
    results = _results(lines, op, list(inputs), list(outputs))
    return lines.text, results


def _results(lines: Lines, op: ScalarOp, inputs: Inputs, outputs: list[str]) -> list[str]:
    if not isinstance(op, ps.Composite):
        return [_operation(lines, op, inputs, outputs[0])]
    known = {variable: given for variable, given in zip(op.fgraph.inputs, inputs, strict=True)}
    for node in op.fgraph.toposort():
        arguments = [known[v] if v in known else (_literal(v), v.type.dtype) for v in node.inputs]
        types = [out.type.dtype for out in node.outputs]
        for variable, name in zip(node.outputs, _results(lines, node.op, arguments, types), strict=True):
            known[variable] = name, variable.type.dtype
    found = [known[v] if v in known else (_literal(v), v.type.dtype) for v in op.fgraph.outputs]
    return [lines.converted(name, source, dtype) for (name, source), dtype in zip(found, outputs, strict=True)]


def _literal(variable: Variable) -> str:
    """Return a constant as source text."""
    if not isinstance(variable, Constant):
        raise UnsupportedError(f"{variable} in a scalar expression")
    value, dtype = np.asarray(variable.data).item(), variable.type.dtype
    kind = "np.bool_" if dtype == "bool" else f"np.{dtype}"
    if isinstance(value, float) and not math.isfinite(value):
        return f'{kind}("{value}")'
    return f"{kind}({value!r})"


def _operation(lines: Lines, op: ScalarOp, inputs: Inputs, dtype: str) -> str:
    kind = type(op)
    if kind not in _WRITERS and kind not in FUNCTIONS and kind not in KERNEL_FUNCTIONS:
        raise UnsupportedError(f"the scalar Op {op}")
    if dtype not in _TYPES or any(source not in _TYPES for _, source in inputs):
        raise UnsupportedError(f"the scalar Op {op} of {', '.join(source for _, source in inputs)}")
    if kind in FUNCTIONS or kind in KERNEL_FUNCTIONS:
        (name, source), *_ = inputs
        argument = lines.converted(name, source, _floating(dtype, op))
        function = FUNCTIONS.get(kind) or f"{KERNEL_FUNCTIONS[kind]}{dtype.removeprefix('float')}"
        return lines.add(f"{function}({argument})")
    return _WRITERS[kind](lines, op, inputs, dtype)


_TYPES = ("float32", "float64", "int64", "int32", "int16", "int8", "uint32", "uint8", "bool")


def _floating(dtype: str, op: ScalarOp) -> str:
    if not dtype.startswith("float"):
        raise UnsupportedError(f"the scalar Op {op} of {dtype}")
    return dtype


def _convert_all(lines: Lines, inputs: Inputs, dtype: str) -> list[str]:
    return [lines.converted(name, source, dtype) for name, source in inputs]


def _comparison(lines: Lines, op: ScalarOp, inputs: Inputs, dtype: str) -> str:
    common = np.result_type(*(source for _, source in inputs)).name
    if common not in _TYPES:
        raise UnsupportedError(f"the comparison {op} of {common}")
    left, right = _convert_all(lines, inputs, common if common != "bool" else "uint8")
    return lines.add(f"{left} {COMPARISONS[type(op)]} {right}")


def _operator(lines: Lines, op: ScalarOp, inputs: Inputs, dtype: str) -> str:
    if dtype == "bool":
        raise UnsupportedError(f"the scalar Op {op} of bool")
    return lines.add(f" {OPERATORS[type(op)]} ".join(_convert_all(lines, inputs, dtype)))


def _bits(lines: Lines, op: ScalarOp, inputs: Inputs, dtype: str) -> str:
    if dtype.startswith("float"):
        raise UnsupportedError(f"the scalar Op {op} of {dtype}")
    return lines.add(f" {BITS[type(op)]} ".join(_convert_all(lines, inputs, dtype)))


def _quotient(lines: Lines, op: ScalarOp, inputs: Inputs, dtype: str) -> str:
    left, right = _convert_all(lines, inputs, _floating(dtype, op))
    return lines.add(f"{left} / {right}")


def _reciprocal(lines: Lines, op: ScalarOp, inputs: Inputs, dtype: str) -> str:
    (x,) = _convert_all(lines, inputs, _floating(dtype, op))
    return lines.add(f"np.{dtype}(1) / {x}")


def _negative(lines: Lines, op: ScalarOp, inputs: Inputs, dtype: str) -> str:
    (x,) = _convert_all(lines, inputs, dtype)
    return lines.add(f"np.{dtype}(0) - {x}" if dtype.startswith("uint") else f"-{x}")


def _square(lines: Lines, op: ScalarOp, inputs: Inputs, dtype: str) -> str:
    (x,) = _convert_all(lines, inputs, dtype)
    return lines.add(f"{x} * {x}")


def _cast(lines: Lines, op: ScalarOp, inputs: Inputs, dtype: str) -> str:
    ((name, source),) = inputs
    if source.startswith("float") and not dtype.startswith("float") and dtype != "bool":
        return lines.add(f"np.{dtype}({name})")
    return lines.converted(name, source, dtype)


def _switch(lines: Lines, op: ScalarOp, inputs: Inputs, dtype: str) -> str:
    (condition, source), *sides = inputs
    condition = lines.converted(condition, source, "bool")
    one, other = (lines.add(side) if side.startswith("np.") else side for side in _convert_all(lines, sides, dtype))
    return lines.add(f"{one} if {condition} else {other}")


def _clip(lines: Lines, op: ScalarOp, inputs: Inputs, dtype: str) -> str:
    x, least, most = _convert_all(lines, inputs, dtype)
    least, most = lines.add(least), lines.add(most)
    low = lines.add(f"{least} if {x} < {least} else {x}")
    return lines.add(f"{most} if {low} > {most} else {low}")


def _extreme(lines: Lines, op: ScalarOp, inputs: Inputs, dtype: str) -> str:
    sign = ">=" if isinstance(op, ps.Maximum) else "<="
    first, *others = (lines.add(name) for name in _convert_all(lines, inputs, dtype))
    for other in others:  # NaN in either argument gives NaN
        stays = f"({first} {sign} {other}) | ({first} != {first})"
        first = lines.add(f"{first} if {stays} else {other}")
    return first


def _sign(lines: Lines, op: ScalarOp, inputs: Inputs, dtype: str) -> str:
    (x,) = _convert_all(lines, inputs, dtype)
    x, one, zero = lines.add(x), lines.add(f"np.{dtype}(1)"), lines.add(f"np.{dtype}(0)")
    if dtype.startswith("uint"):
        return lines.add(f"{one} if {x} != {zero} else {zero}")
    minus = lines.add(f"np.{dtype}(-1)")
    low = lines.add(f"{minus} if {x} < {zero} else {x}")  # keeps -0.0 and NaN
    return lines.add(f"{one} if {x} > {zero} else {low}")


def _not(lines: Lines, op: ScalarOp, inputs: Inputs, dtype: str) -> str:
    (x,) = _convert_all(lines, inputs, dtype)
    return lines.add(f"not {x}" if dtype == "bool" else f"~{x}")


def _is_nan(lines: Lines, op: ScalarOp, inputs: Inputs, dtype: str) -> str:
    ((x, _),) = inputs
    return lines.add(f"{x} != {x}")


def _is_infinite(lines: Lines, op: ScalarOp, inputs: Inputs, dtype: str) -> str:
    ((x, source),) = inputs
    return lines.add(f'abs({x}) == np.{_floating(source, op)}("inf")')


def _power(lines: Lines, op: ScalarOp, inputs: Inputs, dtype: str) -> str:
    x, exponent = _convert_all(lines, inputs, _floating(dtype, op))
    return lines.add(f"np.power({x}, {exponent})")


def _second(lines: Lines, op: ScalarOp, inputs: Inputs, dtype: str) -> str:
    return _convert_all(lines, inputs[-1:], dtype)[0]


def _absolute(lines: Lines, op: ScalarOp, inputs: Inputs, dtype: str) -> str:
    (x,) = _convert_all(lines, inputs, dtype)
    return lines.add(f"abs({x})")


_WRITERS: dict[type, Callable[[Lines, ScalarOp, Inputs, str], str]] = {
    **dict.fromkeys(COMPARISONS, _comparison),
    **dict.fromkeys(OPERATORS, _operator),
    **dict.fromkeys(BITS, _bits),
    ps.TrueDiv: _quotient,
    ps.Reciprocal: _reciprocal,
    ps.Neg: _negative,
    ps.Sqr: _square,
    ps.Cast: _cast,
    ps.Switch: _switch,
    ps.Clip: _clip,
    ps.Maximum: _extreme,
    ps.Minimum: _extreme,
    ps.Sign: _sign,
    ps.Invert: _not,
    ps.IsNan: _is_nan,
    ps.IsInf: _is_infinite,
    ps.Pow: _power,
    ps.Identity: _second,
    ps.Second: _second,
    ps.Abs: _absolute,
}
