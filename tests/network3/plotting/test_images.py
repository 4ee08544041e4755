"""Images of a data set side by side."""

import numpy as np
import pytest

from network3.plotting import draw_images

IMAGES = np.arange(6 * 9, dtype="uint8").reshape(6, 9)


@pytest.mark.parametrize("images", [IMAGES, IMAGES.reshape(6, 3, 3)])
def test_each_image_has_axes_of_its_own(images):
    figure = draw_images(images, titles=range(6), columns=3)
    shown = [ax.images[0].get_array() for ax in figure.axes]
    np.testing.assert_array_equal(shown, IMAGES.reshape(6, 3, 3))
    assert [ax.get_title() for ax in figure.axes] == list("012345")


@pytest.mark.parametrize("images", [IMAGES[:0], IMAGES[:, :8], IMAGES.reshape(6, 1, 3, 3)])
def test_what_is_no_list_of_images_is_refused(images):
    with pytest.raises(ValueError, match=r"draw_images: expected images .*; got shape .*\. Choose"):
        draw_images(images)


def test_titles_are_as_many_as_images():
    with pytest.raises(ValueError, match=r"expected 6 titles, one for each image; got 2\. Pass"):
        draw_images(IMAGES, titles=["a", "b"])
