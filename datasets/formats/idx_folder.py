"""A folder of four IDX files, the form in which MNIST and Fashion-MNIST are published."""

import os
from pathlib import Path

from network3.datasets.split import Pair

from .idx import read_idx


def read_idx_folder(folder: str | os.PathLike[str]) -> tuple[Pair, Pair]:
    """Read the training and the test set.

    The files are train-images-idx3-ubyte, train-labels-idx1-ubyte and the same with t10k. A name may end in .gz, and
    may have a dot before "idx" (train-images.idx3-ubyte).

    Parameters
    ----------
    folder : path
        The folder with the four files.

    Returns
    -------
    training, test : pairs (images, labels)
        images : uint8 array of shape (n, height, width)
        labels : uint8 array of shape (n,)

    Raises
    ------
    FileNotFoundError
        One of the four files is missing.
    ValueError
        A damaged file; see `read_idx`.
    """
    folder = Path(folder)
    paths = [
        _find(folder, part, kind) for part in ("train", "t10k") for kind in ("images-idx3-ubyte", "labels-idx1-ubyte")
    ]
    x_train, y_train, x_test, y_test = (read_idx(path) for path in paths)
    return (x_train, y_train), (x_test, y_test)


def _find(folder: Path, part: str, kind: str) -> Path:
    name = f"{part}-{kind}"
    spellings = [spelling + ending for spelling in (name, name.replace("-idx", ".idx")) for ending in ("", ".gz")]
    for spelling in spellings:
        if (folder / spelling).is_file():
            return folder / spelling
    raise FileNotFoundError(
        f"read({folder}): expected a folder of IDX files, with one of {', '.join(spellings)}; got "
        "none of these. Add the file, or pass the folder that contains it."
    )
