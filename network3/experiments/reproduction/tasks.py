"""The tasks of a reproduction: an entry of the catalogue and a seed."""

from collections.abc import Sequence
from dataclasses import dataclass

from network3.experiments.catalogue import ENTRIES, AnyEntry, known_name
from network3.layers.checks import error_message, integer

# A run for which the original tried several values of an argument becomes a run for each value.
VARIANTS: dict[str, AnyEntry] = {variant.name: variant for entry in ENTRIES.values() for variant in entry.variants()}


@dataclass(frozen=True)
class Task:
    """One repeat.

    Attributes
    ----------
    name : str
        In `VARIANTS`.
    seed : int
        Of the initial weights, the order of the images, the masks.
    """

    name: str
    seed: int

    @property
    def entry(self) -> AnyEntry:
        """The entry of the catalogue."""
        return VARIANTS[self.name]

    @property
    def members(self) -> list["Task"]:
        """The repeats whose networks vote in it; [] if there is no vote."""
        entry = self.entry
        if entry.kind != "vote":
            return []
        return [Task(*entry.voter(self.seed * entry.nets + k)) for k in range(entry.nets)]

    @property
    def key(self) -> str:
        """A name for files."""
        return f"{self.name}-seed{self.seed}"


def choose(names: Sequence[str] = (), chapter: int | None = None, repeats: int = 3) -> list[Task]:
    """Return the tasks that repeat the named entries, or those of a chapter, with the seeds from 0 on.

    Entries that do not depend on a seed are done once. A vote is done once as well, after the repeats whose networks
    vote; for more repeats than these, further networks are trained, and the report has all of their votes.

    Raises
    ------
    ValueError
        A name or a chapter that is not in the catalogue, neither of them or both, or repeats below 1.
    """
    who = "network3 reproduce"
    integer(f"{who}: --repeats", repeats)
    if bool(names) == (chapter is not None):
        got = "both" if names else "neither"
        hint = "Write e.g. network3 reproduce shallow, or network3 reproduce --chapter 1."
        raise ValueError(error_message(who, "expected names of the list or --chapter", got, hint))
    chapters = sorted({entry.chapter for entry in ENTRIES.values()})
    if chapter is not None and chapter not in chapters:
        expected = f"expected one of {', '.join(map(str, chapters))}, with which the rows of network3 list begin"
        raise ValueError(error_message(f"{who}: --chapter", expected, str(chapter), f"Write e.g. {chapters[0]}."))
    known = ENTRIES | VARIANTS
    chosen = [known[known_name(who, name, known)] for name in names] or [
        entry for entry in ENTRIES.values() if entry.chapter == chapter
    ]
    variants = [variant.name for entry in chosen for variant in entry.variants()]
    return list(dict.fromkeys(task for name in variants for task in _repeated(VARIANTS[name], repeats)))


def _repeated(entry: AnyEntry, repeats: int) -> list[Task]:
    """Return the tasks that repeat `entry`; before a vote, those of at least as many networks as vote."""
    if entry.kind == "vote":
        most = max(repeats * len(entry.voters_of), entry.nets)
        voters = [Task(*entry.voter(number)) for number in range(most)]
        return [*voters, Task(entry.name, 0)]
    return [Task(entry.name, seed) for seed in range(repeats if entry.random else 1)]
