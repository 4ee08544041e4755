"""``network3 predict MODEL IMAGE...``: the digit on an image of your own."""

import json
import warnings
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from network3.datasets.photos.own_images import preprocess_digit, read_grayscale, split_digits
from network3.execution.device import use
from network3.experiments.folder import Folder
from network3.layers.checks import error_message
from network3.network import Network, load

from .border import FAILED, border, leave
from .folders import found_model

Part = tuple[int, int]  # the place of a digit in its image, from 1, and the number of digits there
SHADES = " .:-=+*#%@"  # from background to ink; every terminal can show ASCII


def predict(
    model: Annotated[Path, typer.Argument(help="A file or folder of network3 train, or the name of its run.")],
    images: Annotated[list[Path], typer.Argument(help="PNG, JPEG ..., or folders of them: any size and colour.")],
    split: Annotated[
        bool, typer.Option("--split", help="Recognize each digit of an image, from left to right.")
    ] = False,
    show: Annotated[bool, typer.Option("--show", help="Show the input of the network for each image.")] = False,
    device: Annotated[str | None, typer.Option(help="auto, cpu or gpu.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per line, for each digit.")] = False,
) -> None:
    """Recognize the digit on each image, with its probability."""
    with border():
        use(device)
        model = found_model("predict", model)
        net = load(Folder(model).model if model.is_dir() else model)
        _check(net, model)
        prepared, failed = _prepared_all(_files(images), split)
        inputs = np.array([image for _, _, image in prepared]).reshape(-1, 784)
        outputs = net.predict_proba(inputs) if prepared else np.empty((0, 10))
        for (path, part, image), probabilities in zip(prepared, outputs, strict=True):
            if not -1e-3 <= probabilities.min() <= probabilities.max() <= 1.001:  # such as of a last layer of ReLU
                raise _not_probabilities(model, f"outputs of {probabilities.min():.3g} to {probabilities.max():.3g}")
            typer.echo(_answer(path, part, image, probabilities, show, as_json))
        if failed:
            raise typer.Exit(FAILED)


def _answer(
    path: Path, part: Part | None, image: np.ndarray, probabilities: np.ndarray, show: bool, as_json: bool
) -> str:
    """Return the lines of a digit."""
    digit, second = (int(k) for k in probabilities.argsort()[:-3:-1])
    if as_json:
        record = {"image": str(path), "digit": digit, "probabilities": [float(p) for p in probabilities]}
        record |= {"part": part[0], "parts": part[1]} if part else {}
        return json.dumps(record | ({"seen": image.tolist()} if show else {}))
    name = f"{path} [{part[0]} of {part[1]}]" if part and part[1] > 1 else str(path)
    line = f"{name}: {digit}  ({probabilities[digit]:.1%}; next {second}, {probabilities[second]:.1%})"
    return f"{line}\n{drawn(image)}" if show else line


def drawn(image: np.ndarray) -> str:
    """Return `image`, uint8 of shape (rows, columns), as lines of text, two characters for each pixel."""
    levels = (image.astype(int) * len(SHADES)) // 256
    return "\n".join("".join(2 * SHADES[level] for level in row).rstrip() for row in levels)


def _files(paths: list[Path]) -> list[Path]:
    """Return the files, and the images in folders, by name."""
    from PIL import Image

    endings = Image.registered_extensions()
    files = []
    for path in paths:
        inner = sorted(file for file in path.iterdir() if file.suffix.lower() in endings) if path.is_dir() else []
        files += inner or [path]
    return files


def _prepared_all(paths: list[Path], split: bool) -> tuple[list[tuple[Path, Part | None, np.ndarray]], bool]:
    """Return the inputs of the network for all images, and whether some failed; each of these has printed a line."""
    prepared: list[tuple[Path, Part | None, np.ndarray]] = []
    failed = False
    for path in paths:
        try:
            digits = _prepared(path, split)
        except (ValueError, OSError) as error:
            leave(str(error), FAILED)
            failed = True
        else:
            parts = [(place, len(digits)) for place in range(1, len(digits) + 1)] if split else [None]
            prepared += [(path, part, image) for part, image in zip(parts, digits, strict=True)]
    return prepared, failed


def _prepared(path: Path, split: bool) -> list[np.ndarray]:
    """Return the inputs of the network for an image; errors and warnings, which are printed, contain its name."""
    if path.is_dir():
        expected, got = "expected an image, or a folder of images", "a folder without one"
        raise ValueError(error_message(str(path), expected, got, "Pass files such as PNG or JPEG."))
    gray = read_grayscale(path)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            digits = split_digits(gray) if split else [preprocess_digit(gray)]
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    for warning in caught:
        words = str(warning.message).replace("Use split_digits(image)", "Add --split")
        typer.echo(f"network3: {path}: warning: {words}", err=True)
    return digits


def _check(net: Network, model: Path) -> None:
    """Refuse a network that does not classify digits."""
    if net.input_width != 784 or net.output_width != 10:
        raise ValueError(
            error_message(
                f"network3 predict: {model}",
                "expected a network from 784 pixels, 28 x 28, to 10 digits",
                f"one from {net.input_width} values to {net.output_width}",
                "Use network3.load(filename).predict(images) for others.",
            )
        )
    last = net.layers[-1]
    if getattr(last, "target_ndim", 1) != 1 or "int" not in getattr(last, "target_dtype", "int32"):
        raise _not_probabilities(model, f"one that ends in a {type(last).__name__}, which predicts values")


def _not_probabilities(model: Path, got: str) -> ValueError:
    return ValueError(
        error_message(
            f"network3 predict: {model}",
            "expected a network whose outputs are the probabilities of digits, as those of a SoftmaxLayer",
            got,
            "Use network3.load(filename).predict_proba(images) for its outputs.",
        )
    )
