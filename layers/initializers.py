"""First values of weights and biases.

An initializer is a function ``(rng, w_shape, b_shape, n_in, n_out) -> (w, b)`` of two float64 arrays, where `n_in`
counts the values that a neuron weighs and `n_out` is what the layer passes on for each: for a fully connected layer its
neurons, for a convolutional one ``filters * filter area // pool area``. `rng` is whatever has NumPy's ``normal``: a
``numpy.random.Generator``, or the module ``numpy.random`` itself with its global state.
"""

import numpy as np

from .checks import error_message


def book_normal(rng, w_shape, b_shape, n_in, n_out):
    r"""Draw as the book's code does: :math:`w \sim N(0, 1/n_{out})`, then :math:`b \sim N(0, 1)`.

    The text of chapter 3 argues for :math:`1/n_{in}` (see `normalized`); the published figures of chapter 6
    were made with this, so it is the default.

    Raises
    ------
    ValueError
        `n_out` is 0.
    """
    if n_out < 1:
        raise ValueError(
            error_message(
                "book_normal",
                "the book's scale of first weights, 1/sqrt(n_out), needs filters * filter area >= pool area",
                f"filters of shape {tuple(w_shape)}, whose n_out rounds down to 0",
                "Use more filters or a smaller poolsize, or pass initializer=normalized.",
            )
        )
    w = rng.normal(loc=0, scale=np.sqrt(1.0 / n_out), size=w_shape)
    return w, rng.normal(loc=0, scale=1.0, size=b_shape)


def normalized(rng, w_shape, b_shape, n_in, n_out):
    r"""Draw :math:`w \sim N(0, 1/n_{in})`, then :math:`b \sim N(0, 1)` (chapter 3, "Weight initialization")."""
    w = rng.normal(loc=0, scale=np.sqrt(1.0 / n_in), size=w_shape)
    return w, rng.normal(loc=0, scale=1.0, size=b_shape)


def large(rng, w_shape, b_shape, n_in, n_out):
    r"""Draw :math:`w \sim N(0, 1)`, then :math:`b \sim N(0, 1)`: chapter 1's way, which saturates neurons."""
    return rng.normal(loc=0, scale=1.0, size=w_shape), rng.normal(loc=0, scale=1.0, size=b_shape)


def glorot(rng, w_shape, b_shape, n_in, n_out):
    r"""Draw :math:`w \sim N(0, 2/(n_{in} + n_{out}))`; biases 0 (X. Glorot and Y. Bengio, AISTATS 2010)."""
    return rng.normal(loc=0, scale=np.sqrt(2.0 / (n_in + n_out)), size=w_shape), np.zeros(b_shape)


def he(rng, w_shape, b_shape, n_in, n_out):
    r"""Draw :math:`w \sim N(0, 2/n_{in})`; biases 0: for rectified linear neurons (K. He et al., ICCV 2015)."""
    return rng.normal(loc=0, scale=np.sqrt(2.0 / n_in), size=w_shape), np.zeros(b_shape)


def zeros(rng, w_shape, b_shape, n_in, n_out):
    """Draw nothing: weights and biases 0, as the book's softmax layers start."""
    return np.zeros(w_shape), np.zeros(b_shape)
