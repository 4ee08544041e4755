"""The sizes of a convolution, from which lowerings choose kernels and which they pass to them."""

from typing import NamedTuple

from network3.layers.backends.cpu.kernels.geometry import Geometry


class Sizes(NamedTuple):
    """The sizes in the order of the general kernels' parameters; each group of an image is an image."""

    images: int
    maps: int
    height: int
    width: int
    filters: int
    kh: int
    kw: int
    oh: int
    ow: int
    down: int
    right: int
    top: int
    left: int
    tap_down: int = 1
    tap_right: int = 1
    groups: int = 1

    @classmethod
    def of(cls, images: int, g: Geometry) -> "Sizes | None":
        """Return the sizes of a geometry; None with pooling."""
        if g.size != (1, 1):
            return None
        return cls(images, g.maps, g.height, g.width, g.filters, g.kh, g.kw, *g.pooled, *g.stride, *g.pad)

    @property
    def bordered(self) -> tuple[int, ...]:
        """The sizes that determine the length of an image with its border."""
        return self.maps, *self[5:11], self.tap_down, self.tap_right

    @property
    def plain(self) -> bool:
        """Whether there are neither dilation nor groups, which direct kernels do not support."""
        return (self.tap_down, self.tap_right, self.groups) == (1, 1, 1)

    @property
    def backward(self) -> "Sizes":
        """The sizes of the convolution, at stride 1, whose gradient to images is this convolution."""
        sizes = {"maps": self.filters, "height": self.oh, "width": self.ow}
        sizes |= {"filters": self.maps, "oh": self.height, "ow": self.width}
        return self._replace(**sizes, top=self.kh - 1 - self.top, left=self.kw - 1 - self.left)
