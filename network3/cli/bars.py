"""Progress on a terminal: a bar for the epoch, one for the run, and a line for each epoch that is done."""

import sys
import time

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeRemainingColumn

from network3.experiments.experiment import Experiment
from network3.network import Network
from network3.training import callbacks as training

from .reporters import Reporter, task


class Bars(Reporter):
    """Bars with steps a second, cost and time left."""

    silences_book = True

    def __init__(self, console: Console | None = None):
        # Bound to the output as it is now: while training, the book's lines go nowhere.
        self.console = Console(file=sys.stdout, highlight=False) if console is None else console

    def say(self, text: str) -> None:
        self.console.print(text, markup=False, soft_wrap=True)

    def begin(self, experiment: Experiment, net: Network, images: int) -> None:
        self.say(str(net))
        self.say(f"{task(experiment, images)}\n")

    def __enter__(self):
        super().__enter__()
        self._progress = Progress(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[done]}", justify="right"),
            TimeRemainingColumn(),
            TextColumn("left"),
            TextColumn("{task.fields[news]}"),
            console=self.console,
            redirect_stdout=False,
            expand=True,
        )
        self._epoch: TaskID | None = None
        self._run = self._progress.add_task("compiling", total=None, done="", news="once, up to half a minute")
        self._steps, self._since = 0, time.perf_counter()
        self._stack.enter_context(self._progress)
        return self

    def __call__(self, now: training.Progress) -> None:
        steps = now.epoch * now.batches + now.batch
        if now.epoch_done:
            self._say_epoch(now)
            self._progress.update(self._run, completed=steps, done=f"{now.epoch + 1}/{now.epochs} epochs")
            if now.epoch + 1 < now.epochs:
                self._progress.reset(self._epoch, description=f"epoch {now.epoch + 1}", news="", done="")
            else:
                self._progress.remove_task(self._epoch)
        else:
            if self._epoch is None:
                self._start(now)
                news = ""
            else:
                news = f"{(steps - self._steps) / (time.perf_counter() - self._since):,.0f} steps/s  "
            self._progress.update(self._run, completed=steps)
            self._progress.update(
                self._epoch,
                completed=now.batch,
                done=f"{now.batch:,}/{now.batches:,} steps",
                news=f"{news}cost {now.cost:.4f}" if now.batch < now.batches else "evaluating ...",
            )
        self._steps, self._since = steps, time.perf_counter()

    def _start(self, now: training.Progress) -> None:
        """Compiled, and the first chunk done: put the two bars in the place of the notice."""
        self._progress.remove_task(self._run)
        self._epoch = self._progress.add_task(f"epoch {now.epoch}", total=now.batches, done="", news="")
        done = f"{now.epoch}/{now.epochs} epochs"
        self._run = self._progress.add_task("all", total=now.epochs * now.batches, done=done, news="")

    def _say_epoch(self, now: training.Progress) -> None:
        row = now.history.rows()[-1]
        parts = [f"epoch {now.epoch:>3}", f"cost {row['cost']:.4f}"]
        if "validation_accuracy" in row:
            parts.append(f"validation {row['validation_accuracy']:.2%}")
        if row.get("test_accuracy") is not None:
            parts.append(f"test {row['test_accuracy']:.2%}")
        parts.append(f"{row['seconds']:.1f} s")
        best = "  [bold green]best so far[/]" if now.history.best_epoch == now.epoch else ""
        self._progress.console.print("   ".join(parts) + best)
