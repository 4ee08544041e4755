"""What is to be reproduced: an entry of the catalogue and a seed."""

from collections.abc import Sequence
from dataclasses import dataclass

from network3.experiments.catalogue import ENTRIES, Measurement, Run, known_name
from network3.layers.checks import error_message, integer

# A run that the original repeated with several values of an argument is as many runs here.
VARIANTS: dict[str, Run | Measurement] = {
    variant.name: variant
    for entry in ENTRIES.values()
    for variant in (entry.variants() if isinstance(entry, Run) else [entry])
}


@dataclass(frozen=True)
class Task:
    """One repeat.

    Attributes
    ----------
    name : str
        In `VARIANTS`.
    seed : int
        Of the first weights, the order of the images, the masks.
    """

    name: str
    seed: int

    @property
    def entry(self) -> Run | Measurement:
        """The entry of the catalogue."""
        return VARIANTS[self.name]

    @property
    def members(self) -> list["Task"]:
        """The repeats whose networks vote in it; [] if there is no vote."""
        entry = self.entry
        if not isinstance(entry, Run) or not entry.of:
            return []
        return [Task(entry.of, self.seed * entry.nets + k) for k in range(entry.nets)]

    @property
    def key(self) -> str:
        """A name for files."""
        return f"{self.name}-seed{self.seed}"


def choose(names: Sequence[str] = (), chapter: int | None = None, repeats: int = 3) -> list[Task]:
    """Return the tasks that repeat the named entries, or those of a chapter, with the seeds from 0 on.

    What does not depend on a seed is done once, and so is a vote: the repeats whose networks vote come before it.

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
    known = {**ENTRIES, **VARIANTS}
    chosen = [known[known_name(who, name, known)] for name in names] or [
        entry for entry in ENTRIES.values() if entry.chapter == chapter
    ]
    variants = [
        variant.name for entry in chosen for variant in (entry.variants() if isinstance(entry, Run) else [entry])
    ]
    tasks = [Task(name, seed) for name in variants for seed in range(repeats if VARIANTS[name].random else 1)]
    return list(dict.fromkeys(one for task in tasks for one in (*task.members, task)))
