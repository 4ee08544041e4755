"""The plots that a run leaves in its folder: learning curve, filters, feature maps, what is misclassified."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from network3.datasets.split import Pair
from network3.layers import ConvPoolLayer
from network3.network import Network
from network3.plotting import draw_confusion, draw_errors, draw_feature_maps, draw_filters, draw_learning_curve
from network3.training.confusion import confusion_matrix
from network3.training.history import History

DPI = 130  # enough for paper
MOST_CLASSES = 100  # of a confusion matrix


def save_run_plots(
    folder: Path,
    net: Network,
    history: History,
    test_data: Pair,
    predictions: np.ndarray,
    published: float | None = None,
    class_names: Sequence[str] | None = None,
) -> list[str]:
    """Draw the plots of a trained network into PNG files, and return their names.

    Parameters
    ----------
    folder : Path
    net : Network
    history : History
    test_data : pair (x, y) of arrays
        Feature maps are those of the first image.
    predictions : integer array
        Of the test images.
    published : float in [0, 1], optional
        The book's test accuracy.
    class_names : sequence of str, optional
    """
    images, labels = test_data
    wrong = np.flatnonzero(predictions != labels)
    square = math.isqrt(images.shape[1]) ** 2 == images.shape[1]  # other images of the user's own cannot be drawn
    figures = {"errors": draw_errors(images[wrong], labels[wrong], predictions[wrong])} if square else {}
    if class_names is None or len(class_names) <= MOST_CLASSES:
        matrix = confusion_matrix(labels, predictions, None if class_names is None else len(class_names))
        figures["confusion"] = draw_confusion(matrix, class_names)
    if history.epochs:
        figures["learning_curve"] = draw_learning_curve(history, published=published)
    convolutions = [k for k, layer in enumerate(net.layers) if isinstance(layer, ConvPoolLayer)]
    for k in convolutions or [0] * square:
        figures[f"filters_layer{k}"] = draw_filters(net, k)
    for k in convolutions:
        figures[f"feature_maps_layer{k}"] = draw_feature_maps(net, k, images[0])
    for name, figure in sorted(figures.items()):
        figure.savefig(folder / f"{name}.png", dpi=DPI)
    return sorted(f"{name}.png" for name in figures)
