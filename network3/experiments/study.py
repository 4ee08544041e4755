"""The study of a search: its trials, in a file that several processes may share, and that continues the search."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from network3.layers.checks import error_message

from .search import DIVERGED, WHO, Search

if TYPE_CHECKING:
    from optuna import Study
    from optuna.storages import JournalStorage
    from optuna.trial import FrozenTrial

NAME = "network3"  # of the study in its file, and of the attribute with its settings
HINT = "Name another file with --storage."


def open_study(search: Search, path: Path) -> "Study":
    """Return Optuna's study in the file `path`, a new one or the stored one.

    Raises
    ------
    ImportError
        Optuna is not installed.
    ValueError
        The file is not a storage, or has another study; the differences are named.
    OSError
        The file cannot be written.
    """
    try:
        import optuna
    except ImportError:
        hint = "Install it: pip install 'network3[search]'."
        raise ImportError(error_message(WHO, "expected Optuna", "no such package", hint)) from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)  # callers print the trials
    who = f"{WHO}: --storage {path}"
    _create_file(who, path)
    with _alone(path):
        return _open(who, search, path)


def _open(who: str, search: Search, path: Path) -> "Study":
    """Return the study in an existing file, a new one if the file is empty."""
    import optuna

    from .sampling import NumberedSampler

    new = path.stat().st_size == 0
    storage, names = _open_storage(who, path)
    if not new and NAME not in names:
        got = ", ".join(names) or "a file without one"
        raise ValueError(error_message(who, "expected a study of network3 search", got, HINT))
    settings = search.settings()
    if not new:
        before = optuna.load_study(study_name=NAME, storage=storage).user_attrs.get(NAME, settings)
        if before != settings:
            differences = (
                f"{name} was {before.get(name)} and is {value}"
                for name, value in settings.items()
                if before.get(name) != value
            )
            expected = "expected the search that was begun there"
            raise ValueError(error_message(who, expected, "; ".join(differences), HINT))
    study = optuna.create_study(
        study_name=NAME,
        storage=storage,
        load_if_exists=True,
        direction="maximize" if search.measure == "accuracy" else "minimize",
        sampler=NumberedSampler(search.seed),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=1),
    )
    study.set_user_attr(NAME, settings)
    return study


def _create_file(who: str, path: Path) -> None:
    """Create `path` if it does not exist, and check that it can be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8"):
            pass
    except OSError as error:
        hint = "Choose another file, or correct its permissions."
        raise OSError(error_message(who, "expected a file that can be written", error.strerror, hint)) from None


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Run the block while no other process opens the study in `path`, which the first of them creates."""
    from optuna.storages.journal import JournalFileOpenLock

    lock = JournalFileOpenLock(f"{path}.opened")
    lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _open_storage(who: str, path: Path) -> "tuple[JournalStorage, list[str]]":
    """Return the storage in `path` and the names of its studies."""
    from optuna import get_all_study_summaries
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

    lock = JournalFileOpenLock(str(path))  # the default, a link, is not possible on all file systems
    try:
        storage = JournalStorage(JournalFileBackend(str(path), lock_obj=lock))
        return storage, [summary.study_name for summary in get_all_study_summaries(storage)]
    except Exception as error:
        got = f"another file ({type(error).__name__})"
        raise ValueError(error_message(who, "expected a storage of studies", got, HINT)) from None


def finished_trials(study: "Study") -> int:
    """Return how many trials were completed or ended early; those that were killed do not count."""
    return sum(trial.state.name in ("COMPLETE", "PRUNED") for trial in study.get_trials(deepcopy=False))


def best_trial(study: "Study") -> "FrozenTrial | None":
    """Return the trial with the best validation accuracy or cost, among those that stayed finite; None without any."""
    completed = [trial for trial in study.trials if trial.state.name == "COMPLETE"]
    finite = [trial for trial in completed if DIVERGED not in trial.user_attrs]
    sign = 1 if study.direction.name == "MAXIMIZE" else -1
    return max(finite, key=lambda trial: sign * (trial.value or 0.0), default=None)
