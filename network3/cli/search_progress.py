"""The progress of ``network3 search``: a line for each trial, and a bar for all of them."""

import contextlib
from typing import TYPE_CHECKING, Self

from network3.experiments.search import DIVERGED
from network3.experiments.study import best_trial

from .progress import Terminal, choose_output

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial


class SearchReporter:
    """A callback of a study, and the context in which its trials run.

    Parameters
    ----------
    total : int
        How many trials there will be.
    done : int
        How many of them there are already.
    """

    def __init__(self, total: int, done: int) -> None:
        self.output = choose_output()
        self._stack = contextlib.ExitStack()
        self._bars = self.output.counting_bars() if isinstance(self.output, Terminal) else None
        if self._bars is not None:
            self._trials = self._bars.add_task("trials", total=total, completed=done)

    def __enter__(self) -> Self:
        if self._bars is not None:
            self._stack.enter_context(self._bars)
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def __call__(self, study: "Study", trial: "FrozenTrial") -> None:
        """Report a finished trial."""
        best = "  best so far" if best_trial(study) == trial else ""
        self.output.line(f"trial {trial.number:>3}: {settings(trial)}: {outcome(study, trial)}{best}")
        if self._bars is not None:
            self._bars.advance(self._trials)


def outcome(study: "Study", trial: "FrozenTrial") -> str:
    """Return how a trial ended."""
    if trial.state.name == "PRUNED":
        last = max(trial.intermediate_values)
        return f"{validation(study, trial.intermediate_values[last])} after epoch {last}, ended"
    return "diverged" if DIVERGED in trial.user_attrs else validation(study, trial.value)


def validation(study: "Study", value: float | None) -> str:
    """Return the accuracy or cost that trials of `study` are compared by, such as "validation 97.80%"."""
    return f"validation {value:.2%}" if study.direction.name == "MAXIMIZE" else f"validation cost {value:.4g}"


def settings(trial: "FrozenTrial") -> str:
    """Return the hyper-parameters of a trial, such as "eta 0.5, lmbda 0.1"."""
    return ", ".join(f"{name} {value:.4g}" for name, value in trial.params.items())
