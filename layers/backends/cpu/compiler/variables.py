"""The names of a function under translation: which are bound, to what, and where."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from .constants import as_value, is_number, of_type, refuse_to_wrap
from .errors import KernelError
from .frame import Frame
from .source import Source
from .types import REGISTER, Value
from .writer import Slot


@dataclass(slots=True, eq=False)
class Variable:
    """A name that numbers of one type are assigned to, at more than one place."""

    slot: Slot
    dtype: str


@dataclass
class Scope:
    """What was bound in a branch."""

    new: dict[str, Any] = field(default_factory=dict)
    ended: bool = False  # by return: what follows does not come from here


class Variables:
    """The local names of one function.

    A name that is bound in a loop or in one branch is gone after it. So a name that is assigned to at one place only is
    used only where that has been done, and is the value itself; others are variables.
    """

    def __init__(self, frame: Frame, source: Source):
        self.frame = frame
        self.bound: dict[str, Any] = {}
        self._assigned = source.assigned
        self._loops: set[str] = set()
        self._reusable: dict[str, Variable] = {}  # of the branch before: the other may bind the same
        self._lost: set[str] = set()

    def bind_parameters(self, arguments: dict[str, Any]) -> None:
        """Bind the parameters of a function to what it is called with; numbers can be assigned to, if they are."""
        for name, value in arguments.items():
            if name in self._assigned and is_number(value):
                self._set_variable(name, value, None)
            else:
                self.bound[name] = value

    def look_up(self, name: str) -> Any:
        """Return what a local name stands for.

        Raises
        ------
        KeyError
            It is not bound.
        KernelError
            It is not bound here, or not always.
        """
        if name not in self.bound:
            if name in self._lost:
                got = f"{name} bound in a loop or a branch only"
                raise KernelError(f"{name} bound before", got, "Bind it before that.")
            raise KeyError(name)
        value = self.bound[name]
        return Value(self.frame.get(value.slot), value.dtype) if isinstance(value, Variable) else value

    def assign(self, name: str, value: Any) -> None:
        """Set a name: numbers go to a variable of one type, other things are bound once."""
        if name in self._loops:
            raise KernelError("a loop's number left as it is", f"{name} = ...", "Use another name.")
        known = self.bound.get(name)
        if name in self.bound and not isinstance(known, Variable):
            raise KernelError(f"{name} bound once, since it is no number", "another value", "Use another name.")
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
            refuse_to_wrap(value, variable.dtype)
            number = of_type(value, variable.dtype, name)
        self.bound[name] = variable
        self.frame.set(variable.slot, number.llvm)

    def bind_loop(self, name: str, number: Value) -> None:
        """Bind the number of a loop for its body."""
        if name in self.bound:
            raise KernelError("a loop with a name of its own", f"{name}, which is in use", "Use another name.")
        self.bound[name] = number
        self._loops.add(name)

    @contextmanager
    def branch(self, scopes: list[Scope]) -> Iterator[Scope]:
        """Hold the names of a part that may be passed over; what it binds anew is gone after it, see `join`."""
        before, loops, reusable = self.bound, self._loops, self._reusable
        self.bound, self._loops = dict(before), set(loops)
        self._reusable = reusable | {n: v for s in scopes for n, v in s.new.items() if isinstance(v, Variable)}
        scope = Scope()
        scopes.append(scope)
        yield scope
        scope.new = {name: value for name, value in self.bound.items() if name not in before}
        self._lost |= scope.new.keys()
        self.bound, self._loops, self._reusable = before, loops, reusable

    def join(self, scopes: list[Scope]) -> None:
        """Keep what every branch that goes on has bound to the same."""
        going_on = [scope for scope in scopes if not scope.ended]
        if not going_on:
            return
        first, *others = going_on
        for name, value in first.new.items():
            # A value that only one branch has calculated is not there in the others; a variable is.
            if all(other.new.get(name) is value for other in others):
                self.bound[name] = value
