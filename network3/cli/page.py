"""``network3 page MODEL``: a page in one file, on which one draws digits and sees what each layer makes of them."""

from pathlib import Path
from typing import Annotated

import typer

from network3.experiments.folder import Folder
from network3.network import load
from network3.serve.description import describe
from network3.serve.page import page_text
from network3.storage.atomic import atomic_write, check_writable
from network3.training.history import History

from .border import border
from .folders import found_model


def page(
    models: Annotated[
        list[Path], typer.Argument(help="Files or folders of network3 train, or names of its runs; two are compared.")
    ],
    out: Annotated[Path, typer.Option(help="The page.")] = Path("page.html"),
) -> None:
    """Write a page that shows what each layer makes of a drawn digit: one HTML file, for any browser, offline."""
    with border():
        check_writable("network3 page: --out", out)
        paths = [found_model("page", model) for model in models]
        described = [
            describe(load(Folder(path).model if path.is_dir() else path), name, _facts(path))
            for path, name in zip(paths, _names(paths), strict=True)
        ]
        text = page_text(described).encode()
        with atomic_write(out) as file:
            file.write(text)
        size = f"{len(text) / 1e6:.1f} MB"
        typer.echo(f"{out} ({size}) shows {' and '.join(network['name'] for network in described)}.")


def _names(paths: list[Path]) -> list[str]:
    """Return a name for each model: of its folder or file, with the folder before it where that is not enough."""
    short = [path.resolve().name if path.is_dir() else path.stem for path in paths]
    return short if len(set(short)) == len(short) else [str(path) for path in paths]


def _facts(path: Path) -> dict[str, str]:
    """Return what the record of a run has about its network."""
    if not path.is_dir() or not Folder(path).history.is_file():
        return {}
    history = History.load(Folder(path).history)
    accuracy = history.best_validation_accuracy
    return {"epochs": str(history.epochs)} | ({} if accuracy is None else {"validation accuracy": f"{accuracy:.2%}"})
