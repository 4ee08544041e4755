"""A kernel's syntax tree as LLVM code: expressions."""

import ast
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from .arithmetic import as_index, binary, compare, inverted, negated, select, truth
from .constants import alternatives, as_value, described, folded, known_integer
from .errors import KernelError
from .frame import Frame
from .functions import find
from .operations import Operation
from .source import Source
from .types import NAMES, REGISTER, ArrayValue, Value, is_constant
from .variables import Variables


class Expressions:
    """Translates the expressions of one function; statements come with `Translator`."""

    def __init__(self, frame: Frame, source: Source):
        self.frame, self.source = frame, source
        self.variables = Variables(frame, source)

    def inlined(self, function: Callable, arguments: list, keywords: dict) -> Any:
        """Write out a function of plain Python; see `Translator`."""
        raise NotImplementedError

    def expression(self, node: ast.expr) -> Any:
        """Return the value of an expression: a `Value` or `ArrayValue` at run time, or a constant as it is."""
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
            raise KernelError("an attribute of a constant", f".{node.attr} of {described(owner)}", "Pass a number.")
        return folded(f".{node.attr}", getattr, owner, node.attr)

    def _BinOp(self, node: ast.BinOp) -> Any:
        left, right = self.expression(node.left), self.expression(node.right)
        return binary(self.frame, type(node.op).__name__, left, right)

    def _UnaryOp(self, node: ast.UnaryOp) -> Any:
        name = type(node.op).__name__
        if name == "Not":
            return self._opposite(self.condition(node.operand))
        value = self.expression(node.operand)
        if name == "USub":
            return negated(self.frame, value)
        if name == "Invert":
            return inverted(self.frame, value)
        raise KernelError("- of a number, ~ of a whole number, or not", "+ of one", "Leave it out.")

    def _opposite(self, value: Any) -> Any:
        if not isinstance(value, Value):
            return not value
        return Value(self.frame.pure(f"xor i1 {value.llvm}, true"), "bool")

    def _Compare(self, node: ast.Compare) -> Any:
        """Return a comparison; in a chain, operands are calculated only while all before holds, as in Python."""
        left = self.expression(node.left)

        def part(sign: ast.cmpop, operand: ast.expr) -> Any:
            nonlocal left
            before, left = left, self.expression(operand)
            return self._compared(type(sign).__name__, before, left)

        pairs = zip(node.ops, node.comparators, strict=True)
        return self._decided([(_harmless(operand), partial(part, sign, operand)) for sign, operand in pairs], False)

    def _compared(self, name: str, left: Any, right: Any) -> Any:
        if name not in ("Is", "IsNot", "In", "NotIn"):
            return compare(self.frame, name, left, right)
        if not is_constant(left) or not is_constant(right):
            raise KernelError("==, !=, <, <=, > or >= of numbers", name, "Compare numbers.")
        found = left is right if name.startswith("Is") else folded("in", lambda x, y: x in y, left, right)
        return not found if name in ("IsNot", "NotIn") else found

    def condition(self, node: ast.expr) -> Any:
        """Return whether an expression is true: a bool at run time, or one of Python's."""
        if isinstance(node, ast.BoolOp):
            parts = [(_harmless(part), partial(self.condition, part)) for part in node.values]
            return self._decided(parts, isinstance(node.op, ast.Or))
        return truth(self.expression(node))

    def _BoolOp(self, node: ast.BoolOp) -> Any:
        """Return `and` or `or` as a value, which is one of theirs in Python: so all are bools."""
        parts = [(_harmless(part), partial(self._flag, part)) for part in node.values]
        return self._decided(parts, isinstance(node.op, ast.Or))

    def _flag(self, node: ast.expr) -> Any:
        value = self.expression(node)
        if isinstance(value, bool | np.bool_) or (isinstance(value, Value) and value.dtype == "bool"):
            return value
        raise KernelError("bools beside and, or", described(value), "Compare it, e.g. x != 0.")

    def _decided(self, parts: Sequence[tuple[bool, Callable[[], Any]]], ends_with: bool) -> Any:
        """Return whether one of the conditions is `ends_with`, or else the opposite.

        Each part is whether it may be calculated in any case, and what calculates it; others are calculated only if all
        before them leave the matter open.
        """
        frame, after = self.frame, ""
        known: Value | None = None
        incoming: list[tuple[str, str]] = []
        for harmless, calculate in parts:
            if known is not None and not harmless:
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
        if _harmless(node.body) and _harmless(node.orelse):
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
        one, other = alternatives(*found)
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
        raise KernelError("an element of an array, a tuple or a table", f"one of {described(owner)}", "Index these.")

    def index(self, index: Any) -> str:
        """Return the index of an element of an array."""
        number = known_integer(index)
        if number is not None and number < 0:
            raise KernelError("an index of 0 or more", str(number), "Count from the beginning.")
        return as_index(self.frame, index)

    @staticmethod
    def _position(owner: tuple | list | np.ndarray, index: Any) -> int:
        number = known_integer(index)
        if number is None or not -len(owner) <= number < len(owner):
            raise KernelError(f"an index of one of {len(owner)}", described(index), "Check it.")
        return number

    def _table(self, values: Any) -> ArrayValue:
        """Return a table of constants as an array."""
        alike = is_constant(values) and len({type(value) for value in values}) == 1
        numbers = np.asarray(values) if alike else np.empty((0, 0))
        if numbers.ndim != 1 or numbers.dtype.name not in NAMES:
            got = described(values)
            raise KernelError("a table of one axis, of numbers", got, "Make it a flat tuple of numbers of one type.")
        return self.frame.table(numbers, values)

    def _Call(self, node: ast.Call) -> Any:
        function = self.expression(node.func)
        arguments: list[Any] = []
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                several = self.expression(argument.value)
                if not isinstance(several, tuple | list):
                    raise KernelError("a tuple behind *", described(several), "Write the arguments out.")
                arguments += several
            else:
                arguments.append(self.expression(argument))
        if any(keyword.arg is None for keyword in node.keywords):
            raise KernelError("arguments one by one", "**", "Write them out.")
        keywords = {str(keyword.arg): self.expression(keyword.value) for keyword in node.keywords}
        emit = function.emit if isinstance(function, Operation) else find(function)
        if emit is None:
            return self.inlined(function, arguments, keywords)
        try:
            return emit(self.frame, *arguments, **keywords)
        except (TypeError, AttributeError) as error:
            if isinstance(error, KernelError):
                raise
            name = getattr(function, "__name__", repr(function))
            raise KernelError(f"the arguments of {name}", str(error), "Check their number and kinds.") from None


def _harmless(node: ast.expr) -> bool:
    """Return whether an expression may be calculated though its value is not asked for."""
    if isinstance(node, ast.UnaryOp):
        return _harmless(node.operand)
    if isinstance(node, ast.Compare):
        return all(map(_harmless, [node.left, *node.comparators]))
    return isinstance(node, ast.Name | ast.Constant)
