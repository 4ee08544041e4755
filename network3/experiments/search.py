"""Hyper-parameters found by trying, with Optuna: an objective that trains, a study that goes on where it stopped."""

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from network3.layers.checks import error_message, integer, real
from network3.network import Network

from .catalogue import Run
from .experiment import load

WHO = "network3 search"
MARK = "network3"


@dataclass(frozen=True)
class Space:
    """Where to look: the learning rate and the regularization by their logarithms, mini-batches among some sizes.

    Attributes
    ----------
    eta, lmbda : (float, float)
        Least and most; two equal numbers fix it.
    mini_batch_size : tuple of int
    """

    eta: tuple[float, float] = (0.001, 10.0)
    lmbda: tuple[float, float] = (1e-4, 100.0)
    mini_batch_size: tuple[int, ...] = (10,)

    def __post_init__(self):
        for name in ("eta", "lmbda"):
            least, most = (real(f"{WHO}: --{name}", value, least=0.0) for value in getattr(self, name))
            if not 0 < least <= most:
                hint = f"Write e.g. --{name} 0.01 1."
                raise ValueError(
                    error_message(f"{WHO}: --{name}", "expected 0 < least <= most", f"{least:g} {most:g}", hint)
                )
        for size in self.mini_batch_size:
            integer(f"{WHO}: --mini-batch-size", size)

    def suggest(self, trial) -> dict[str, Any]:
        """Return arguments of `Network.SGD` that `trial`, of Optuna, chooses."""
        chosen = {name: trial.suggest_float(name, *getattr(self, name), log=True) for name in ("eta", "lmbda")}
        return chosen | {"mini_batch_size": trial.suggest_categorical("mini_batch_size", self.mini_batch_size)}


@dataclass(frozen=True)
class Search:
    """What is searched for: the settings of a run with the best validation accuracy after a few epochs.

    Attributes
    ----------
    run : Run
    space : Space
    epochs : int, >= 1
        Of each trial.
    images : int or None
        The first so many training images; None for all.
    seed : int
        Of first weights, the order of images, and what is tried.
    """

    run: Run
    space: Space = Space()
    epochs: int = 5
    images: int | None = None
    seed: int = 0

    def __post_init__(self):
        integer(f"{WHO}: --epochs", self.epochs)
        integer(f"{WHO}: --seed", self.seed, least=0)
        if self.images is not None:
            integer(f"{WHO}: --images", self.images, least=max(self.space.mini_batch_size))

    def settings(self) -> dict[str, Any]:
        """Return what trials must have in common to be compared, as plain values."""
        return {
            "run": self.run.name,
            "epochs": self.epochs,
            "images": self.images,
            "eta": list(self.space.eta),
            "lmbda": list(self.space.lmbda),
            "mini_batch_size": list(self.space.mini_batch_size),
        }

    def objective(self) -> Callable:
        """Return a function of a trial to the best validation accuracy, which ends hopeless trials early."""
        import optuna

        (images, labels), validation, _ = load(self.run)
        data = images[: self.images], labels[: self.images]
        fixed = {name: value for name, value in self.run.training.items() if name not in ("epochs", "monitor")}
        net = self._network()

        def objective(trial) -> float:
            training = fixed | self.space.suggest(trial) | {"epochs": self.epochs}
            net.set_weights(self._network().get_weights())  # compiled once; trials begin alike

            def report(progress):
                if progress.epoch_done:
                    trial.report(progress.history.validation_accuracy[-1], progress.epoch)
                    if trial.should_prune():
                        raise optuna.TrialPruned

            try:
                with contextlib.redirect_stdout(io.StringIO()):
                    history = net.SGD(
                        data,
                        **training,
                        **self.run.methods,
                        cost=self.run.cost,
                        validation_data=validation,
                        seed=self.seed,
                        callbacks=[report],
                    )
            except FloatingPointError as error:  # a rate far too large: no worse than any other bad one
                trial.set_user_attr("diverged", str(error))
                return 0.0
            accuracy = history.best_validation_accuracy
            assert accuracy is not None
            return accuracy

        return objective

    def _network(self) -> Network:
        np.random.seed(self.seed)
        size = self.run.training["mini_batch_size"]
        return Network(self.run.layers(size), size)


def open_study(search: Search, storage: Path):
    """Return Optuna's study in the file `storage`, new or with the trials of before.

    Raises
    ------
    ImportError
        Optuna is not installed.
    ValueError
        A file that is no storage, or that holds another study: the differences are named.
    OSError
        A place that cannot be written.
    """
    try:
        import optuna
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
    except ImportError:
        hint = "Install it: pip install 'network3[search]'."
        raise ImportError(error_message(WHO, "expected Optuna", "no such package", hint)) from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)  # what happens is told by whoever asks
    who = f"{WHO}: --storage {storage}"
    try:
        storage.parent.mkdir(parents=True, exist_ok=True)
        new = not storage.exists() or storage.stat().st_size == 0
        with storage.open("a", encoding="utf-8"):
            pass
    except OSError as error:
        hint = "Choose another file, or correct its permissions."
        raise OSError(error_message(who, "expected a file that can be written", error.strerror, hint)) from None
    hint = "Name another file with --storage."
    lock = JournalFileOpenLock(str(storage))  # links, the default, are not to be had everywhere
    try:
        backend = JournalStorage(JournalFileBackend(str(storage), lock_obj=lock))
        names = [summary.study_name for summary in optuna.get_all_study_summaries(backend)]
    except Exception as error:
        got = f"a file that is none ({type(error).__name__})"
        raise ValueError(error_message(who, "expected a storage of studies", got, hint)) from None
    if not new and MARK not in names:
        raise ValueError(
            error_message(who, "expected a study of network3 search", ", ".join(names) or "a file without one", hint)
        )
    now, tried = search.settings(), 0
    if not new:
        begun = optuna.load_study(study_name=MARK, storage=backend)
        before, tried = begun.user_attrs.get(MARK, now), len(begun.trials)
        if before != now:
            was = (f"{name} was {before.get(name)} and is {now[name]}" for name in now if before.get(name) != now[name])
            raise ValueError(error_message(who, "expected the search that was begun there", "; ".join(was), hint))
    study = optuna.create_study(
        study_name=MARK,
        storage=backend,
        load_if_exists=True,
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=search.seed + tried),  # going on must not repeat the first trials
        pruner=optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=1),
    )
    study.set_user_attr(MARK, now)
    return study


def best_trial(study):
    """Return the trial with the best validation accuracy, of those whose cost stayed finite; None if there is none."""
    found = [trial for trial in study.trials if trial.state.name == "COMPLETE" and "diverged" not in trial.user_attrs]
    return max(found, key=lambda trial: trial.value, default=None)
