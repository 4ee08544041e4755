"""Random convolutions of small sizes, with the reference implementation's results; each is determined by its seed."""

from typing import Any, NamedTuple

import numpy as np

from network3.layers.ops.conv import Conv2D, Conv2DGradInput, Conv2DGradWeight
from network3.layers.ops.conv_transpose import Conv2DTranspose
from tests.layers.ops.conv_reference import Reference

TOLERANCES = {"float32": 1e-5, "float64": 1e-10}  # relative to the largest value of the result


class Example(NamedTuple):
    """A convolution: its settings, the arrays, and the expected output and gradients to images and filters."""

    settings: dict[str, Any]
    x: np.ndarray
    w: np.ndarray
    g: np.ndarray
    y: np.ndarray
    dx: np.ndarray
    dw: np.ndarray

    @property
    def dtype(self) -> str:
        return self.x.dtype.name

    def calls(self):
        """Yield Ops with their arguments and the expected results; transposed convolution is the gradient to images."""
        yield Conv2D(**self.settings), (self.x, self.w), self.y
        yield Conv2DGradInput(**self.settings), (self.w, self.g, self.x), self.dx
        yield Conv2DGradWeight(**self.settings), (self.x, self.g, self.w), self.dw
        yield Conv2DTranspose(**self.settings, output_size=self.x.shape[2:]), (self.w, self.g), self.dx

    def check(self, op, result, expected):
        """Check a result of an Op."""
        assert (result.dtype, result.shape) == (self.dtype, expected.shape), op
        error = np.abs(result - expected).max(initial=0) / max(np.abs(expected).max(initial=0), 1e-30)
        assert error <= TOLERANCES[self.dtype], f"{op} of {self.x.shape} and {self.w.shape}: {error}"


def draw(seed: int) -> Example:
    """Return a random example. Sizes are small, and every setting is random."""
    rng = np.random.default_rng([18, seed])

    def whole(most, least=1):
        return int(rng.integers(least, most + 1))

    n, maps, filters, kh, kw = whole(3), whole(3), whole(4), whole(5), whole(5)
    groups = whole(4) if rng.random() < 0.5 else 1
    stride = (whole(3), whole(3)) if rng.random() < 0.5 else (1, 1)
    dilation = (whole(3), whole(3)) if rng.random() < 0.4 else (1, 1)
    sides = (whole(4, 0), whole(4, 0)), (whole(4, 0), whole(4, 0))
    paddings = ["valid", "half", "full", "same", whole(3, 0), (whole(3, 0), whole(3, 0)), sides]
    padding = paddings[whole(len(paddings) - 1, 0)]
    # From the smallest images into which a filter fits without a border, or smaller ones if it has "same" or "full".
    least = [1, 1] if padding in ("same", "full") else [(kh - 1) * dilation[0] + 1, (kw - 1) * dilation[1] + 1]
    height, width = (length + whole(9, 0) for length in least)
    dtype = "float32" if rng.random() < 0.5 else "float64"
    settings = {"stride": stride, "padding": padding, "flip": bool(rng.random() < 0.5), "dilation": dilation}
    x, w = (
        rng.normal(size=shape).astype(dtype)
        for shape in [(n, maps * groups, height, width), (filters * groups, maps, kh, kw)]
    )
    reference = Reference(x, w, **settings, groups=groups)
    y = reference.y
    g = rng.normal(size=y.shape).astype(dtype)
    return Example(settings | {"groups": groups}, x, w, g, y, *reference.gradients(g))
