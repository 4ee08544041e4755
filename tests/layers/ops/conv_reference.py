"""Reference implementation of convolutions and their gradients: loops over the positions of filters, in float64."""

import numpy as np


def pair(value):
    """Return a number for rows and columns as a pair."""
    return (value, value) if np.isscalar(value) else tuple(value)


def zeros_around(size, taps, padding="valid", stride=1, dilation=1):
    """Return ((top, bottom), (left, right)); "same" as in TensorFlow's documentation of paddings."""
    if not isinstance(padding, str):
        return tuple(side if isinstance(side, tuple) else (side, side) for side in pair(padding))
    found = []
    for length, k, s, d in zip(size, taps, pair(stride), pair(dilation), strict=True):
        dilated = d * (k - 1) + 1
        if padding == "same":
            total = max(dilated - s, 0) if length % s == 0 else max(dilated - length % s, 0)
            found.append((total // 2, total - total // 2))
        else:
            side = {"valid": 0, "half": dilated // 2, "full": dilated - 1}[padding]
            found.append((side, side))
    return tuple(found)


class Reference:
    """A convolution of float64: `y`, and the gradients of ``sum(g * y)`` by `gradients(g)`."""

    def __init__(self, x, w, stride=1, padding="valid", flip=True, dilation=1, groups=1):
        self.x, self.w = x.astype(float), w.astype(float)
        self.stride, self.dilation, self.flip, self.groups = pair(stride), pair(dilation), flip, groups
        self.border = zeros_around(x.shape[2:], w.shape[2:], padding, stride, dilation)
        self.padded = np.pad(self.x, ((0, 0), (0, 0), *self.border))
        lengths = zip(self.padded.shape[2:], w.shape[2:], self.stride, self.dilation, strict=True)
        self.size = tuple(len(range(0, tall - d * (k - 1), s)) for tall, k, s, d in lengths)

    def _positions(self):
        """Yield the place in the output, of all images and the filters of a group, and the patch that they read."""
        filters, maps = len(self.w) // self.groups, self.w.shape[1]
        (down, right), (tap_down, tap_right), (kh, kw) = self.stride, self.dilation, self.w.shape[2:]
        for group in range(self.groups):
            of_filters = slice(group * filters, (group + 1) * filters)
            of_maps = slice(group * maps, (group + 1) * maps)
            for i in range(self.size[0]):
                rows = slice(i * down, i * down + tap_down * (kh - 1) + 1, tap_down)
                for j in range(self.size[1]):
                    columns = slice(j * right, j * right + tap_right * (kw - 1) + 1, tap_right)
                    yield of_filters, (slice(None), of_filters, i, j), (slice(None), of_maps, rows, columns)

    def _turned(self, w):
        return w[:, :, ::-1, ::-1] if self.flip else w

    @property
    def y(self):
        """Return the convolved images."""
        y = np.zeros((len(self.x), len(self.w), *self.size))
        for filters, place, patch in self._positions():
            y[place] = np.einsum("ncij,ocij->no", self.padded[patch], self._turned(self.w)[filters])
        return y

    def gradients(self, g):
        """Return the gradients to images and filters."""
        dx, dw = np.zeros(self.padded.shape), np.zeros(self.w.shape)
        for filters, place, patch in self._positions():
            here = g[place].astype(float)
            dx[patch] += np.einsum("no,ocij->ncij", here, self._turned(self.w)[filters])
            dw[filters] += np.einsum("no,ncij->ocij", here, self.padded[patch])
        (top, _), (left, _) = self.border
        height, width = self.x.shape[2:]
        return dx[:, :, top : top + height, left : left + width], self._turned(dw)


def loops(x, w, stride=1, padding="valid", flip=True, dilation=1, groups=1):
    """Return the convolved images."""
    return Reference(x, w, stride, padding, flip, dilation, groups).y


def close(got, expected, tolerance):
    """Check a result, with a tolerance relative to the largest value."""
    assert got.shape == expected.shape
    scale = max(np.abs(expected).max(), 1e-30) if expected.size else 1
    np.testing.assert_allclose(got, expected, rtol=0, atol=tolerance * scale)
