"""A folder of image files, in a folder for each class."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from network3.datasets.data_set import DataSet
from network3.datasets.from_arrays import from_arrays

from .foreign import IMAGES

if TYPE_CHECKING:
    from PIL import Image

PARTS = {"train": "train", "training": "train", "validation": "validation", "val": "validation", "valid": "validation"}
PARTS |= {"test": "test", "testing": "test"}
MAX_PIXELS = 64_000_000  # of one file, as `read_grayscale` has it


def read_image_folder(
    folder: str | os.PathLike[str], *, size: tuple[int, int] | None = None, color: bool = False, seed: int = 0
) -> DataSet:
    """Read the images ``folder/CLASS/*.png``, or ``folder/train/CLASS/*.png`` and the same with ``test``.

    Folders ``validation`` are optional, and so is ``test``; without them, a sixth of the images of each class is taken,
    see `from_arrays`. Other files are left out, and so are hidden folders.

    Parameters
    ----------
    folder : path
    size : (rows, columns), optional
        To which images are resized; by default all must have one size.
    color : bool, default False
        Whether an image has three maps, red, green and blue, instead of grey levels.
    seed : int, default 0

    Returns
    -------
    DataSet
        Images are uint8 of shape (n, maps * rows * columns), 0 black to 255 white. The classes are the names of the
        folders, sorted.

    Raises
    ------
    FileNotFoundError
        No folders with images.
    ValueError
        A damaged image, or images of different sizes without `size`.

    Examples
    --------
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> for name in ("circle", "cross"):
    ...     Path("drawings", name).mkdir(parents=True)
    ...     for number in range(10):
    ...         Image.new("L", (4, 3), color=20 * number).save(f"drawings/{name}/{number}.png")
    >>> data = read_image_folder("drawings")
    >>> data.class_names, data[0][0].shape[1]
    (('circle', 'cross'), 12)
    """
    folder = Path(folder)
    parts = {PARTS[path.name.lower()]: path for path in _folders(folder) if path.name.lower() in PARTS}
    if "train" not in parts:
        parts = {"train": folder}
    names = sorted({path.name for part in parts.values() for path in _folders(part) if _images(path)})
    if not names:
        raise FileNotFoundError(
            f"read_image_folder({folder}): expected a folder of images for each class; got none. "
            f"Arrange the files as {folder.name}/CLASS/NAME.png."
        )
    shape: list[tuple[int, ...]] = []
    sets = {part: _read_part(path, names, size, color, shape) for part, path in parts.items()}
    images, labels = sets["train"]
    return from_arrays(
        images, labels, validation=sets.get("validation"), test=sets.get("test"), class_names=names, seed=seed
    )


def has_image_folders(folder: Path) -> bool:
    """Return whether `folder`, or its training part, has two folders with images or more: those of classes."""
    parts = [part for part in _folders(folder) if PARTS.get(part.name.lower()) == "train"]
    return any(sum(bool(_images(path)) for path in _folders(part)) > 1 for part in (folder, *parts))


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def _images(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in IMAGES and path.is_file())


def _read_part(
    folder: Path, names: list[str], size: tuple[int, int] | None, color: bool, shape: list[tuple[int, ...]]
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the images of a part, (n, maps, rows, columns), and their labels; `shape` gets that of the first image."""
    images, labels = [], []
    for label, name in enumerate(names):
        for path in _images(folder / name) if (folder / name).is_dir() else []:
            image = _read(path, size, color)
            shape.append(image.shape)
            if image.shape != shape[0]:
                raise ValueError(
                    f"read_image_folder: expected images of one size, {shape[0][1]} x {shape[0][2]} as the first; got "
                    f"{image.shape[1]} x {image.shape[2]} in {path}. Pass size=(rows, columns) to resize "
                    "them; write_npz makes a file of the result, for the command line."
                )
            images.append(image)
            labels.append(label)
    if not images:
        raise FileNotFoundError(
            f"read_image_folder({folder}): expected images in folders {', '.join(names[:5])}; got none. Add some, or "
            "remove the folder."
        )
    return np.stack(images), np.array(labels)


def _read(path: Path, size: tuple[int, int] | None, color: bool) -> NDArray[np.uint8]:
    """Return an image as uint8 of shape (maps, rows, columns)."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            if image.width * image.height > MAX_PIXELS:
                raise Image.DecompressionBombError(f"{image.width} x {image.height} pixels")
            return _as_array(image.convert("RGB" if color else "L"), size)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        reason = str(error) or type(error).__name__
        raise ValueError(
            f"read_image_folder: expected an intact image of at most {MAX_PIXELS:,} pixels; got {path} ({reason}). "
            "Replace or remove it."
        ) from error


def _as_array(image: "Image.Image", size: tuple[int, int] | None) -> NDArray[np.uint8]:
    from PIL import Image

    if size is not None and (image.height, image.width) != tuple(size):
        image = image.resize((size[1], size[0]), Image.Resampling.BILINEAR)  # which averages where it reduces
    array = np.asarray(image, np.uint8)
    return array.transpose(2, 0, 1) if array.ndim == 3 else array[None]
