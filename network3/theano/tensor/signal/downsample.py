"""``theano.tensor.signal.downsample``, the place and the names of pooling before Theano 0.8."""

from collections.abc import Sequence

from pytensor.tensor.variable import TensorVariable

from network3.layers.calls import keywords_checked

from .pool import max_pool_2d_same_size as max_pool_2d_same_size
from .pool import pool


@keywords_checked("max_pool_2d")
def max_pool_2d(
    input: TensorVariable,
    ds: int | Sequence[int],
    ignore_border: bool | None = None,
    st: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = (0, 0),
    mode: str = "max",
) -> TensorVariable:
    """Reduce each window of the last two axes to one value: `pool_2d` with the argument names of Theano 0.7.

    Parameters
    ----------
    input, ds, ignore_border, st, padding, mode
        `pool_2d`'s `input`, `ws`, `ignore_border`, `stride`, `pad` and `mode`.

    Returns
    -------
    tensor of the number of axes of `input`

    Raises
    ------
    TypeError, ValueError
        As `pool_2d`.

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> max_pool_2d(pt.constant([[1.0, 2.0, 3.0, 4.0]]), (1, 2), ignore_border=True).eval()
    array([[2., 4.]])
    """
    return pool("max_pool_2d", input, ds, ignore_border, st, padding, mode)
