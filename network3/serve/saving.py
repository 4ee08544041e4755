"""What a page saves: a folder with the network and its record, as the other commands read it."""

import re
from pathlib import Path
from typing import Any

from network3.layers.checks import error_message, shown
from network3.network import Network
from network3.training.history import History

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")


def check_name(name: Any) -> str:
    """Return `name` if a folder may be called so: no path, no markup, nothing that a shell or a system reads otherwise.

    Raises
    ------
    ValueError
        Another name.
    """
    if isinstance(name, str) and NAME.fullmatch(name):
        return name
    expected = "expected a name of up to 40 letters, digits, - and _, which begins with a letter or a digit"
    raise ValueError(error_message("save: name", expected, shown(name), "Write e.g. my-network."))


def new_folder(root: Path, name: str) -> Path:
    """Make and return a folder of this name, numbered if it exists: nothing is replaced.

    Raises
    ------
    OSError
        It cannot be made.
    """
    check_name(name)
    number = 0
    while True:
        number += 1
        folder = root / (name if number == 1 else f"{name}-{number}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            if not root.is_dir():
                hint = "Remove or rename that file."
                raise OSError(error_message("save", "expected a folder for runs", f"the file {root}", hint)) from None
            continue
        except OSError as error:
            got, hint = f"{folder} ({error.strerror})", "Start network3 serve in a folder of your own."
            raise OSError(error_message("save", "expected a folder that can be made", got, hint)) from None
        return folder


def save_network(net: Network, history: History | None, folder: Path) -> list[str]:
    """Write the network and, of complete epochs, the record; return the names of the files."""
    net.save(folder / "model.safetensors")
    if history is None or not history.epochs:
        return ["model.safetensors"]
    history.save(folder / "history.jsonl")
    return ["model.safetensors", "history.jsonl"]
