"""Dropout: while training, each application hides a random share of its input, anew at every step (book, chapter 3)."""

import itertools

import numpy as np
from pytensor import shared
from pytensor.graph.traversal import toposort

from .checks import real
from .ops import DropoutMask

_streams = itertools.count()


def dropout_state():
    """Return a new shared int32 array of shape (3,), (seed, stream, step), that moves one step on at each call.

    The stream differs from every other state's in this process; a Network numbers those that it finds anew, from 0.
    """
    state = shared(np.array([0, next(_streams), 0], dtype="int32"), name="dropout_state", shape=(3,))
    state.default_update = state + np.array([0, 0, 1], dtype="int32")
    return state


def dropout_layer(layer, p_dropout):
    r"""Return `layer` with a share `p_dropout` of its values set to 0, and the others as they are.

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
    Source: book, chapter 3; N. Srivastava et al., "Dropout", JMLR 15 (2014). The original drew all its masks from one
    fixed seed, so layers of one size shared their masks; here each application has a stream of its own.
    """
    p_dropout = real("dropout_layer: p_dropout", p_dropout, least=0.0, below=1.0)
    if p_dropout == 0.0:
        return layer
    return layer * DropoutMask(1.0 - p_dropout)(layer, dropout_state())


def dropout_states(output):
    """Return the states of all masks on which `output` depends, in the order of computation."""
    return [node.inputs[1] for node in toposort([output]) if isinstance(node.op, DropoutMask)]
