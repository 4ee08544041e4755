"""Tables: text for ``print``, HTML for notebooks, and the summary of a network, with its layers and parameters."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any


class Table:
    """Rows of texts below a row of headings, as text or as HTML.

    Parameters
    ----------
    rows : list of sequences of str
        The headings first.
    left : int
        How many of the first columns have texts, which are aligned left; numbers are aligned right.
    """

    def __init__(self, rows: Sequence[Sequence[str]], left: int = 0):
        self.rows, self.left = rows, left

    def __str__(self) -> str:
        widths = [max(map(len, column)) for column in zip(*self.rows, strict=True)]
        lines = []
        for row in self.rows:
            cells = zip(row, widths, strict=True)
            lines.append("  ".join(f"{c:<{w}}" if k < self.left else f"{c:>{w}}" for k, (c, w) in enumerate(cells)))
        return "\n".join(lines)

    def html(self) -> str:
        """Return the table as HTML."""
        lines = []
        for number, row in enumerate(self.rows):
            tag = "td" if number else "th"
            cells = (
                f'<{tag} style="text-align: {"left" if k < self.left else "right"}">{escape(cell)}</{tag}>'
                for k, cell in enumerate(row)
            )
            lines.append(f"<tr>{''.join(cells)}</tr>")
        return "<table>\n" + "\n".join(lines) + "\n</table>"


class Summarized:
    """A network, shown as a table by ``print`` and in notebooks, and in a line inside of other values."""

    layers: list[Any]
    shapes: list[tuple | None]
    floatX: str

    def __str__(self) -> str:
        return str(table(self.layers, self.shapes, self.floatX))

    def summary(self) -> None:
        """Print the table of layers and parameters, as ``print(net)`` does."""
        print(self)

    def __repr__(self) -> str:
        total = table(self.layers, self.shapes, self.floatX).rows[-1][-1]
        return f"<{type(self).__name__} of {len(self.layers)} layers, {total} parameters, {self.floatX}>"

    def _repr_html_(self) -> str:
        return table(self.layers, self.shapes, self.floatX).html()

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))  # of IPython in a terminal


def table(layers: Sequence[Any], shapes: Sequence[tuple[int | None, ...] | None], dtype: str) -> Table:
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
    layer           output of an example  parameters
    0 SoftmaxLayer  10                         7,850
    total, float32                             7,850
    """
    rows = [("layer", "output of an example", "parameters")]
    for index, (layer, shape) in enumerate(zip(layers, shapes, strict=True)):
        output = "not stated" if shape is None else " x ".join(map(str, shape[1:]))
        rows.append((f"{index} {type(layer).__name__}", output, f"{_count(layer.params):,}"))
    rows.append((f"total, {dtype}", "", f"{_count(param for layer in layers for param in layer.params):,}"))
    return Table(rows, left=2)


def _count(params: Iterable[Any]) -> int:
    """Return the number of values in `params`; those that layers share count once."""
    return sum(param.get_value(borrow=True).size for param in dict.fromkeys(params))
