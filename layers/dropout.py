"""Dropout: while training, each application hides a random share of its input, anew at every step (book, chapter 3)."""

import itertools

import numpy as np
from pytensor import shared
from pytensor.graph.traversal import toposort

from .checks import real
from .ops import DropoutMask

_streams = itertools.count()


def dropout_state():
    """Return a new shared int32 array of shape (3,): seed, stream and step.

    The stream differs from every other state's in this process; a Network numbers those that it finds anew, from 0.
    """
    return shared(np.array([0, next(_streams), 0], dtype="int32"), name="dropout_state", shape=(3,))


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
    A Network moves the masks on at every step; in a function of your own, pass ``updates=dropout_updates(expression)``.
    Source: book, chapter 3; N. Srivastava et al., "Dropout", JMLR 15 (2014). The original drew all its masks from one
    fixed seed, so layers of one size shared their masks; here each application has a stream of its own.
    """
    p_dropout = real("dropout_layer: p_dropout", p_dropout, least=0.0, below=1.0)
    if p_dropout == 0.0:
        return layer
    return layer * DropoutMask(1.0 - p_dropout)(layer, dropout_state())


def dropout_states(expression):
    """Return the states of all masks on which `expression` depends, in the order of computation."""
    return [node.inputs[1] for node in toposort([expression]) if isinstance(node.op, DropoutMask)]


def dropout_updates(expression):
    """Return ``{state: next state}`` for all masks of `expression`: with these ``updates`` each call draws anew.

    (PyTensor's ``default_update``, which once did this unasked, is deprecated.)
    """
    return {state: state + np.array([0, 0, 1], dtype="int32") for state in dropout_states(expression)}
