"""``network3 predict MODEL IMAGE...``: the digit on an image of your own."""

import json
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from network3.datasets.photos.own_images import preprocess_digit, read_grayscale
from network3.execution.device import use
from network3.experiments.folder import Folder
from network3.layers.checks import error_message
from network3.network import Network, load

from .border import border

SHADES = " .:-=+*#%@"  # from background to ink; every terminal can show ASCII


def predict(
    model: Annotated[Path, typer.Argument(help="A file of network3 train or net.save, or a folder of train.")],
    images: Annotated[list[Path], typer.Argument(help="PNG, JPEG ...: one digit each, any size and colour.")],
    show: Annotated[bool, typer.Option("--show", help="Show the input of the network for each image.")] = False,
    device: Annotated[str | None, typer.Option(help="auto, cpu or gpu.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per line, for each image.")] = False,
) -> None:
    """Recognize the digit on each image, with its probability."""
    with border():
        use(device)
        net = load(Folder(model).model if model.is_dir() else model)
        _check(net, model)
        inputs = np.stack([_prepared(path) for path in images])
        for path, image, probabilities in zip(images, inputs, net.predict_proba(inputs.reshape(-1, 784)), strict=True):
            digit, second = (int(k) for k in probabilities.argsort()[:-3:-1])
            if as_json:
                record = {"image": str(path), "digit": digit, "probabilities": [float(p) for p in probabilities]}
                typer.echo(json.dumps(record | ({"seen": image.tolist()} if show else {})))
                continue
            line = f"{path}: {digit}  ({probabilities[digit]:.1%}; next {second}, {probabilities[second]:.1%})"
            typer.echo(f"{line}\n{drawn(image)}" if show else line)


def drawn(image: np.ndarray) -> str:
    """Return `image`, uint8 of shape (rows, columns), as lines of text, two characters for each pixel."""
    levels = (image.astype(int) * len(SHADES)) // 256
    return "\n".join("".join(2 * SHADES[level] for level in row).rstrip() for row in levels)


def _prepared(path: Path) -> np.ndarray:
    """Return the input of the network for an image; errors contain the file's name."""
    gray = read_grayscale(path)
    try:
        return preprocess_digit(gray)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _check(net: Network, model: Path) -> None:
    if net.input_width != 784 or net.output_width != 10:
        raise ValueError(
            error_message(
                f"network3 predict: {model}",
                "expected a network from 784 pixels, 28 x 28, to 10 digits",
                f"one from {net.input_width} values to {net.output_width}",
                "Use network3.load(filename).predict(images) for others.",
            )
        )
