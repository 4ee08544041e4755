"""Photographs of a digit on a sheet: plain, lined or squared, on a table, in a shadow, at an angle, with noise."""

import numpy as np
from PIL import Image
from scipy import ndimage

from .drawn_digits import STROKES, draw

SHEET = (340, 300)  # rows and columns of the sheet, in pixels
KINDS = {
    "plain": {},
    "lined": {"ruling": "lined"},
    "squared": {"ruling": "squared"},
    "table": {"table": True},
    "lined sheet on a table": {"ruling": "lined", "table": True},
    "hard shadow": {"shadow": "hard"},
    "soft shadow": {"shadow": "soft"},
    "lined in a hard shadow": {"ruling": "lined", "shadow": "hard"},
    "table and shadow": {"table": True, "shadow": "soft"},
}


def drawn_ink(digit, seed):
    """Return a drawn digit as ink, float (n, n): 0 on paper, 1 in the middle of a stroke."""
    rng = np.random.default_rng((digit, seed, 1))
    pen = rng.uniform(0.05, 0.14)
    levels = np.asarray(draw(digit, size=(180, 180), height=0.8, pen=pen, ink=0, paper=255, seed=seed))
    return 1 - levels / 255


def mnist_ink(image, seed):
    """Return an image of MNIST as ink at 180 x 180 pixels, with the sharp edges of a pen."""
    fine = ndimage.zoom(image.reshape(28, 28) / 255, 180 / 28, order=3)
    width = np.random.default_rng((seed, 2)).uniform(0.35, 0.6)
    return np.clip((ndimage.gaussian_filter(fine, 2) - width) * 6 + 0.5, 0, 1)


def photograph(ink, seed, ruling=None, table=False, shadow=None):
    """Return a photograph, uint8 (height, width), of a sheet with `ink` on it.

    Parameters
    ----------
    ink : float array of shape (n, n), n at most 180, or a list of such arrays, side by side
    seed : int
        Of everything else: place, pen, paper, light, camera.
    ruling : None, "lined" or "squared"
    table : bool
        The sheet lies on a darker table, of which something is seen on all sides.
    shadow : None, "hard" or "soft"
    """
    rng = np.random.default_rng((seed, 3))
    sheet = _sheet(ink, rng, ruling)
    scene = _on_table(sheet, rng) if table else _tilted(sheet, rng)
    light = _light(scene.shape, rng, shadow)
    scene = ndimage.gaussian_filter(scene * light, rng.uniform(0.4, 1.1))
    levels = 255 * scene * rng.uniform(0.85, 1.0) + rng.normal(0, rng.uniform(1, 4), scene.shape)
    return np.clip(levels, 0, 255).astype("uint8")


def _sheet(ink, rng, ruling):
    """Return the reflectance of the sheet with its lines and the digits."""
    height, width = SHEET
    sheet = np.full(SHEET, rng.uniform(0.85, 0.97))
    line, spacing = rng.uniform(0.45, 0.85), rng.integers(18, 48)
    thickness, start = rng.integers(1, 4), rng.integers(0, 18)
    if ruling:
        rows = (np.arange(height) - start) % spacing < thickness
        sheet[rows] *= line
    if ruling == "squared":
        columns = (np.arange(width) - rng.integers(0, 18)) % spacing < thickness
        sheet[:, columns] = np.where(rows[:, None], sheet[:, columns], sheet[:, columns] * line)
    pen = rng.choice([0.05, 0.1, 0.2, 0.35])  # black, blue, pencil
    digits = ink if isinstance(ink, list) else [ink]
    size = int(rng.uniform(110, 180)) if len(digits) == 1 else int(rng.uniform(90, 110))
    top, left = rng.integers(30, height - size - 30), (width - size * len(digits)) // 2 + rng.integers(-20, 21)
    for place, digit in enumerate(digits):
        small = np.clip(ndimage.zoom(digit, size / len(digit), order=1), 0, 1)
        small = small[:size, :size]
        here = np.s_[top : top + small.shape[0], left + place * size : left + place * size + small.shape[1]]
        sheet[here] *= 1 - small * (1 - pen)
    return sheet


def _on_table(sheet, rng):
    """Return the sheet at a slight angle and perspective on a textured table, in a larger scene."""
    height, width = (int(side * rng.uniform(1.25, 1.9)) for side in SHEET)
    grain = ndimage.gaussian_filter(rng.normal(0, 1, (height, width)), (1.5, rng.uniform(2, 25)))
    table = np.clip(rng.uniform(0.1, 0.55) + rng.uniform(0, 0.04) * grain / grain.std(), 0.02, 0.7)
    corner = np.array([(height - SHEET[0]) * rng.uniform(0.3, 0.7), (width - SHEET[1]) * rng.uniform(0.3, 0.7)])
    seen = _perspective(sheet, (height, width), corner, rng, 8)
    inside = _perspective(np.ones(SHEET), (height, width), corner, np.random.default_rng(0), 0, like=seen[1])[0]
    return table * (1 - inside) + seen[0] * inside


def _tilted(sheet, rng):
    """Return the sheet at a slight angle, as large as the scene: its outermost pixels are cut off."""
    turned = ndimage.rotate(sheet, rng.uniform(-4, 4), reshape=False, order=1, mode="nearest")
    return turned[14:-14, 14:-14]


def _perspective(sheet, shape, corner, rng, angle, like=None):
    """Return `sheet` in a scene of `shape`, 0 around it, and the coefficients of the projection."""
    if like is None:
        turn = np.deg2rad(rng.uniform(-angle, angle))
        corners = np.array([[0, 0], [SHEET[1], 0], [SHEET[1], SHEET[0]], [0, SHEET[0]]], float)
        middle = corners.mean(axis=0)
        turned = (corners - middle) @ [[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]] + middle
        turned += corner[::-1] + rng.uniform(-8, 8, (4, 2))
        rows = []
        for (x, y), (u, v) in zip(turned, corners, strict=True):
            rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        like = np.linalg.solve(np.array(rows), corners.ravel())
    image = Image.fromarray(sheet.astype("float32"))
    seen = image.transform(shape[::-1], Image.Transform.PERSPECTIVE, tuple(like), Image.Resampling.BILINEAR)
    return np.asarray(seen, float), like


def _light(shape, rng, shadow):
    """Return the light on each pixel: uneven, and in the shadow of something with a straight edge."""
    y, x = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j]
    direction = rng.uniform(0, 2 * np.pi)
    across = np.cos(direction) * x + np.sin(direction) * y
    light = 1 - rng.uniform(0, 0.2) * (across + 1.5) / 2
    if shadow:
        direction = rng.uniform(0, 2 * np.pi)
        across = (np.cos(direction) * x + np.sin(direction) * y - rng.uniform(-0.5, 0.5)) * min(shape) / 2
        soft = rng.uniform(0.7, 2) if shadow == "hard" else rng.uniform(15, 50)  # pixels
        light *= 1 - rng.uniform(0.3, 0.6) / (1 + np.exp(-np.clip(across / soft, -50, 50)))
    return light


DIGITS = sorted(STROKES)
