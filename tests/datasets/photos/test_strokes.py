"""Parts of ink are grouped to digits, in the order of reading."""

import numpy as np
import pytest

from network3.datasets.photos.own_images import preprocess_digit, split_digits
from network3.datasets.photos.strokes import find_digits
from tests.datasets.photos.drawn_digits import draw


def tile(digit, **how):
    return np.asarray(draw(digit, **{"size": (100, 140), "height": 0.7, "seed": 2} | how).convert("L"), float)


def same(one, other):
    return np.abs(one.astype(float) - other).sum() < 0.25 * other.sum()


@pytest.mark.parametrize("digits", [[1, 0], [5, 4, 7], [2, 0, 2, 6]])
def test_digits_side_by_side_are_split_from_left_to_right(digits):
    found = split_digits(np.hstack([tile(digit) for digit in digits]))
    assert len(found) == len(digits)
    assert all(same(image, preprocess_digit(tile(digit))) for image, digit in zip(found, digits, strict=True))


def test_rows_are_read_from_top_to_bottom():
    digits = [[3, 8], [9, 1]]
    found = split_digits(np.vstack([np.hstack([tile(digit) for digit in row]) for row in digits]))
    expected = [preprocess_digit(tile(digit)) for row in digits for digit in row]
    assert [[same(one, other) for other in expected].index(True) for one in found] == [0, 1, 2, 3]


def test_digits_that_touch_have_a_warning():
    pair = np.hstack([tile(0, size=(80, 140)), tile(8, size=(80, 140))])
    pair[68:74, 40:120] = 30
    with pytest.warns(UserWarning, match=r"got a shape that is wide\. If several digits touch, write them apart"):
        assert len(split_digits(pair)) == 1


INSIDE = np.ones((60, 60), bool)


def ink(*boxes, darkness=1.0):
    image = np.zeros((60, 60))
    for top, bottom, left, right in boxes:
        image[top:bottom, left:right] = darkness
    return image


def test_a_neighbour_that_the_edge_cuts_off_and_a_pale_one_are_left_out():
    digit = ink((15, 45, 28, 33))
    for other in (ink((10, 40, 55, 60)), ink((15, 45, 45, 50), darkness=0.5)):
        (mask,) = find_digits(digit + other, 0.01, INSIDE)
        assert mask[digit > 0].all()
        assert not mask[other > 0].any()


def test_parts_that_are_low_or_near_belong_to_a_digit():
    for boxes in (
        [(20, 45, 20, 24), (12, 16, 22, 38)],  # the bar of a 5
        [(15, 45, 20, 24), (15, 45, 25, 29)],  # a gap in the middle
        [(12, 27, 25, 35), (30, 45, 25, 35)],  # the halves of an 8
    ):
        assert len(find_digits(ink(*boxes), 0.01, INSIDE)) == 1


def test_only_a_cut_off_corner_is_no_digit():
    corner = np.where(np.add.outer(np.arange(60), np.arange(60)) < 30, 1.0, 0.0)
    with pytest.raises(ValueError, match="only something that the edge of the paper cuts off"):
        find_digits(corner, 0.01, INSIDE)
