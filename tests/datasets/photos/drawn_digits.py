"""Digits as a person draws them: strokes through points, with a round pen, on paper of any size."""

import numpy as np
from PIL import Image, ImageDraw
from scipy.interpolate import make_interp_spline

# Strokes of each digit as points (x, y) of a box of 10 x 10, from the upper left; joined by a smooth curve.
STROKES = {
    0: [[(6, 0.3), (3, 1), (1.4, 4.5), (2.5, 8.6), (5, 9.8), (7.8, 8.2), (8.6, 5), (7.6, 1.6), (5.5, 0.2)]],
    1: [[(3.2, 2.6), (5.4, 0.3), (5.3, 3.5), (5.0, 9.8)]],
    2: [[(1.8, 2.6), (3.2, 0.6), (6.4, 0.5), (7.6, 2.8), (5.6, 5.8), (2, 9.4), (4.2, 9.1), (8.4, 9.5)]],
    3: [[(2, 1.2), (5, 0.2), (7.4, 1.8), (6.4, 4), (4.2, 4.7), (7.2, 5.7), (7.8, 8), (5, 9.8), (1.8, 8.7)]],
    4: [[(3.2, 0.4), (1.6, 5.6), (2, 6), (8.6, 5.8)], [(6.6, 1.8), (6.4, 6), (6.2, 9.9)]],
    5: [[(2.9, 0.6), (2.5, 4.5), (5, 3.9), (7.7, 5.7), (7.2, 8.6), (4.6, 9.9), (1.7, 8.8)], [(2.9, 0.6), (7.8, 0.4)]],
    6: [[(6.8, 0.2), (3.7, 2.6), (2, 6.4), (3, 9.2), (5.8, 9.8), (7.8, 7.8), (6.5, 5.5), (3.8, 5.9), (2.5, 7.6)]],
    7: [[(1.6, 0.9), (4.5, 0.7), (8.2, 0.6)], [(8.2, 0.6), (6, 4.6), (4.4, 9.9)]],
    8: [
        [(7.6, 1.8), (5, 0.2), (2.6, 1.9), (4.6, 4.6), (7.6, 7), (6.6, 9.5), (3.6, 9.6), (2.2, 7.5), (4.6, 5), (7, 2)]
    ],
    9: [[(7.5, 2.6), (5.2, 0.3), (2.5, 2), (3, 4.7), (5.6, 5), (7.4, 2.9), (7.5, 2.4), (7.2, 6), (6.4, 9.9)]],
}  # fmt: skip


def draw(digit, size=(280, 320), height=0.6, place=(0.5, 0.5), pen=0.09, ink=30, paper=245, seed=0) -> Image.Image:
    """Draw a digit.

    Parameters
    ----------
    digit : int
    size : (width, height) of the image in pixels
    height : float
        Of the digit, as a share of the image's shorter side.
    place : (x, y)
        Of its centre, as shares of the image's sides.
    pen : float
        Width of the stroke, as a share of the digit's height.
    ink, paper : int in 0..255, or (red, green, blue)
    seed : int
        Of the slant, width and jitter, which differ between writers.
    """
    rng = np.random.default_rng((digit, seed))
    tall = height * min(size)
    slant, narrow = rng.uniform(-0.15, 0.2), rng.uniform(0.75, 1.0)
    mode = "L" if isinstance(paper, int) else "RGB"
    fine = 3  # drawn larger and reduced, so that edges are soft
    image = Image.new(mode, [fine * side for side in size], paper)
    pencil = ImageDraw.Draw(image)
    radius = fine * pen * tall / 2
    for stroke in STROKES[digit]:
        points = np.array(stroke) + rng.normal(0, 0.18, (len(stroke), 2)) - 5
        x = (points[:, 0] * narrow - slant * points[:, 1]) * tall / 10 + place[0] * size[0]
        y = points[:, 1] * tall / 10 + place[1] * size[1]
        path = make_interp_spline(np.arange(len(x)), np.column_stack([x, y]), k=min(3, len(x) - 1))
        for at_x, at_y in fine * path(np.linspace(0, len(x) - 1, int(fine * tall * 4))):
            pencil.ellipse([at_x - radius, at_y - radius, at_x + radius, at_y + radius], fill=ink)
    return image.resize(size, Image.Resampling.BOX)


# Examples of what a person may draw: dark on light, 100 to 600 pixels, off centre, thin and thick pens.
TEN = [
    (0, {"size": (300, 260), "place": (0.35, 0.55), "height": 0.55}),
    (1, {"size": (100, 140), "place": (0.6, 0.45), "height": 0.7, "pen": 0.1}),
    (2, {"size": (600, 450), "place": (0.3, 0.4), "height": 0.45, "pen": 0.05}),
    (3, {"size": (200, 200), "place": (0.55, 0.6), "height": 0.5, "ink": 90, "paper": 220}),
    (4, {"size": (520, 600), "place": (0.65, 0.35), "height": 0.4, "ink": (20, 40, 140), "paper": (250, 250, 240)}),
    (5, {"size": (320, 400), "place": (0.45, 0.6), "height": 0.6, "pen": 0.13}),
    (6, {"size": (150, 110), "place": (0.4, 0.5), "height": 0.75, "pen": 0.11}),
    (7, {"size": (480, 360), "place": (0.7, 0.5), "height": 0.5, "pen": 0.04}),
    (8, {"size": (256, 300), "place": (0.5, 0.35), "height": 0.5, "ink": 0, "paper": 255}),
    (9, {"size": (400, 560), "place": (0.35, 0.65), "height": 0.55, "ink": (150, 30, 30), "paper": (225, 220, 210)}),
]  # fmt: skip
