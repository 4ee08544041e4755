"""Initial values of weights and biases.

An initializer is a function ``(rng, w_shape, b_shape, n_in, n_out) -> (w, b)`` that returns two float64 arrays. `n_in`
is the number of values that a neuron weighs. `n_out` is the number of neurons of a fully connected layer, and
``filters * filter area // pool area`` for a convolutional one.
"""

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

import numpy as np

from .calls import call, function_of
from .checks import error_message, nearest, shown


class NormalSource(Protocol):
    """A source of normal numbers: a ``numpy.random.Generator``, or the module ``numpy.random`` (global state)."""

    def normal(self, loc: float, scale: float, size: tuple[int, ...]) -> np.ndarray:
        """Return float64 numbers drawn from N(loc, scale^2)."""


Values: TypeAlias = tuple[np.ndarray, np.ndarray]
Initializer: TypeAlias = Callable[[NormalSource, tuple[int, ...], tuple[int, ...], int, int], Values]


def book_normal(rng: NormalSource, w_shape: tuple[int, ...], b_shape: tuple[int, ...], n_in: int, n_out: int) -> Values:
    r"""Draw as the book's code does: :math:`w \sim N(0, 1/n_{out})`, then :math:`b \sim N(0, 1)`.

    The text of chapter 3 argues for :math:`1/n_{in}` (see `normalized`). The published figures of chapter 6 were made
    with this initializer, so it is the default.

    Parameters
    ----------
    rng : numpy.random.Generator, or the module numpy.random
    w_shape, b_shape : tuples of int
    n_in, n_out : int
        The number of values that a neuron weighs, and of neurons; see `FullyConnectedLayer` and `ConvPoolLayer`.

    Returns
    -------
    w, b : float64 arrays of the shapes `w_shape` and `b_shape`

    Raises
    ------
    ValueError
        `n_out` is 0.

    Examples
    --------
    >>> import numpy as np
    >>> w, b = book_normal(np.random.default_rng(0), (784, 100), (100,), n_in=784, n_out=100)
    >>> float(w.std().round(3)), b.shape
    (0.1, (100,))
    """
    if n_out < 1:
        raise ValueError(
            error_message(
                "book_normal",
                "the book's standard deviation of weights, 1/sqrt(n_out), needs filters * filter area >= pool area",
                f"filters of shape {tuple(w_shape)}, whose n_out rounds down to 0",
                "Use more filters or a smaller poolsize, or pass initializer=normalized.",
            )
        )
    w = rng.normal(loc=0, scale=np.sqrt(1.0 / n_out), size=w_shape)
    return w, rng.normal(loc=0, scale=1.0, size=b_shape)


def normalized(rng: NormalSource, w_shape: tuple[int, ...], b_shape: tuple[int, ...], n_in: int, n_out: int) -> Values:
    r"""Draw :math:`w \sim N(0, 1/n_{in})`, then :math:`b \sim N(0, 1)` (chapter 3, "Weight initialization").

    Parameters
    ----------
    rng : numpy.random.Generator, or the module numpy.random
    w_shape, b_shape : tuples of int
    n_in, n_out : int
        The number of values that a neuron weighs, and of neurons; see `FullyConnectedLayer` and `ConvPoolLayer`.

    Returns
    -------
    w, b : float64 arrays of the shapes `w_shape` and `b_shape`

    Examples
    --------
    >>> import numpy as np
    >>> w, b = normalized(np.random.default_rng(0), (400, 100), (100,), n_in=400, n_out=100)
    >>> float(w.std().round(3)), b.shape
    (0.05, (100,))
    """
    w = rng.normal(loc=0, scale=np.sqrt(1.0 / n_in), size=w_shape)
    return w, rng.normal(loc=0, scale=1.0, size=b_shape)


def large(rng: NormalSource, w_shape: tuple[int, ...], b_shape: tuple[int, ...], n_in: int, n_out: int) -> Values:
    r"""Draw :math:`w \sim N(0, 1)`, then :math:`b \sim N(0, 1)`, as in chapter 1; this saturates neurons.

    Parameters
    ----------
    rng : numpy.random.Generator, or the module numpy.random
    w_shape, b_shape : tuples of int
    n_in, n_out : int
        The number of values that a neuron weighs, and of neurons; see `FullyConnectedLayer` and `ConvPoolLayer`.

    Returns
    -------
    w, b : float64 arrays of the shapes `w_shape` and `b_shape`

    Examples
    --------
    >>> import numpy as np
    >>> w, b = large(np.random.default_rng(0), (400, 100), (100,), n_in=400, n_out=100)
    >>> float(w.std().round(1)), b.shape
    (1.0, (100,))
    """
    return rng.normal(loc=0, scale=1.0, size=w_shape), rng.normal(loc=0, scale=1.0, size=b_shape)


def glorot(rng: NormalSource, w_shape: tuple[int, ...], b_shape: tuple[int, ...], n_in: int, n_out: int) -> Values:
    r"""Draw :math:`w \sim N(0, 2/(n_{in} + n_{out}))`; biases 0 (X. Glorot and Y. Bengio, AISTATS 2010).

    Parameters
    ----------
    rng : numpy.random.Generator, or the module numpy.random
    w_shape, b_shape : tuples of int
    n_in, n_out : int
        The number of values that a neuron weighs, and of neurons; see `FullyConnectedLayer` and `ConvPoolLayer`.

    Returns
    -------
    w, b : float64 arrays of the shapes `w_shape` and `b_shape`

    Examples
    --------
    >>> import numpy as np
    >>> w, b = glorot(np.random.default_rng(0), (300, 500), (500,), n_in=300, n_out=500)
    >>> float(w.std().round(3)), float(b.max())
    (0.05, 0.0)
    """
    return rng.normal(loc=0, scale=np.sqrt(2.0 / (n_in + n_out)), size=w_shape), np.zeros(b_shape)


def he(rng: NormalSource, w_shape: tuple[int, ...], b_shape: tuple[int, ...], n_in: int, n_out: int) -> Values:
    r"""Draw :math:`w \sim N(0, 2/n_{in})`; biases 0; for rectified linear neurons (K. He et al., ICCV 2015).

    Parameters
    ----------
    rng : numpy.random.Generator, or the module numpy.random
    w_shape, b_shape : tuples of int
    n_in, n_out : int
        The number of values that a neuron weighs, and of neurons; see `FullyConnectedLayer` and `ConvPoolLayer`.

    Returns
    -------
    w, b : float64 arrays of the shapes `w_shape` and `b_shape`

    Examples
    --------
    >>> import numpy as np
    >>> w, b = he(np.random.default_rng(0), (800, 100), (100,), n_in=800, n_out=100)
    >>> float(w.std().round(3)), float(b.max())
    (0.05, 0.0)
    """
    return rng.normal(loc=0, scale=np.sqrt(2.0 / n_in), size=w_shape), np.zeros(b_shape)


def zeros(rng: NormalSource, w_shape: tuple[int, ...], b_shape: tuple[int, ...], n_in: int, n_out: int) -> Values:
    """Return weights and biases of 0 without drawing, as the book's softmax layers start.

    Parameters
    ----------
    rng : numpy.random.Generator, or the module numpy.random
    w_shape, b_shape : tuples of int
    n_in, n_out : int
        The number of values that a neuron weighs, and of neurons; see `FullyConnectedLayer` and `ConvPoolLayer`.

    Returns
    -------
    w, b : float64 arrays of the shapes `w_shape` and `b_shape`

    Examples
    --------
    >>> import numpy as np
    >>> zeros(np.random.default_rng(0), (2, 1), (1,), n_in=2, n_out=1)
    (array([[0.],
           [0.]]), array([0.]))
    """
    return np.zeros(w_shape), np.zeros(b_shape)


INITIALIZERS: dict[str, Initializer] = {f.__name__: f for f in (book_normal, normalized, large, glorot, he, zeros)}


def check_initializer(who: str, initializer: Any, rng: Any) -> None:
    """Raise TypeError unless `initializer` is a function of five arguments, and `rng` a generator or None."""
    if isinstance(initializer, str):
        name = nearest(initializer, INITIALIZERS) or "normalized"
        hint = f"Write initializer={name}, without quotes, from network3.layers.initializers."
        raise TypeError(error_message(f"{who}: initializer", "expected a function", shown(initializer), hint))
    names = ("rng", "w_shape", "b_shape", "n_in", "n_out")
    function_of(f"{who}: initializer", initializer, names, "initializer=network3.layers.initializers.normalized")
    if rng is not None and not callable(getattr(rng, "normal", None)):
        seed = rng if isinstance(rng, int) and not isinstance(rng, bool) else 0
        hint = f"Write rng=numpy.random.default_rng({seed})."
        raise TypeError(error_message(f"{who}: rng", "expected a numpy.random.Generator", shown(rng), hint))


def initial_values(
    who: str, initializer: Initializer, rng: Any, w_shape: tuple[int, ...], b_shape: tuple[int, ...], *sizes: int
) -> Values:
    """Return what `initializer` draws, checked: two arrays of finite numbers, of the shapes `w_shape` and `b_shape`.

    `sizes` are its `n_in` and `n_out`; `rng` is None for NumPy's global state.

    Raises
    ------
    TypeError, ValueError
        It returned something else.
    """
    who = f"{who}: initializer"
    drawn = call(who, initializer, np.random if rng is None else rng, w_shape, b_shape, *sizes)
    expected = f"expected a function that returns two arrays of finite numbers, of shapes {w_shape} and {b_shape}"
    hint = "Return (w, b), drawn with the first argument, rng."
    try:
        w, b = map(np.asarray, drawn)
        numeric = w.dtype.kind in "biuf" and b.dtype.kind in "biuf"
    except (TypeError, ValueError):
        numeric = False
    if not numeric:
        raise TypeError(error_message(who, expected, shown(drawn), hint))
    if (w.shape, b.shape) != (w_shape, b_shape):
        raise ValueError(error_message(who, expected, f"shapes {w.shape} and {b.shape}", hint))
    if not (np.isfinite(w).all() and np.isfinite(b).all()):
        raise ValueError(error_message(who, expected, "NaN or infinity", hint))
    return w, b
