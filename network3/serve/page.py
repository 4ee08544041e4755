"""The page as one HTML file that works from a disk, without a server or a connection."""

import base64
import html
import json
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from network3.datasets import load_mnist
from network3.layers.checks import error_message, file_path
from network3.network import Network
from network3.storage.atomic import atomic_write, explained_errors

from .bundle import bundle
from .description import describe

STATIC = Path(__file__).parent / "static"


def page_text(networks: Sequence[dict[str, Any]], title: str | None = None) -> str:
    """Return the HTML of a page.

    Parameters
    ----------
    networks : sequence of dict, at least one
        As `describe` returns them. The first two are shown side by side; the page can choose others.
    title : str, optional
        Of the page; by default the names of the networks.

    Raises
    ------
    ValueError
        A network whose input is not an image of 28 x 28 pixels.
    """
    for network in networks:
        if network["input_shape"] != [1, 28, 28]:
            expected = "expected a network whose input is an image of 28 x 28 pixels"
            hint = "Drawings are prepared as MNIST's digits are."
            raise ValueError(error_message(f"page: {network['name']}", expected, str(network["input_shape"]), hint))
    given = json.dumps({"networks": list(networks), "examples": examples()}, separators=(",", ":"))
    parts = {
        "title": html.escape(title or ", ".join(network["name"] for network in networks)),
        "style": (STATIC / "style.css").read_text(encoding="utf-8"),
        "given": given.replace("<", "\\u003c"),  # no name can end the element
        "script": bundle(STATIC, "app.js"),
    }
    before, *others = (STATIC / "page.html").read_text(encoding="utf-8").split("{{")
    return before + "".join(parts[name] + text for name, text in (part.split("}}", 1) for part in others))


def write_page(filename: str | os.PathLike[str], *networks: Network, names: Sequence[str] = ()) -> Path:
    """Write a page on which one draws digits and sees what each layer makes of them.

    Parameters
    ----------
    filename : path
        The page, one HTML file.
    *networks : Network
        Of MNIST's digits. Two are compared side by side.
    names : sequence of str, optional
        What the page calls them; by default "network", or "network 1", "network 2" and so on.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        No network, one with a layer that is not network3's own, or one whose input is not an image of 28 x 28 pixels.
    """
    path = file_path("write_page: filename", filename)
    if not networks or (names and len(names) != len(networks)):
        expected = f"expected a network for each of {len(names)} names" if names else "expected a network"
        hint = 'Write write_page("page.html", net).'
        raise ValueError(error_message("write_page", expected, f"{len(networks)} networks", hint))
    default = ["network"] if len(networks) == 1 else [f"network {k}" for k in range(1, len(networks) + 1)]
    described = [describe(net, name) for net, name in zip(networks, names or default, strict=True)]
    with explained_errors("write_page: filename", path), atomic_write(path) as file:
        file.write(page_text(described).encode())
    return path


@cache
def examples() -> list[dict[str, str]]:
    """Return the first test image of each digit, its grey levels in base64."""
    images, labels = load_mnist()[2]
    first = [int(np.flatnonzero(labels == digit)[0]) for digit in range(10)]
    return [
        {"label": str(digit), "levels": base64.b64encode(images[place].tobytes()).decode("ascii")}
        for digit, place in enumerate(first)
    ]
