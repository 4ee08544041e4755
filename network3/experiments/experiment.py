"""A run of the catalogue, trained in a folder of its own.

The folder has the settings (``run.json``), the record (``history.jsonl``), the checkpoint from which an interrupted
run is continued, the network with the weights of its best validation epoch, or of the last one if no images are kept
for validation (``model.safetensors``), and plots.
"""

import os
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from network3.data import examples
from network3.datasets import expand, load_mnist
from network3.layers.checks import error_message, integer, real
from network3.network import Network
from network3.storage.atomic import check_writable
from network3.training.callbacks import Callback, Progress
from network3.training.checkpoint_file import CheckpointWarning, checkpoint_exists
from network3.training.evaluation import score
from network3.training.history import History

from .catalogue import Run
from .folder import Folder
from .own_data import DataSets, OwnData, Pair, differs, read_own_data


@dataclass(frozen=True)
class Experiment:
    """A run with its final settings, before anything is loaded or compiled.

    Attributes
    ----------
    run : Run
    training : dict
        Arguments of `Network.SGD`, except the data and the run's methods.
    seed : int
        Of initial weights and masks.
    folder : Folder
    resumed : bool
        Whether it is continued from the folder's checkpoint.
    own : OwnData or None
        The user's data instead of the run's.
    """

    run: Run
    training: dict[str, Any]
    seed: int
    folder: Folder
    resumed: bool
    own: OwnData | None = None

    def build(self) -> Network:
        """Return the network with its initial weights, which depend on `seed` alone."""
        np.random.seed(self.seed)  # initial weights are drawn from NumPy's global state, as the book's
        batch = self.training["mini_batch_size"]
        sizes = {} if self.own is None else self.own.sizes
        return Network(self.run.layers(batch, **sizes), batch)

    def load(self) -> DataSets:
        """Return the training, validation and test data: the user's, or those of the run."""
        return load(self.run) if self.own is None else self.own.sets

    def train(
        self,
        net: Network,
        data: DataSets,
        callbacks: Sequence[Callback | Callable[[Progress], None]] = (),
        devices: int | None = None,
        *,
        verbose: bool = True,
    ) -> History:
        """Train `net`, write all files of the folder, and return the record; `net` then has its best weights.

        Parameters
        ----------
        net : Network
            As `build` returns it.
        data : three pairs (x, y)
            As `load` returns them; without validation data, the last epoch counts instead of the best.
        callbacks, devices, verbose
            As in `Network.SGD`.
        """
        folder = self.folder
        training, validation, test = data
        write_settings = cache(self._write_settings)  # once: after all checks, before the first checkpoint

        def save_epoch(progress: Progress) -> None:
            try:
                write_settings()
                if progress.epoch_done:
                    progress.history.save(folder.history)
                    if progress.history.best_epoch == progress.epoch:
                        net.save(folder.model)
            except OSError as error:  # a full disk does not end the training
                got = f"{folder.path} ({error.strerror or error})"
                hint = "The training continues; make room, or use another disk."
                message = error_message("network3 train", "expected a folder that can be written", got, hint)
                warnings.warn(message, CheckpointWarning, stacklevel=2)

        arguments: dict[str, Any] = {**self.training, **self.run.methods}
        history = net.SGD(
            training,
            **arguments,
            cost=self.run.cost,
            validation_data=validation,
            test_data=test if self.run.test_in_training else None,
            seed=self.seed,
            callbacks=[save_epoch, *callbacks],
            devices=devices,
            verbose=verbose,
            checkpoint=folder.checkpoint,
            resume=folder.checkpoint if self.resumed and checkpoint_exists(folder.checkpoint) else None,
        )
        if net.best is not None:
            net.set_weights(net.best)
        self._evaluate(net, history, test)
        write_settings()
        history.save(folder.history)
        net.save(folder.model)
        return history

    def _evaluate(self, net: Network, history: History, test: Pair) -> None:
        """Evaluate the test data at the epoch whose weights `net` has, unless that was done in the training."""
        epoch, measure = history.best_epoch, history.measure
        if measure is None and history.epochs:  # without validation data the last epoch counts
            epoch, measure = history.epochs - 1, "accuracy"
            history.test_accuracy = [None] * history.epochs
        if epoch is not None and measure is not None and getattr(history, f"test_{measure}")[epoch] is None:
            given = examples("test data", test, net, self.run.cost)
            getattr(history, f"test_{measure}")[epoch] = score(net, given, self.run.cost)[measure]

    def _write_settings(self) -> None:
        own = None if self.own is None else self.own.record()
        self.folder.write_settings(self.run, self.training, self.seed, own)


def prepare(
    run: Run,
    path: str | os.PathLike[str],
    given: dict[str, Any],
    seed: int | None,
    *,
    resume: bool,
    own: OwnData | None = None,
) -> Experiment:
    """Decide the settings of `run` in the folder `path`.

    Parameters
    ----------
    run : Run
    path : path
        Made if it does not exist.
    given : dict
        Arguments of `Network.SGD` that replace the run's own. With `resume`, the saved ones replace the run's own, and
        of these only "epochs" may be changed.
    seed : int or None
        Default the saved seed with `resume`, otherwise 0.
    resume : bool
    own : OwnData, optional
        The user's data instead of the run's. With `resume`, by default those that the run was begun with, read again.

    Raises
    ------
    OSError
        The folder cannot be made or written.
    ValueError
        Without `resume`: the folder has a run. With `resume`: it has none, or one with other settings, which are
        named.
    """
    folder = Folder(Path(path))
    _check(given)
    if resume:
        return _resumed(run, folder, given, seed, own)
    who = "network3 train"
    if folder.settings.exists():
        expected, hint = "expected a folder without a run", "Go on with --resume, or choose another folder with --out."
        raise ValueError(error_message(who, expected, f"{folder.path}, which has one", hint))
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        expected, hint = "expected a folder that can be made", "Choose another path, or correct its permissions."
        got = f"{folder.path} ({error.strerror})"
        raise OSError(error_message(f"{who}: --out", expected, got, hint)) from None
    check_writable(f"{who}: --out", folder.settings)
    return Experiment(run, dict(run.training) | given, 0 if seed is None else seed, folder, resumed=False, own=own)


def _resumed(run: Run, folder: Folder, given: dict[str, Any], seed: int | None, own: OwnData | None) -> Experiment:
    """Return the experiment that continues the run in `folder`."""
    saved = folder.read_settings()
    before = {"run": saved["run"], "seed": saved["seed"], **saved["methods"], **saved["training"]}
    now = {"run": run.name, **run.described_methods, **given} | ({} if seed is None else {"seed": seed})
    differences = [
        f"{name} was {before.get(name, 'the default')} and is {value}"
        for name, value in now.items()
        if before.get(name) != value and name != "epochs"
    ]
    begun_with = saved["own_data"]
    if own is None and begun_with is not None:
        own = read_own_data(begun_with["path"], run)
    if difference := differs(begun_with, own):
        differences.append(difference)
    if differences:
        who = f"network3 train --resume in {folder.path}"
        expected = "expected the settings that it was begun with"
        hint = "Leave them out to go on as before, or start a new one in another folder."
        raise ValueError(error_message(who, expected, "; ".join(differences), hint))
    training = saved["training"] | {name: given[name] for name in ("epochs",) if name in given}
    return Experiment(run, training, saved["seed"], folder, resumed=True, own=own)


def load(run: Run) -> DataSets:
    """Return training, validation and test data of `run`: pairs of uint8 images (n, 784) and int32 labels (n,).

    The validation data are None if the run trains on all images.
    """
    return load_data(run.data, run.image_counts)


def load_data(name: str, image_counts: tuple[int | None, int | None]) -> DataSets:
    """Return the data of a run by its fields `data` and `image_counts`."""
    training, validation, test = load_mnist()
    if name == "expanded":
        training = expand(*training)
    sets = zip((training, validation), image_counts, strict=True)
    training, validation = ((images[:count], labels[:count]) for (images, labels), count in sets)
    if name == "all":
        images, labels = (np.concatenate(arrays) for arrays in zip(training, validation, strict=True))
        return (images, labels), None, test
    return training, validation, test


def _check(given: dict[str, Any]) -> None:
    """Check numbers as `Network.SGD` would, before anything is read or written."""
    for name, value in given.items():
        if name in ("epochs", "mini_batch_size"):
            integer(f"network3 train: {name}", value, least=int(name != "epochs"))
        elif name in ("eta", "lmbda"):
            real(f"network3 train: {name}", value, least=0.0)
