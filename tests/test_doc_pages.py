"""The pages in docs/ and the README: links that resolve, one line for a paragraph, tables and messages up to date."""

import re
import runpy
from itertools import pairwise

import pytest

from tests.pages import PAGES, ROOT, anchors, links, name, prose, read

NOT_PROSE = re.compile(r"[#|<>!*-]|\d+\. |    |$")  # headings, tables, markers, images, lists, indented code


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_resolve(page):
    for link in links(page):
        if re.match(r"https?://", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_headings_are_unique(page):
    assert len(set(anchors(page))) == len(anchors(page))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_paragraph_is_one_line(page):
    lines = prose(page)
    broken = [line for line, after in pairwise(lines) if not (NOT_PROSE.match(line) or NOT_PROSE.match(after))]
    assert broken == []


def test_no_paragraph_stands_twice():
    paragraphs = [line for page in PAGES for line in prose(page) if len(line) > 60 and not NOT_PROSE.match(line)]
    assert {line for line in paragraphs if paragraphs.count(line) > 1} == set()


def test_the_readme_links_every_page():
    readme, *pages = PAGES
    assert {name(page) for page in pages} <= set(links(readme))


@pytest.mark.parametrize("page", [page for page in PAGES if "<!-- table" in read(page)], ids=name)
def test_tables_are_those_of_the_benchmarks(page):
    with_tables = runpy.run_path(str(ROOT / "docs" / "tables.py"))["with_tables"]
    assert with_tables(read(page)) == read(page), "run: python docs/tables.py"


def test_the_messages_it_explains_are_in_the_sources():
    words = re.findall(r"^\| `(.+?)` \|", read(ROOT / "docs" / "troubleshooting.md"), re.MULTILINE)
    assert len(words) >= 15
    sources = "".join(
        path.read_text(encoding="utf-8")
        for folder in ("layers", "datasets", "network3")
        for path in (ROOT / folder).rglob("*.py")
    )
    assert [some for some in words if some not in sources] == []
