"""Checks of the shapes of a convolutional layer: maps, groups, filters and pooling windows that fit their images."""

from collections.abc import Sequence

from .checks import error_message, integer
from .ops.conv_shapes import Padding, output_size, reach
from .ops.pool_shapes import Windows


def check_maps(name: str, image_shape: Sequence[int], filter_shape: Sequence[int], groups: int) -> int:
    """Return `groups` if the maps of images and filters agree.

    Raises
    ------
    ValueError
        They do not, or `groups` divides the numbers of maps or of filters only with a remainder.
    """
    maps, (filters, expected, *_) = image_shape[-3], filter_shape
    groups = integer(f"{name}: groups", groups)
    for what, count in {"maps of image_shape": maps, "filters": filters}.items():
        if count % groups:
            hint = f"Write a divisor of {count}; 1 lets each filter see all maps."
            got = f"groups={groups}"
            raise ValueError(error_message(f"{name}: groups", f"must divide the {count} {what}", got, hint))
    if maps != expected * groups:
        needed = f"{maps} as its second entry, the maps of image_shape={tuple(image_shape)}"
        if groups > 1:
            needed = f"{maps // groups} as its second entry, the {maps} maps of the image divided by groups={groups}"
        hint = _order_of_axes(image_shape, filter_shape) if groups == 1 else "Each filter sees the maps of one group."
        raise ValueError(error_message(name, f"filter_shape must have {needed}", str(expected), hint))
    return groups


def convolved_size(
    name: str,
    image: tuple[int, ...],
    area: tuple[int, ...],
    padding: Padding,
    stride: Sequence[int],
    dilation: tuple[int, ...],
) -> tuple[int, int]:
    """Return rows and columns of a feature map; all sizes are (rows, columns).

    Raises
    ------
    ValueError
        The filters do not fit into the image.
    """
    convolved = output_size(image, area, padding, stride, dilation)
    if min(convolved) < 1:
        reached = tuple(reach(taps, step) for taps, step in zip(area, dilation, strict=True))
        got = f"filters of {area}" + (
            f" that reach over {reached}, with dilation={dilation}" if reached != area else ""
        )
        expected = f"a filter must fit into its image of {image} pixels"
        raise ValueError(error_message(name, expected, got, "Use smaller filters, or padding='half'."))
    return convolved


def pooled_size(name: str, convolved: tuple[int, int], windows: Windows) -> tuple[int, int]:
    """Return rows and columns of a pooled map.

    Raises
    ------
    ValueError
        A window does not fit into the map.
    """
    rows, columns = windows.output_size(convolved)
    if min(rows, columns) < 1:
        expected = f"a pooling window must fit into a convolved map of {convolved} values"
        hint = "Use a smaller poolsize; (1, 1) pools nothing."
        raise ValueError(error_message(name, expected, f"poolsize={windows.size}", hint))
    return rows, columns


def _order_of_axes(image_shape: Sequence[int], filter_shape: Sequence[int]) -> str:
    """Return the hint for numbers of maps that differ; a shape with its axes in another order is reordered."""
    *batch, maps, height, width = image_shape
    filters, expected, rows, columns = filter_shape
    image = filters_ = None
    # Other libraries: images (rows, columns, maps), filters (rows, columns, maps, filters).
    if rows == width:
        image, filters_ = (*batch, width, maps, height), (columns, rows, filters, expected)
    elif expected == width:
        image = (*batch, width, maps, height)
    elif rows == maps:
        filters_ = (columns, rows, filters, expected)
    elif filters == maps:
        filters_ = (expected, filters, rows, columns)
    order = "The order of axes is image_shape=(batch, maps, rows, columns), filter_shape=(filters, maps, rows, columns)"
    shapes = [f"image_shape={image}"] * (image is not None) + [f"filter_shape={filters_}"] * (filters_ is not None)
    if not shapes:
        shapes = [f"filter_shape={(filters, maps, rows, columns)}"]
    return f"{order}. Write {', '.join(shapes)}."
