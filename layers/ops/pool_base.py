"""The base class of the pooling Ops: their windows, and checks of their inputs."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.tensor.variable import TensorVariable

from network3.layers.checks import error_message

from .base import TensorOp, as_tensor
from .pool_shapes import Windows, canonical_windows


class Pooling(TensorOp):
    """An Op of windows over images; the arguments are those of `pool2d`."""

    __props__: tuple[str, ...] = ("windows",)

    def __init__(self, size: Any = (2, 2), stride: Any = None, padding: Any = 0, ceil: Any = False):
        self.windows = canonical_windows(type(self).__name__, size, stride, padding, ceil)

    def of(self, kind: Callable[..., TensorOp], *settings: Any) -> TensorOp:
        """Return another Op of the same windows; `settings` follow the size."""
        windows = self.windows
        return kind(windows.size, *settings, stride=windows.stride, padding=windows.padding, ceil=windows.ceil)

    def check_inputs(self, inputs: Sequence[Any]) -> list[TensorVariable]:
        """Return the inputs as variables, all 4-dimensional and of one floating-point type."""
        return check_maps(type(self).__name__, inputs)

    def output_shape(self, shape: Sequence[Any]) -> tuple[Any, ...]:
        """Return the shape of the pooled maps, for sizes that are numbers or None."""
        return (*shape[:2], *self.windows.output_size(shape[2:]))

    def fitting_output_shape(self, shape: Sequence[Any]) -> tuple[Any, ...]:
        """Return the shape of the pooled maps, for sizes that are numbers or None.

        Raises
        ------
        ValueError
            A window is larger than the images.
        """
        self.windows.check_image(shape[2:])
        return self.output_shape(shape)

    def check_pooled(self, images: Sequence[int | None], *pooled: Sequence[int | None]) -> None:
        """Check the shapes of pooled maps, or of their gradients, which may be unknown.

        Raises
        ------
        ValueError
            They are not the shape of the output for such images.
        """
        expected = self.fitting_output_shape(images)
        for shape in pooled:
            if any(None not in pair and pair[0] != pair[1] for pair in zip(expected, shape, strict=True)):
                message = f"the output and its gradient must have the output's shape, {expected}"
                raise ValueError(
                    error_message("pool2d", message, f"one of shape {tuple(shape)}", "Pass those of this output.")
                )

    def symbolic_output_shape(self, shape: Sequence[Any]) -> tuple[Any, ...]:
        """Return the shape of the pooled maps, for symbolic sizes."""
        return (*shape[:2], *self.windows.output_size(shape[2:], pt.minimum, pt.maximum))


def check_maps(who: str, inputs: Sequence[Any]) -> list[TensorVariable]:
    """Return the inputs as variables.

    Raises
    ------
    TypeError
        They are not all 4-dimensional and of one floating-point type.
    """
    variables = [as_tensor(who, value) for value in inputs]
    dtypes = [v.type.dtype for v in variables]
    if any(v.type.ndim != 4 for v in variables) or len({*dtypes}) > 1 or dtypes[0] not in ("float32", "float64"):
        raise TypeError(
            error_message(
                who,
                "expected tensors of 4 axes (images, maps, rows, columns), all float32 or all float64",
                ", ".join(f"{v.type.ndim} axes of {v.type.dtype}" for v in variables),
                "Reshape or cast them.",
            )
        )
    return variables


def extended(x: np.ndarray, windows: Windows, fill: float) -> np.ndarray:
    """Return images that begin with their first window and end with their last one; `fill` surrounds the pixels.

    x : (n, maps, height, width). Without padding the result is a view.
    """
    beyond = windows.beyond(x.shape[2:], windows.output_size(x.shape[2:]))
    x = x[:, :, : x.shape[2] + min(0, beyond[0][1]), : x.shape[3] + min(0, beyond[1][1])]
    added = [(before, max(0, after)) for before, after in beyond]
    if added == [(0, 0), (0, 0)]:
        return x
    return np.pad(x, ((0, 0), (0, 0), *added), constant_values=fill)


def cropped(dx: np.ndarray, windows: Windows, height: int, width: int) -> np.ndarray:
    """Return the pixels of an array of the size of `extended`; those outside of windows are 0."""
    (top, _), (left, _) = windows.padding
    pixels = dx[:, :, top : top + height, left : left + width]
    missing = (0, height - pixels.shape[2]), (0, width - pixels.shape[3])
    return np.pad(pixels, ((0, 0), (0, 0), *missing))
