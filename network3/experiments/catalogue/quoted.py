"""Numbers that the book quotes from others, for which it has no program."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Quoted:
    """A published number of somebody else.

    Attributes
    ----------
    chapter : int
        Where the book quotes it.
    description : str
        What was measured.
    accuracy : float
        On MNIST's test images, in [0, 1].
    source : str
        Who published it.
    """

    chapter: int
    description: str
    accuracy: float
    source: str


QUOTED = [
    Quoted(1, "a tuned support vector machine: above", 0.985, "A. Mueller"),
    Quoted(1, "the record of 2013", 0.9979, "L. Wan et al., 2013"),
    Quoted(3, "without dropout", 0.984, "G. E. Hinton et al., 2012"),
    Quoted(3, "with dropout", 0.987, "G. E. Hinton et al., 2012"),
    Quoted(3, "800 hidden neurons", 0.984, "P. Simard et al., 2003"),
    Quoted(3, "800 hidden neurons, rotated and moved images", 0.989, "P. Simard et al., 2003"),
    Quoted(3, "800 hidden neurons, elastic deformations as well", 0.993, "P. Simard et al., 2003"),
    Quoted(6, "convolutions, elastic deformations", 0.996, "P. Simard et al., 2003"),
    Quoted(6, "2500-2000-1500-1000-500 fully connected, expanded data", 0.9965, "D. Ciresan et al., 2010"),
]
