"""The summary that ``print(net)`` shows: a table of layers, output shapes and parameters."""

from collections.abc import Sequence
from typing import Any


def table(layers: Sequence[Any], shapes: Sequence[tuple[int | None, ...] | None], dtype: str) -> str:
    """Return one row for each of `layers` and a total.

    Parameters
    ----------
    layers : sequence of layers
    shapes : sequence of tuple or None
        The output shape of each, batch included; None if the layer does not define it.
    dtype : str
        Type of the network.

    Examples
    --------
    >>> print(table([SoftmaxLayer(n_in=784, n_out=10)], [(None, 10)], "float32"))  # doctest: +SKIP
    layer           gives, for each example  parameters
    SoftmaxLayer    10                            7,850
    total, float32                                7,850
    """
    rows = [("layer", "gives, for each example", "parameters")]
    total = 0
    for layer, shape in zip(layers, shapes, strict=True):
        count = sum(param.get_value(borrow=True).size for param in layer.params)
        output = "not stated" if shape is None else " x ".join(map(str, shape[1:]))
        rows.append((type(layer).__name__, output, f"{count:,}"))
        total += count
    rows.append((f"total, {dtype}", "", f"{total:,}"))
    name_width, output_width = (max(len(row[column]) for row in rows) for column in (0, 1))
    return "\n".join(f"{a:<{name_width}}  {b:<{output_width}}  {c:>10}" for a, b, c in rows)
