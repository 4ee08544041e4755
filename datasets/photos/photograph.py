"""Image files as grey levels: any format, colour, transparency, depth and rotation that Pillow supports."""

import contextlib
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL import Image

MAX_PIXELS = 64_000_000  # more than most cameras have


def read_grayscale(path: str | os.PathLike[str]) -> NDArray[np.float64]:
    """Read an image file as grey levels.

    Parameters
    ----------
    path : path
        PNG, JPEG, BMP, TIFF, GIF, WebP ...; the first frame if there are several.

    Returns
    -------
    float64 array of shape (height, width)
        0 black to 255 white. Rotated according to the EXIF orientation. Transparent pixels are paper, white under dark
        ink and black under light ink. With more than 8 bits, the minimum and maximum of the image become 0 and 255.

    Raises
    ------
    FileNotFoundError
        No such file.
    ValueError
        Not an image, a damaged or unreadable one, or one of more than 64 million pixels.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(_message(path, f"a path that does not exist (from {Path.cwd()})", "Correct the path."))
    if path.is_dir():
        raise ValueError(_message(path, "a folder", "Pass the files in it."))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as damaged EXIF data in an intact image
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise Image.DecompressionBombError(f"{image.width} x {image.height} pixels")
                image.load()
                with contextlib.suppress(Exception):  # damaged EXIF data: no rotation
                    return _luminance(ImageOps.exif_transpose(image))
                return _luminance(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        got = f"more than {MAX_PIXELS:,} pixels ({error})"
        raise ValueError(_message(path, got, "Save it smaller.")) from None
    except UnidentifiedImageError:
        raise ValueError(_message(path, "another kind of file", "Save the image as PNG.")) from None
    except PermissionError as error:
        raise ValueError(
            _message(path, f"a file without read permission ({error})", "Change its permissions.")
        ) from None
    except Exception as error:  # a damaged file may raise anything in a decoder
        raise ValueError(_message(path, f"a damaged one ({error})", "Save the image again.")) from None


def _luminance(image: "Image.Image") -> NDArray[np.float64]:
    """Return the luminance of a Pillow image, float64 of shape (height, width)."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        deep = np.asarray(image, dtype=np.float64)
        if not np.isfinite(deep).all():
            return np.full(deep.shape, np.nan)  # there is no range to scale; preprocess_digit raises
        low, high = float(deep.min()), float(deep.max())
        return (deep - low) * (255 / (high - low)) if high > low else np.full(deep.shape, 255.0)
    if not image.has_transparency_data:
        return np.asarray(image.convert("L"), dtype=np.float64)
    colour = np.asarray(image.convert("RGBA"), dtype=np.float64)
    opaque = colour[..., 3] / 255
    luminance = colour[..., :3] @ [0.299, 0.587, 0.114]
    paper = 255.0 if (luminance * opaque).sum() <= 127.5 * opaque.sum() else 0.0
    return luminance * opaque + paper * (1 - opaque)


def _message(path: Path, got: str, hint: str) -> str:
    return f"{path}: expected an image such as PNG or JPEG; got {got}. {hint}"
