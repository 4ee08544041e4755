"""Hyper-parameter search with Optuna: the search space, and the objective that trains each trial."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from network3.layers.checks import error_message, integer, real
from network3.network import Network
from network3.training.callbacks import Progress

from .catalogue import Run
from .experiment import load
from .processes import stop_with_parent

if TYPE_CHECKING:
    from optuna import Trial

WHO = "network3 search"
DIVERGED = "diverged"  # the attribute of a trial whose cost became infinite or NaN


@dataclass(frozen=True)
class Space:
    """The search space: learning rate and regularization on logarithmic scales, and some sizes of mini-batches.

    Attributes
    ----------
    eta, lmbda : (float, float)
        Least and most; two equal numbers fix it.
    mini_batch_size : tuple of int
    """

    eta: tuple[float, float] = (0.001, 10.0)
    lmbda: tuple[float, float] = (1e-4, 100.0)
    mini_batch_size: tuple[int, ...] = (10,)

    def __post_init__(self) -> None:
        for name in ("eta", "lmbda"):
            least, most = (real(f"{WHO}: --{name}", value, least=0.0) for value in getattr(self, name))
            if not 0 < least <= most:
                hint = f"Write e.g. --{name} 0.01 1."
                raise ValueError(
                    error_message(f"{WHO}: --{name}", "expected 0 < least <= most", f"{least:g} {most:g}", hint)
                )
        for size in self.mini_batch_size:
            integer(f"{WHO}: --mini-batch-size", size)

    def suggest(self, trial: "Trial") -> dict[str, Any]:
        """Return the arguments of `Network.SGD` that Optuna suggests for `trial`."""
        suggested = {name: trial.suggest_float(name, *getattr(self, name), log=True) for name in ("eta", "lmbda")}
        return suggested | {"mini_batch_size": trial.suggest_categorical("mini_batch_size", self.mini_batch_size)}


@dataclass(frozen=True)
class Search:
    """A search for the settings of a run with the best validation accuracy after a few epochs.

    For a run whose last layer has no accuracy, the lowest validation cost is the best.

    Attributes
    ----------
    run : Run
    space : Space
    epochs : int, >= 1
        Of each trial.
    images : int or None
        How many training images, the first ones; None for all.
    seed : int
        Of the initial weights, the order of the images, and the suggestions.
    """

    run: Run
    space: Space = Space()
    epochs: int = 5
    images: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        integer(f"{WHO}: --epochs", self.epochs)
        integer(f"{WHO}: --seed", self.seed, least=0)
        if self.images is not None:
            integer(f"{WHO}: --images", self.images, least=max(self.space.mini_batch_size))

    @property
    def measure(self) -> Literal["accuracy", "cost"]:
        """What trials are compared by."""
        return "accuracy" if hasattr(self._network().layers[-1], "accuracy") else "cost"

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

    def objective(self) -> Callable[["Trial"], float]:
        """Return a function from a trial to its best validation accuracy or cost; it ends hopeless trials early."""
        import optuna

        (images, labels), validation, _ = load(self.run)
        data = images[: self.images], labels[: self.images]
        fixed = {name: value for name, value in self.run.training.items() if name not in ("epochs", "monitor")}
        net, measure = self._network(), self.measure

        def objective(trial: "Trial") -> float:
            arguments = fixed | self.space.suggest(trial) | {"epochs": self.epochs} | self.run.methods
            net.set_weights(self._network().get_weights())  # compiled once; all trials have the same initial weights

            def report(progress: Progress) -> None:
                stop_with_parent(progress)
                if progress.epoch_done:
                    trial.report(getattr(progress.history, f"validation_{measure}")[-1], progress.epoch)
                    if trial.should_prune():
                        raise optuna.TrialPruned

            try:
                history = net.SGD(
                    data,
                    **arguments,
                    cost=self.run.cost,
                    validation_data=validation,
                    seed=self.seed,
                    callbacks=[report],
                    verbose=False,
                )
            except FloatingPointError as error:  # a rate far too large: as bad as the worst
                trial.set_user_attr(DIVERGED, str(error))
                return 0.0 if measure == "accuracy" else math.inf
            best = getattr(history, f"best_validation_{measure}")
            return math.inf if best is None else best

        return objective

    def _network(self) -> Network:
        np.random.seed(self.seed)
        size = self.run.training["mini_batch_size"]
        return Network(self.run.layers(size), size)
