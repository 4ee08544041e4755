"""Translation of a kernel's expressions from Python's syntax tree to LLVM code."""

import ast
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from .arithmetic import as_condition, as_index, binary, compare, invert, negate, select
from .constants import as_value, constant_integer, describe, fold, unify_alternatives
from .errors import KernelError
from .frame import Frame
from .functions import emitter_of
from .operations import Operation
from .source import Source
from .types import NAMES, REGISTER, ArrayValue, Value, is_constant
from .variables import Variables


class Expressions(ABC):
    """Translates the expressions of one function; `Translator` adds the statements."""

    def __init__(self, frame: Frame, source: Source):
        self.frame, self.source = frame, source
        self.variables = Variables(frame, source)

    @abstractmethod
    def inline(self, function: Callable, arguments: list, keywords: dict) -> Any:
        """Inline a plain Python function; see `Translator`."""

    def expression(self, node: ast.expr) -> Any:
        """Return the value of an expression: a `Value` or `ArrayValue` at run time, or a constant."""
        translate = getattr(self, f"_{type(node).__name__}", None)
        try:
            if translate is None:
                hint = "See the kernel language: arithmetic, comparisons, indices, calls."
                raise KernelError("an expression of the kernel language", type(node).__name__, hint)
            return translate(node)
        except KernelError as error:
            raise error.at(self.source.file, self.source.line(node)) from None

    def _Constant(self, node: ast.Constant) -> Any:
        return node.value

    def _Tuple(self, node: ast.Tuple) -> tuple:
        return tuple(self.expression(part) for part in node.elts)

    def _Name(self, node: ast.Name) -> Any:
        try:
            return self.variables.look_up(node.id)
        except KeyError:
            if node.id in self.source.local:
                raise KernelError(f"{node.id} bound before", "a use of it", "Bind it before that.") from None
            return self.source.look_up(node.id)

    def _Attribute(self, node: ast.Attribute) -> Any:
        owner = self.expression(node.value)
        if not is_constant(owner):
            raise KernelError("an attribute of a constant", f".{node.attr} of {describe(owner)}", "Pass a number.")
        return fold(f".{node.attr}", getattr, owner, node.attr)

    def _BinOp(self, node: ast.BinOp) -> Any:
        left, right = self.expression(node.left), self.expression(node.right)
        return binary(self.frame, type(node.op).__name__, left, right)

    def _UnaryOp(self, node: ast.UnaryOp) -> Any:
        name = type(node.op).__name__
        if name == "Not":
            return self._logical_not(self.condition(node.operand))
        value = self.expression(node.operand)
        if name == "USub":
            return negate(self.frame, value)
        if name == "Invert":
            return invert(self.frame, value)
        raise KernelError("- of a number, ~ of an integer, or not", "+ of one", "Leave it out.")

    def _logical_not(self, value: Any) -> Any:
        if not isinstance(value, Value):
            return not value
        return Value(self.frame.pure(f"xor i1 {value.llvm}, true"), "bool")

    def _Compare(self, node: ast.Compare) -> Any:
        """Return a comparison; in a chain, evaluation stops at the first comparison that is false, as in Python."""
        left = self.expression(node.left)

        def part(sign: ast.cmpop, operand: ast.expr) -> Any:
            nonlocal left
            before, left = left, self.expression(operand)
            return self._comparison(type(sign).__name__, before, left)

        pairs = zip(node.ops, node.comparators, strict=True)
        return self._short_circuit(
            [(_is_speculatable(operand), partial(part, sign, operand)) for sign, operand in pairs], False
        )

    def _comparison(self, name: str, left: Any, right: Any) -> Any:
        if name not in ("Is", "IsNot", "In", "NotIn"):
            return compare(self.frame, name, left, right)
        if not is_constant(left) or not is_constant(right):
            raise KernelError("==, !=, <, <=, > or >= of numbers", name, "Compare numbers.")
        found = left is right if name.startswith("Is") else fold("in", lambda x, y: x in y, left, right)
        return not found if name in ("IsNot", "NotIn") else found

    def condition(self, node: ast.expr) -> Any:
        """Return the truth value of an expression: a bool at run time, or a Python bool."""
        if isinstance(node, ast.BoolOp):
            parts = [(_is_speculatable(part), partial(self.condition, part)) for part in node.values]
            return self._short_circuit(parts, isinstance(node.op, ast.Or))
        return as_condition(self.expression(node))

    def _BoolOp(self, node: ast.BoolOp) -> Any:
        """Return `and` or `or` as a value, which in Python is one of the operands: so all must be bools."""
        parts = [(_is_speculatable(part), partial(self._bool_value, part)) for part in node.values]
        return self._short_circuit(parts, isinstance(node.op, ast.Or))

    def _bool_value(self, node: ast.expr) -> Any:
        value = self.expression(node)
        if isinstance(value, bool | np.bool_) or (isinstance(value, Value) and value.dtype == "bool"):
            return value
        raise KernelError("bools beside and, or", describe(value), "Compare it, e.g. x != 0.")

    def _short_circuit(self, parts: Sequence[tuple[bool, Callable[[], Any]]], ends_with: bool) -> Any:
        """Return `ends_with` if one of the conditions has this value, else the opposite.

        Each part is a pair: whether it may be evaluated unconditionally, and the function that evaluates it. Other
        parts are evaluated only if all parts before them leave the result undecided.
        """
        frame, after = self.frame, ""
        known: Value | None = None
        incoming: list[tuple[str, str]] = []
        for speculatable, calculate in parts:
            if known is not None and not speculatable:
                after = after or frame.new_label("decided")
                following = frame.new_label("next")
                incoming.append((known.llvm, frame.label))
                frame.branch(known.llvm, *((after, following) if ends_with else (following, after)))
                frame.begin(following, after=True)
                known = None
            value = calculate()
            if isinstance(value, Value):
                known = value if known is None else binary(frame, "BitOr" if ends_with else "BitAnd", known, value)
            elif bool(value) is ends_with:
                known = as_value(ends_with)
                break
        if known is None:
            known = as_value(not ends_with)
        if not incoming:
            return known if known.llvm.startswith("%") else known.llvm == "true"
        incoming.append((known.llvm, frame.label))
        frame.jump(after)
        frame.begin(after)
        return Value(frame.phi("i1", incoming), "bool")

    def _IfExp(self, node: ast.IfExp) -> Any:
        test = self.condition(node.test)
        if not isinstance(test, Value):
            return self.expression(node.body if test else node.orelse)
        if _is_speculatable(node.body) and _is_speculatable(node.orelse):
            return select(self.frame, test, self.expression(node.body), self.expression(node.orelse))
        frame = self.frame
        yes, no, after = (frame.new_label(name) for name in ("then", "else", "after"))
        frame.branch(test.llvm, yes, no)
        found, ends = [], []
        for label, side in ((yes, node.body), (no, node.orelse)):
            frame.begin(label)
            found.append(self.expression(side))
            ends.append(frame.label)
            frame.jump(after)
        one, other = unify_alternatives(*found)
        frame.begin(after)
        return Value(frame.phi(REGISTER[one.dtype], [(one.llvm, ends[0]), (other.llvm, ends[1])]), one.dtype)

    def _Subscript(self, node: ast.Subscript) -> Any:
        owner, index = self.expression(node.value), self.expression(node.slice)
        if isinstance(owner, ArrayValue):
            return self.frame.load(owner, self.index(index))
        if isinstance(owner, tuple | list | np.ndarray):
            if isinstance(index, Value):
                return self.frame.load(self._table(owner), self.index(index))
            if is_constant(index):
                return owner[self._position(owner, index)]
        raise KernelError("an element of an array, a tuple or a table", f"one of {describe(owner)}", "Index these.")

    def index(self, index: Any) -> str:
        """Return the index of an element of an array."""
        number = constant_integer(index)
        if number is not None and number < 0:
            raise KernelError("an index of 0 or more", str(number), "Count from the beginning.")
        return as_index(self.frame, index)

    @staticmethod
    def _position(owner: tuple | list | np.ndarray, index: Any) -> int:
        number = constant_integer(index)
        if number is None or not -len(owner) <= number < len(owner):
            raise KernelError(f"an index of one of {len(owner)}", describe(index), "Check it.")
        return number

    def _table(self, values: Any) -> ArrayValue:
        """Return a table of constants as an array."""
        alike = is_constant(values) and len({type(value) for value in values}) == 1
        numbers = np.asarray(values) if alike else np.empty((0, 0))
        if numbers.ndim != 1 or numbers.dtype.name not in NAMES:
            got = describe(values)
            raise KernelError("a table of one axis, of numbers", got, "Make it a flat tuple of numbers of one type.")
        return self.frame.table(numbers, values)

    def _Call(self, node: ast.Call) -> Any:
        function = self.expression(node.func)
        arguments: list[Any] = []
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                several = self.expression(argument.value)
                if not isinstance(several, tuple | list):
                    raise KernelError("a tuple after *", describe(several), "Write the arguments out.")
                arguments += several
            else:
                arguments.append(self.expression(argument))
        if any(keyword.arg is None for keyword in node.keywords):
            raise KernelError("arguments one by one", "**", "Write them out.")
        keywords = {str(keyword.arg): self.expression(keyword.value) for keyword in node.keywords}
        emit = function.emit if isinstance(function, Operation) else emitter_of(function)
        if emit is None:
            return self.inline(function, arguments, keywords)
        try:
            return emit(self.frame, *arguments, **keywords)
        except (TypeError, AttributeError) as error:
            if isinstance(error, KernelError):
                raise
            name = getattr(function, "__name__", repr(function))
            raise KernelError(f"the arguments of {name}", str(error), "Check their number and kinds.") from None


def _is_speculatable(node: ast.expr) -> bool:
    """Return whether an expression may be evaluated although its value is not needed."""
    if isinstance(node, ast.UnaryOp):
        return _is_speculatable(node.operand)
    if isinstance(node, ast.Compare):
        return all(map(_is_speculatable, [node.left, *node.comparators]))
    return isinstance(node, ast.Name | ast.Constant)
