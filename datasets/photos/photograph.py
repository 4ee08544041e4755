"""Image files as grey levels: any format, colour, transparency, depth and rotation that Pillow knows."""

import contextlib
import os
import warnings
from pathlib import Path

import numpy as np

MOST_PIXELS = 64_000_000  # more than any camera's that a digit needs


def read_grayscale(path: str | os.PathLike[str]) -> np.ndarray:
    """Read an image as grey levels.

    Parameters
    ----------
    path : path
        PNG, JPEG, BMP, TIFF, GIF, WebP ...; of several frames, the first.

    Returns
    -------
    float64 array of shape (height, width)
        0 black to 255 white. Rotated as the camera says; what is transparent is the paper, light under dark ink and
        dark under light; more than 8 bits are scaled so that the file's own darkest and lightest are 0 and 255.

    Raises
    ------
    FileNotFoundError
        No such file.
    ValueError
        Not an image, a damaged one, one of more than 64 million pixels, or one that may not be read.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(_refusal(path, f"a path that does not exist (from {Path.cwd()})", "Correct the path."))
    if path.is_dir():
        raise ValueError(_refusal(path, "a folder", "Name the files in it."))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as of damaged EXIF data beside a sound image
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise Image.DecompressionBombError(f"{image.width} x {image.height} pixels")
                image.load()
                with contextlib.suppress(Exception):  # what the camera wrote is damaged: as it lies
                    return _grey(ImageOps.exif_transpose(image))
                return _grey(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        got = f"more than {MOST_PIXELS:,} pixels ({error})"
        raise ValueError(_refusal(path, got, "Save it smaller.")) from None
    except UnidentifiedImageError:
        raise ValueError(_refusal(path, "a file that is none", "Save the image as PNG.")) from None
    except PermissionError as error:
        raise ValueError(_refusal(path, f"one that may not be read ({error})", "Change its permissions.")) from None
    except Exception as error:  # a damaged file may raise anything in a decoder
        raise ValueError(_refusal(path, f"a damaged one ({error})", "Save the image anew.")) from None


def _grey(image) -> np.ndarray:
    """Return the luminance of a Pillow image."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        deep = np.asarray(image, dtype=np.float64)
        if not np.isfinite(deep).all():
            return np.full(deep.shape, np.nan)  # no range to scale by; preprocess_digit refuses it
        low, high = float(deep.min()), float(deep.max())
        return (deep - low) * (255 / (high - low)) if high > low else np.full(deep.shape, 255.0)
    if not image.has_transparency_data:
        return np.asarray(image.convert("L"), dtype=np.float64)
    colour = np.asarray(image.convert("RGBA"), dtype=np.float64)
    opaque = colour[..., 3] / 255
    luminance = colour[..., :3] @ [0.299, 0.587, 0.114]
    paper = 255.0 if (luminance * opaque).sum() <= 127.5 * opaque.sum() else 0.0
    return luminance * opaque + paper * (1 - opaque)


def _refusal(path: Path, got: str, hint: str) -> str:
    return f"{path}: expected an image such as PNG or JPEG; got {got}. {hint}"
