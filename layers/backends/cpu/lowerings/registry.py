"""Registry of lowerings: translates every node of a graph to commands of a plan, or to a view of an existing value.

A lowering is a function ``f(low, node, *inputs) -> outputs`` of views. It divides work into parts by the shapes alone.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from pytensor.graph.basic import Apply, Constant, Variable
from pytensor.graph.fg import FunctionGraph
from pytensor.scalar.basic import ScalarType
from pytensor.tensor.type import TensorType

from network3.layers.backends.cpu.compiler import Kernel
from network3.layers.backends.cpu.plan import Plan, View
from network3.layers.backends.cpu.unsupported import UnsupportedError

Lowered = Callable[..., View | Sequence[View]]
_LOWERINGS: dict[type, Lowered] = {}


def lowers(*kinds: type) -> Callable[[Lowered], Lowered]:
    """Register a function as the lowering of some classes of Ops and their subclasses."""

    def mark(function: Lowered) -> Lowered:
        _LOWERINGS.update(dict.fromkeys(kinds, function))
        return function

    return mark


def lowering_of(op: Any) -> Lowered:
    """Return the lowering of an Op.

    Raises
    ------
    UnsupportedError
        There is none.
    """
    for kind in type(op).__mro__:
        if kind in _LOWERINGS:
            return _LOWERINGS[kind]
    raise UnsupportedError(f"the Op {op} ({type(op).__name__})")


class Lowering:
    """Lowers a graph to a plan.

    Parameters
    ----------
    fgraph : FunctionGraph
    order : list of Apply
        Its nodes in topological order.
    plan : Plan

    Raises
    ------
    UnsupportedError
        A node, a type or a shape that has no lowering.
    """

    def __init__(self, fgraph: FunctionGraph, order: list[Apply], plan: Plan):
        self.fgraph, self.plan = fgraph, plan
        self.views: dict[Variable, View] = {}
        for variable in fgraph.inputs:
            self.views[variable] = plan.external(*_type_of(variable))
        for node in order:
            self.node = node
            found = lowering_of(node.op)(self, node, *map(self.view, node.inputs))
            outputs = (found,) if isinstance(found, View) else found
            self.views.update(zip(node.outputs, outputs, strict=True))

    def view(self, variable: Variable) -> View:
        """Return the view of a value."""
        if variable not in self.views:
            if not isinstance(variable, Constant) or not isinstance(variable.type, TensorType | ScalarType):
                raise UnsupportedError(f"{variable} of type {variable.type}")
            self.views[variable] = self.plan.constant(np.asarray(variable.data))
        return self.views[variable]

    def new(self, dtype: str, shape: tuple[int, ...]) -> View:
        """Return a view of new memory for a value of the current node."""
        return self.plan.new(dtype, shape, owner=self.node)

    def run(self, kernel: Kernel, arguments: list[View | int], parts: int = 1) -> None:
        """Add a command, unless it has no parts."""
        if parts > 0:
            self.plan.run(kernel, arguments, parts)


def _type_of(variable: Variable) -> tuple[str, tuple[int, ...]]:
    if not isinstance(variable.type, TensorType):
        raise UnsupportedError(f"{variable} of type {variable.type}")
    shape = variable.type.shape
    known = tuple(n for n in shape if n is not None)
    if len(known) < len(shape):
        raise UnsupportedError(f"{variable} of unknown shape {shape}")
    return variable.type.dtype, known


def constant_of(variable: Variable) -> Any:
    """Return the value of a constant input.

    Raises
    ------
    UnsupportedError
        The input is not constant.
    """
    if not isinstance(variable, Constant):
        raise UnsupportedError(f"{variable}, which is known at run time only")
    return variable.data
