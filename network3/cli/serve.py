"""``network3 serve [NAME or RUN]``: a page on this machine, in which one trains networks and looks into them."""

from pathlib import Path
from typing import Annotated

import typer

from network3.execution.device import use
from network3.experiments.catalogue import ENTRIES, RUNS, known_name
from network3.experiments.experiment import load as load_data
from network3.experiments.folder import Folder
from network3.layers.checks import error_message
from network3.network import Network, load
from network3.serve.plans import Catalogue
from network3.serve.server import serve

from .border import border
from .folders import ROOT

SERVED = {run.name: run for run in RUNS.values() if run.nets == 1 and run.validates}


def serve_command(
    what: Annotated[
        str | None,
        typer.Argument(help="A run of `network3 list` to propose, or a folder or file of a trained network."),
    ] = None,
    port: Annotated[int, typer.Option(help="Port on this machine; by default any free one.")] = 0,
    browser: Annotated[bool, typer.Option("--browser", help="Open the page in the browser.")] = False,
    device: Annotated[str | None, typer.Option(help="auto, cpu or gpu.")] = None,
) -> None:
    """Serve a page in which networks are trained and looked into; only this machine can open it."""
    with border():
        use(device)
        net, name = (None, "") if what is None else _chosen(what)

        def announce(address: str) -> None:
            typer.echo(f"{address}\nOnly this machine can open it, and only with this address. Ctrl-C ends it.")
            if browser:
                typer.launch(address)

        serve(Catalogue(SERVED, load_data), net, name, port=port, root=ROOT, announce=announce)


def _chosen(what: str) -> tuple[Network | None, str]:
    """Return the network of a folder or file and its name; for a run of the catalogue, none and its name."""
    path = Path(what)
    if path.exists():
        return load(Folder(path).model if path.is_dir() else path), path.name.removesuffix(".safetensors")
    if path.name != what or path.suffix:
        expected = "expected a run of network3 list, or the folder or file of a trained network"
        hint = "Check the path; network3 list shows the runs."
        raise FileNotFoundError(error_message("network3 serve", expected, f"{what}, which does not exist", hint))
    if what in ENTRIES and what not in SERVED:  # the page looks at a sample of the validation images
        expected = "expected a run that trains one network and has validation images"
        hint = f'network3 list shows the runs, such as "{next(iter(SERVED))}".'
        raise ValueError(error_message("network3 serve", expected, f"{what}, which is none", hint))
    return None, known_name("network3 serve", what, SERVED)
