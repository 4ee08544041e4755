"""Softmax over the rows of a matrix."""

from collections.abc import Callable

import numpy as np

from network3.layers.backends.cpu.compiler import Array, Int, kernel

from . import exponential


@kernel
def softmax(dtype: str) -> Callable[..., None]:
    """Compute softmax of each row, or, if `log` is not 0, its logarithm.

    x, y, shifted (scratch) : (rows, columns). One part. The exponentials of all rows are computed in one loop, which is
    vectorized: a loop over a single row of ten would not be.
    """
    number = np.dtype(dtype).type
    exp = exponential.exp32 if dtype == "float32" else exponential.exp64

    def softmax(part, x: Array(dtype), y: Array(dtype), shifted: Array(dtype), rows: Int, columns: Int, log: Int):
        for r in range(rows):
            start = r * columns
            largest = x[start]
            for j in range(1, columns):
                largest = max(largest, x[start + j])
            for j in range(columns):
                shifted[start + j] = x[start + j] - largest
        for i in range(rows * columns):
            y[i] = exp(shifted[i])
        for r in range(rows):
            start = r * columns
            total = number(0)
            for j in range(columns):  # a NaN anywhere makes the sum NaN
                total += y[start + j]
            if log != 0:
                logarithm = np.log(total)
                for j in range(columns):
                    y[start + j] = shifted[start + j] - logarithm
            else:
                for j in range(columns):
                    y[start + j] = y[start + j] / total

    return softmax
