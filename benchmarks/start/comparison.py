"""Trainings of one network by several libraries; one that fails, or is wrong, is left out from then on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.child import PeerError
from benchmarks.configurations import Configuration, configuration
from benchmarks.start.process import Library, Run
from benchmarks.start.program import Pair, read

Record = dict[str, Any]


@dataclass
class Comparison:
    """Who is compared, on what.

    Parameters
    ----------
    name : str
        Of the configuration.
    libraries : sequence of Library
        Ours first: without it nothing is compared.
    data : Path
        Where `benchmarks.start.process.write_data` wrote.
    report : callable
        Called with a line of text after each training.
    failures : dict
        A record of kind "wrong" or "skipped", and why, for each that is left out, by its peer's module.
    """

    name: str
    libraries: Sequence[Library]
    data: Path
    report: Callable[[str], None] = lambda text: None
    failures: dict[str, Record] = field(default_factory=dict)

    @property
    def ours(self) -> Library:
        return self.libraries[0]

    @property
    def training(self) -> Pair:
        return read(self.data / "training.npz")

    @property
    def test(self) -> Pair:
        return read(self.data / "test.npz")

    def config(self, changes: Mapping[str, Any]) -> Configuration:
        """Return the configuration with some of its fields changed."""
        return configuration(self.name, **changes)

    def takes_part(self, library: Library) -> bool:
        """Whether neither it nor ours has failed."""
        return not {library.peer.module, self.ours.peer.module} & set(self.failures)

    def about(self, library: Library) -> Record:
        """Return what each record of `library` says."""
        return {"configuration": self.name, "peer": library.peer.module, "title": library.peer.title}

    def attempt(
        self, library: Library, cache: Path, check: Callable[[Run], str], what: str = "", **options: Any
    ) -> Run | None:
        """Train once; return the run, or None if it failed or `check` found what is wrong with it.

        Parameters
        ----------
        library, cache, options
            See `Library.train`.
        check : callable
            Returns what is wrong, or "".
        what : str
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
                self.report(f"  {library.peer.title}, {self.name}, {what}: {run.seconds[-1]:.2f} s")
                return run
        self.failures[library.peer.module] = {"kind": kind, **self.about(library), "reason": reason}
        return None
