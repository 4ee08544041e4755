"""``network3 expand --out FILE``: the book's expanded training data as a file, for other programs."""

from pathlib import Path
from typing import Annotated

import typer

from network3.datasets import expand as expand_images
from network3.datasets import load_mnist, write_npz, write_pickle
from network3.layers.checks import error_message
from network3.storage.atomic import atomic_write, check_writable

from .border import border

WRITERS = {".npz": write_npz, ".pkl.gz": write_pickle}


def expand(
    out: Annotated[Path, typer.Option(help="mnist_expanded.pkl.gz like the book's, or an .npz, which is smaller.")],
    seed: Annotated[int, typer.Option(help="Seed of the shuffle.")] = 0,
) -> None:
    """Write MNIST with each training image also moved by a pixel to four sides: 250,000 images."""
    with border():
        writers = [write for suffix, write in WRITERS.items() if out.name.endswith(suffix)]
        if not writers:
            expected, hint = f"expected a name that ends in {' or '.join(WRITERS)}", "Write e.g. mnist_expanded.pkl.gz."
            raise ValueError(error_message("network3 expand: --out", expected, str(out), hint))
        check_writable("network3 expand: --out", out)
        training, validation, test = load_mnist()
        expanded = expand_images(*training, seed=seed)
        typer.echo(f"Writing {len(expanded[1]):,} training images to {out} (up to a minute) ...")
        with atomic_write(out) as file:
            writers[0](file, expanded, validation, test)
        typer.echo(f"{out} has {out.stat().st_size / 1e6:.0f} MB; network3.load_data_shared({str(out)!r}) reads it.")
