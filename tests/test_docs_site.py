"""The site that `make docs` builds: complete lists of pages, examples of all public names, and notebooks that parse."""

import ast
import doctest
import importlib
import inspect
import re
from pathlib import Path

import pytensor
import pytest

from tests.pages import ROOT

DOCS = ROOT / "docs"
NOTEBOOKS = sorted(
    path for path in DOCS.rglob("*.md") if path.read_text(encoding="utf-8").startswith("---\nkernelspec")
)
PACKAGES = ("", ".layers", ".layers.ops", ".optim", ".datasets", ".plotting", ".sklearn", ".theano")
NOT_RUN = {"join_processes"}  # it needs several processes


def relative(path: Path) -> str:
    """Return the path of a page from docs/."""
    return path.relative_to(DOCS).as_posix()


def directives(text: str, name: str) -> list[str]:
    """Return the lines of the bodies of the directives `name` of a page, without options."""
    bodies = re.findall(rf"^:::\{{{name}\}}.*\n(.*?)^:::$", text, re.MULTILINE | re.DOTALL)
    return [line for body in bodies for line in body.splitlines() if line and not line.startswith(":")]


def documented() -> dict[str, object]:
    """Return the objects of the reference by their names, such as ``network3.optim.Adam``."""
    found: dict[str, object] = {}
    for page in sorted((DOCS / "reference").glob("*.md")):
        module = ""
        for line in page.read_text(encoding="utf-8").splitlines():
            if line.startswith(".. currentmodule:: "):
                module = line.split()[-1]
            elif re.fullmatch(r"   \w+", line):
                found[f"{module}.{line.strip()}"] = getattr(importlib.import_module(module), line.strip())
    return found


def exported(package: str) -> list[object]:
    """Return the functions and classes that a package imports for others: ``from .x import y as y``."""
    module = importlib.import_module(f"network3{package}")
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    aliases = [alias for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    values = [getattr(module, alias.name) for alias in aliases if alias.name == alias.asname]
    return [value for value in values if inspect.isclass(value) or inspect.isfunction(value)]


DOCUMENTED = documented()


def test_every_page_is_in_a_list_of_contents():
    pages = {relative(path) for path in DOCS.rglob("*.md") if "generated" not in path.parts}
    listed = {
        ((page.parent / name).relative_to(DOCS)).as_posix() + ".md"
        for page in DOCS.rglob("*.md")
        for name in directives(page.read_text(encoding="utf-8"), "toctree")
    }
    assert listed == pages - {"index.md"}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_is_in_the_reference(package):
    assert [value for value in exported(package) if value not in DOCUMENTED.values()] == []


@pytest.mark.parametrize("name", DOCUMENTED)
def test_the_example_of_a_name_runs(name, monkeypatch, tmp_path):
    value = inspect.unwrap(DOCUMENTED[name])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    scope = dict(vars(importlib.import_module(value.__module__)))
    test = doctest.DocTestParser().get_doctest(inspect.getdoc(value), scope, name, None, None)
    assert test.examples
    skipped = [example for example in test.examples if example.options.get(doctest.SKIP)]
    assert not skipped or value.__name__ in NOT_RUN
    output: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    with pytensor.config.change_flags(mode="FAST_COMPILE"):
        runner.run(test, out=output.append)
    assert runner.failures == 0, "".join(output)
