"""The user's own data for a run of the catalogue: read, checked, and recorded so that a resumed run has the same."""

import math
import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from network3.datasets import DataSet, read
from network3.datasets.split import Pair
from network3.layers import ConvPoolLayer
from network3.layers.checks import error_message

from .catalogue import Run

DataSets: TypeAlias = tuple[Pair, Pair | None, Pair]
"""Training, validation and test data; None if no images are kept for validation."""

WHO = "network3 train: --data"


@dataclass(frozen=True)
class OwnData:
    """Data that replace MNIST, and the sizes that follow from them.

    Attributes
    ----------
    path : Path
        Absolute.
    sets : three pairs (x, y)
        As `network3.datasets.read` returns them, all of them used as they are.
    class_names : tuple of str
        Empty if the classes have numbers only.
    """

    path: Path
    sets: tuple[Pair, Pair, Pair]
    class_names: tuple[str, ...] = ()

    @property
    def inputs(self) -> int:
        """Values of an example."""
        return int(self.sets[0][0].shape[1])

    @property
    def classes(self) -> int:
        """The number of names, or the largest label of all sets plus one."""
        return len(self.class_names) or 1 + max(int(labels.max()) for _, labels in self.sets)

    @property
    def sizes(self) -> dict[str, int]:
        """The arguments of `Run.layers` that follow from the data."""
        return {"n_in": self.inputs, "n_out": self.classes}

    def record(self) -> dict[str, Any]:
        """Return what identifies the data, as plain values."""
        checksum = 0
        for images, labels in self.sets:
            for array in (images, labels):
                checksum = zlib.crc32(np.ascontiguousarray(array).data, checksum)
        examples = [len(labels) for _, labels in self.sets]
        return {"path": str(self.path), "inputs": self.inputs, "examples": examples, "crc32": checksum}


def read_own_data(path: str | os.PathLike[str], run: Run) -> OwnData:
    """Read the data at `path`, and check that the layers of `run` fit them, before anything is written or compiled.

    Raises
    ------
    FileNotFoundError, ValueError, TypeError, pickle.UnpicklingError
        As `network3.datasets.read`, or data of a single class or for other layers.
    """
    training, validation, test = data = read(path)
    names = data.class_names if isinstance(data, DataSet) else ()
    own = OwnData(Path(path).resolve(), (training, validation, test), names)
    if own.classes < 2:
        hint = "Number the classes 0, 1, 2, ..."
        raise ValueError(error_message(WHO, "expected labels of two classes or more", "only the label 0", hint))
    _check_layers(own, run)
    return own


def _check_layers(own: OwnData, run: Run) -> None:
    first = run.layers(1)[0]
    if not isinstance(first, ConvPoolLayer):  # a fully connected layer of as many inputs as the data have
        return
    got = f"{own.path.name} with {own.inputs:,} values an image"
    hint = "Choose a run without convolutions, such as shallow, or resize the images."
    if math.isqrt(own.inputs) ** 2 != own.inputs:
        expected = f"{run.name} expects square images of one channel, such as 28 x 28, for its convolutions"
        raise ValueError(error_message(WHO, expected, got, hint))
    try:
        run.layers(1, **own.sizes)
    except ValueError:
        expected = f"{run.name} expects images that its convolutions and poolings leave something of, such as 28 x 28"
        raise ValueError(error_message(WHO, expected, got, hint)) from None


def differs(saved: Mapping[str, Any] | None, own: OwnData | None) -> str:
    """Return how the data of a saved run differ from those that are given; "" if they do not.

    The same data in another place are the same.
    """
    now = None if own is None else own.record()
    if saved is None or now is None:
        return "" if saved is now else f"data was {_name(saved)} and is {_name(now)}"
    if any(saved.get(key) != value for key, value in now.items() if key != "path"):
        return f"data was {_described(saved)} and is {_described(now)}"
    return ""


def _name(record: Mapping[str, Any] | None) -> str:
    return "MNIST" if record is None else str(record["path"])


def _described(record: Mapping[str, Any]) -> str:
    counts = " + ".join(f"{count:,}" for count in record["examples"])
    return f"{record['path']} ({counts} examples of {record['inputs']:,} values, CRC-32 {record['crc32']:08x})"
