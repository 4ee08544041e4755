"""Dropout as a layer of its own (book, chapter 3)."""

from collections.abc import Sequence
from typing import Any

from pytensor.tensor.variable import TensorVariable

from .base import Layer, Shape, check_example, keep_probability
from .calls import keywords_checked
from .checks import example_shape, real


class DropoutLayer(Layer):
    r"""Values of which a random part is masked while training, and which evaluation scales instead.

    .. math:: a = m \odot x, \quad m_i \sim \text{Bernoulli}(1 - p), \qquad \text{evaluation: } a = (1 - p)\, x

    The layers with an argument `p_dropout` mask their own inputs; this layer is for places between others, such as
    before a convolution.

    Parameters
    ----------
    shape : int, (n,), or (maps, rows, columns)
        Of one example.
    p_dropout : float in [0, 1)
        :math:`p`, the fraction that is masked.

    Raises
    ------
    ValueError
        A size below 1, or `p_dropout` outside [0, 1).

    Notes
    -----
    Source: book, chapter 3; N. Srivastava et al., "Dropout", JMLR 15 (2014).

    Examples
    --------
    >>> DropoutLayer((20, 12, 12), 0.5).output_shape((None, 20, 12, 12))
    (None, 20, 12, 12)
    """

    @keywords_checked("DropoutLayer")
    def __init__(self, shape: int | Sequence[int], p_dropout: float):
        self.input_shape = example_shape("DropoutLayer: shape", shape)
        self.p_dropout = real("DropoutLayer: p_dropout", p_dropout, least=0.0, below=1.0)
        self.params = []

    def output_shape(self, input_shape: Shape) -> Shape:
        check_example("DropoutLayer", "shape", self.input_shape, input_shape)
        return (input_shape[0], *self.input_shape)

    def expression(self, x: TensorVariable, *, training: bool) -> TensorVariable:
        return x if training or self.p_dropout == 0 else keep_probability(self.p_dropout, x.dtype) * x

    def config(self) -> dict[str, Any]:
        return {"shape": self.input_shape, "p_dropout": self.p_dropout}
