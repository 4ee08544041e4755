"""What the page shows of a trained network: its filters, and the test images that it misclassifies."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from network3.datasets import load_mnist
from network3.experiments.folder import Folder
from network3.experiments.reproduction import Record
from network3.experiments.reproduction.work import folder_of
from network3.layers import ConvPoolLayer
from network3.network import load
from network3.plotting import draw_errors, draw_filters
from network3.plotting.errors import COLUMNS, ROWS

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def samples(results: Path, records: Sequence[Record]) -> "dict[str, Figure]":
    """Return figures by their captions, of the repeat with the best validation accuracy.

    Parameters
    ----------
    results : Path
        The folder of ``network3 reproduce``. Filters are drawn if the network is still there.
    records : sequence of Record
        The repeats of a run, at least one.
    """
    best = max(records, key=lambda record: record.best_validation_accuracy)
    return _filters(results, best) | _errors(best)


def _filters(results: Path, record: Record) -> "dict[str, Figure]":
    """Draw the filters of a network; of networks that vote, those of the first one that is still there."""
    paths = [Folder(folder_of(results, task)).model for task in record.task.members or [record.task]]
    first = next((k for k, path in enumerate(paths) if path.is_file()), None)
    if first is None:
        return {}
    net = load(paths[first])
    convolutions = [k for k, layer in enumerate(net.layers) if isinstance(layer, ConvPoolLayer)]
    what = "filters of convolution" if convolutions else "weights of layer"
    whose = f" of network {first + 1}" if record.task.members else ""
    return {f"{what} {k + 1}{whose}": draw_filters(net, k) for k in convolutions or [0]}


def _errors(record: Record) -> "dict[str, Figure]":
    """Draw the test images that are misclassified according to the record."""
    if not record.errors:
        return {}
    images, labels = load_mnist()[2]
    wrong, digits = np.array(record.errors).T
    first = " (the first 40)" if len(wrong) > ROWS * COLUMNS else ""
    count = f"{len(wrong):,} of {len(labels):,} test images misclassified{first}"
    caption = f"{count}, each with its label above and the network's below"
    return {caption: draw_errors(images[wrong], labels[wrong], digits)}
