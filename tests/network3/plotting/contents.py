"""The contents of a figure, for the tests."""

import re

import matplotlib as mpl

FOUR_PARTS = re.compile(r"^.+: .*(expected|must|takes|needs|has).*; got .+\. \S.*\.$")


def shown(figure):
    """Return the arrays of the images in a figure, in their order."""
    return [image.get_array() for ax in figure.axes for image in ax.images]


def texts(figure):
    """Return every text of a figure."""
    figure.draw_without_rendering()
    return " | ".join(text.get_text() for text in figure.findobj(mpl.text.Text) if text.get_text())
