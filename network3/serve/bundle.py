"""ES modules as one script, for a page that has no files beside it.

Each module becomes a function that returns its exports, called in the order of the imports. Modules are written in a
few forms, others are refused: ``import { a, b as c } from "./name.js";``, and ``export`` before a ``const``, a
``function`` or a ``class``, at the beginning of a line.
"""

import re
from pathlib import Path

from network3.layers.checks import error_message

IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([\w.]+)";$', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:const|function|class) (\w+))", re.MULTILINE)
COMMENT = re.compile(r"^ *//.*\n", re.MULTILINE)


def bundle(folder: Path, entry: str) -> str:
    """Return a script that defines ``modules``, an object with the exports of `entry` and of all that it imports.

    Parameters
    ----------
    folder : Path
        Where the modules are.
    entry : str
        Name of a file, such as "app.js".

    Raises
    ------
    ValueError
        A module with an import or export of another form, or modules that import each other in a circle.
    """
    return "const modules = {};\n" + "".join(_wrapped(folder, name) for name in _ordered(folder, entry, ()))


def _ordered(folder: Path, name: str, importers: tuple[str, ...]) -> list[str]:
    """Return the names of a module and of those that it imports, each after those that it needs."""
    if name in importers:
        circle = " -> ".join((*importers, name))
        hint = "Move what both need into a third module."
        raise ValueError(error_message(f"bundle: {name}", "modules must not import in a circle", circle, hint))
    text = (folder / name).read_text(encoding="utf-8")
    needed = [part for _, other in IMPORT.findall(text) for part in _ordered(folder, other, (*importers, name))]
    return list(dict.fromkeys([*needed, name]))


def _wrapped(folder: Path, name: str) -> str:
    text = COMMENT.sub("", (folder / name).read_text(encoding="utf-8"))
    exports = EXPORT.findall(text)
    body = IMPORT.sub(lambda found: f'const {{{_renamed(found[1])}}} = modules["{found[2]}"];', EXPORT.sub("", text))
    if other := re.search(r"^(?:import|export)\b.*", body, re.MULTILINE):
        hint = "Write imports and exports as described in network3/serve/bundle.py."
        raise ValueError(error_message(f"bundle: {name}", "expected named imports and exports", other[0], hint))
    return f'modules["{name}"] = (() => {{\n{body.strip()}\nreturn {{ {", ".join(exports)} }};\n}})();\n'


def _renamed(names: str) -> str:
    """Return the names of an import as those of a destructuring assignment: ``a as b`` becomes ``a: b``."""
    return names.replace(" as ", ": ")
