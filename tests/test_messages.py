"""Every message that the sources raise has four parts: who, what was expected, what was got, and a hint."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINKS = {ROOT / "network3" / "layers", ROOT / "network3" / "datasets"}  # to folders that are included anyway
SOURCES = [
    path
    for folder in ("layers", "datasets", "network3")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if not LINKS & set(path.parents)
]
# Reasons that the message of another error quotes, and Python's own protocol for missing attributes and keys.
# An IndexError is raised by kernels in plain Python, in tests.
REASONS = {
    "UnsupportedError",
    "IndexError",
    "KeyError",
    "Refused",
    "TooLargeError",
    "DamagedError",
    "IsADirectoryError",
    "DecompressionBombError",
    "AttributeError",
}
# Errors whose constructors compose the message, with the number of their arguments.
COMPOSING = {"ShapeError": 4, "KernelError": 3, "NewerFormatError": 3}
EXPECTED = re.compile(r"\b(expected|must|takes?|needs|has|runs on)\b")
FOUR_PARTS = re.compile(r"^.+: .*\b(expected|expected|must|takes?|needs|has)\b.*; got .+[.)\]}] \S.*[.}]$", re.DOTALL)


def raised(tree):
    """Yield each call that the module raises, directly or by a function of its own that returns the error."""
    makers = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)):
            continue
        name = ast.unparse(node.exc.func)
        if name in makers:  # raise _diverged(...): its return value
            returns = [part.value for part in ast.walk(makers[name]) if isinstance(part, ast.Return)]
            yield from (value for value in returns if isinstance(value, ast.Call))
        else:
            yield node.exc


def template(node):
    """Return the text of a literal or an f-string, with {} for the inserted values."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None


def test_the_sources_are_found():
    assert len(SOURCES) > 60
    assert len({path.name for path in SOURCES}) > 50


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_message_has_four_parts(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    local = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    for call in raised(tree):
        name = ast.unparse(call.func).split(".")[-1]
        if not name.endswith("Error") or name in REASONS or not call.args:
            continue
        first = call.args[0]
        where = f"{path.name}:{call.lineno}"
        if len(call.args) == COMPOSING.get(name):
            continue
        if isinstance(first, ast.Name):  # message = error_message(...), just above
            values = [
                node.value
                for node in ast.walk(tree)
                if isinstance(node, ast.Assign) and first.id in [ast.unparse(target) for target in node.targets]
            ]
            assert values, where
            first = values[-1]
        wording = local.get(ast.unparse(first.func)) if isinstance(first, ast.Call) else None
        if wording is not None and wording.name != "error_message":  # a function that returns the message
            first = next(node.value for node in ast.walk(wording) if isinstance(node, ast.Return))
        if isinstance(first, ast.Call):
            assert ast.unparse(first.func) == "error_message", where
            assert len(first.args) == 4, where
            expected, hint = template(first.args[1]), template(first.args[3])
            assert expected is None or EXPECTED.search(expected) or expected.startswith("{}"), f"{where}: {expected}"
            assert hint is None or hint.endswith((".", "}")), f"{where}: {hint}"
            continue
        text = template(first)
        assert text is not None, f"{where}: a message made of {ast.unparse(first)}"
        assert FOUR_PARTS.match(text) or text == "{}: {}", f"{where}: {text}"  # {file}: {a complete message}
