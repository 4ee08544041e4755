"""The parts of a reproduction, for several machines or the jobs of an array: which tasks each does, and its records."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from network3.layers.checks import error_message

from .tasks import Task

STEM, SUFFIX = "reproduction", ".jsonl"
FORM = re.compile(r"([0-9]{1,6})/([0-9]{1,6})")
FILES = re.compile(rf"{STEM}(-\d+-of-\d+)?\{SUFFIX}")


@dataclass(frozen=True)
class Part:
    """One of `count` parts, of which the first has the `number` 1."""

    number: int
    count: int

    @property
    def file_name(self) -> str:
        """The file of its records: one of its own, so that no two machines write to the same."""
        return f"{STEM}{SUFFIX}" if self.count == 1 else f"{STEM}-{self.number}-of-{self.count}{SUFFIX}"

    def of(self, tasks: Sequence[Task]) -> list[Task]:
        """Return those of `tasks` that this part does, in their order.

        Each is in one part, a vote in that of its voters. All parts have about as many.
        """
        groups: list[list[Task]] = [[*task.members, task] for task in tasks if task.members]
        voters = {task for group in groups for task in group}
        groups += [[task] for task in tasks if task not in voters]
        parts: list[set[Task]] = [set() for _ in range(self.count)]
        for group in groups:
            min(parts, key=len).update(group)
        return [task for task in tasks if task in parts[self.number - 1]]


WHOLE = Part(1, 1)


def parse_part(text: str | None) -> Part:
    """Return the part that `text`, such as "2/3", stands for; all of it for None.

    Raises
    ------
    ValueError
        Another text, or a number outside of 1 to the number of parts.
    """
    if text is None:
        return WHOLE
    found = FORM.fullmatch(text.strip())
    number, count = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= number <= count:
        expected, hint = "expected a part and the number of parts", "Write e.g. --part 1/3, --part 2/3 and --part 3/3."
        raise ValueError(error_message("network3 reproduce: --part", expected, text or "no text", hint))
    return Part(number, count)


def record_files(results: Path) -> list[Path]:
    """Return the files of records in a folder: of the whole, and of parts."""
    return sorted(path for path in results.glob(f"{STEM}*{SUFFIX}") if FILES.fullmatch(path.name))
