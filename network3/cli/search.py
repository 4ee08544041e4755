"""``network3 search NAME``: hyper-parameters of a run, found by trying."""

from pathlib import Path
from typing import Annotated

import typer

from network3.experiments.search import Search, Space, best_trial, open_study
from network3.layers.checks import error_message, integer

from .border import INTERRUPTED, border, leave, program
from .train import training_named

SPACE = Space()


def search(
    name: Annotated[str, typer.Argument(help="Which run; `network3 list` shows them.")],
    trials: Annotated[int, typer.Option(help="How many settings to try, those of before included.")] = 20,
    epochs: Annotated[int, typer.Option(help="Passes over the training data in each trial.")] = 5,
    images: Annotated[int | None, typer.Option(help="The first so many training images, which is quick.")] = None,
    eta: Annotated[tuple[float, float], typer.Option(help="Least and most learning rate.")] = SPACE.eta,
    lmbda: Annotated[tuple[float, float], typer.Option(help="Least and most L2 regularization.")] = SPACE.lmbda,
    mini_batch_size: Annotated[
        list[int] | None, typer.Option(help="Images a step; give it more than once to try several.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Fixes first weights and what is tried.")] = 0,
    storage: Annotated[
        Path | None, typer.Option(help="File of the trials; network3-search/NAME.log by default.")
    ] = None,
) -> None:
    """Look for a learning rate and a regularization with a good validation accuracy, as chapter 3 advises: by trying.

    Trials that do worse than half of those before are ended early. The storage keeps all of them: the same command
    goes on, and with more `--trials` tries more.
    """
    with border():
        run = training_named(name, "network3 search")
        integer("network3 search: --trials", trials)
        sizes = tuple(mini_batch_size or (run.training["mini_batch_size"],))
        expected = Search(run, Space(eta, lmbda, sizes), epochs, images, seed)
        study = open_study(expected, Path("network3-search") / f"{name}.log" if storage is None else storage)
        done = _over(study)
        if done:
            typer.echo(f"{done} trials of before.")
        if done < trials:
            each = f"{epochs} epoch{'s' * (epochs != 1)} each"
            typer.echo(f"Trying {trials - done}, {each}; compiling first, up to half a minute ...")
            objective = expected.objective()
            try:
                while _over(study) < trials:
                    study.optimize(objective, n_trials=1, callbacks=[_say])
            except KeyboardInterrupt:
                raise leave(
                    f"stopped after {_over(study)} trials. Give the same command to go on.", INTERRUPTED
                ) from None
        best = best_trial(study)
        if best is None:
            hint = "Look lower, e.g. --eta 0.001 1."
            got = f"{_over(study)} whose cost ran away"
            raise ValueError(error_message("network3 search", "expected a trial that learns", got, hint))
        typer.echo(f"Best of {_over(study)}: trial {best.number}, validation {best.value:.2%} with {_settings(best)}.")
        options = " ".join(f"--{key.replace('_', '-')} {value:.4g}" for key, value in best.params.items())
        typer.echo(f"Train it in full: {program()} train {name} {options}")


def _over(study) -> int:
    """Return how many trials were completed or ended early; those that were killed do not count."""
    return sum(trial.state.name in ("COMPLETE", "PRUNED") for trial in study.get_trials(deepcopy=False))


def _say(study, trial) -> None:
    if trial.state.name == "PRUNED":
        last = max(trial.intermediate_values)
        outcome = f"validation {trial.intermediate_values[last]:.2%} after epoch {last}, ended"
    elif "diverged" in trial.user_attrs:
        outcome = "diverged"
    else:
        outcome = f"validation {trial.value:.2%}"
    best = "  best so far" if best_trial(study) == trial else ""
    typer.echo(f"trial {trial.number:>3}: {_settings(trial)}: {outcome}{best}")


def _settings(trial) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in trial.params.items())
