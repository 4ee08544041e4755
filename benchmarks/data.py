"""Data sets as files that every measured process can read with NumPy alone."""

from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from network3.data import scaled


def write_data(folder: Path, **data_sets: tuple[ArrayLike, ArrayLike]) -> Path:
    """Write each data set to ``<name>.npz``; grey levels (uint8) are divided by 256, as in training.

    Parameters
    ----------
    folder : Path
        Created if it does not exist.
    **data_sets : pairs (images, labels)
        Arrays of shape (n, 784) and (n,), by the name of the file.

    Returns
    -------
    Path
        `folder`; each file has ``x``, float32, and ``y``, int32.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, (x, y) in data_sets.items():
        np.savez(folder / f"{name}.npz", x=scaled(np.asarray(x), "float32"), y=np.asarray(y, np.int32))
    return folder
