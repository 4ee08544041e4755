"""The names of a function during translation: which are bound, and to what."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from .constants import as_value, is_number, reject_wrapping, require_dtype
from .errors import KernelError
from .frame import Frame
from .source import Source
from .types import REGISTER, Value
from .writer import Slot


@dataclass(slots=True, eq=False)
class Variable:
    """A name with several assignments, of numbers of one type."""

    slot: Slot
    dtype: str


@dataclass
class Scope:
    """The names that were bound in a branch."""

    new: dict[str, Any] = field(default_factory=dict)
    ended: bool = False  # by return: the code after the branch is not reached from here


class Variables:
    """The local names of one function.

    A name that is bound in a loop, or in one branch only, is out of scope afterwards. So a name with one assignment
    is used only after that assignment, and is the value itself; other names are variables.
    """

    def __init__(self, frame: Frame, source: Source):
        self.frame = frame
        self.bound: dict[str, Any] = {}
        self._assigned = source.assigned
        self._loops: set[str] = set()
        self._reusable: dict[str, Variable] = {}  # of earlier branches: later ones bind the same variable
        self._out_of_scope: set[str] = set()

    def bind_parameters(self, arguments: dict[str, Any]) -> None:
        """Bind the parameters of a function to its arguments; numbers become variables if they are assigned to."""
        for name, value in arguments.items():
            if name in self._assigned and is_number(value):
                self._set_variable(name, value, None)
            else:
                self.bound[name] = value

    def look_up(self, name: str) -> Any:
        """Return the value of a local name.

        Raises
        ------
        KeyError
            It is not bound.
        KernelError
            It is out of scope here.
        """
        if name not in self.bound:
            if name in self._out_of_scope:
                got = f"{name} bound in a loop or a branch only"
                raise KernelError(f"{name} bound before", got, "Bind it before that.")
            raise KeyError(name)
        value = self.bound[name]
        return Value(self.frame.get(value.slot), value.dtype) if isinstance(value, Variable) else value

    def assign(self, name: str, value: Any) -> None:
        """Assign to a name: a variable holds numbers of one type, other objects are bound once."""
        if name in self._loops:
            raise KernelError("no assignment to a loop's index", f"{name} = ...", "Use another name.")
        known = self.bound.get(name)
        if name in self.bound and not isinstance(known, Variable):
            raise KernelError(f"{name} bound once, since it is not a number", "another value", "Use another name.")
        if is_number(value):
            variable = known or self._reusable.get(name)
            if variable is None and self._assigned[name] == 1:
                self.bound[name] = as_value(value)
            else:
                self._set_variable(name, value, variable)
        elif known is not None:
            raise KernelError(f"a number, as {name} was before", type(value).__name__, "Use another name.")
        else:
            self.bound[name] = value

    def _set_variable(self, name: str, value: Any, variable: Variable | None) -> None:
        if variable is None:
            number = as_value(value)
            variable = Variable(self.frame.slot(REGISTER[number.dtype]), number.dtype)
        else:
            reject_wrapping(value, variable.dtype)
            number = require_dtype(value, variable.dtype, name)
        self.bound[name] = variable
        self.frame.set(variable.slot, number.llvm)

    def bind_loop(self, name: str, number: Value) -> None:
        """Bind the index of a loop for its body."""
        if name in self.bound:
            raise KernelError("a loop with a name of its own", f"{name}, which is in use", "Use another name.")
        self.bound[name] = number
        self._loops.add(name)

    @contextmanager
    def branch(self, scopes: list[Scope]) -> Iterator[Scope]:
        """Open a scope for code that may be skipped; names that it binds are out of scope afterwards, see `join`."""
        before, loops, reusable = self.bound, self._loops, self._reusable
        self.bound, self._loops = dict(before), set(loops)
        self._reusable = reusable | {n: v for s in scopes for n, v in s.new.items() if isinstance(v, Variable)}
        scope = Scope()
        scopes.append(scope)
        yield scope
        scope.new = {name: value for name, value in self.bound.items() if name not in before}
        self._out_of_scope |= scope.new.keys()
        self.bound, self._loops, self._reusable = before, loops, reusable

    def join(self, scopes: list[Scope]) -> None:
        """Keep the names that all branches, except those that return, have bound to the same object."""
        going_on = [scope for scope in scopes if not scope.ended]
        if not going_on:
            return
        first, *others = going_on
        for name, value in first.new.items():
            # A value that is computed in one branch does not exist in the others; a variable does.
            if all(other.new.get(name) is value for other in others):
                self.bound[name] = value
