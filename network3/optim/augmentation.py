"""Training images that are other ones in each epoch: functions ``augment(images, rng) -> images``.

Nothing but the two decides what is returned, so a training that was interrupted sees the same images again.
"""

from dataclasses import asdict, dataclass

from network3 import datasets


@dataclass(frozen=True)
class Deformation:
    """Each image turned, scaled, bent and shifted at random, anew for each epoch; see `network3.datasets.deform`.

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
    """

    rotation: float = 0.0
    scaling: float = 0.0
    elastic: float = 0.0
    smoothness: float = 4.0
    shift: float = 0.0
    fill: float = 0
    image_shape: tuple[int, ...] = (28, 28)

    def __call__(self, images, rng):
        return datasets.deform(images, **asdict(self), seed=rng)
