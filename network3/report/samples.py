"""What there is to see of a trained network: its filters, and the test images that it takes for others."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

import network3
from network3 import datasets
from network3.catalogue import Run
from network3.experiment import Folder
from network3.layers import ConvPoolLayer
from network3.pictures import draw_errors, draw_filters
from network3.pictures.errors import COLUMNS, ROWS
from network3.reproduction import Record
from network3.reproduction.work import folder_of


def samples(results: Path, run: Run, records: Sequence[Record]) -> dict[str, object]:
    """Return figures by their captions, of the repeat with the best validation accuracy; {} without its network.

    Parameters
    ----------
    results : path
        Where ``network3 reproduce`` worked: the networks stay there, they are no part of the records.
    run : Run
    records : sequence of Record
        Its repeats.
    """
    trained = [record for record in records if record.history is not None and record.history.epochs]
    if not trained:
        return {}
    best = max(trained, key=lambda record: record.best_validation_accuracy)
    path = Folder(folder_of(results, best.task)).model
    if not path.is_file():
        return {}
    net = network3.load(path)
    images, labels = datasets.load_mnist()[2]
    predictions = net.predict(images)
    wrong = np.flatnonzero(predictions != labels)
    figures: dict[str, object] = {}
    convolutions = [k for k, layer in enumerate(net.layers) if isinstance(layer, ConvPoolLayer)]
    for k in convolutions or [0]:
        what = "filters of convolution" if convolutions else "weights of layer"
        figures[f"{what} {k + 1}"] = draw_filters(net, k)
    count = f"{len(wrong):,} of {len(labels):,} test images taken for others"
    first = " (the first 40)" if len(wrong) > ROWS * COLUMNS else ""
    shown = f"{first}; right: the label above, what it was taken for below"
    figures[count + shown] = draw_errors(images[wrong], labels[wrong], predictions[wrong])
    return figures
