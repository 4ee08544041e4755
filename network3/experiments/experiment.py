"""A run of the catalogue, trained in a folder of its own that holds all there is to know about it.

The folder has the settings (``run.json``), the record (``history.jsonl``), the checkpoint from which an interrupted
run goes on, the network with the weights of its best validation epoch (``model.safetensors``), and pictures.
"""

import json
import platform
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from network3 import datasets
from network3.execution.device import chosen_backend
from network3.layers.checks import error_message, integer, real
from network3.network import Network
from network3.storage.atomic import atomic_write, check_writable
from network3.storage.versions import versions
from network3.training.checkpoint_file import CheckpointWarning, is_there
from network3.training.history import History

from .catalogue import Run

FORMAT = 1


@dataclass(frozen=True)
class Folder:
    """Where a run keeps its files."""

    path: Path

    def names(self) -> list[str]:
        """Return the names of its files, without the pictures."""
        return [path.name for path in (self.model, self.history, self.checkpoint, self.settings)]

    @property
    def settings(self) -> Path:
        return self.path / "run.json"

    @property
    def history(self) -> Path:
        return self.path / "history.jsonl"

    @property
    def checkpoint(self) -> Path:
        return self.path / "checkpoint.safetensors"

    @property
    def model(self) -> Path:
        return self.path / "model.safetensors"


@dataclass(frozen=True)
class Experiment:
    """A run with its settings decided, before anything is loaded or compiled.

    Attributes
    ----------
    run : Run
    training : dict
        Arguments of `Network.SGD` besides the data and the run's methods.
    seed : int
        Of first weights and masks.
    folder : Folder
    resumed : bool
        Whether it goes on from the folder's checkpoint.
    """

    run: Run
    training: dict[str, Any]
    seed: int
    folder: Folder
    resumed: bool

    def build(self) -> Network:
        """Return the network with its first weights, which `seed` fixes."""
        np.random.seed(self.seed)  # the layers' first values come from NumPy's global state, as the book's
        batch = self.training["mini_batch_size"]
        return Network(self.run.layers(batch), batch)

    def train(self, net: Network, data, callbacks: Sequence[Callable] = (), devices: int | None = None) -> History:
        """Train `net`, leave everything in the folder, and return the record; `net` then has its best weights.

        Parameters
        ----------
        net : Network
            As `build` gives it.
        data : three pairs (x, y)
            As `load` gives them.
        callbacks : functions of one `Progress`
        devices : int or None
            As in `Network.SGD`.
        """
        folder = self.folder
        training, validation, test = data
        write_settings = cache(self._write_settings)  # once: before the first checkpoint, after all checks

        def keep(progress):
            try:
                write_settings()
                if progress.epoch_done:
                    progress.history.save(folder.history)
                    if progress.history.best_epoch == progress.epoch:
                        net.save(folder.model)
            except OSError as error:  # a full disk ends no training
                got = f"{folder.path} ({error.strerror or error})"
                hint = "The training goes on; make room, or use another disk."
                message = error_message("network3 train", "expected a folder that can be written", got, hint)
                warnings.warn(message, CheckpointWarning, stacklevel=2)

        history = net.SGD(
            training,
            **self.training,
            **self.run.methods,
            cost=self.run.cost,
            validation_data=validation,
            test_data=test if self.run.test_in_training else None,
            seed=self.seed,
            callbacks=[keep, *callbacks],
            devices=devices,
            checkpoint=folder.checkpoint,
            resume=folder.checkpoint if self.resumed and is_there(folder.checkpoint) else None,
        )
        if net.best is not None:
            net.set_weights(net.best)
        if history.best_epoch is not None and history.corresponding_test_accuracy is None:
            history.test_accuracy[history.best_epoch] = net.accuracy(test)
        write_settings()
        history.save(folder.history)
        net.save(folder.model)
        return history

    def _write_settings(self) -> None:
        settings = {
            "format": FORMAT,
            "run": self.run.name,
            "row": self.run.row,
            "data": self.run.data,
            "first": list(self.run.first),
            "training": self.training,
            "methods": self.run.described,
            "seed": self.seed,
            "backend": chosen_backend(),
            "machine": f"{platform.system()} {platform.machine()}",
            "versions": versions(),
        }
        with atomic_write(self.folder.settings) as file:
            file.write(json.dumps(settings, indent=2).encode())


def prepare(run: Run, path, given: dict[str, Any], seed: int | None, *, resume: bool) -> Experiment:
    """Decide the settings of `run` in the folder `path`.

    Parameters
    ----------
    run : Run
    path : path
        Made if it is not there.
    given : dict
        Arguments of `Network.SGD` that replace the run's own. With `resume`, those of the folder replace them first,
        and only "epochs" may differ from it.
    seed : int or None
        None for the folder's when resuming, otherwise 0.
    resume : bool

    Raises
    ------
    OSError
        The folder cannot be made or written.
    ValueError
        It holds a run and `resume` is False; or resume a folder without a run, or with another: the differences are
        named.
    """
    folder = Folder(Path(path))
    _check(given)
    if resume:
        saved = _read_settings(folder)
        before = {"run": saved["run"], "seed": saved["seed"], **saved["methods"], **saved["training"]}
        now = {"run": run.name, **run.described, **given} | ({} if seed is None else {"seed": seed})
        differences = [
            f"{name} was {before.get(name, 'the default')} and is {value}"
            for name, value in now.items()
            if before.get(name) != value and name != "epochs"
        ]
        if differences:
            hint = "Leave them out to go on as before, or start anew in another folder."
            who = f"network3 train --resume in {folder.path}"
            raise ValueError(
                error_message(who, "expected the settings that it was begun with", "; ".join(differences), hint)
            )
        training = saved["training"] | {name: given[name] for name in ("epochs",) if name in given}
        return Experiment(run, training, saved["seed"], folder, resumed=True)
    if folder.settings.exists():
        hint = "Go on with --resume, or choose another folder with --out."
        expected = "expected a folder without a run"
        raise ValueError(error_message("network3 train", expected, f"{folder.path}, which holds one", hint))
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        expected = "expected a folder that can be made"
        hint = "Choose another place, or correct its permissions."
        raise OSError(
            error_message("network3 train: --out", expected, f"{folder.path} ({error.strerror})", hint)
        ) from None
    check_writable("network3 train: --out", folder.settings)
    return Experiment(run, dict(run.training) | given, 0 if seed is None else seed, folder, resumed=False)


def load(run: Run):
    """Return training, validation and test data of `run`: pairs of uint8 images (n, 784) and int32 labels (n,)."""
    training, validation, test = datasets.load_mnist()
    if run.data == "expanded":
        training = datasets.expand(*training)
    sets = zip((training, validation), run.first, strict=True)
    return *((images[:count], labels[:count]) for (images, labels), count in sets), test


def _check(given: dict[str, Any]) -> None:
    """Refuse numbers that `Network.SGD` would, before anything is read or written."""
    for name, value in given.items():
        if name in ("epochs", "mini_batch_size"):
            integer(f"network3 train: {name}", value, least=int(name != "epochs"))
        elif name in ("eta", "lmbda"):
            real(f"network3 train: {name}", value, least=0.0)


def _read_settings(folder: Folder) -> dict[str, Any]:
    expected = "expected a folder that network3 train has begun a run in"
    who = "network3 train --resume"
    if not folder.settings.is_file():
        hint = "Leave --resume out to start one, or name its folder with --out."
        raise ValueError(error_message(who, expected, f"{folder.path} without run.json", hint))
    try:
        saved = json.loads(folder.settings.read_text(encoding="utf-8"))
        current = int(saved["format"]) <= FORMAT
        saved["run"], saved["seed"], dict(saved["training"])
        saved["methods"] = dict(saved.get("methods", {}))  # a network3 without them wrote none
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        got = f"{folder.settings}, which is damaged ({error!r})"
        raise ValueError(error_message(who, expected, got, "Start anew in another folder.")) from None
    if not current:
        hint = "Update network3, pip install -U network3."
        raise ValueError(error_message(who, f"expected format {FORMAT} or older", f"format {saved['format']}", hint))
    return saved
