"""Translation of a kernel's statements from Python's syntax tree to LLVM code.

This module and `expressions` define the language; anything else is rejected with its file and line.
"""

import ast
from collections.abc import Callable
from typing import Any

from .arithmetic import as_index, binary
from .constants import as_value, constant_integer, describe, is_number, require_dtype
from .errors import KernelError
from .expressions import Expressions
from .frame import Frame
from .source import Source
from .types import REGISTER, ArrayValue, Value
from .variables import Scope
from .violations import OVERFLOW
from .writer import INT64_MAX

MAX_INLINE_DEPTH = 30  # nested calls that are inlined


class Translator(Expressions):
    """Translates the body of one function: of a kernel, or of a function that is inlined into it.

    Parameters
    ----------
    frame : Frame
    source : Source
        Of the function.
    depth : int
        Number of functions into which this one is inlined.
    """

    def __init__(self, frame: Frame, source: Source, depth: int = 0):
        super().__init__(frame, source)
        self.depth = depth
        self.results: list[tuple[str, Any]] = []  # (the block that returns, the value)
        self.exit = ""

    def inline(self, function: Callable, arguments: list, keywords: dict) -> Any:
        """Inline a plain Python function at its call, and return its result."""
        if self.depth >= MAX_INLINE_DEPTH:
            name = getattr(function, "__name__", repr(function))
            hint = "A function of a kernel cannot call itself."
            raise KernelError(f"at most {MAX_INLINE_DEPTH} nested calls", name, hint)
        frame = self.frame
        location = frame.file, frame.line
        inner = Translator(frame, Source.of(function), self.depth + 1)
        result = inner.call(arguments, keywords)
        if frame.terminated:
            raise KernelError("a function that returns", f"{function.__name__}, which never does", "Let its loop end.")
        frame.file, frame.line = location
        return result

    def call(self, arguments: list, keywords: dict) -> Any:
        """Translate the body with its parameters bound, and return the result."""
        self.variables.bind_parameters(self.source.bound_arguments(arguments, keywords))
        frame = self.frame
        self.exit = frame.new_label("exit")
        self.block(self.source.tree.body)
        if not frame.terminated:
            self._add_return(None)
        if len(self.results) == 1 and frame.resume(self.results[0][0], self.exit):
            return self.results[0][1]
        if self.results:
            frame.begin(self.exit)
        return self._joined_returns()

    def _add_return(self, value: Any) -> None:
        self.results.append((self.frame.label, value))
        self.frame.jump(self.exit)

    def _joined_returns(self) -> Any:
        """Return the result, which may come from several return statements."""
        values = [value for _, value in self.results]
        if len(values) == 1:
            return values[0]
        if all(value is None for value in values):
            return None
        if not all(map(is_number, values)):
            raise KernelError("a number from every return", "another value from one", "Return at the end only.")
        numbers = [as_value(value) for value in values]
        if len({number.dtype for number in numbers}) > 1:
            got = ", ".join(number.dtype for number in numbers)
            raise KernelError("numbers of one type from every return", got, "Convert them.")
        pairs = [(number.llvm, label) for (label, _), number in zip(self.results, numbers, strict=True)]
        return Value(self.frame.phi(REGISTER[numbers[0].dtype], pairs), numbers[0].dtype)

    # --- statements

    def block(self, statements: list[ast.stmt]) -> None:
        """Translate statements, up to one that ends the block."""
        for statement in statements:
            if self.frame.terminated:
                return
            self.frame.file, self.frame.line = self.source.file, self.source.line(statement)
            try:
                translate = getattr(self, f"_{type(statement).__name__}", None)
                if translate is None or not isinstance(statement, ast.stmt):
                    hint = "The kernel language has assignments, if, for over range, while, return and calls."
                    raise KernelError("a statement of the kernel language", type(statement).__name__, hint)
                translate(statement)
            except KernelError as error:
                raise error.at(self.source.file, self.source.line(statement)) from None

    def _Pass(self, statement: ast.Pass) -> None:
        pass

    def _Expr(self, statement: ast.Expr) -> None:
        if isinstance(statement.value, ast.Constant) and isinstance(statement.value.value, str):
            return  # a docstring
        if not isinstance(statement.value, ast.Call):
            raise KernelError("a call or an assignment", "an expression of no effect", "Take it out.")
        self.expression(statement.value)

    def _Assign(self, statement: ast.Assign) -> None:
        if len(statement.targets) != 1:
            raise KernelError("one assignment at a time", "a = b = ...", "Write two lines.")
        self._assign(statement.targets[0], self.expression(statement.value))

    def _assign(self, target: ast.expr, value: Any) -> None:
        if isinstance(target, ast.Tuple):
            if not isinstance(value, tuple) or len(value) != len(target.elts):
                raise KernelError(f"a tuple of {len(target.elts)}", describe(value), "Assign one by one.")
            # All values are evaluated before any name is assigned: a, b = b, a.
            for one, part in zip(target.elts, value, strict=True):
                self._assign(one, part)
        elif isinstance(target, ast.Name):
            self.variables.assign(target.id, value)
        elif isinstance(target, ast.Subscript):
            array, address = self._element(target)
            self.frame.write(address, require_dtype(value, array.dtype, "the array"))
        else:
            raise KernelError("a name or an element of an array", type(target).__name__, "Assign to one of these.")

    def _element(self, target: ast.Subscript) -> tuple[ArrayValue, str]:
        """Return an array and the address of the element that is assigned to."""
        array = self.expression(target.value)
        if not isinstance(array, ArrayValue):
            raise KernelError("an array of the kernel to be assigned to", describe(array), "Pass it as an Array.")
        return array, self.frame.address(array, self.index(self.expression(target.slice)))

    def _AugAssign(self, statement: ast.AugAssign) -> None:
        name, target = type(statement.op).__name__, statement.target
        if isinstance(target, ast.Name):
            before = self.expression(ast.copy_location(ast.Name(target.id, ast.Load()), target))
            self.variables.assign(target.id, binary(self.frame, name, before, self.expression(statement.value)))
        elif isinstance(target, ast.Subscript):
            array, address = self._element(target)
            before = self.frame.read(address, array.dtype)
            after = binary(self.frame, name, before, self.expression(statement.value))
            self.frame.write(address, require_dtype(after, array.dtype, "the array"))
        else:
            raise KernelError("a name or an element of an array", type(target).__name__, "Assign to one of these.")

    def _If(self, statement: ast.If) -> None:
        test = self.condition(statement.test)
        if not isinstance(test, Value):
            self.block(statement.body if test else statement.orelse)
            return
        frame = self.frame
        scopes: list[Scope] = []
        yes, after = frame.new_label("then"), frame.new_label("after")
        no = frame.new_label("else") if statement.orelse else after
        frame.branch(test.llvm, yes, no)
        for label, body in ((yes, statement.body), (no, statement.orelse)):
            if label != after:
                frame.begin(label)
            with self.variables.branch(scopes) as scope:
                self.block(body)
                scope.ended = label != after and frame.terminated
            if label != after and not frame.terminated:
                frame.jump(after)
        self.variables.join(scopes)
        if not all(scope.ended for scope in scopes):
            frame.begin(after)  # otherwise both branches return

    def _While(self, statement: ast.While) -> None:
        if statement.orelse:
            raise KernelError("while without else", "else", "Take it out.")
        frame = self.frame
        test, body, end = (frame.new_label(name) for name in ("test", "body", "end"))
        frame.jump(test)
        frame.begin(test)
        condition = self.condition(statement.test)
        forever = not isinstance(condition, Value) and condition
        if forever:
            frame.jump(body)
        else:
            frame.branch(as_value(condition).llvm, body, end)
        frame.begin(body)
        with self.variables.branch([]):
            self.block(statement.body)
        if not frame.terminated:
            frame.jump(test)
        if not forever:  # otherwise the loop ends by return only
            frame.begin(end)

    def _For(self, statement: ast.For) -> None:
        if statement.orelse or not isinstance(statement.target, ast.Name):
            raise KernelError("for NAME in range(...)", "another form of for", "Loop over numbers.")
        start, stop, step = self._range(statement.iter)
        frame = self.frame
        with frame.loop(start, stop, step) as number, self.variables.branch([]):
            self.variables.bind_loop(statement.target.id, Value(number, "int64"))
            self.block(statement.body)
            if frame.checking and step > 1 and not frame.terminated:
                frame.line = self.source.line(statement)
                frame.check(frame.pure(f"icmp sle i64 {number}, {INT64_MAX - step}"), OVERFLOW)

    def _range(self, call: ast.expr) -> tuple[str, str, int]:
        if not isinstance(call, ast.Call) or call.keywords or self.expression(call.func) is not range:
            raise KernelError("range(stop), range(start, stop) or range(start, stop, step)", "another", "Use range.")
        if not 1 <= len(call.args) <= 3:
            raise KernelError("range(stop), range(start, stop) or range(start, stop, step)", "another", "Use range.")
        bounds = [self.expression(argument) for argument in call.args]
        start, stop, step = (0, bounds[0], 1) if len(bounds) == 1 else (*bounds, 1)[:3]
        by = constant_integer(step)
        if by is None or not 1 <= by <= INT64_MAX:
            raise KernelError("a constant step of at least 1", describe(step), "Count upwards.")
        return as_index(self.frame, start), as_index(self.frame, stop), by

    def _Return(self, statement: ast.Return) -> None:
        self._add_return(None if statement.value is None else self.expression(statement.value))
