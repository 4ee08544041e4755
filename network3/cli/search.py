"""``network3 search NAME``: hyper-parameters of a run, found by trials."""

from pathlib import Path
from typing import Annotated

import typer

from network3.experiments.search import Search, Space
from network3.experiments.study import best_trial, finished_trials, open_study
from network3.experiments.trials import run_trials
from network3.layers.checks import error_message, integer
from network3.training.signals import TERMINATED, ended_by_sigterm

from .border import INTERRUPTED, border, leave, program
from .search_progress import SearchReporter, settings, validation
from .train import training_named

SPACE = Space()


def search(
    name: Annotated[str, typer.Argument(help="Which run; `network3 list` shows them.")],
    trials: Annotated[int, typer.Option(help="How many trials, those of earlier commands included.")] = 20,
    epochs: Annotated[int, typer.Option(help="Passes over the training data in each trial.")] = 5,
    images: Annotated[int | None, typer.Option(help="How many training images, the first ones.")] = None,
    eta: Annotated[tuple[float, float], typer.Option(help="Least and most learning rate.")] = SPACE.eta,
    lmbda: Annotated[tuple[float, float], typer.Option(help="Least and most L2 regularization.")] = SPACE.lmbda,
    mini_batch_size: Annotated[
        list[int] | None, typer.Option(help="Images per step; may be given more than once to try several.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the initial weights and of the trials.")] = 0,
    storage: Annotated[
        Path | None, typer.Option(help="File of the trials; network3-search/NAME.log by default.")
    ] = None,
    processes: Annotated[int, typer.Option(help="How many trials at a time; they share the processors.")] = 1,
) -> None:
    """Search for a learning rate and a regularization with a good validation accuracy, by trials (book, chapter 3).

    Trials that do worse than half of those before are ended early. All trials are stored: the same command continues
    the search, and a larger `--trials` adds more. Several machines may share a `--storage`, and search together.
    """
    with border():
        run = training_named(name, "network3 search")
        if not run.validates:
            got, hint = f"{name}, which trains on all images", f"{program()} list shows others."
            raise ValueError(error_message("network3 search", "expected a run with validation images", got, hint))
        integer("network3 search: --trials", trials)
        integer("network3 search: --processes", processes)
        sizes = tuple(mini_batch_size or (run.training["mini_batch_size"],))
        space = Search(run, Space(eta, lmbda, sizes), epochs, images, seed)
        file = Path("network3-search") / f"{name}.log" if storage is None else storage
        study = open_study(space, file)
        done = finished_trials(study)
        if done:
            typer.echo(f"{done} trials of before.")
        if done < trials:
            each = f"{epochs} epoch{'s' * (epochs != 1)} each"
            typer.echo(f"Trying {trials - done}, {each}; compiling first ...")
            try:
                with SearchReporter(trials, done) as reporter, ended_by_sigterm():
                    run_trials(space, study, file, trials, reporter, processes)
            except (KeyboardInterrupt, SystemExit) as stop:
                stopped = f"stopped after {finished_trials(study)} trials. Give the same command to go on."
                code = INTERRUPTED if isinstance(stop, KeyboardInterrupt) else TERMINATED
                raise leave(stopped, code) from None
        count, best = finished_trials(study), best_trial(study)
        if best is None:
            got, hint = f"{count} whose cost diverged", "Try smaller rates, e.g. --eta 0.001 1."
            raise ValueError(error_message("network3 search", "expected a trial that learns", got, hint))
        typer.echo(f"Best of {count}: trial {best.number}, {validation(study, best.value)} with {settings(best)}.")
        options = " ".join(f"--{key.replace('_', '-')} {value:.4g}" for key, value in best.params.items())
        typer.echo(f"Train it in full: {program()} train {name} {options}")
