"""The pair (images, labels) of a data set: a tuple of two that is not mistaken for a sequence of examples."""

from typing import Any


class DataPair(tuple):
    """A tuple (images, labels) that raises TypeError when it is sliced, since a slice would not be one of examples.

    ``pair[:1000]`` of a plain tuple is the same pair again, with all of its examples. Unpacking, ``pair[0]``,
    ``pair[1]``, comparison and pickling are those of a tuple.
    """

    __slots__ = ()

    def __getitem__(self, index: Any) -> Any:
        """Return the images (0, -2) or the labels (1, -1)."""
        try:
            if not isinstance(index, slice):
                return super().__getitem__(index)
        except (TypeError, IndexError):
            pass  # the index of an example, a mask, an array of rows
        rows = _text(index)
        raise TypeError(
            f"data[{rows}]: the index must be 0 for the images or 1 for the labels of the pair (x, y); got {rows}. "
            f"To select examples, slice the examples: (x[{rows}], y[{rows}]), with x, y = data."
        )


def _text(index: Any) -> str:
    if isinstance(index, slice):
        ends = ["" if end is None else str(end) for end in (index.start, index.stop)]
        return ":".join(ends if index.step is None else [*ends, str(index.step)])
    return str(index) if isinstance(index, int) else "rows"
