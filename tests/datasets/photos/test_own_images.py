"""Own images get the form of MNIST (box, centre, ink and paper) whatever the pen, the paper and the light."""

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from network3.datasets import load_mnist
from network3.datasets.photos.own_images import preprocess_digit, read_grayscale
from tests.datasets.photos.drawn_digits import TEN, draw

PLAIN = {"size": (210, 260), "height": 0.5, "place": (0.4, 0.6)}


def drawn(digit, **changes):
    return np.asarray(draw(digit, **PLAIN | changes).convert("L"), dtype=float)


def extent(image):
    rows, columns = np.nonzero(image > 25)
    return np.ptp(rows) + 1, np.ptp(columns) + 1


def centre(image):
    y, x = np.mgrid[:28, :28]
    return (image * y).sum() / image.sum(), (image * x).sum() / image.sum()


def difference(one, other):
    """Return the share of the ink that differs, at the best of the shifts by at most a pixel."""
    moved = (np.roll(other, (down, right), axis=(0, 1)) for down in (-1, 0, 1) for right in (-1, 0, 1))
    return min(np.abs(one.astype(float) - image).sum() for image in moved) / one.sum()


@pytest.mark.parametrize(("digit", "how"), TEN, ids=[str(digit) for digit, _ in TEN])
def test_a_drawn_digit_gets_the_form_of_mnist(digit, how):
    image = preprocess_digit(np.asarray(draw(digit, **how).convert("L")))
    assert (image.shape, image.dtype) == ((28, 28), np.uint8)
    assert 18 <= max(extent(image)) <= 20
    assert all(abs(place - 14) <= 1 for place in centre(image))
    assert image.max() >= 250
    assert (image == 0).mean() > 0.6
    assert image[0].max() == image[:, 0].max() == image[:, -1].max() == 0


@pytest.mark.filterwarnings("ignore:preprocess_digit.*a shape that is wide")  # 1 in 100
def test_digits_of_mnist_hardly_change():
    (images, _) = load_mnist()[2]
    levels = images[:200].reshape(-1, 28, 28)
    for polarity in (levels, 255 - levels):
        prepared = np.stack([preprocess_digit(image) for image in polarity])
        assert np.abs(prepared - levels.astype(float)).mean() < 1
    assert np.median([difference(a, b) for a, b in zip(levels, prepared, strict=True)]) < 0.03


CHANGES = {
    "inverted": lambda grey: 255 - grey,
    "pale": lambda grey: 150 + grey * 0.3,
    "larger": lambda grey: grey.repeat(3, axis=0).repeat(3, axis=1),
    "moved": lambda grey: np.roll(grey, (-30, 17), axis=(0, 1)),
    "on a larger sheet": lambda grey: np.pad(grey, ((50, 200), (300, 10)), constant_values=245),
    "in uneven light": lambda grey: grey * np.linspace(0.55, 1, grey.shape[1]),
    "in the light of a lamp": lambda grey: grey - 50 * np.square(np.linspace(-1, 1, grey.shape[0]))[:, None],
    "noisy": lambda grey: grey + np.random.default_rng(1).normal(0, 6, grey.shape),
    "with specks": lambda grey: np.where(np.random.default_rng(2).random(grey.shape) < 0.0005, 30, grey),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("digit", [2, 5, 8])
def test_the_result_hardly_depends_on_paper_light_and_position(digit, change):
    grey = drawn(digit)
    changed = preprocess_digit(CHANGES[change](grey))
    assert difference(preprocess_digit(grey), changed) < 0.35  # a shift by half a pixel gives about 0.25


@pytest.mark.parametrize("digit", range(10))
def test_thin_and_thick_pens_give_strokes_of_mnist_width(digit):
    images, labels = load_mnist()[2]
    least, most = np.percentile((images[labels == digit] > 127).sum(axis=1), [1, 99])
    for pen in (0.012, 0.2):
        image = preprocess_digit(np.asarray(draw(digit, size=(500, 430), height=0.6, pen=pen).convert("L")))
        assert least < (image > 127).sum() < most
        assert image.max() >= 250


def test_the_parts_of_a_broken_digit_are_kept():
    grey = drawn(5)
    broken, bowl = grey.copy(), grey.copy()
    broken[125:131] = 245  # a gap across the stem
    bowl[:131] = 245
    complete = preprocess_digit(grey)
    assert difference(complete, preprocess_digit(broken)) < 0.2
    assert difference(complete, preprocess_digit(bowl)) > 0.5


def test_a_digit_may_touch_the_edge():
    grey = drawn(0)
    rows, columns = np.nonzero(grey < 128)
    cropped = grey[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    assert difference(preprocess_digit(grey), preprocess_digit(cropped)) < 0.3


def test_a_file_is_read_and_preprocessed(tmp_path):
    draw(3, **PLAIN).save(tmp_path / "three.jpg", quality=60)
    assert difference(preprocess_digit(drawn(3)), preprocess_digit(read_grayscale(tmp_path / "three.jpg"))) < 0.1


def cast(grey):
    """A hard shadow: half the light to the right of a line."""
    return grey * np.where(np.arange(grey.shape[1]) < 0.4 * grey.shape[1], 1, 0.5)


def beside_a_table(grey):
    changed = grey.copy()
    changed[:, :6] = 40
    return changed


def framed(grey):
    changed = np.zeros_like(grey)
    changed[4:-4, 4:-4] = grey[4:-4, 4:-4]
    return changed


@pytest.mark.parametrize("change", [cast, beside_a_table, framed])
@pytest.mark.parametrize("digit", [2, 5, 8])
def test_edges_of_shadow_table_and_frame_are_removed(digit, change):
    grey = drawn(digit)
    assert difference(preprocess_digit(grey), preprocess_digit(change(grey))) < 0.35


@pytest.mark.parametrize("radius", [60, 150, 230])
def test_a_large_thick_ring_costs_no_more_than_a_digit(radius, monkeypatch):
    work = []
    for name in ("grey_erosion", "grey_dilation"):
        change = getattr(ndimage, name)

        def counted(image, *, footprint, change=change):
            work.append(image.size * footprint.size)
            return change(image, footprint=footprint)

        monkeypatch.setattr(ndimage, name, counted)
    y, x = np.mgrid[:500, :512]
    distance = np.hypot(x - 250, y - 240)
    preprocess_digit(np.where((distance < radius) & (distance > radius / 3), 20.0, 240.0))
    assert 0 < sum(work) < 5e7  # 0.2 s; with a disk as wide as the ring it was 1e10


REJECTED = {
    "a row": (np.zeros(784), r"shape \(784,\)"),
    "colours": (np.zeros((9, 8, 3)), r"shape \(9, 8, 3\)"),
    "a pixel": (np.zeros((1, 7)), r"shape \(1, 7\)"),
    "NaN": (np.full((9, 8), np.nan), "NaN or infinity"),
    "blank": (np.full((50, 60), 200.0), "no more than 0 of 255 grey levels of contrast"),
    "a shade": (np.full((50, 60), 200.0) + np.linspace(0, 40, 60), "of 255 grey levels of contrast"),
    "noise": (np.random.default_rng(3).normal(200, 2, (80, 70)), "of 255 grey levels of contrast"),
    "a blob": (np.where(np.hypot(*(np.mgrid[:200, :200] - 100)) < 60, 20.0, 240.0), "no more than . of 255"),
    "a dash": (np.pad(np.full((9, 100), 20.0), 40, constant_values=240.0), "times as wide as it is high"),
    "a speck": (np.where(np.arange(3000).reshape(50, 60) == 1530, 0.0, 255.0), "specks only"),
}


@pytest.mark.parametrize("case", REJECTED)
def test_an_image_without_a_digit_is_rejected(case):
    image, message = REJECTED[case]
    with pytest.raises(ValueError, match=rf"^preprocess_digit: expected .*; got .*{message}.*\. \S.*\.$"):
        preprocess_digit(image)


def test_a_pillow_image_is_accepted():
    assert preprocess_digit(Image.fromarray(drawn(7).astype("uint8"))).max() > 200


def test_a_stroke_fainter_than_what_stands_at_the_edge_is_read():
    """The darkest pixels are no digit, and the digit has no pixel of half their darkness."""
    paper = np.random.default_rng(0).integers(221, 232, (40, 31)).astype(float)
    paper[:, 15], paper[12:30, 30] = 152, 13
    image = preprocess_digit(paper)
    assert image.max() > 100
    assert abs(centre(image)[1] - 14) <= 1
