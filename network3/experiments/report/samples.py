"""What there is to see of a trained network: its filters, and the test images that it takes for others."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

import network3
from network3 import datasets
from network3.experiments.experiment import Folder
from network3.experiments.reproduction import Record
from network3.experiments.reproduction.work import folder_of
from network3.layers import ConvPoolLayer
from network3.plotting import draw_errors, draw_filters
from network3.plotting.errors import COLUMNS, ROWS


def samples(results: Path, records: Sequence[Record]) -> dict[str, object]:
    """Return figures by their captions, of the repeat with the best validation accuracy.

    Parameters
    ----------
    results : path
        Where ``network3 reproduce`` worked: networks stay there, so that only those that are there show filters.
    records : sequence of Record
        The repeats of a run, one at least.
    """
    best = max(records, key=lambda record: record.best_validation_accuracy)
    return _filters(results, best) | _errors(best)


def _filters(results: Path, record: Record) -> dict[str, object]:
    """Draw the weights that look at images; of networks that vote, those of the first that is there."""
    paths = [Folder(folder_of(results, task)).model for task in record.task.members or [record.task]]
    first = next((k for k, path in enumerate(paths) if path.is_file()), None)
    if first is None:
        return {}
    net = network3.load(paths[first])
    convolutions = [k for k, layer in enumerate(net.layers) if isinstance(layer, ConvPoolLayer)]
    what = "filters of convolution" if convolutions else "weights of layer"
    whose = f" of network {first + 1}" if record.task.members else ""
    return {f"{what} {k + 1}{whose}": draw_filters(net, k) for k in convolutions or [0]}


def _errors(record: Record) -> dict[str, object]:
    """Draw the test images that the record has as taken for others."""
    if not record.errors:
        return {}
    images, labels = datasets.load_mnist()[2]
    wrong, digits = np.array(record.errors).T
    count = f"{len(wrong):,} of {len(labels):,} test images taken for others"
    first = " (the first 40)" if len(wrong) > ROWS * COLUMNS else ""
    shown = f"{first}; right: the label above, what it was taken for below"
    return {count + shown: draw_errors(images[wrong], labels[wrong], digits)}
