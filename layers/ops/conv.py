"""Convolution of batches of images as PyTensor Ops: forward, and its gradients to images and to filters.

The three Ops are one trilinear form seen from its three sides: with ``x`` the images, ``w`` the filters and ``g`` a
gradient of the output, each is linear in what it is given and the gradient of each is written with the other two.
"""

from collections.abc import Iterator

import numpy as np
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.tensor.basic import as_tensor_variable
from pytensor.tensor.type import TensorType

from network3.layers.checks import error_message, sizes

PADDINGS = ("valid", "half", "full")


def border(padding, filter_size):
    """Rows and columns of zeros added on each side, for filters of `filter_size` (rows, columns)."""
    if padding == "valid":
        return (0, 0)
    if padding == "half":
        return tuple(k // 2 for k in filter_size)
    if padding == "full":
        return tuple(k - 1 for k in filter_size)
    return padding


def output_length(length, filter_length, pad, stride):
    """Number of positions of a filter along one axis, ``(length + 2 pad - filter_length) // stride + 1``."""
    return (length + 2 * pad - filter_length) // stride + 1


def canonical_padding(who: str, padding) -> str | tuple[int, int]:
    """Return `padding` as one of the names, or as (rows, columns)."""
    if isinstance(padding, str):
        if padding in PADDINGS:
            return padding
        raise ValueError(
            error_message(
                who,
                "padding must be 'valid', 'half', 'full', a number or (rows, columns)",
                repr(padding),
                "Write padding='half' to keep the size of an image under odd filters.",
            )
        )
    rows, columns = sizes(f"{who}: padding", padding, 2, least=0)
    return rows, columns


class _Convolution(Op):
    """What the three Ops share: their properties and the walk over the taps of a filter."""

    __props__ = ("stride", "padding", "flip")

    def __init__(self, stride=(1, 1), padding="valid", flip=True):
        self.stride = sizes(f"{type(self).__name__}: stride", stride, 2)
        self.padding = canonical_padding(type(self).__name__, padding)
        self.flip = bool(flip)

    def _as(self, kind):
        return kind(self.stride, self.padding, self.flip)

    def _check(self, **tensors):
        """Return the tensors as variables, all 4-dimensional and of one floating-point type."""
        variables = {name: as_tensor_variable(value) for name, value in tensors.items()}
        for name, v in variables.items():
            if v.type.ndim != 4:
                raise TypeError(
                    error_message(
                        type(self).__name__,
                        f"{name} must have 4 axes (images or filters, maps, rows, columns)",
                        f"{v.type.ndim} axes",
                        "Reshape it, e.g. x.reshape((10, 1, 28, 28)).",
                    )
                )
        dtypes = {v.type.dtype for v in variables.values()}
        if len(dtypes) > 1 or not dtypes <= {"float32", "float64"}:
            raise TypeError(
                error_message(
                    type(self).__name__,
                    "all inputs must be of one type, float32 or float64",
                    ", ".join(f"{name} {v.type.dtype}" for name, v in variables.items()),
                    "Cast one to the other's type with pytensor.tensor.cast.",
                )
            )
        return variables.values()

    def output_shape(self, x_shape, w_shape):
        """Shape of the output; entries may be symbolic or, where nothing is known, None."""
        n, _, *image = x_shape
        o, _, *taps = w_shape
        known = [
            None
            if length is None or k is None
            else output_length(length, k, border(self.padding, (k, k))[axis], self.stride[axis])
            for axis, (length, k) in enumerate(zip(image, taps, strict=True))
        ]
        return (n, o, *known)

    def fitting_output_shape(self, x_shape, w_shape):
        """`output_shape`, once it is seen that the filters fit into the images where both are known."""
        shape = self.output_shape(x_shape, w_shape)
        if any(length is not None and length < 1 for length in shape[2:]):
            raise ValueError(
                error_message(
                    "conv2d",
                    f"a filter must fit into its image of {x_shape[2:]} (padding {self.padding!r})",
                    f"filters of {w_shape[2:]}",
                    "Use smaller filters or more padding.",
                )
            )
        return shape

    def _taps(self, w_shape, out_size) -> Iterator[tuple[tuple, tuple]]:
        """Yield, for each tap of the filter, its index and the slice of the padded images that it meets."""
        kh, kw = w_shape[2:]
        (oh, ow), (sh, sw) = out_size, self.stride
        for i in range(kh):
            for j in range(kw):
                row, column = (kh - 1 - i, kw - 1 - j) if self.flip else (i, j)
                rows = slice(row, row + sh * (oh - 1) + 1, sh)
                columns = slice(column, column + sw * (ow - 1) + 1, sw)
                yield (slice(None), slice(None), i, j), (slice(None), slice(None), rows, columns)


def _pad(x, pad):
    (ph, pw) = pad
    return np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))


class Conv2D(_Convolution):
    r"""Images convolved with filters and summed over the input maps.

    .. math:: y_{nohw} = \sum_{cij} w_{ocij}\, x_{n,c,\,s_h h + i',\,s_w w + j'}

    with :math:`i' = k_h - 1 - i` for a true convolution (``flip``), :math:`i' = i` for a cross-correlation, and `x`
    surrounded by zeros as ``padding`` says.
    """

    def make_node(self, x, w):
        x, w = self._check(x=x, w=w)
        maps, expected = x.type.shape[1], w.type.shape[1]
        if maps is not None and expected is not None and maps != expected:
            raise ValueError(
                error_message(
                    "conv2d",
                    f"the filters of shape {w.type.shape} take images of {expected} maps",
                    f"images of shape {x.type.shape}",
                    f"Make the filters' second axis {maps}.",
                )
            )
        shape = self.fitting_output_shape(x.type.shape, w.type.shape)
        return Apply(self, [x, w], [TensorType(x.type.dtype, shape=shape)()])

    def infer_shape(self, *arguments):  # PyTensor 3.0 passes (fgraph, node, shapes), later ones (node, shapes)
        return [self.output_shape(*arguments[-1])]

    def perform(self, node, inputs, output_storage):
        x, w = inputs
        n, o, oh, ow = self.fitting_output_shape(x.shape, w.shape)
        padded = _pad(x, border(self.padding, w.shape[2:]))
        y = np.zeros((n, oh, ow, o), x.dtype)
        for tap, window in self._taps(w.shape, (oh, ow)):
            y += np.tensordot(padded[window], w[tap], (1, 1))
        output_storage[0][0] = np.ascontiguousarray(y.transpose(0, 3, 1, 2))

    def pullback(self, inputs, outputs, cotangents):
        x, w = inputs
        (g,) = cotangents
        return [self._as(Conv2DGradInput)(w, g, x), self._as(Conv2DGradWeight)(x, g, w)]


class Conv2DGradInput(_Convolution):
    """The gradient of a sum of outputs, weighted by `g`, to the images; `x` gives its shape only."""

    def make_node(self, w, g, x):
        w, g, x = self._check(w=w, g=g, x=x)
        return Apply(self, [w, g, x], [TensorType(x.type.dtype, shape=x.type.shape)()])

    def infer_shape(self, *arguments):
        return [arguments[-1][2]]

    def connection_pattern(self, node):
        return [[True], [True], [False]]

    def perform(self, node, inputs, output_storage):
        w, g, x = inputs
        ph, pw = border(self.padding, w.shape[2:])
        padded = _pad(np.zeros_like(x), (ph, pw))
        for tap, window in self._taps(w.shape, g.shape[2:]):
            padded[window] += np.tensordot(g, w[tap], (1, 0)).transpose(0, 3, 1, 2)
        height, width = x.shape[2:]
        output_storage[0][0] = np.ascontiguousarray(padded[:, :, ph : ph + height, pw : pw + width])

    def pullback(self, inputs, outputs, cotangents):
        w, g, _ = inputs
        (c,) = cotangents
        return [self._as(Conv2DGradWeight)(c, g, w), self._as(Conv2D)(c, w), DisconnectedType()()]


class Conv2DGradWeight(_Convolution):
    """The gradient of a sum of outputs, weighted by `g`, to the filters; `w` gives its shape only."""

    def make_node(self, x, g, w):
        x, g, w = self._check(x=x, g=g, w=w)
        return Apply(self, [x, g, w], [TensorType(w.type.dtype, shape=w.type.shape)()])

    def infer_shape(self, *arguments):
        return [arguments[-1][2]]

    def connection_pattern(self, node):
        return [[True], [True], [False]]

    def perform(self, node, inputs, output_storage):
        x, g, w = inputs
        padded = _pad(x, border(self.padding, w.shape[2:]))
        dw = np.zeros_like(w)
        for tap, window in self._taps(w.shape, g.shape[2:]):
            dw[tap] = np.tensordot(g, padded[window], ((0, 2, 3), (0, 2, 3)))
        output_storage[0][0] = dw

    def pullback(self, inputs, outputs, cotangents):
        x, g, _ = inputs
        (c,) = cotangents
        return [self._as(Conv2DGradInput)(c, g, x), self._as(Conv2D)(x, c), DisconnectedType()()]


def conv2d(x, w, flip=True, stride=(1, 1), padding="valid"):
    r"""Convolve a batch of images with a bank of filters.

    .. math:: y_{nohw} = \sum_{cij} w_{ocij}\, x_{n,c,\,s_h h + k_h - 1 - i,\,s_w w + k_w - 1 - j}

    Parameters
    ----------
    x : tensor of shape (images, maps, rows, columns), float32 or float64
    w : tensor of shape (filters, maps, filter rows, filter columns), of the same type
    flip : bool, default True
        True convolution, as Theano's ``conv2d``; False gives the cross-correlation of most other frameworks.
    stride : int or (int, int), default 1
        Rows and columns from one position of a filter to the next.
    padding : "valid", "half", "full", int >= 0 or (int, int), default "valid"
        Zeros around each image: none; half a filter; a filter less one; or as many as stated on each side.

    Returns
    -------
    tensor of shape (images, filters, out rows, out columns)
        ``(rows + 2 padding - filter rows) // stride + 1`` rows, and columns likewise.

    Raises
    ------
    TypeError
        Not four axes, or types that differ.
    ValueError
        Maps that differ, filters larger than the padded images, an unknown padding.

    Notes
    -----
    Runs on PyTensor's Numba and JAX back ends, and in Python; for the PyTorch back end
    import ``network3.layers.backends.pytorch`` first. Source: book, chapter 6; V. Dumoulin and F. Visin,
    "A guide to convolution arithmetic for deep learning" (2016).

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> x = pt.tensor("x", shape=(10, 1, 28, 28), dtype="float32")
    >>> w = pt.tensor("w", shape=(20, 1, 5, 5), dtype="float32")
    >>> conv2d(x, w).type.shape
    (10, 20, 24, 24)
    """
    return Conv2D(stride, padding, flip)(x, w)
