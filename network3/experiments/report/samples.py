"""What the page shows of a trained network: its filters, and the test images that it misclassifies."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from network3.datasets import load_mnist
from network3.experiments.folder import Folder
from network3.experiments.reproduction import Record
from network3.experiments.reproduction.votes import recorded_predictions
from network3.experiments.reproduction.work import folder_of
from network3.layers import ConvPoolLayer
from network3.network import load
from network3.plotting import draw_confusion, draw_filters
from network3.training.confusion import confusion_matrix

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 40  # misclassified images, as in the book's figure


@dataclass(frozen=True)
class Digit:
    """A misclassified test image.

    Attributes
    ----------
    source : str
        The image as a data URI, black ink on white.
    label, prediction : int
    """

    source: str
    label: int
    prediction: int


@dataclass(frozen=True)
class Errors:
    """What a network misclassifies: a caption, and the first images."""

    caption: str
    digits: list[Digit]


def best_repeat(records: Sequence[Record]) -> Record:
    """Return the repeat with the best validation accuracy."""
    return max(records, key=lambda record: record.best_validation_accuracy)


def filters(results: Path, record: Record) -> "dict[str, Figure]":
    """Draw the filters of a network, by their captions; of networks that vote, those of the first one still there.

    Parameters
    ----------
    results : Path
        The folder of ``network3 reproduce``. Nothing is drawn if the network is no longer there.
    record : Record
    """
    paths = [Folder(folder_of(results, task)).model for task in record.task.members or [record.task]]
    first = next((k for k, path in enumerate(paths) if path.is_file()), None)
    if first is None:
        return {}
    net = load(paths[first])
    convolutions = [k for k, layer in enumerate(net.layers) if isinstance(layer, ConvPoolLayer)]
    what = "filters of layer" if convolutions else "weights of layer"
    whose = f" of network {first + 1}" if record.task.members else ""
    return {f"{what} {k}{whose}": draw_filters(net, k) for k in convolutions or [0]}


def confusion(record: Record) -> "Figure | None":
    """Draw which digits are misclassified as which, according to `record`; None if it has no misclassified images."""
    if not record.errors:
        return None
    labels = load_mnist()[2][1]
    return draw_confusion(confusion_matrix(labels, recorded_predictions(record, labels), 10))


def errors(record: Record) -> Errors | None:
    """Return the test images that are misclassified according to `record`; None if there are none."""
    if not record.errors:
        return None
    images, labels = load_mnist()[2]
    first = f" (the first {MOST})" if len(record.errors) > MOST else ""
    count = f"{len(record.errors):,} of {len(labels):,} test images misclassified{first}"
    digits = [Digit(_source(images[k]), int(labels[k]), prediction) for k, prediction in record.errors[:MOST]]
    return Errors(f"{count}: each with its label, and after the arrow the network's", digits)


def _source(image: NDArray[np.uint8]) -> str:
    """Return an image of 784 grey levels as the data URI of a PNG."""
    file = io.BytesIO()
    Image.fromarray(255 - image.reshape(28, 28)).save(file, "png", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
