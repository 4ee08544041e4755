"""The MNIST digits that ship with the package."""

import hashlib
from importlib.resources import files
from importlib.resources.abc import Traversable

import numpy as np
from numpy.typing import NDArray

from .formats.idx import idx_header, read_idx
from .pairs import DataPair
from .split import Pair, split_validation

# sha256 of the uncompressed files NAME-ubyte, as in data/ATTRIBUTION.md
SHA256 = {
    "train-images-idx3": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
HINT = "Reinstall network3 (pip install --force-reinstall network3)."


def load_mnist() -> list[Pair]:
    """Load MNIST in the book's split: 50,000 training, 10,000 validation and 10,000 test images.

    Returns
    -------
    list of three pairs (images, labels): training, validation, test
        images : uint8 array of shape (n, 784)
            Grey levels, 0 for the background to 255 for ink; rows of 28 pixels, top row first.
            The book's pixels are these values divided by 256.
        labels : int32 array of shape (n,)
            The digits, 0 to 9.

        Training and validation are views of one array, in MNIST's original order.

    Raises
    ------
    FileNotFoundError
        A data file is missing from the package.
    ValueError
        A data file is damaged: the sha256 of every file is verified.

    Examples
    --------
    >>> training, validation, test = load_mnist()
    >>> training[0].shape, training[1][:5]
    ((50000, 784), array([5, 0, 4, 1, 9], dtype=int32))
    """
    folder = files(__package__) / "data"
    training, validation = split_validation("MNIST", _read_part(folder, "train"))
    return [DataPair(pair) for pair in (training, validation, _read_part(folder, "t10k"))]


def _read_part(folder: Traversable, part: str) -> Pair:
    images = _read_file(folder, f"{part}-images-idx3")
    labels = _read_file(folder, f"{part}-labels-idx1")
    return images.reshape(len(images), -1), labels.astype(np.int32)


def _read_file(folder: Traversable, name: str) -> NDArray[np.uint8]:
    """Read one file of the folder and verify its sha256; the package may be inside a zip archive."""
    file = f"{name}-ubyte.gz"
    try:
        array = read_idx((folder / file).read_bytes())
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"load_mnist: expected {file} in the package; got {folder} without it. {HINT}"
        ) from error
    except ValueError as error:
        raise ValueError(
            f"load_mnist: expected an intact {file} in the package; got a damaged one in {folder} ({error}). {HINT}"
        ) from error
    # The header follows from the shape, so the hash of the file needs no second copy of its bytes.
    digest = hashlib.sha256(idx_header(array.shape))
    digest.update(array.data)
    if digest.hexdigest() != SHA256[name]:
        raise ValueError(
            f"load_mnist: expected {file} with the sha256 {SHA256[name]}; got {digest.hexdigest()} in {folder}. {HINT}"
        )
    return array
