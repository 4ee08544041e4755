"""The command line: ``network3 list`` and ``network3 train NAME`` (also ``python -m network3``)."""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

import network3
from network3.catalogue import RUNS
from network3.layers.checks import one_of

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def main() -> None:
    """Train the networks of the book "Neural Networks and Deep Learning"."""


@app.command("list")
def show_list() -> None:
    """List the runs that the book publishes, with its test accuracy."""
    for run in RUNS.values():
        published = "not stated" if run.published is None else f"{run.published:.2%}"
        typer.echo(f"{run.row:>5}  {run.name:<14}  {published:>7}  {run.says}")


@app.command()
def train(
    name: Annotated[str, typer.Argument(help="Which run; `network3 list` shows them.")],
    epochs: Annotated[
        int | None, typer.Option(help="Passes over the training data; the book's number if left out.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Fixes first weights, shuffles and masks.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder for the trained model.")] = Path("network3-run"),
) -> None:
    """Train one of the book's networks on MNIST and save it."""
    try:
        run = RUNS[one_of("network3 train", name, RUNS)]
        out.mkdir(parents=True, exist_ok=True)
        training_data, validation_data, test_data = network3.load_data_shared()
        arguments = run.training | ({} if epochs is None else {"epochs": epochs})
        np.random.seed(seed)  # the layers' first values come from NumPy's global state, as the book's
        net = network3.Network(run.layers(arguments["mini_batch_size"]), arguments["mini_batch_size"])
        typer.echo(f"{name}: {run.says} (row {run.row} of the book)\n{net}")
        typer.echo(f"{arguments['epochs']} epochs over {network3.size(training_data):,} images; compiling first ...")
        net.SGD(training_data, **arguments, validation_data=validation_data, test_data=test_data)
        model = out / f"{name}.safetensors"
        net.save(model)
        typer.echo(f"Test accuracy {net.accuracy(test_data):.2%} with the last weights. Saved to {model}.")
    except (ValueError, OSError, RuntimeError, FloatingPointError) as error:
        typer.echo(f"network3: {error}", err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        typer.echo("network3: interrupted; nothing was saved.", err=True)
        raise typer.Exit(130) from None


if __name__ == "__main__":
    app(prog_name="network3")
