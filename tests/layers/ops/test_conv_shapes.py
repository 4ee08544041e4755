"""The shape arithmetic of convolutions, against tables and by counting positions."""

import itertools

import pytest

from network3.layers.ops.conv_shapes import border, canonical_padding, output_length, output_size, transposed_length

from .conv_reference import zeros_around

PADDINGS = ["valid", "half", "full", "same", (2, 0), ((1, 3), (0, 2))]


@pytest.mark.parametrize(
    ("padding", "expected"),
    [("valid", (0, 0)), ("half", (2, 1)), ("full", (4, 1)), ((3, 0), (3, 0))],
)
def test_borders_with_equal_sides(padding, expected):
    assert border(padding, (9, 8), (5, 2)) == tuple((side, side) for side in expected)


@pytest.mark.parametrize(
    ("padding", "expected"),
    [("half", ((6, 6), (2, 2))), ("full", ((12, 12), (4, 4))), ("same", ((5, 6), (2, 2))), (((1, 0), (2, 3)),) * 2],
)
def test_borders_of_dilated_filters(padding, expected):
    # As Theano: half of a dilated filter of 13 rows and 5 columns. "same": 14 rows at stride 2 need 11 more.
    assert border(padding, (14, 9), (5, 2), (2, 1), (3, 4)) == expected


def test_output_lengths():
    lengths = [output_length(28, 5), output_length(28, 5, (2, 2)), output_length(7, 3, (1, 1), 3)]
    assert lengths == [24, 28, 3]


# Of Lasagne's documentation of lengths, and of the figures of Dumoulin and Visin.
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((13, 5, "valid", 3), 3),
        ((13, 5, "full", 3), 5 + 1),
        ((13, 5, "half", 3), 5),
        ((13, 5, (2, 2), 3), 5),
        ((4, 3, "valid", 1), 2),
        ((5, 4, (2, 2), 1), 6),
        ((5, 3, "valid", 2), 2),
        ((5, 3, "half", 2), 3),
        ((7, 3, "valid", 1, 2), 3),
    ],
)
def test_published_lengths(arguments, expected):
    assert output_length(*arguments) == expected


def test_lengths_are_those_of_counted_positions():
    for length, k, s, d in itertools.product((1, 2, 5, 8, 13), (1, 2, 3, 5), (1, 2, 3), (1, 2, 4)):
        for padding in PADDINGS:
            sides = zeros_around((length, length), (k, k), padding, s, d)
            assert border(padding, (length, length), (k, k), (s, s), (d, d)) == sides
            counted = [len(range(0, length + sum(side) - d * (k - 1), s)) for side in sides]
            if min(counted) > 0:
                assert list(output_size((length, length), (k, k), padding, (s, s), (d, d))) == counted


def test_transposed_lengths_are_the_shortest_with_that_many_positions():
    for length, k, s, d in itertools.product((1, 2, 5, 8), (1, 2, 3, 5), (1, 2, 3), (1, 2, 4)):
        for padding in ("valid", "half", "full", (2, 1), "same"):
            found = [n for n in range(1, 90) if output_length(n, k, padding, s, d) == length]
            shortest = transposed_length(length, k, padding, s, d)
            if shortest > 0:
                assert shortest == (found[-1] if padding == "same" else found[0])
                assert len(found) == (s if padding == "same" or shortest == found[0] else 0)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (2, (2, 2)),
        ([1, 2], (1, 2)),
        (((1, 1), (2, 2)), (1, 2)),
        (((1, 2), [0, 3]), ((1, 2), (0, 3))),
        (((1, 2), 3), ((1, 2), (3, 3))),
        ("same", "same"),
    ],
)
def test_paddings_written_differently_are_equal(given, expected):
    assert canonical_padding("conv2d", given) == expected


@pytest.mark.parametrize(
    "given", ["sane", -1, (1,), (1, 2, 3), ((1, -1), (0, 0)), ((1, 2, 3), (0, 0)), None, 1.5, ((1, 2),)]
)
def test_other_paddings_are_refused(given):
    with pytest.raises(ValueError, match=r"^conv2d.*padding.*; got .*\. .*\.$"):
        canonical_padding("conv2d", given)
