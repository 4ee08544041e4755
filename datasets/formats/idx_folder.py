"""A folder of four IDX files, the form in which MNIST, Fashion-MNIST and EMNIST are published."""

import os
import re
from pathlib import Path

from network3.datasets.split import Pair

from .foreign import READABLE, folder_hint
from .idx import read_idx

# Such as train-images-idx3-ubyte, t10k-labels.idx1-ubyte.gz and emnist-letters-test-images-idx3-ubyte.
NAME = re.compile(
    r"(?:(?P<set>.+)[-_.])?(?P<part>train|t10k|test)[-_.](?P<what>images|labels)[-_.]idx[13](?:[-_.]ubyte)?(?:\.gz)?",
    re.IGNORECASE,
)
NAMES = tuple(f"{part}-{kind}-ubyte" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1"))


def read_idx_folder(folder: str | os.PathLike[str]) -> tuple[Pair, Pair]:
    """Read the training and the test set.

    The files are train-images-idx3-ubyte, train-labels-idx1-ubyte and the same with t10k or test. A name may end in
    .gz, may have dots or underscores for dashes (train-images.idx3-ubyte), and may begin with the name of a data set
    (emnist-letters-train-images-idx3-ubyte). The images of EMNIST, which are published with rows and columns
    exchanged, are transposed, so that they are upright as those of MNIST.

    Parameters
    ----------
    folder : path
        The folder with the four files; if it has those of several data sets, the path and the name of one of them,
        such as ``folder/emnist-letters``.

    Returns
    -------
    training, test : pairs (images, labels)
        images : uint8 array of shape (n, height, width)
        labels : uint8 array of shape (n,)

    Raises
    ------
    FileNotFoundError
        One of the four files is missing, or there are several data sets.
    ValueError
        A damaged file; see `read_idx`.
    """
    folder = Path(folder)
    name, files = _choose(folder, _data_sets(folder if folder.is_dir() else folder.parent))
    pairs = []
    for part in ("train", "t10k"):
        images, labels = (read_idx(_file_of(folder, name, files, part, what)) for what in ("images", "labels"))
        # EMNIST was written by MATLAB, which stores arrays by columns.
        pairs.append((images.swapaxes(1, 2) if name.startswith("emnist") and images.ndim == 3 else images, labels))
    return pairs[0], pairs[1]


def is_idx_name(path: Path) -> bool:
    """Return whether `path` does not exist, but is the path and the name of a data set; see `read_idx_folder`."""
    return not path.exists() and path.name.lower() in _data_sets(path.parent)


Files = dict[tuple[str, str], Path]  # by ("train" or "t10k", "images" or "labels")


def _data_sets(folder: Path) -> dict[str, Files]:
    """Return the IDX files in a folder by the data set that their names begin with, often ""."""
    found: dict[str, Files] = {}
    for path in sorted(folder.iterdir(), reverse=True) if folder.is_dir() else []:  # plain files replace gzipped ones
        match = NAME.fullmatch(path.name)
        if match and path.is_file():
            part = "train" if match["part"].lower() == "train" else "t10k"
            files = found.setdefault((match["set"] or "").lower(), {})
            files[part, match["what"].lower()] = path
    return found


def _choose(folder: Path, found: dict[str, Files]) -> tuple[str, Files]:
    """Return the data set to read: MNIST's plain names, the one that is asked for, or the only one."""
    if not folder.is_dir():
        return folder.name.lower(), found[folder.name.lower()]
    if "" in found or len(found) < 2:
        return next(iter({"": found[""]}.items() if "" in found else found.items()), ("", {}))
    raise FileNotFoundError(
        f"read({folder}): expected the IDX files of one data set; got those of {', '.join(sorted(found))}. "
        f"Write the folder with one of these names, e.g. {str(folder / min(found))!r}."
    )


def _file_of(folder: Path, name: str, files: Files, part: str, what: str) -> Path:
    if (part, what) in files:
        return files[part, what]
    plain = next(known for known in NAMES if known.startswith(f"{part}-{what}"))
    expected = f"{name}-{plain}" if name else plain
    dotted = expected.replace("-idx", ".idx")
    spellings = ", ".join([expected, f"{expected}.gz", dotted, f"{dotted}.gz"])
    hint = f"Add the file. network3 reads {READABLE}." if files else folder_hint(folder)
    raise FileNotFoundError(
        f"read({folder}): expected a folder of IDX files, with one of {spellings}; got none of these. {hint}"
    )
