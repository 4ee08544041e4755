"""Global pooling: each feature map reduced to one value."""

from collections.abc import Sequence
from typing import Any

from pytensor.tensor.variable import TensorVariable

from .base import Layer, Shape, check_example
from .calls import keywords_checked
from .checks import entries_of, one_of, sizes
from .ops import pool2d


class GlobalPoolLayer(Layer):
    r"""The mean or the maximum of each feature map, over all of its pixels.

    .. math:: a_c = \frac{1}{h w} \sum_{i,j} x_{cij} \qquad \text{or} \qquad a_c = \max_{i,j} x_{cij}

    It takes the place of large fully connected layers at the end of a network of convolutions.

    Parameters
    ----------
    image_shape : (maps, rows, columns), or (batch, maps, rows, columns)
        Shape of the input. The batch is documentation only.
    pool : "average" or "max", default "average"

    Raises
    ------
    ValueError
        A size below 1, or an unknown name.

    Notes
    -----
    Source: M. Lin, Q. Chen and S. Yan, "Network in network", ICLR 2014, section 3.2.

    Examples
    --------
    >>> GlobalPoolLayer((20, 12, 12)).output_shape((None, 20, 12, 12))
    (None, 20)
    """

    @keywords_checked("GlobalPoolLayer")
    def __init__(self, image_shape: Sequence[int], pool: str = "average"):
        count = 4 if len(entries_of(image_shape)) == 4 else 3
        self.image_shape = sizes("GlobalPoolLayer: image_shape", image_shape, count)
        self.input_shape = self.image_shape[-3:]
        self.pool = one_of("GlobalPoolLayer: pool", pool, ("average", "max"))
        self.params = []

    def output_shape(self, input_shape: Shape) -> Shape:
        check_example("GlobalPoolLayer", "image_shape", self.input_shape, input_shape)
        return (input_shape[0], self.input_shape[0])

    def expression(self, x: TensorVariable, *, training: bool) -> TensorVariable:
        maps, *area = self.input_shape
        batch = x.type.shape[0]
        return pool2d(x, area, mode=self.pool).reshape((x.shape[0] if batch is None else batch, maps))

    def config(self) -> dict[str, Any]:
        return {"image_shape": self.image_shape, "pool": self.pool}
