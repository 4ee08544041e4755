"""The feature maps that a convolutional layer computes from an image (book, chapter 6)."""

import math
from typing import TYPE_CHECKING

import numpy as np
from pytensor import function

from network3.data import Values, scaled
from network3.datasets.arrays import to_array
from network3.execution.backends import execution_context
from network3.execution.compile import MODES, compiled
from network3.execution.device import chosen_backend
from network3.execution.functions import Compiled
from network3.graph import NetworkLike, static_copy
from network3.images import images_to_predict, value_of
from network3.layers import ConvPoolLayer
from network3.layers.checks import error_message

from .grid import images_grid
from .style import in_plot_style, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@in_plot_style
def draw_feature_maps(net: NetworkLike, layer: int, image: Values, figure: "Figure | None" = None) -> "Figure":
    """Draw `image`, and each map that a layer computes from it, dark where the neurons are active.

    Parameters
    ----------
    net : Network
    layer : int, >= 0
        Which ConvPoolLayer, counted from 0 among all layers.
    image : array of shape (features,) or (maps, rows, columns), or one with a first axis of 1
        uint8 grey levels, or floats as in training. Of several input maps, the first is drawn.
    figure : matplotlib Figure, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        `layer` is not a ConvPoolLayer, or the image has another shape than the first layer takes.

    Notes
    -----
    Source: book, chapter 6. All maps share one scale, white for the least active neuron.

    Examples
    --------
    >>> import numpy as np
    >>> from network3 import ConvPoolLayer
    >>> from network3 import Network, SoftmaxLayer
    >>> layers = [ConvPoolLayer((3, 1, 5, 5), (10, 1, 28, 28)), SoftmaxLayer(n_in=3 * 12 * 12, n_out=10)]
    >>> draw_feature_maps(Network(layers, 10), 0, np.zeros(784)).get_suptitle()
    'layer 0: 3 feature maps of 12 x 12'
    """
    maps = feature_maps(net, layer, image)
    first_map = _first_input_map(net, to_array("feature maps", "image", value_of(image)))
    columns = math.ceil(math.sqrt(1.25 * (len(maps) + 1)))
    rows = math.ceil((len(maps) + 1) / columns)
    figure = new_figure(0.95 * columns, 1.05 * rows + 0.4) if figure is None else figure
    titles = ["image", *map(str, range(len(maps)))]
    axes = images_grid(figure, [first_map, *maps], columns, titles, vmin=maps.min(), vmax=maps.max())
    axes[0].images[0].set_clim(first_map.min(), first_map.max())
    height, width = maps.shape[1:]
    figure.suptitle(f"layer {layer}: {len(maps)} feature maps of {height} x {width}")
    return figure


def feature_maps(net: NetworkLike, layer: int, image: Values) -> np.ndarray:
    """Return the output of a ConvPoolLayer for `image`, float array of shape (maps, rows, columns)."""
    convolutions = [k for k, one in enumerate(net.layers) if isinstance(one, ConvPoolLayer)]
    if isinstance(layer, bool) or not isinstance(layer, int | np.integer) or layer not in convolutions:
        listed = "layer " + " or ".join(map(str, convolutions)) if convolutions else "of which this network has none"
        expected = f"expected a ConvPoolLayer, {listed}, of the {len(net.layers)} layers"
        raise ValueError(error_message("feature maps", expected, f"layer {layer!r}", "Layers are counted from 0."))
    pixels = _one_image(net, image)
    maps = compiled(net, _compile_maps, layer, pixels.shape[1])
    with execution_context(chosen_backend(), net.floatX):
        return np.asarray(maps(scaled(pixels, net.floatX)))[0]


def _one_image(net: NetworkLike, image: Values) -> np.ndarray:
    """Return `image` as an array of shape (1, features)."""
    pixels = images_to_predict("feature maps: image", image, net)
    if len(pixels) != 1:
        hint = "Choose one: images[0]."
        raise ValueError(error_message("feature maps: image", "expected one image", f"{len(pixels)} images", hint))
    return pixels


def _first_input_map(net: NetworkLike, image: np.ndarray) -> np.ndarray:
    """Return the first map of `image` in the shape of the first layer's input; a flat one as a square, or a line."""
    shape = getattr(net.layers[0], "input_shape", ())
    if len(shape) == 3:
        return image.reshape(shape)[0]
    side = math.isqrt(image.size)
    return image.reshape((side, side) if side**2 == image.size else (1, -1))


def _compile_maps(net: NetworkLike, backend: str, layer: int, width: int) -> Compiled:
    clone = static_copy(net, 1, width, (1,) * (net.y.ndim - 1))
    return Compiled(function([clone.x], clone.layers[layer].output, mode=MODES[backend]), ("x",), ("maps",))
