"""What ``network3 train`` says: the book's lines, nothing, or JSON; bars on a terminal are in `bars`."""

import contextlib
import json
import os
import sys

import typer

from network3.experiments.experiment import Experiment
from network3.network import Network
from network3.training.callbacks import Progress
from network3.training.history import History

from .border import program


class Reporter:
    """The plain one, for pipes and files: the lines of the book as `Network.SGD` prints them.

    It is a callback of the training, and the context in which that runs.
    """

    silences_book = False

    def __enter__(self):
        self._stack = contextlib.ExitStack()
        if self.silences_book:
            null = self._stack.enter_context(open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123  (no Path)
            self._stack.enter_context(contextlib.redirect_stdout(null))
        return self

    def __exit__(self, *error):
        self._stack.close()

    def __call__(self, progress: Progress) -> None:
        """Hear how far the training is."""
        sys.stdout.flush()  # a pipe shows lines as they come

    def say(self, text: str) -> None:
        """Tell a person something."""
        typer.echo(text)

    def begin(self, experiment: Experiment, net: Network, images: int) -> None:
        """Tell what will be trained."""
        self.say(str(net))
        self.say(f"{task(experiment, images)}; compiling first, up to half a minute ...")

    def end(self, experiment: Experiment, history: History, files: list[str]) -> None:
        """Tell how it went, and what is where."""
        self.result(
            {
                "run": experiment.run.name,
                "seed": experiment.seed,
                "best_epoch": history.best_epoch,
                "validation_accuracy": history.best_validation_accuracy,
                "test_accuracy": history.corresponding_test_accuracy,
                "published": experiment.run.published,
                "folder": str(experiment.folder.path),
                "files": files,
            },
            summary(experiment, history, files),
        )

    def result(self, record: dict, text: str) -> None:
        """Tell a result, as a record or for a person."""
        self.say(text)


class Quiet(Reporter):
    """Says nothing."""

    silences_book = True

    def say(self, text: str) -> None:
        pass


class Json(Quiet):
    """One JSON object a line: each epoch, then the result."""

    def __init__(self):
        self._output = sys.stdout  # as it is now: while training, what is printed goes nowhere

    def __call__(self, progress: Progress) -> None:
        if progress.epoch_done:
            self._write(progress.history.rows()[-1])

    def result(self, record: dict, text: str) -> None:
        self._write(record)

    def _write(self, record: dict) -> None:
        print(json.dumps(record), file=self._output, flush=True)


def task(experiment: Experiment, images: int) -> str:
    """Return what is to be done."""
    again = "going on to " if experiment.resumed else ""
    return f"{again}{experiment.training['epochs']} epochs over {images:,} images"


def summary(experiment: Experiment, history: History, files: list[str]) -> str:
    """Return how the training went, and what is where."""
    lines = []
    if history.best_epoch is not None:
        line = f"Best epoch {history.best_epoch}: validation {history.best_validation_accuracy:.2%}"
        if history.corresponding_test_accuracy is not None:
            line += f", test {history.corresponding_test_accuracy:.2%}"
        book = experiment.run.result
        if book.value is not None and experiment.run.nets == 1:
            epochs = experiment.run.training["epochs"]
            line += f" (the book: {book.told} after {epochs} epochs)"
        lines.append(f"{line}.")
    folder = experiment.folder
    lines.append(f"In {folder.path}: {', '.join(files)}.")
    lines.append(f"Try it: {program()} predict {folder.model} IMAGE")
    return "\n".join(lines)


def choose_reporter(*, quiet: bool, as_json: bool) -> Reporter:
    """Return the reporter that fits the options and where the output goes."""
    if as_json:
        return Json()
    if quiet:
        return Quiet()
    if sys.stdout.isatty():
        from .bars import Bars

        return Bars()
    return Reporter()
