"""The base class of the Ops for convolution: their properties, checks of their inputs, and the loop over taps."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
from pytensor.tensor.variable import TensorVariable

from network3.layers.checks import error_message, flag, integer, sizes

from .base import TensorOp, as_tensor
from .conv_shapes import border, canonical_padding, output_size, reach

Index: TypeAlias = tuple[slice | int, ...]


class Convolution(TensorOp):
    """Base class of the Ops.

    Parameters
    ----------
    stride, dilation : int or (int, int)
        Rows and columns from one position of a filter to the next, and from one tap of a filter to the next.
    padding : str, int, (int, int) or ((int, int), (int, int))
        The zeros around an image, as for `conv2d`.
    flip : bool
        Whether filters are rotated by 180 degrees: true convolution.
    groups : int
        Groups into which the maps and the filters are divided; filters of a group read its maps only.
    """

    __props__: tuple[str, ...] = ("stride", "padding", "flip", "dilation", "groups")

    def __init__(
        self,
        stride: int | Sequence[int] = (1, 1),
        padding: str | int | Sequence[Any] = "valid",
        flip: bool = True,
        dilation: int | Sequence[int] = (1, 1),
        groups: int = 1,
    ):
        name = type(self).__name__
        self.stride = sizes(f"{name}: stride", stride, 2)
        self.padding = canonical_padding(name, padding)
        self.flip = flag(f"{name}: flip", flip)
        self.dilation = sizes(f"{name}: dilation", dilation, 2)
        self.groups = integer(f"{name}: groups", groups)

    def _as(self, kind: type["Convolution"]) -> "Convolution":
        """Return the Op of class `kind` with the same properties."""
        return kind(self.stride, self.padding, self.flip, self.dilation, self.groups)

    def _check(self, names: str, inputs: Sequence[Any]) -> list[TensorVariable]:
        """Return the inputs as variables, all 4-dimensional and of one floating-point type; each name is a letter."""
        variables = {name: as_tensor(type(self).__name__, value) for name, value in zip(names, inputs, strict=True)}
        for name, v in variables.items():
            if v.type.ndim != 4:
                raise TypeError(
                    error_message(
                        type(self).__name__,
                        f"{name} must have 4 axes (images or filters, maps, rows, columns)",
                        f"{v.type.ndim} axes",
                        "Reshape it, e.g. x.reshape((10, 1, 28, 28)).",
                    )
                )
        dtypes = {v.type.dtype for v in variables.values()}
        if len(dtypes) > 1 or not dtypes <= {"float32", "float64"}:
            raise TypeError(
                error_message(
                    type(self).__name__,
                    "all inputs must be of one type, float32 or float64",
                    ", ".join(f"{name} {v.type.dtype}" for name, v in variables.items()),
                    "Cast one to the other's type with pytensor.tensor.cast.",
                )
            )
        return list(variables.values())

    def output_shape(self, x_shape: Sequence[Any], w_shape: Sequence[Any]) -> tuple[Any, ...]:
        """Return the shape of the convolved images; sizes are numbers, symbolic, or None if unknown."""
        size = output_size(x_shape[2:], w_shape[2:], self.padding, self.stride, self.dilation)
        return (x_shape[0], w_shape[0], *size)

    def fitting_output_shape(self, x_shape: Sequence[Any], w_shape: Sequence[Any]) -> tuple[Any, ...]:
        """Return `output_shape`, for sizes that are numbers or None.

        Raises
        ------
        ValueError
            Groups that do not divide the filters, other maps in the filters than in the images, or filters larger
            than the padded images.
        """
        self.check_filters(w_shape)
        maps, expected = x_shape[1], None if w_shape[1] is None else w_shape[1] * self.groups
        if maps is not None and expected is not None and maps != expected:
            grouped = f" in {self.groups} groups" if self.groups > 1 else ""
            hint = f"Make the filters' second axis {maps // self.groups}."
            raise ValueError(
                error_message(
                    "conv2d",
                    f"images must have {expected} maps, as the filters of shape {tuple(w_shape)}{grouped} do",
                    f"images of shape {tuple(x_shape)}",
                    hint if maps % self.groups == 0 else f"Let groups divide the {maps} maps.",
                )
            )
        shape = self.output_shape(x_shape, w_shape)
        if any(length is not None and length < 1 for length in shape[2:]):
            dilated = "" if self.dilation == (1, 1) else f" and dilation {self.dilation}"
            raise ValueError(
                error_message(
                    "conv2d",
                    f"a filter must fit into its image of {tuple(x_shape[2:])} (padding {self.padding!r})",
                    f"filters of {tuple(w_shape[2:])}{dilated}",
                    "Use smaller filters or more padding.",
                )
            )
        return shape

    def check_filters(self, w_shape: Sequence[Any]) -> None:
        """Check that filters of this shape, of numbers or None, can be divided into groups.

        Raises
        ------
        ValueError
            They cannot.
        """
        if w_shape[0] is not None and w_shape[0] % self.groups:
            raise ValueError(
                error_message(
                    "conv2d: groups",
                    f"must divide the number of filters, the first axis of {tuple(w_shape)}",
                    str(self.groups),
                    "Use a divisor of it, or another number of filters.",
                )
            )

    def check_gradient(self, g_shape: Sequence[Any], shape: Sequence[Any]) -> None:
        """Check that the shape of an output's gradient is that of the output; sizes are numbers or None.

        Raises
        ------
        ValueError
            They differ.
        """
        if any(None not in (have, need) and have != need for have, need in zip(g_shape, shape, strict=True)):
            raise ValueError(
                error_message(
                    "conv2d",
                    f"the output's gradient must have the output's shape, {tuple(shape)}",
                    f"one of shape {tuple(g_shape)}",
                    "Pass that of this output.",
                )
            )

    def border(self, x_shape: Sequence[Any], w_shape: Sequence[Any]) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
        """Return the zeros around images, ((top, bottom), (left, right))."""
        return border(self.padding, x_shape[2:], w_shape[2:], self.stride, self.dilation)

    def _in_groups(self, maps: int, filters: int) -> Iterator[tuple[slice, slice]]:
        """Yield, for each group, the slices of its maps and of its filters."""
        m, f = maps // self.groups, filters // self.groups
        for group in range(self.groups):
            yield slice(group * m, (group + 1) * m), slice(group * f, (group + 1) * f)

    def _taps(self, w_shape: Sequence[int], out_size: Sequence[int]) -> Iterator[tuple[Index, Index]]:
        """Yield, for each tap of a filter, its index and the slice of the padded images that it multiplies."""
        (kh, kw), (down, right), (oh, ow), (sh, sw) = w_shape[2:], self.dilation, out_size, self.stride
        for i in range(kh):
            for j in range(kw):
                row, column = (kh - 1 - i, kw - 1 - j) if self.flip else (i, j)
                rows = slice(row * down, row * down + reach(oh, sh), sh)
                columns = slice(column * right, column * right + reach(ow, sw), sw)
                yield (slice(None), slice(None), i, j), (slice(None), slice(None), rows, columns)


def padded(x: np.ndarray, border: tuple[tuple[int, int], tuple[int, int]]) -> np.ndarray:
    """Return images with a border of zeros, ((top, bottom), (left, right))."""
    return np.pad(x, ((0, 0), (0, 0), *border))
