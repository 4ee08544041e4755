"""Data sets saved by `np.savez`: x_train, y_train, x_test, y_test, and optionally a validation set."""

import errno
import math
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from network3.datasets.split import Pair

from .bounds import allowed_bytes


class DamagedError(ValueError):
    """The reason why a file is rejected; the error that `read_npz` raises quotes it."""


HINT = "Write it with np.savez(path, x_train=..., y_train=..., x_test=..., y_test=...)."


def read_npz(path: str | os.PathLike[str]) -> tuple[Pair, Pair | None, Pair]:
    """Read x_train, y_train, x_test, y_test and, if present, x_validation, y_validation.

    Parameters
    ----------
    path : path
        A file that `np.savez` or `np.savez_compressed` wrote.

    Returns
    -------
    training, validation, test : pairs (images, labels) of arrays of shape (n, ...) each
        With the saved dtypes; validation is None if the file has none.

    Raises
    ------
    ValueError
        An array is missing, the file is damaged or contains objects, or the header of an array does not match its
        bytes. Headers are compared with the size of the file before anything is allocated.
    """
    path = Path(path)
    who = f"read_npz({path})"
    size = path.stat().st_size
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}

            def pair(name: str) -> Pair:
                missing = [key for key in (f"x_{name}", f"y_{name}") if key not in members]
                if missing:
                    raise DamagedError(f"no {' and no '.join(missing)}, only {sorted(members)}")
                return (
                    _read_member(archive, members[f"x_{name}"], size),
                    _read_member(archive, members[f"y_{name}"], size),
                )

            training, test = pair("train"), pair("test")
            validation = pair("validation") if {"x_validation", "y_validation"} & members.keys() else None
            return training, validation, test
    except Exception as error:  # zipfile and its decompressors raise a dozen types
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise  # an error of the disk, not of the file
        raise ValueError(f"{who}: expected an .npz of a data set; got {str(error) or repr(error)}. {HINT}") from error


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, size: int) -> NDArray[Any]:
    with archive.open(info) as file:
        version = np.lib.format.read_magic(file)
        if version == (1, 0):
            shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        elif version == (2, 0):
            shape, _, dtype = np.lib.format.read_array_header_2_0(file)
        else:
            raise DamagedError(f"{info.filename} in .npy version {version}, which numeric arrays do not use")
        if dtype.kind not in "buif":
            raise DamagedError(f"{info.filename} of dtype {dtype}, which is not numeric")
        declared = file.tell() + math.prod(shape) * dtype.itemsize
    if declared != info.file_size or declared > allowed_bytes(size):
        raise DamagedError(
            f"{info.filename} of {declared:,} bytes by its header and {info.file_size:,} by the "
            f"archive, in a file of {size:,}"
        )
    with archive.open(info) as file:
        array: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
        return array
