"""A function of JAX arrays as a list of operations, of which some can be carried out apart from the others."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

import jax
from jax.extend.core import Literal

Atom: TypeAlias = Any  # a variable of a traced function, or a literal number in it
Known: TypeAlias = dict[Any, Any]  # arrays by variable

# Operations on single elements.
ELEMENTWISE = {
    *("abs", "add", "add_any", "and", "cbrt", "clamp", "convert_element_type", "copy", "cos", "div", "eq", "erf"),
    *("exp", "exp2", "expm1", "ge", "gt", "integer_pow", "is_finite", "le", "log", "log1p", "logistic", "lt", "max"),
    *("min", "mul", "ne", "neg", "not", "or", "pow", "rsqrt", "select_n", "sign", "sin", "sqrt", "square", "sub"),
    *("tanh", "xor"),
}


class Graph:
    """The operations of a function.

    Parameters
    ----------
    function : callable
        ``function(*arguments) -> outputs``.
    arguments : sequence of arrays or of their shapes and types

    Attributes
    ----------
    inputs, outputs : list of variables
        An output may be a literal.
    equations : list
        The operations in order.
    constants : dict
        The values of variables that are no inputs.
    """

    def __init__(self, function: Callable, arguments: Sequence[Any]):
        closed = jax.make_jaxpr(function)(*arguments)
        self.inputs, self.outputs = list(closed.jaxpr.invars), list(closed.jaxpr.outvars)
        self.equations = list(closed.jaxpr.eqns)
        self.constants: Known = dict(zip(closed.jaxpr.constvars, closed.consts, strict=True))
        self._makers = {id(variable): equation for equation in self.equations for variable in equation.outvars}

    def maker(self, atom: Atom) -> Any:
        """Return the operation whose result `atom` is; None for inputs, constants and literals."""
        return self._makers.get(id(atom))

    def needed(self, atoms: Iterable[Atom]) -> list[Any]:
        """Return the operations on which `atoms` depend, in order."""
        missing = set(_variables(atoms))
        kept = []
        for equation in reversed(self.equations):
            if not missing.isdisjoint(equation.outvars):
                kept.append(equation)
                missing.update(_variables(equation.invars))
        return kept[::-1]

    def following(self, variables: Iterable[Any]) -> set[Any]:
        """Return all that can be computed from `variables`, which are among it, and constants."""
        found = {*variables, *self.constants}
        for equation in self.equations:
            if found.issuperset(_variables(equation.invars)):
                found.update(equation.outvars)
        return found


def read(atom: Atom, known: Known) -> Any:
    """Return the value of a variable or a literal."""
    return atom.val if isinstance(atom, Literal) else known[atom]


def carry_out(equation: Any, known: Known) -> None:
    """Add the results of an operation to `known`."""
    found = equation.primitive.bind(*(read(atom, known) for atom in equation.invars), **equation.params)
    known.update(zip(equation.outvars, found if equation.primitive.multiple_results else [found], strict=True))


def free_variables(equations: Iterable[Any], given: set[Any]) -> list[Any]:
    """Return what `equations` need, but neither compute nor have among `given`."""
    made, found = set(given), dict[Any, None]()
    for equation in equations:
        found |= dict.fromkeys(variable for variable in _variables(equation.invars) if variable not in made)
        made.update(equation.outvars)
    return list(found)


def _variables(atoms: Iterable[Atom]) -> list[Any]:
    return [atom for atom in atoms if not isinstance(atom, Literal)]
