"""The folder of a run: its files, and its settings as JSON."""

import json
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from network3.execution.device import chosen_backend
from network3.layers.checks import error_message
from network3.storage.atomic import atomic_write
from network3.storage.versioned_json import MALFORMED, NewerFormatError, parse_versioned
from network3.storage.versions import versions

from .catalogue import Run

FORMAT = 1


@dataclass(frozen=True)
class Folder:
    """The files of a run: settings, record of the epochs, checkpoint and network.

    Attributes
    ----------
    path : Path
    """

    path: Path

    def names(self) -> list[str]:
        """Return the names of the files, without the plots."""
        return [path.name for path in (self.model, self.history, self.checkpoint, self.settings)]

    @property
    def settings(self) -> Path:
        """The settings, JSON."""
        return self.path / "run.json"

    @property
    def history(self) -> Path:
        """The record of the epochs, JSON lines."""
        return self.path / "history.jsonl"

    @property
    def checkpoint(self) -> Path:
        """From which an interrupted training is continued."""
        return self.path / "checkpoint.safetensors"

    @property
    def model(self) -> Path:
        """The network with the weights of its best validation epoch; of the last one without validation images."""
        return self.path / "model.safetensors"

    def write_settings(
        self, run: Run, training: dict[str, Any], seed: int, own_data: dict[str, Any] | None = None
    ) -> None:
        """Write the settings of a training, and where it runs.

        Parameters
        ----------
        run : Run
        training : dict
            Arguments of `Network.SGD`, as plain values.
        seed : int
        own_data : dict, optional
            What identifies the user's own data, which are used instead of the run's.
        """
        settings = {
            "format": FORMAT,
            "run": run.name,
            "row": run.row,
            "data": run.data if own_data is None else "own",
            "first": list(run.image_counts) if own_data is None else [None, None],
            "training": training,
            "methods": run.described_methods,
            "seed": seed,
            "own_data": own_data,
            "backend": chosen_backend(),
            "machine": f"{platform.system()} {platform.machine()}",
            "versions": versions(),
        }
        with atomic_write(self.settings) as file:
            file.write(json.dumps(settings, indent=2).encode())

    def read_settings(self) -> dict[str, Any]:
        """Return what `write_settings` wrote.

        Raises
        ------
        ValueError
            The folder has no settings, or damaged ones, or those of a newer network3.
        """
        expected = "expected a folder that network3 train has begun a run in"
        who = "network3 train --resume"
        if not self.settings.is_file():
            hint = "Leave --resume out to start one, or name its folder with --out."
            raise ValueError(error_message(who, expected, f"{self.path} without run.json", hint))
        try:
            saved, _ = parse_versioned(self.settings.read_bytes(), FORMAT, who)
            saved["run"], saved["seed"], dict(saved["training"])
            saved["methods"] = dict(saved.get("methods", {}))  # early versions had no methods
            own = saved.setdefault("own_data", None)  # nor own data
            if own is not None:
                own["path"], own["inputs"], own["crc32"], list(own["examples"])
        except NewerFormatError:
            raise
        except MALFORMED as error:
            got = f"{self.settings}, which is damaged ({error})"
            raise ValueError(error_message(who, expected, got, "Start a new one in another folder.")) from None
        return saved
