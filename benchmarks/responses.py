"""How a measured process responds to the process that started it: JSON lines on its standard output."""

import json
import os
import sys
from collections.abc import Callable, Iterable
from importlib.metadata import PackageNotFoundError, version
from typing import Any


def response_writer() -> Callable[[Any], None]:
    """Return a function that writes one JSON line to the standard output; all other output goes to stderr."""
    responses = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # the output of a library is not a response

    def respond(message: Any) -> None:
        responses.write(json.dumps(message) + "\n")
        responses.flush()

    return respond


def installed_versions(names: Iterable[str]) -> dict[str, str]:
    """Return the version of Python, and that of each distribution in `names` or "not installed"."""
    versions = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in names:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed"
    return versions
