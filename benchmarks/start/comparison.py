"""Trainings of one network by several libraries; a library that fails, or is wrong, is excluded from then on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.configurations import Configuration, configuration
from benchmarks.records import Record
from benchmarks.worker import PeerError

from . import Pair
from .process import Library, Run
from .program import read


@dataclass
class TrainingComparison:
    """The libraries that are compared, and their data.

    Parameters
    ----------
    name : str
        The configuration.
    libraries : sequence of Library
        Ours first: if it fails, nothing is compared.
    data : Path
        Folder with the data sets ``training`` and ``test``, see `benchmarks.data`.
    report : callable
        Called with a line of text after each training.
    failures : dict
        By the name of each excluded peer, its record of kind "wrong" or "skipped".
    """

    name: str
    libraries: Sequence[Library]
    data: Path
    report: Callable[[str], None] = lambda text: None
    failures: dict[str, Record] = field(default_factory=dict)

    @property
    def ours(self) -> Library:
        """The library that the others are compared with."""
        return self.libraries[0]

    @property
    def training(self) -> Pair:
        """Images and labels to train on."""
        return read(self.data / "training.npz")

    @property
    def test(self) -> Pair:
        """Images and labels to evaluate on."""
        return read(self.data / "test.npz")

    def is_active(self, library: Library) -> bool:
        """Return whether neither `library` nor ours has failed."""
        return not {library.peer.name, self.ours.peer.name} & set(self.failures)

    def config(self, changes: Mapping[str, Any]) -> Configuration:
        """Return the configuration with some of its fields changed."""
        return configuration(self.name, **changes)

    def common_fields(self, library: Library) -> Record:
        """Return the fields that each record of `library` has."""
        return {"configuration": self.name, "peer": library.peer.name, "title": library.peer.title}

    def attempt(
        self, library: Library, cache: Path, check: Callable[[Run], str], measure: str, **options: Any
    ) -> Run | None:
        """Train once; return the run, or None if it failed or did not pass `check`.

        Parameters
        ----------
        library, cache, options
            See `Library.train`.
        check : callable
            Returns an error message, or "".
        measure : str
            What is measured, for the report.
        """
        cache.mkdir(parents=True, exist_ok=True)
        try:
            run = library.train(self.name, self.data, cache, **options)
        except PeerError as error:
            kind, reason = "wrong" if library is self.ours else "skipped", str(error)
        else:
            kind, reason = "wrong", check(run)
            if not reason:
                self.report(f"  {library.peer.title}, {self.name}, {measure}: {run.seconds[-1]:.2f} s")
                return run
        self.failures[library.peer.name] = {"kind": kind, **self.common_fields(library), "reason": reason}
        return None
