"""Training images that change from epoch to epoch: functions ``augment(images, rng) -> images``.

The result depends on the two arguments only, so that a resumed training sees the same images again.
"""

from dataclasses import asdict, dataclass

import numpy as np

from network3.datasets import deform
from network3.layers.calls import constructor_checked
from network3.layers.checks import entries_of, real, sizes


@constructor_checked
@dataclass(frozen=True)
class Deformation:
    """Rotate, scale, bend and shift each image at random, differently in each epoch; see `network3.datasets.deform`.

    Attributes
    ----------
    rotation : float in [0, 180], degrees
    scaling : float in [0, 0.9]
    elastic : float >= 0, pixels
    smoothness : float >= 0.1, pixels
    shift : float >= 0, pixels
    fill : number
    image_shape : (height, width) or (channels, height, width)

    Notes
    -----
    Source: book, chapter 6; P. Simard, D. Steinkraus and J. Platt, ICDAR 2003.

    Examples
    --------
    >>> import numpy as np
    >>> images = np.random.default_rng(0).random((5, 784), np.float32)
    >>> Deformation(rotation=10, elastic=30)(images, np.random.default_rng(0)).shape
    (5, 784)
    """

    rotation: float = 0.0
    scaling: float = 0.0
    elastic: float = 0.0
    smoothness: float = 4.0
    shift: float = 0.0
    fill: float = 0
    image_shape: tuple[int, ...] = (28, 28)

    def __post_init__(self) -> None:
        for name in ("rotation", "scaling", "elastic", "smoothness", "shift"):
            real(f"Deformation: {name}", getattr(self, name), least=0.0)
        real("Deformation: fill", self.fill)
        axes = 3 if len(entries_of(self.image_shape)) == 3 else 2
        object.__setattr__(self, "image_shape", sizes("Deformation: image_shape", self.image_shape, axes))

    def __call__(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return the deformed `images`, of shape (n, features), with their shape and type."""
        return deform(images, **asdict(self), seed=rng)
