"""What a measured process tells the one that started it: JSON lines, and the versions of what it ran."""

import json
import os
import sys
from collections.abc import Callable, Iterable
from importlib.metadata import PackageNotFoundError, version
from typing import Any


def answering() -> Callable[[Any], None]:
    """Return a function that writes one JSON line to the standard output; all else that is printed goes to stderr."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints is not an answer

    def answer(message: Any) -> None:
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    return answer


def installed(names: Iterable[str]) -> dict[str, str]:
    """Return the installed version of each distribution, and Python's."""
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found
