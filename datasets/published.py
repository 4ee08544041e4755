"""Data sets that are published on the web: read from the files as they are there, and checked."""

import hashlib
import os
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .data_set import DataSet
from .formats.cifar import read_cifar10, read_cifar100
from .formats.idx import idx_header
from .formats.idx_folder import is_idx_name, read_idx_folder
from .mnist import SHA256 as MNIST_SHA256
from .mnist import load_mnist
from .split import Pair, split_validation

DIGITS, UPPER, LOWER = string.digits, string.ascii_uppercase, string.ascii_lowercase
PARTS = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
FASHION = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
FASHION_SHA256 = (
    "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
)
CIFAR10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


@dataclass(frozen=True)
class Published:
    """What is known of a data set.

    Attributes
    ----------
    counts : (int, int)
        Training and test images.
    size : int
        Values of an image.
    class_names : sequence of str
    read : callable, optional
        ``read(folder) -> (training, test)``; None for IDX files.
    folders : tuple of str
        Where archives have the files, inside of the folder that they are unpacked into.
    first_label : int
        The number of the first class in the files.
    sha256 : dict of str to str
        Of the uncompressed IDX files, by their names.
    """

    counts: tuple[int, int]
    size: int
    class_names: tuple[str, ...]
    read: Callable[[Path], tuple[Pair, Pair]] | None = None
    folders: tuple[str, ...] = ()
    first_label: int = 0
    sha256: Mapping[str, str] = field(default_factory=dict)


def _emnist(training: int, test: int, names: str, first_label: int = 0) -> Published:
    return Published((training, test), 784, tuple(names), folders=("gzip",), first_label=first_label)


MERGED = DIGITS + UPPER + "abdefghnqrt"  # the small letters that look like capitals are one class with these
PUBLISHED = {
    "mnist": Published((60_000, 10_000), 784, tuple(DIGITS), sha256=MNIST_SHA256),
    "fashion-mnist": Published((60_000, 10_000), 784, FASHION, sha256=dict(zip(PARTS, FASHION_SHA256, strict=True))),
    "kmnist": Published((60_000, 10_000), 784, ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")),
    "emnist-letters": _emnist(124_800, 20_800, UPPER, first_label=1),
    "emnist-digits": _emnist(240_000, 40_000, DIGITS),
    "emnist-mnist": _emnist(60_000, 10_000, DIGITS),
    "emnist-balanced": _emnist(112_800, 18_800, MERGED),
    "emnist-bymerge": _emnist(697_932, 116_323, MERGED),
    "emnist-byclass": _emnist(697_932, 116_323, DIGITS + UPPER + LOWER),
    "cifar10": Published(
        (50_000, 10_000), 3072, CIFAR10, read_cifar10, folders=("cifar-10-batches-py", "cifar-10-batches-bin")
    ),
    "cifar100": Published(
        (50_000, 10_000),
        3072,
        tuple(f"class {k}" for k in range(100)),
        read_cifar100,
        folders=("cifar-100-python", "cifar-100-binary"),
    ),
}


def load(name: str, folder: str | os.PathLike[str] | None = None) -> DataSet:
    """Read a data set from its files as published, unpacked but for ``.gz``.

    Parameters
    ----------
    name : str
        "mnist", "fashion-mnist", "kmnist", "emnist-letters", "emnist-digits", "emnist-mnist", "emnist-balanced",
        "emnist-bymerge", "emnist-byclass", "cifar10" or "cifar100".
    folder : path, optional
        Where the files are, or the archive's own folder with them; only MNIST is inside the package. The names of
        CIFAR-100's classes are those of its ``fine_label_names.txt``.

    Returns
    -------
    DataSet
        Images are uint8 grey levels of shape (n, 784), upright also for EMNIST; or (n, 3072) for CIFAR, the red, green
        and blue pixels of 32 x 32. Labels are numbered from 0. The last sixth of the training images is the validation
        set.

    Raises
    ------
    FileNotFoundError
        The folder or a file is missing.
    ValueError
        Another name, a damaged file, or one of another data set: the numbers of images and classes are checked, and for
        MNIST, Fashion-MNIST and the pickles of CIFAR the checksums.

    Examples
    --------
    >>> load("mnist").class_names[:3]
    ('0', '1', '2')
    """
    if name not in PUBLISHED:
        raise ValueError(f"load: name: expected one of {', '.join(PUBLISHED)}; got {name!r}. Use read for other files.")
    known = PUBLISHED[name]
    if folder is None and name == "mnist":
        return DataSet(load_mnist(), known.class_names)
    if folder is None:
        raise ValueError(f"load({name!r}): expected the folder of its files; got none. Pass it as folder.")
    if not Path(folder).is_dir() and not is_idx_name(Path(folder)):
        raise FileNotFoundError(
            f"load({name!r}): expected the folder of its files; got {folder}, which is none. Correct the path."
        )
    place = _place(Path(folder), known)
    if known.read is not None:
        try:
            sets = known.read(place)
        except FileNotFoundError as error:
            raise FileNotFoundError(
                f"load({name!r}): expected its files in {folder}; got no {Path(error.filename).name}. Unpack "
                "the archive there."
            ) from error
    else:
        sets = read_idx_folder(place / name if is_idx_name(place / name) else place)
    training, test = (_checked(name, known, part, *pair) for part, pair in enumerate(sets))
    training, validation = split_validation(name, training)
    return DataSet([training, validation, test], _class_names(known, place))


def _place(folder: Path, known: Published) -> Path:
    """Return the folder with the files: `folder`, or the archive's in it."""
    return next((folder / inner for inner in known.folders if (folder / inner).is_dir()), folder)


def _checked(name: str, known: Published, part: int, images: np.ndarray, labels: np.ndarray) -> Pair:
    """Return flat images, and labels from 0."""
    what = f"load({name!r}): {('training', 'test')[part]} data"
    hint = "Check that the files are those of this data set, and complete."
    expected = known.counts[part], known.size
    if (len(images), images[0].size) != expected or len(labels) != expected[0]:
        got = f"{len(images):,} of {images[0].size} and {len(labels):,} labels"
        raise ValueError(f"{what}: expected {expected[0]:,} images of {expected[1]} values; got {got}. {hint}")
    for array, file in zip((images, labels), PARTS[2 * part : 2 * part + 2], strict=True):
        if file in known.sha256:
            digest = hashlib.sha256(idx_header(array.shape))
            digest.update(np.ascontiguousarray(array).data)
            if digest.hexdigest() != known.sha256[file]:
                raise ValueError(
                    f"{what}: expected {file} of SHA-256 {known.sha256[file]}; got {digest.hexdigest()}. {hint}"
                )
    numbers = labels.astype(np.int32) - known.first_label
    if numbers.min() < 0 or numbers.max() >= len(known.class_names):
        last = known.first_label + len(known.class_names) - 1
        got = f"{labels.min()} to {labels.max()}"
        raise ValueError(f"{what}: expected labels from {known.first_label} to {last}; got {got}. {hint}")
    return np.ascontiguousarray(images.reshape(len(images), -1)), numbers


def _class_names(known: Published, place: Path) -> tuple[str, ...]:
    file = place / "fine_label_names.txt"  # of CIFAR-100's binary files
    if len(known.class_names) == 100 and file.is_file():
        names = file.read_text(encoding="utf-8").split()
        if len(names) == len(known.class_names):
            return tuple(names)
    return known.class_names
