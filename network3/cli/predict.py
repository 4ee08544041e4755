"""``network3 predict MODEL IMAGE...``: which digit is on an image of your own."""

import json
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

import network3
from network3.datasets.photos.own_images import preprocess_digit, read_grayscale
from network3.experiments.experiment import Folder
from network3.layers.checks import error_message

from .border import border

SHADES = " .:-=+*#%@"  # from background to ink; plain ASCII shows on every terminal


def predict(
    model: Annotated[Path, typer.Argument(help="A network that train or net.save wrote, or a folder of train.")],
    images: Annotated[list[Path], typer.Argument(help="PNG, JPEG ...: one digit each, any size and colour.")],
    show: Annotated[bool, typer.Option("--show", help="Show each image as the network saw it.")] = False,
    device: Annotated[str | None, typer.Option(help="auto, cpu or gpu.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line for each image.")] = False,
) -> None:
    """Tell which digit is on each image, and how sure the network is."""
    with border():
        network3.use(device)
        net = network3.load(Folder(model).model if model.is_dir() else model)
        _check(net, model)
        seen = np.stack([_seen(path) for path in images])
        for path, image, probabilities in zip(images, seen, net.predict_proba(seen.reshape(-1, 784)), strict=True):
            digit, second = (int(k) for k in probabilities.argsort()[:-3:-1])
            if as_json:
                record = {"image": str(path), "digit": digit, "probabilities": [float(p) for p in probabilities]}
                typer.echo(json.dumps(record | ({"seen": image.tolist()} if show else {})))
                continue
            line = f"{path}: {digit}  ({probabilities[digit]:.1%}; next {second}, {probabilities[second]:.1%})"
            typer.echo(f"{line}\n{drawn(image)}" if show else line)


def drawn(image: np.ndarray) -> str:
    """Return `image`, uint8 of shape (rows, columns), as lines of text, two characters a pixel."""
    levels = (image.astype(int) * len(SHADES)) // 256
    return "\n".join("".join(2 * SHADES[level] for level in row).rstrip() for row in levels)


def _seen(path: Path) -> np.ndarray:
    """Return the image prepared for the network; errors name the file."""
    grey = read_grayscale(path)
    try:
        return preprocess_digit(grey)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _check(net: network3.Network, model: Path) -> None:
    if net.input_width != 784 or net.output_width != 10:
        raise ValueError(
            error_message(
                f"network3 predict: {model}",
                "expected a network from 784 pixels, 28 x 28, to 10 digits",
                f"one from {net.input_width} values to {net.output_width}",
                "Use network3.load(filename).predict(images) for others.",
            )
        )
