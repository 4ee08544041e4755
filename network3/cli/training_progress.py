"""The progress of ``network3 train``: what is trained, each epoch, and the result."""

import math
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Self

from network3.experiments.experiment import Experiment
from network3.network import Network
from network3.training.callbacks import Callback, Progress, formatted
from network3.training.history import History

from .border import program
from .progress import Output, Terminal, choose_output, time_left_column

if TYPE_CHECKING:
    from rich.progress import TaskID

SHOWN_CLASSES = 3  # with the lowest accuracies


class TrainingReporter(Callback):
    """A callback of a training, and the context in which it runs.

    Parameters
    ----------
    output : Output
    """

    def __init__(self, output: Output) -> None:
        self.output = output

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        return

    def on_chunk(self, progress: Progress) -> None:
        """Report a chunk."""
        sys.stdout.flush()  # so that a pipe has each line at once

    def on_epoch(self, progress: Progress) -> None:
        """Report an epoch."""
        self.output.epoch(progress.history.rows()[-1])
        sys.stdout.flush()

    def begin(self, experiment: Experiment, net: Network, images: int) -> None:
        """Report what will be trained."""
        self.output.line(str(net))
        self.output.line(f"{describe(experiment, images)}; compiling first ...")

    def end(self, experiment: Experiment, history: History, files: list[str], by_class: Mapping[str, float]) -> None:
        """Report the result, the test accuracy of each class, NaN if it has no examples, and the files."""
        found = {"validation_cost": history.best_validation_cost, "test_cost": history.corresponding_test_cost}
        costs = {name: value for name, value in found.items() if value is not None}
        self.output.result(
            {
                "run": experiment.run.name,
                "seed": experiment.seed,
                "best_epoch": history.best_epoch,
                "validation_accuracy": history.best_validation_accuracy,
                "test_accuracy": history.corresponding_test_accuracy,
                **costs,
                "class_accuracy": {name: None if math.isnan(value) else value for name, value in by_class.items()},
                "published": experiment.run.published if experiment.own is None else {},
                "data": experiment.run.data if experiment.own is None else str(experiment.own.path),
                "folder": str(experiment.folder.path),
                "files": files,
            },
            summarize(experiment, history, files, by_class),
        )


class TrainingBars(TrainingReporter):
    """A bar for the epoch with steps per second and cost, one for the training, and a line for each epoch.

    Parameters
    ----------
    terminal : Terminal
    """

    def __init__(self, terminal: Terminal) -> None:
        super().__init__(terminal)
        self.terminal = terminal

    def begin(self, experiment: Experiment, net: Network, images: int) -> None:
        """Report what will be trained."""
        self.terminal.line(str(net))
        self.terminal.line(f"{describe(experiment, images)}\n")

    def __enter__(self) -> Self:
        from rich.progress import TextColumn

        done = TextColumn("{task.fields[done]}", justify="right")
        self.bars = self.terminal.bars(done, time_left_column(), "{task.fields[news]}")
        self._training = self.bars.add_task("compiling", total=None, done="", news="")
        self._epoch: TaskID | None = None
        self._steps, self._time = 0, time.perf_counter()
        self.bars.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.bars.stop()

    def on_chunk(self, progress: Progress) -> None:
        """Update the bars."""
        first = self._epoch is None
        epoch = self._begin_epochs(progress) if self._epoch is None else self._epoch
        done = f"{progress.batch:,}/{progress.batches:,} steps"
        self.bars.update(epoch, completed=progress.batch, done=done, news=self._news(progress, first))
        self._update_training(progress)

    def on_epoch(self, progress: Progress) -> None:
        """Write the line of a finished epoch."""
        self._end_epoch(progress, self._begin_epochs(progress) if self._epoch is None else self._epoch)
        self._update_training(progress)

    def _update_training(self, progress: Progress) -> None:
        self.bars.update(self._training, completed=progress.iteration)
        self._steps, self._time = progress.iteration, time.perf_counter()

    def _news(self, progress: Progress, first: bool) -> str:
        """Return speed and cost of a chunk; the first one has no speed, because it includes compiling."""
        if progress.batch == progress.batches:
            return "evaluating ..."
        rate = (progress.iteration - self._steps) / (time.perf_counter() - self._time)
        return f"{'' if first else f'{rate:,.0f} steps/s  '}cost {progress.cost:.4f}"

    def _begin_epochs(self, progress: Progress) -> "TaskID":
        """Replace the notice of compiling by the two bars, once the first chunk is done; return the epoch's."""
        self.bars.remove_task(self._training)
        self._epoch = self.bars.add_task(f"epoch {progress.epoch}", total=progress.batches, done="", news="")
        total, done = progress.epochs * progress.batches, f"{progress.epoch}/{progress.epochs} epochs"
        self._training = self.bars.add_task("all", total=total, done=done, news="")
        return self._epoch

    def _end_epoch(self, progress: Progress, epoch: "TaskID") -> None:
        best = progress.history.best_epoch == progress.epoch
        self.terminal.line(epoch_line(progress.history), remark="  best so far" if best else "")
        done = progress.epoch + 1
        self.bars.update(self._training, done=f"{done}/{progress.epochs} epochs")
        if done < progress.epochs:
            self.bars.reset(epoch, description=f"epoch {done}", news="", done="")
        else:
            self.bars.remove_task(epoch)


def training_reporter(*, quiet: bool, as_json: bool) -> TrainingReporter:
    """Return the reporter for the options of the command and for standard output."""
    output = choose_output(quiet=quiet, as_json=as_json)
    return TrainingBars(output) if isinstance(output, Terminal) else TrainingReporter(output)


def describe(experiment: Experiment, images: int) -> str:
    """Return what will be trained, such as "60 epochs over 50,000 images"."""
    resumed = "going on to " if experiment.resumed else ""
    whose = "" if experiment.own is None else f" of {experiment.own.path}"
    return f"{resumed}{experiment.training['epochs']} epochs over {images:,} images{whose}"


def epoch_line(history: History) -> str:
    """Return the line of the last epoch."""
    row = history.rows()[-1]
    parts = [f"epoch {row['epoch']:>3}", f"cost {row['cost']:.4f}"]
    for data in ("validation", "test"):
        if row.get(f"{data}_accuracy") is not None:
            parts.append(f"{data} {row[f'{data}_accuracy']:.2%}")
        if row.get(f"{data}_cost") is not None:
            parts.append(f"{data} cost {row[f'{data}_cost']:.4g}")
    return "   ".join([*parts, f"{row['seconds']:.1f} s"])


def summarize(experiment: Experiment, history: History, files: list[str], by_class: Mapping[str, float]) -> str:
    """Return the result of a training and its files, in lines."""
    lines = []
    test = history.corresponding_test_accuracy
    if history.best_epoch is not None:
        parts = [
            f"{name} {formatted(history.measure, value)}"
            for name, value in (
                ("validation", history.best_validation_accuracy),
                ("validation cost", history.best_validation_cost),
                ("test", test),
                ("test cost", history.corresponding_test_cost),
            )
            if value is not None
        ]
        line = f"Best epoch {history.best_epoch}: {', '.join(parts)}"
        published = experiment.run.result
        if published.value is not None and experiment.run.nets == 1 and experiment.own is None:
            line += f" (the book: {published.formatted} after {experiment.run.epochs} epochs)"
        lines.append(f"{line}.")
    elif test is not None:
        lines.append(f"Last epoch {history.epochs - 1}: test {test:.2%}.")
    lowest = sorted((value, name) for name, value in by_class.items() if not math.isnan(value))[:SHOWN_CLASSES]
    if lowest:
        lines.append(f"Lowest by class: {', '.join(f'{name} {value:.2%}' for value, name in lowest)}.")
    folder = experiment.folder
    lines.append(f"In {folder.path}: {', '.join(files)}.")
    if experiment.own is None:  # `predict` reads photographs as MNIST's digits
        lines.append(f"Try it: {program()} predict {folder.model} IMAGE")
    return "\n".join(lines)
