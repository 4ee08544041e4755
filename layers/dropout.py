"""Dropout: each application masks a random part of its input, redrawn at every training step (book, chapter 3)."""

import itertools
from typing import cast

import numpy as np
import pytensor.tensor as pt
from pytensor import shared
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.traversal import toposort
from pytensor.tensor.variable import TensorVariable

from .calls import keywords_checked
from .checks import real
from .ops import DropoutMask
from .ops.base import as_tensor

_streams = itertools.count()


def dropout_state() -> SharedVariable:
    """Return a new shared int32 array of shape (3,): seed, stream and step.

    The stream is unique in this process. A Network renumbers the streams of its own masks from 0.
    """
    return shared(np.array([0, next(_streams), 0], dtype="int32"), name="dropout_state", shape=(3,))


@keywords_checked("dropout_layer")
def dropout_layer(layer: TensorVariable, p_dropout: float) -> TensorVariable:
    r"""Return `layer` with a random fraction `p_dropout` of its values set to 0; the others are unchanged.

    .. math:: \tilde a = m \odot a, \qquad m_i \sim \text{Bernoulli}(1 - p)

    Parameters
    ----------
    layer : tensor of any shape, float32 or float64
        Activations, one row for each example.
    p_dropout : float in [0, 1)

    Returns
    -------
    tensor of the same shape and type
        Not rescaled: as in the book's code, evaluation multiplies the weighted sums by ``1 - p_dropout`` instead.

    Raises
    ------
    ValueError
        `p_dropout` outside [0, 1).

    Notes
    -----
    A Network advances the masks at every step; in a function of your own, pass ``updates=dropout_updates(expression)``.
    Source: book, chapter 3; N. Srivastava et al., "Dropout", JMLR 15 (2014). The original drew all its masks from one
    fixed seed, so layers of the same size used the same masks; here each application has its own stream.

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> masked = dropout_layer(pt.ones((100, 100)), 0.3)
    >>> bool(0.65 < masked.mean().eval() < 0.75)
    True
    """
    layer = as_tensor("dropout_layer", layer)
    p_dropout = real("dropout_layer: p_dropout", p_dropout, least=0.0, below=1.0)
    if p_dropout == 0.0:
        return layer
    return layer * DropoutMask(1.0 - p_dropout)(layer, dropout_state())


@keywords_checked("dropout_states")
def dropout_states(expression: TensorVariable) -> list[SharedVariable]:
    """Return the states of all masks on which `expression` depends, in topological order.

    Parameters
    ----------
    expression : tensor

    Returns
    -------
    list of shared int32 vectors of length 3

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> len(dropout_states(dropout_layer(pt.ones(5), 0.5)))
    1
    """
    nodes = [node for node in toposort([as_tensor("dropout_states", expression)]) if isinstance(node.op, DropoutMask)]
    return [cast(SharedVariable, node.inputs[1]) for node in nodes]


@keywords_checked("dropout_updates")
def dropout_updates(expression: TensorVariable) -> dict[SharedVariable, TensorVariable]:
    """Return ``{state: next state}`` for all masks of `expression`: with these ``updates`` each call draws new masks.

    (PyTensor's ``default_update``, which used to do this automatically, is deprecated.)

    Parameters
    ----------
    expression : tensor

    Returns
    -------
    dict from shared variables to expressions

    Examples
    --------
    >>> import pytensor
    >>> import pytensor.tensor as pt
    >>> masked = dropout_layer(pt.ones(100), 0.5)
    >>> draw = pytensor.function([], masked, updates=dropout_updates(masked))
    >>> bool((draw() == draw()).all())
    False
    """
    one_step = np.array([0, 0, 1], dtype="int32")
    return {state: pt.add(state, one_step) for state in dropout_states(expression)}
