"""Gathering of mini-batches from the examples of a data set."""

from collections.abc import Callable

import numpy as np

from network3.layers.backends.cpu.compiler import Array, Int, kernel


@kernel
def gather(source: str, dtype: str) -> Callable[..., None]:
    """Copy the rows of `data` with the indices `rows` to `x`, times `factor`.

    rows : (batch,), data : (n, width) of `source`, factor : one number, x : (batch, width). Parts: `per` examples.
    """
    number = np.dtype(dtype).type
    verbatim = source == dtype and not dtype.startswith("float")

    def gather(
        part, rows: Array("int64"), data: Array(source), factor: Array(dtype), x: Array(dtype),
        width: Int, batch: Int, per: Int,
    ):  # fmt: skip
        scale = factor[0]
        for k in range(part * per, min(batch, (part + 1) * per)):
            at = rows[k] * width
            for j in range(width):
                if verbatim:
                    x[k * width + j] = data[at + j]
                else:
                    x[k * width + j] = number(data[at + j]) * scale

    return gather
