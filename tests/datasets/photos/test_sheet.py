"""The sheet that lies on a table is cut out; a shadow, a digit or a frame is not a sheet."""

import numpy as np
import pytest

from network3.datasets import load_mnist
from network3.datasets.photos.sheet import cut_out_sheet
from tests.datasets.photos.drawn_digits import draw

DIGIT = np.asarray(draw(4, size=(240, 300), height=0.5).convert("L"), float)


def on_table(sheet, table, around=((90, 60), (50, 120))):
    return np.pad(sheet, around, constant_values=table)


TABLES = {
    "a dark table": on_table(DIGIT, 60),
    "a grey table": on_table(DIGIT, 180),
    "dark paper on a light table": on_table(0.5 * DIGIT, 235),
    "light ink on a dark card": on_table(255 - 0.8 * DIGIT, 150),
    "two sides of the table": on_table(DIGIT, 70, ((90, 0), (0, 120))),
    "in half a shadow": on_table(DIGIT, 60) * np.where(np.arange(410) < 200, 1, 0.55),
}


@pytest.mark.parametrize("table", TABLES)
def test_the_sheet_is_cut_out(table):
    sheet, inside = cut_out_sheet(TABLES[table], 512)
    assert all(0.85 * full < cut <= full for cut, full in zip(sheet.shape, DIGIT.shape, strict=True))
    assert inside.mean() > 0.9
    assert not inside[0].any()


def shadowed(grey, share):
    return grey * np.where(np.arange(grey.shape[1]) < share * grey.shape[1], 1, 0.5)


def lit_disk(grey):
    y, x = np.mgrid[: grey.shape[0], : grey.shape[1]]
    return grey * np.where(np.hypot(y - 150, x - 80) < 70, 0.55, 1)  # its edge crosses the digit


COMPLETE = {
    "paper only": DIGIT,
    "half in the shadow": shadowed(DIGIT, 0.5),
    "most in the shadow": shadowed(DIGIT, 0.2),
    "a round shadow over the digit": lit_disk(DIGIT),
    "blank": np.full((100, 120), 200.0),
    "small": np.pad(np.full((9, 9), 255.0), 10),
}


@pytest.mark.parametrize("image", COMPLETE)
def test_other_images_stay_complete(image):
    sheet, inside = cut_out_sheet(COMPLETE[image], 512)
    np.testing.assert_array_equal(sheet, COMPLETE[image])
    assert inside.all()


@pytest.mark.parametrize("invert", [False, True])
def test_enlarged_digits_of_mnist_are_not_sheets(invert):
    for levels in load_mnist()[2][0][:200].reshape(-1, 28, 28):
        grey = np.kron(levels, np.ones((4, 4)))
        assert cut_out_sheet(255 - grey if invert else grey, 512)[0].shape == (112, 112)


def test_large_photographs_are_reduced():
    large = np.kron(on_table(DIGIT, 60), np.ones((3, 3)))
    assert max(cut_out_sheet(large, 512)[0].shape) == 512
