"""The trials of a search, carried out in this process or in several."""

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from network3.layers.checks import error_message, integer

from .catalogue import RUNS
from .processes import POLL_SECONDS, receiving_ctrl_c, workers
from .search import WHO, Search, Space
from .study import finished_trials, open_study

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.trial import FrozenTrial

Report = Callable[["Study", "FrozenTrial"], None]


def run_trials(search: Search, study: "Study", path: Path, total: int, report: Report, processes: int = 1) -> None:
    """Carry out trials until `study` has `total` that are finished, those of other programs included.

    Parameters
    ----------
    search : Search
        Of a run in the catalogue.
    study : Study
        Of `open_study`, in the file `path`.
    path : Path
    total : int
        Programs that share the file may finish a few more, which they had begun before.
    report : callable
        ``report(study, trial)`` for each trial of this program that is finished.
    processes : int, default 1
        At a time; they share the processors of this machine.

    Raises
    ------
    KeyboardInterrupt
        Ctrl-C; the trials that were running do not count.
    RuntimeError
        A process was killed.
    """
    processes = min(integer(f"{WHO}: --processes", processes), max(1, total - finished_trials(study)))
    if processes > 1:
        _in_processes(search, study, path, total, report, processes)
        return
    objective = search.objective()
    while finished_trials(study) < total:
        study.optimize(objective, n_trials=1, callbacks=[report])


def _in_processes(search: Search, study: "Study", path: Path, total: int, report: Report, count: int) -> None:
    arguments = (search.run.name, search.space, search.epochs, search.images, search.seed, path)
    running: set[Future] = set()
    with workers(count) as pool:
        try:
            while True:
                while len(running) < min(count, total - finished_trials(study)):
                    running.add(pool.submit(_run_trial, *arguments))
                if not running:
                    return
                over, running = wait(running, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
                for number in sorted(future.result() for future in over if future.result() is not None):
                    report(study, study.trials[number])
        except BrokenExecutor:
            expected, hint = "expected its processes to continue", "Give the same command to go on."
            raise RuntimeError(error_message(WHO, expected, "one that was killed", hint)) from None
        except BaseException:
            pool.interrupt(running)
            raise


def _run_trial(name: str, space: Space, epochs: int, images: int | None, seed: int, path: Path) -> int | None:
    """Carry out a trial in a process of the pool, and return its number; None if it was interrupted."""
    numbers: list[int] = []
    try:
        with receiving_ctrl_c():
            study, objective = _prepared(name, space, epochs, images, seed, path)
            study.optimize(objective, n_trials=1, callbacks=[lambda _, trial: numbers.append(trial.number)])
    except KeyboardInterrupt:
        return None
    return numbers[0]


@lru_cache(maxsize=1)
def _prepared(
    name: str, space: Space, epochs: int, images: int | None, seed: int, path: Path
) -> "tuple[Study, Callable[[Trial], float]]":
    """Return the study and the objective of a process, which compiles the network once."""
    search = Search(RUNS[name], space, epochs, images, seed)
    return open_study(search, path), search.objective()
