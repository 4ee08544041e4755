"""Digits as a hand draws them on the page's pad: as strokes, anywhere, of any size."""

import numpy as np
from scipy.interpolate import make_interp_spline

from tests.datasets.photos.drawn_digits import STROKES


def drawn(digit, seed):
    """Return strokes of a digit, lists of points (x, y) from 0 to 1, as a hand draws them: anywhere, of any size."""
    rng = np.random.default_rng((digit, seed))
    size, slant, narrow = rng.uniform(0.25, 0.9), rng.uniform(-0.2, 0.3), rng.uniform(0.6, 1.1)
    place = rng.uniform(size / 2, 1 - size / 2, 2)
    strokes = []
    for stroke in STROKES[digit]:
        points = (np.array(stroke) + rng.normal(0, 0.2, (len(stroke), 2)) - 5) / 10
        sheared = np.column_stack([points[:, 0] * narrow - slant * points[:, 1], points[:, 1]]) * size + place
        path = make_interp_spline(np.arange(len(points)), sheared, k=min(3, len(points) - 1))
        strokes.append(path(np.linspace(0, len(points) - 1, 40)).tolist())
    return strokes
