"""Read a data set from a folder of IDX files or of images, a table, an .npz file, or a pickle in the book's format."""

import os
from pathlib import Path

from .checks import check_pair
from .formats.csv_table import has_labels, read_csv
from .formats.idx_folder import is_idx_name, read_idx_folder
from .formats.image_folder import has_image_folders, read_image_folder
from .formats.npz import read_npz
from .formats.pickles import read_pickle
from .pairs import DataPair
from .split import Pair, split_validation


def read(path: str | os.PathLike[str]) -> list[Pair]:
    """Read the training, validation and test set.

    =============  ================================================================================
    path           content
    =============  ================================================================================
    a folder       IDX files (train-images-idx3-ubyte, ..., gzipped or plain); the last sixth of the
                   training file is the validation set. If it has several data sets, as EMNIST's,
                   the folder and a name (``gzip/emnist-letters``)
    ``*.npz``      x_train, y_train, x_test, y_test and, optionally, x_validation, y_validation;
                   without these the last sixth of the training set is the validation set
    a folder       of images, in a folder for each class (`read_image_folder`)
    ``*.csv``      a table whose column of labels can be recognized (`read_csv`)
    anything else  a pickle of three (images, labels) pairs, gzipped or plain (`read_pickle`)
    =============  ================================================================================

    Parameters
    ----------
    path : path
        A folder or a file, as above.

    Returns
    -------
    list of three pairs (images, labels): training, validation, test
        A `DataSet` if the classes have names.

        images : array of shape (n, features)
            uint8 or float as in the file; other integers become float32. Pixels are not scaled.

        labels : int32 array of shape (n,)

    Raises
    ------
    FileNotFoundError
        No such file or folder, or one of the four IDX files is missing.
    ValueError, TypeError
        A damaged file, or data that `check_pair` rejects.
    pickle.UnpicklingError
        A pickle that is damaged or contains anything but arrays of numbers.

    Examples
    --------
    >>> import numpy as np
    >>> np.savez("data.npz", x_train=np.zeros((6, 4)), y_train=[0, 1] * 3, x_test=np.zeros((1, 4)), y_test=[1])
    >>> training, validation, test = read("data.npz")
    >>> training[0].shape
    (5, 4)
    """
    path = Path(path)
    validation: Pair | None
    if path.is_dir() and has_image_folders(path):
        return read_image_folder(path)
    if path.suffix.lower() == ".csv" and has_labels(path):
        return read_csv(path)
    if path.is_dir() or is_idx_name(path):
        training, test = read_idx_folder(path)
        validation = None
    elif not path.exists():
        raise FileNotFoundError(
            f"read({path}): expected a folder of IDX files or of images, a table, an .npz or a pickle; got a path "
            f"that does not exist (from {Path.cwd()}). Correct the path, or use load_mnist() for the "
            "MNIST that ships with the package."
        )
    elif path.suffix == ".npz":
        training, validation, test = read_npz(path)
    else:
        training, validation, test = read_pickle(path)

    # Checked before the split, which would hide a missing label in the first part.
    training = check_pair(f"{path}: training data", *training)
    if validation is None:
        training, validation = split_validation(f"{path}: training data", training)
    else:
        validation = check_pair(f"{path}: validation data", *validation)
    test = check_pair(f"{path}: test data", *test)
    for name, (images, _) in (("validation", validation), ("test", test)):
        if images.shape[1] != training[0].shape[1]:
            raise ValueError(
                f"{path}: {name} images must have {training[0].shape[1]} values each, like the "
                f"training images; got {images.shape[1]}. Resize all images to one size."
            )
    return [DataPair(pair) for pair in (training, validation, test)]
