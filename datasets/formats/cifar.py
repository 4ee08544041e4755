"""CIFAR-10 and CIFAR-100 as published: pickles of Python 2, or plain bytes."""

import hashlib
import os
from pathlib import Path
from typing import Any, cast

import numpy as np

from network3.datasets.split import Pair

from .bounds import BoundedReader, allowed_bytes
from .unpickler import ArrayUnpickler, PickledArray, Refused

SIZE = 3 * 32 * 32  # red, green and blue of 32 x 32 pixels
# MD5 of the pickles in cifar-10-python.tar.gz and cifar-100-python.tar.gz
MD5 = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
    "train": "16019d7e3df5f24257cddd939b257f8d",
    "test": "f0ef6b0ae62326f3e7ffdfab6717acfc",
}
BATCHES = tuple(f"data_batch_{k}" for k in range(1, 6))


def read_cifar10(folder: Path) -> tuple[Pair, Pair]:
    """Return the training and the test set of CIFAR-10, from its pickles or its files ``.bin``."""
    return _read(folder, BATCHES), _read(folder, ("test_batch",))


def read_cifar100(folder: Path) -> tuple[Pair, Pair]:
    """Return the training and the test set of CIFAR-100, with the 100 fine classes."""
    return _read(folder, ("train",), labels=2), _read(folder, ("test",), labels=2)


def _read(folder: Path, names: tuple[str, ...], labels: int = 1) -> Pair:
    """Return the images (n, 3072) and the labels of some files; binary records begin with `labels` of them."""
    parts = []
    for name in names:
        if (folder / name).is_file():
            parts.append(_read_pickle(folder / name, "labels" if labels == 1 else "fine_labels"))
        else:
            parts.append(_read_binary(folder / f"{name}.bin", labels))
    return np.concatenate([images for images, _ in parts]), np.concatenate([numbers for _, numbers in parts])


def _read_binary(path: Path, labels: int) -> Pair:
    raw = np.fromfile(path, np.uint8)
    if not raw.size or raw.size % (SIZE + labels):
        raise ValueError(
            f"load({path}): expected records of {SIZE + labels:,} bytes; got {raw.size:,} bytes. Download it again."
        )
    records = raw.reshape(-1, SIZE + labels)
    return np.ascontiguousarray(records[:, labels:]), records[:, labels - 1].astype(np.int32)


def _read_pickle(path: Path, key: str) -> Pair:
    content = path.read_bytes()
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if digest != MD5[path.name]:
        raise ValueError(
            f"load({path}): expected the published file, of MD5 {MD5[path.name]}; got {digest}. Download it again."
        )
    return unpickled_batch(path, key)


def unpickled_batch(path: str | os.PathLike[str], key: str) -> Pair:
    """Return the images and the labels of a pickled dict, whatever its checksum; no function is called."""
    path = Path(path)
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            content = ArrayUnpickler(BoundedReader(cast(Any, file), allowed_bytes(size))).load()
        named = {name.decode("latin1") if isinstance(name, bytes) else name: part for name, part in content.items()}
        data, labels = named["data"], np.asarray(named[key])
        images = data.array if isinstance(data, PickledArray) else None
        if images is None:
            raise Refused("data that are no array")
        if images.ndim != 2 or images.shape[1] != SIZE or images.dtype != np.uint8 or labels.shape != (len(images),):
            raise Refused(f"data of shape {images.shape} and {labels.shape} labels")
        return images, labels.astype(np.int32)
    except Exception as error:  # a damaged pickle may raise anything, according to the pickle documentation
        if isinstance(error, OSError) and error.errno is not None:
            raise  # an error of the disk, not of the file
        raise ValueError(
            f"load({path}): expected a batch of CIFAR; got a file that cannot be read ({error!r}). Download it again."
        ) from error
