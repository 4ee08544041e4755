"""Reading of JSON with a format number, which all files of network3 have, from text or from a safetensors header."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from network3.layers.checks import error_message

# Errors from content that is not as expected, such as a list in place of a dict.
MALFORMED = (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, RecursionError)


class DamagedError(ValueError):
    """Content that cannot be read; the message is the reason, which callers quote in an error of four parts."""


class NewerFormatError(ValueError):
    """A format number above the newest that this version reads; the message has four parts.

    Attributes
    ----------
    version : int
        The format number of the file.
    """

    def __init__(self, who: str, version: int, newest: int) -> None:
        hint = "Update network3, pip install -U network3."
        super().__init__(error_message(who, f"expected format {newest} or older", f"format {version}", hint))
        self.version = version


def parse_object(text: str | bytes) -> dict[str, Any]:
    """Return the JSON object in `text`, UTF-8 if bytes.

    Raises
    ------
    DamagedError
        Not JSON, or not an object.
    """
    try:
        content = json.loads(text.decode("utf-8") if isinstance(text, bytes) else text)
    except (ValueError, RecursionError) as error:
        raise DamagedError(f"text that is not JSON ({error})") from error
    if not isinstance(content, dict):
        raise DamagedError("JSON that is not an object")
    return content


def parse_versioned(text: str | bytes, newest: int, who: str) -> tuple[dict[str, Any], int]:
    """Return the JSON object in `text`, and its entry "format" as an int.

    Parameters
    ----------
    text : str or bytes
    newest : int
        The newest format that the caller reads.
    who : str
        The reader, for error messages.

    Raises
    ------
    DamagedError
        Not a JSON object with a format number.
    NewerFormatError
        The format number is above `newest`.
    """
    content = parse_object(text)
    try:
        version = int(content["format"])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise DamagedError("JSON without a format number") from error
    if version > newest:
        raise NewerFormatError(who, version, newest)
    return content, version


def read_safetensors(path: Path, key: str, newest: int, who: str) -> tuple[dict[str, Any], int, dict[str, np.ndarray]]:
    """Return the JSON in the entry `key` of a safetensors header, its format number, and the arrays by name.

    Raises
    ------
    DamagedError
        Not a safetensors file, or one without such a header.
    NewerFormatError
        The format number is above `newest`.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            text = (file.metadata() or {})[key]
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (not a dict)
    except (OSError, SafetensorError, *MALFORMED) as error:
        raise DamagedError(f"a file without the header {key!r} ({error})") from error
    return *parse_versioned(text, newest, who), tensors
