"""The source of a function: its syntax tree, its file and lines, and the values of its names."""

import ast
import builtins
import linecache
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from types import FunctionType
from typing import Any

from .errors import KernelError

_trees: dict[str, tuple[list[str], dict[int, ast.FunctionDef]]] = {}


def _functions(file: str) -> dict[int, ast.FunctionDef]:
    """Return the functions of a file by the first line of each or of its decorators."""
    lines = linecache.getlines(file)
    known = _trees.get(file)
    if known is None or known[0] is not lines:  # linecache returns the same list while the file is unchanged
        found = {
            min([node.lineno, *(d.lineno for d in node.decorator_list)]): node
            for node in _defined(ast.parse("".join(lines)).body)
        }
        known = _trees[file] = lines, found
    return known[1]


def _defined(statements: list[ast.stmt]) -> Iterator[ast.FunctionDef]:
    for statement in _within(statements):
        if isinstance(statement, ast.FunctionDef):
            yield statement
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from _defined(statement.body)


def _within(statements: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield statements, including those in branches and loops."""
    for statement in statements:
        yield statement
        if isinstance(statement, ast.If | ast.For | ast.While | ast.With | ast.Try):
            for part in ("body", "orelse", "finalbody"):
                yield from _within(getattr(statement, part, []))
            for handler in getattr(statement, "handlers", []):
                yield from _within(handler.body)


@dataclass(frozen=True)
class Source:
    """The source of a plain Python function.

    Attributes
    ----------
    function : function
    tree : ast.FunctionDef
    file : str
    """

    function: FunctionType
    tree: ast.FunctionDef
    file: str

    @classmethod
    def of(cls, function: Callable) -> "Source":
        """Return the source of `function`.

        Raises
        ------
        KernelError
            `function` is not a Python function, or its source is not available.
        """
        if not isinstance(function, FunctionType):
            hint = "Call Python functions, operations of the compiler, min, max, abs, len, and np.float32 and so on."
            raise KernelError("a function that the kernel language supports", repr(function)[:80], hint)
        code = function.__code__
        tree = _functions(code.co_filename).get(code.co_firstlineno)
        if tree is None or tree.name != code.co_name:
            got = f"{function.__name__} of {code.co_filename}"
            raise KernelError("a function with its source", got, "Write it with def, in a file that does not change.")
        return cls(function, tree, code.co_filename)

    def line(self, node: ast.AST) -> int:
        """Return the line of a node of the tree."""
        return getattr(node, "lineno", self.tree.lineno)

    @cached_property
    def local(self) -> set[str]:
        """The local names of the function."""
        code = self.function.__code__
        return {*code.co_varnames, *code.co_cellvars}

    @cached_property
    def assigned(self) -> Counter[str]:
        """Number of assignments to each name in the source of the function."""
        found: Counter[str] = Counter()
        for statement in _within(self.tree.body):
            if isinstance(statement, ast.Assign):
                for target in statement.targets:
                    found.update(_names(target))
            elif isinstance(statement, ast.AugAssign | ast.For):
                found.update(_names(statement.target))
        return found

    @cached_property
    def scope(self) -> dict[str, Any]:
        """The values of the names of the closure, which take precedence over globals and builtins."""
        found = {}
        for name, cell in zip(self.function.__code__.co_freevars, self.function.__closure__ or (), strict=True):
            try:
                found[name] = cell.cell_contents
            except ValueError:  # not bound yet
                continue
        return found

    def look_up(self, name: str) -> Any:
        """Return the value of a name that is not local."""
        if name in self.scope:
            return self.scope[name]
        if name not in self.function.__code__.co_freevars:
            for names in (self.function.__globals__, vars(builtins)):
                if name in names:
                    return names[name]
        raise KernelError("a name that is bound", name, "Bind it before, or pass it.")

    def bound_arguments(self, arguments: list, keywords: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments of a call by parameter, including defaults."""
        given, name = self.tree.args, self.function.__name__
        if given.vararg or given.kwarg:
            raise KernelError(f"{name} with named parameters", "* or ** in its def", "Write them out.")
        positional = [parameter.arg for parameter in (*given.posonlyargs, *given.args)]
        known = [*positional, *(parameter.arg for parameter in given.kwonlyargs)]
        if len(arguments) > len(positional):
            got = f"{len(arguments)} of them"
            raise KernelError(f"{len(positional)} arguments of {name}", got, "Pass what it takes.")
        defaults = self.function.__defaults__ or ()
        bound = dict(zip(positional[len(positional) - len(defaults) :], defaults, strict=True))
        bound |= self.function.__kwdefaults__ or {}
        by_position = dict(zip(positional, arguments, strict=False))
        only = [parameter.arg for parameter in given.posonlyargs]
        for keyword in keywords:
            if keyword not in known or keyword in by_position or keyword in only:
                raise KernelError(f"the arguments of {name}", f"{keyword}=", "Pass each that it takes once.")
        bound |= by_position | keywords
        missing = [parameter for parameter in known if parameter not in bound]
        if missing:
            raise KernelError(f"the arguments of {name}", f"none for {', '.join(missing)}", "Pass what it takes.")
        return bound


def _names(target: ast.expr) -> Iterator[str]:
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Tuple | ast.List):
        for part in target.elts:
            yield from _names(part)
