"""Shape arithmetic of convolutions: borders of zeros, and the number of positions of a filter."""

from collections.abc import Sequence
from typing import Any, TypeAlias

from network3.layers.checks import entries_of, error_message, sizes

PADDINGS = ("valid", "half", "full", "same")

Sides: TypeAlias = tuple[int, int]  # before and after: top and bottom, or left and right
Padding: TypeAlias = str | tuple[int, int] | tuple[Sides, Sides]


def reach(taps: Any, dilation: int = 1) -> Any:
    """Return the pixels from the first tap to the last one, both included: the length of a dilated filter."""
    return (taps - 1) * dilation + 1


def of_axis(padding: Padding, axis: int) -> str | Sides:
    """Return the padding of rows (axis 0) or columns (axis 1): a name, or the zeros before and after."""
    if isinstance(padding, str):
        return padding
    side = padding[axis]
    return side if isinstance(side, tuple) else (side, side)


def zeros_beside(padding: str | Sides, length: Any, taps: Any, stride: int = 1, dilation: int = 1) -> tuple[Any, Any]:
    """Return the zeros before and after an axis of `length` pixels; only "same" depends on length and stride."""
    if not isinstance(padding, str):
        return padding
    if padding == "valid":
        return 0, 0
    if padding == "same":
        total = max((-(-length // stride) - 1) * stride + reach(taps, dilation) - length, 0)
        return total // 2, total - total // 2
    side = reach(taps, dilation) // 2 if padding == "half" else reach(taps, dilation) - 1
    return side, side


def output_length(length: Any, taps: Any, padding: str | Sides = "valid", stride: int = 1, dilation: int = 1) -> Any:
    """Return the number of positions of a filter along one axis; numbers, or symbolic sizes.

    It is ``(length + before + after - reach) // stride + 1``, which is ``ceil(length / stride)`` for "same".
    """
    if padding == "same":
        return -(-length // stride)
    before, after = zeros_beside(padding, length, taps, stride, dilation)
    return (length + before + after - reach(taps, dilation)) // stride + 1


def transposed_length(
    length: Any, taps: Any, padding: str | Sides = "valid", stride: int = 1, dilation: int = 1, extra: int = 0
) -> Any:
    """Return the length of the images whose convolution has `length` positions: the shortest such, plus `extra`.

    It is ``(length - 1) * stride + reach - before - after + extra``, but the longest, ``length * stride``, for "same".
    """
    if padding == "same":
        return length * stride
    before, after = zeros_beside(padding, None, taps, stride, dilation)
    return (length - 1) * stride + reach(taps, dilation) - before - after + extra


def border(
    padding: Padding,
    image_size: Sequence[Any],
    filter_size: Sequence[Any],
    stride: Sequence[int] = (1, 1),
    dilation: Sequence[int] = (1, 1),
) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """Return the zeros around images, ((top, bottom), (left, right)); all sizes are (rows, columns)."""
    rows, columns = (
        zeros_beside(of_axis(padding, axis), image_size[axis], filter_size[axis], stride[axis], dilation[axis])
        for axis in (0, 1)
    )
    return rows, columns


def output_size(
    image_size: Sequence[Any],
    filter_size: Sequence[Any],
    padding: Padding,
    stride: Sequence[int] = (1, 1),
    dilation: Sequence[int] = (1, 1),
) -> tuple[Any, Any]:
    """Return rows and columns of the output; a size may be a number, symbolic, or None if unknown."""
    rows, columns = (
        None
        if image_size[axis] is None or filter_size[axis] is None
        else output_length(image_size[axis], filter_size[axis], of_axis(padding, axis), stride[axis], dilation[axis])
        for axis in (0, 1)
    )
    return rows, columns


def canonical_padding(who: str, padding: str | int | Sequence[Any]) -> Padding:
    """Return `padding` as one of the names, as (rows, columns), or as ((top, bottom), (left, right)) if they differ.

    Raises
    ------
    ValueError
        `padding` is neither.
    """
    if isinstance(padding, str):
        if padding in PADDINGS:
            return padding
        names = ", ".join(map(repr, PADDINGS))
        raise ValueError(
            error_message(
                who,
                f"padding must be {names}, a number, (rows, columns) or ((top, bottom), (left, right))",
                repr(padding),
                "Write padding='half' to keep the size of an image under odd filters.",
            )
        )
    axes = entries_of(padding)
    if len(axes) == 2 and any(len(entries_of(axis)) > 0 for axis in axes):
        top, bottom = sizes(f"{who}: padding", axes[0], 2, least=0)
        left, right = sizes(f"{who}: padding", axes[1], 2, least=0)
        return (top, left) if (top, left) == (bottom, right) else ((top, bottom), (left, right))
    rows, columns = sizes(f"{who}: padding", padding, 2, least=0)
    return rows, columns
