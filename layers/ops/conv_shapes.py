"""Shape arithmetic of convolutions: zero padding, and the number of positions of a filter."""

from collections.abc import Sequence
from typing import TypeAlias

from network3.layers.checks import error_message, sizes

PADDINGS = ("valid", "half", "full")

Padding: TypeAlias = str | tuple[int, int]


def border(padding: Padding, filter_size: Sequence[int]) -> tuple[int, int]:
    """Return the rows and columns of zeros added on each side, for filters of `filter_size` (rows, columns)."""
    if not isinstance(padding, str):
        return padding
    rows, columns = filter_size
    if padding == "valid":
        return 0, 0
    return (rows // 2, columns // 2) if padding == "half" else (rows - 1, columns - 1)


def output_length(length: int, filter_length: int, pad: int, stride: int) -> int:
    """Return the number of positions of a filter along one axis, ``(length + 2 pad - filter_length) // stride + 1``."""
    return (length + 2 * pad - filter_length) // stride + 1


def canonical_padding(who: str, padding: str | int | Sequence[int]) -> Padding:
    """Return `padding` as one of the names, or as (rows, columns).

    Raises
    ------
    ValueError
        `padding` is neither.
    """
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
