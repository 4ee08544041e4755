"""The site that `make docs` builds: complete lists of pages, examples of all public names, and notebooks that parse."""

import ast
import doctest
import importlib
import inspect
import os
import re
import runpy
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytensor
import pytest

from tests.pages import ROOT, read

DOCS = ROOT / "docs"
NOTEBOOKS = [page for page in sorted(DOCS.rglob("*.md")) if read(page).startswith("---\njupytext")]
PACKAGES = (
    *("", ".layers", ".layers.ops", ".optim", ".datasets", ".plotting", ".sklearn", ".onnx", ".theano"),
    *(".theano.tensor.nnet", ".theano.tensor.signal", ".theano.tensor.signal.downsample", ".theano.gpuarray.dnn"),
)
NOT_RUN = {"join_processes"}  # it needs several processes


def relative(path: Path) -> str:
    """Return the path of a page from docs/."""
    return path.relative_to(DOCS).as_posix()


def directives(text: str, name: str) -> list[str]:
    """Return the lines of the bodies of the directives `name` of a page, without options."""
    bodies = re.findall(rf"^:::\{{{name}\}}[^\n]*\n(.*?)^:::$", text, re.MULTILINE | re.DOTALL)
    return [line for body in bodies for line in body.splitlines() if line and not line.startswith(":")]


def listed() -> Iterator[tuple[str, str]]:
    """Yield the modules and the names of the reference, such as ``network3.optim`` and ``Adam``."""
    for page in sorted((DOCS / "reference").glob("*.md")):
        module = ""
        for line in read(page).splitlines():
            if line.startswith(".. currentmodule:: "):
                module = line.split()[-1]
            elif re.fullmatch(r"   \w+", line):
                yield module, line.strip()


def exported_names(source: str) -> list[str]:
    """Return the names that a package defines, or imports for others: ``from .x import y as y``."""
    body = ast.parse(source).body
    imported = [alias for node in body if isinstance(node, ast.ImportFrom) for alias in node.names]
    defined = [node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    names = [*(alias.name for alias in imported if alias.name == alias.asname), *defined]
    return [name for name in names if not name.startswith("_")]


def exported(package: str) -> list[object]:
    """Return the functions and classes that a package has for others."""
    module = importlib.import_module(f"network3{package}")
    values = [getattr(module, name) for name in exported_names(inspect.getsource(module))]
    return [value for value in values if inspect.isclass(value) or inspect.isfunction(value)]


DOCUMENTED: dict[str, Any] = {
    f"{module}.{name}": getattr(importlib.import_module(module), name)
    for module, name in listed()
    if module != "network3.torch" or find_spec("torch")  # PyTorch is in few environments
}


def test_every_page_is_in_a_list_of_contents():
    pages = {relative(path) for path in DOCS.rglob("*.md") if "generated" not in path.parts}
    listed = {
        relative((page.parent / name).resolve()) + ".md"
        for page in DOCS.rglob("*.md")
        for name in directives(read(page), "toctree")
    }
    assert listed == pages - {"index.md"}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_is_in_the_reference(package):
    assert [value for value in exported(package) if value not in DOCUMENTED.values()] == []


def test_every_name_for_pytorch_is_in_the_reference():
    names = exported_names(read(ROOT / "network3" / "torch" / "__init__.py"))
    assert sorted(names) == sorted(name for module, name in listed() if module == "network3.torch")
    assert names


@pytest.mark.parametrize(
    "name", [name for name, value in DOCUMENTED.items() if inspect.isfunction(inspect.unwrap(value))]
)
def test_a_function_documents_its_arguments_and_its_result(name):
    function = inspect.unwrap(DOCUMENTED[name])
    text, signature = inspect.getdoc(function), inspect.signature(function)
    named = [p.name for p in signature.parameters.values() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    assert [argument for argument in named if not re.search(rf"\b{argument}\b", text)] == []
    assert signature.return_annotation is None or "Returns\n-------" in text


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


def cells(page: Path) -> list[str]:
    """Return the code cells of a notebook."""
    return re.findall(r"^```\{code-cell\} ipython3\n(.*?)^```$", read(page), re.MULTILINE | re.DOTALL)


def answers(page: Path) -> dict[str, str]:
    """Return the headings of the exercises and problems of a chapter, each with the text of its section."""
    parts = re.split(r"^(#{2,3} .+)$", read(page), flags=re.MULTILINE)
    sections = zip(parts[1::2], parts[2::2], strict=True)
    return {head[4:]: text for head, text in sections if head.startswith(("### Exercise", "### Problem"))}


CHAPTERS = [page for page in NOTEBOOKS if page.parent.name == "chapters"]


def test_there_is_a_notebook_for_each_chapter_and_sheet():
    assert [page.stem for page in NOTEBOOKS] == [*(f"chapter{k}" for k in range(1, 7)), "sheet1", "sheet2", "sheet3"]


@pytest.mark.parametrize("page", NOTEBOOKS, ids=relative)
def test_the_cells_of_a_notebook_parse_and_import_what_exists(page):
    assert cells(page)
    for node in ast.walk(ast.parse("\n".join(cells(page)))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("network3"):
            module = importlib.import_module(node.module)
            assert [alias.name for alias in node.names if not hasattr(module, alias.name)] == []


@pytest.mark.parametrize("page", CHAPTERS, ids=relative)
def test_every_answer_is_checked_by_a_program(page):
    for heading, text in answers(page).items():
        assert re.search(r"^\s*(assert |np\.testing\.assert_)", text, re.MULTILINE), heading


def test_the_list_of_answers_is_complete():
    listed = re.findall(r"^\| (\w+ \d\.\d+) \| \[(.+)\]\(", read(DOCS / "chapters/answers.md"), re.MULTILINE)
    assert [": ".join(row) for row in listed] == [heading for page in CHAPTERS for heading in answers(page)]
    assert len(listed) >= 25


def test_the_picture_of_the_rooms_is_that_of_the_sources():
    rooms = runpy.run_path(str(DOCS / "rooms.py"))
    assert rooms["PICTURE"].read_text(encoding="utf-8") == rooms["picture"](), "run: python docs/rooms.py"


class Resources(HTMLParser):
    """What a page loads from elsewhere: scripts, styles, images."""

    def __init__(self):
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        loaded = values.get("href" if tag == "link" else "src") or ""
        if re.match(r"(https?:)?//", loaded) and values.get("rel") != "canonical":
            self.found.append(loaded)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="needs make")
def test_the_site_is_built_without_warnings_and_needs_no_network():
    result = subprocess.run(["make", "docs"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    pages = sorted((ROOT / "build" / "docs").rglob("*.html"))
    assert len(pages) > 100
    for page in pages:
        resources = Resources()
        resources.feed(read(page))
        assert resources.found == [], page
