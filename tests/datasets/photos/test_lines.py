"""Lines across the sheet are removed around strokes; strokes are not lines."""

import numpy as np
import pytest
from scipy import ndimage

from network3.datasets.photos.lines import remove_lines
from tests.datasets.photos.drawn_digits import draw

INK = 255 - np.asarray(draw(5, size=(260, 280), height=0.5, ink=0, paper=255, pen=0.08).convert("L"), float)


def ruled(spacing, thickness, contrast, angle=0.0, squared=False):
    lines = np.zeros((400, 400))
    lines[np.arange(400) % spacing < thickness] = contrast
    if squared:
        lines[:, np.arange(400) % spacing < thickness] = contrast
    turned = ndimage.rotate(lines, angle, reshape=False, order=1)
    return np.maximum(INK, turned[60 : 60 + INK.shape[0], 60 : 60 + INK.shape[1]])


@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("angle", [0.0, 3.0, -7.0])
@pytest.mark.parametrize(("spacing", "thickness", "contrast"), [(25, 2, 90), (40, 3, 200), (18, 1, 120)])
def test_lines_are_removed_and_strokes_stay(spacing, thickness, contrast, angle, squared):
    found = remove_lines(ruled(spacing, thickness, contrast, angle, squared), 1.0, np.ones(INK.shape, bool))
    near = ndimage.binary_dilation(INK > 20, iterations=5)
    assert (found[~near] > 60).mean() < 0.01
    assert found[INK > 128].mean() > 0.9 * INK[INK > 128].mean()


def test_without_lines_nothing_changes():
    inside = np.ones(INK.shape, bool)
    np.testing.assert_array_equal(remove_lines(INK, 1.0, inside), INK)
    bar = np.zeros((100, 80))
    bar[46:52] = 200  # such as a cut out dash: as dark and as thick as a stroke
    bar[20:80, 38:44] = 200
    np.testing.assert_array_equal(remove_lines(bar, 1.0, np.ones(bar.shape, bool)), bar)


def test_small_images_are_too_coarse_for_lines():
    image = np.zeros((28, 28))
    image[::7] = 100
    np.testing.assert_array_equal(remove_lines(image, 1.0, np.ones(image.shape, bool)), image)
