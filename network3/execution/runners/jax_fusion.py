"""The operations of a step, carried out in the form in which XLA makes the fewest kernels of them."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.extend.core import Literal

from .jax_graph import ELEMENTWISE, Atom, Graph, Known, carry_out, read

PRODUCTS, VIEWS = {"dot_general", "conv_general_dilated"}, {"transpose", "reshape"}


def carry_out_fused(graph: Graph, equations: Sequence[Any], known: Known) -> None:
    """Add the results of `equations`, some operations of `graph`, to `known`.

    What is computed from single elements and is a factor of several products, such as an error that gives the gradient
    to a layer's weights and to its inputs, is computed once: XLA would compute it in each product anew, from arrays
    that need kernels of their own.
    """
    shared = _factors_of_several(graph, equations)
    for equation in equations:
        carry_out(equation, known)
        (result, *_) = equation.outvars
        if (next_weights := _decayed(graph, equation, known)) is not None:
            known[result] = next_weights
        if result in shared:
            known[result] = lax.optimization_barrier(known[result])


def _factors_of_several(graph: Graph, equations: Sequence[Any]) -> set[Any]:
    uses: Counter[Any] = Counter()
    for equation in equations:
        for atom in equation.invars if equation.primitive.name in PRODUCTS else ():
            while (maker := graph.maker(atom)) is not None and maker.primitive.name in VIEWS:
                atom = maker.invars[0]
            if maker is not None and maker.primitive.name in ELEMENTWISE:
                uses[atom] += 1
    return {variable for variable, count in uses.items() if count > 1}


def _decayed(graph: Graph, equation: Any, known: Known) -> Array | None:
    r"""Return the next weights of gradient descent with the L2 term; None if `equation` does not compute them.

    .. math:: w - \eta (g + \lambda w) = \left(w - \frac{\eta}{1 - \eta \lambda} g\right) (1 - \eta \lambda)

    In the second form `w` is read in one place, so that XLA computes it in the kernel of the product g.
    """
    if equation.primitive.name != "sub" or equation.invars[0].aval.ndim < 2:
        return None
    w, step = equation.invars
    if (scaled := _times_scalar(graph, step)) is None:
        return None
    eta, total = scaled
    terms = _operands(graph, total, "add")
    for gradient, penalty in (terms, terms[::-1]):
        decay = _times_scalar(graph, penalty)
        if decay is not None and decay[1] is w:
            rate = read(eta, known)
            kept = 1 - rate * read(decay[0], known)
            kept = jnp.where(kept == 0, np.finfo(kept.dtype).eps, kept)  # only for eta * lambda = 1
            return (read(w, known) - rate / kept * read(gradient, known)) * kept
    return None


def _times_scalar(graph: Graph, atom: Atom) -> tuple[Atom, Atom] | None:
    """Return (c, x) for a product of a scalar c and an array x."""
    for one, other in (pair := _operands(graph, atom, "mul"), pair[::-1]):
        if one is not None and one.aval.ndim == 0 and not isinstance(other, Literal):
            return one, other
    return None


def _operands(graph: Graph, atom: Atom, name: str) -> tuple[Atom, Atom]:
    """Return what the operation `name` is applied to in order to compute `atom`; (None, None) if it is another."""
    maker = graph.maker(atom)
    return tuple(maker.invars) if maker is not None and maker.primitive.name == name else (None, None)
