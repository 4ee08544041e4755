"""Files in the root of the repository as pages of the site, and links that hold on GitHub as links that hold there.

A page of the site that has the line ``<!-- content of FILE -->`` has the text of that file in its place.
"""

import os
import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
# Files in the root -> the pages that show them.
PAGES = {
    ROOT / "README.md": DOCS / "index.md",
    ROOT / "CONTRIBUTING.md": DOCS / "project" / "contributing.md",
    ROOT / "CHANGELOG.md": DOCS / "project" / "changelog.md",
    ROOT / "SECURITY.md": DOCS / "project" / "security.md",
}
CONTENT = re.compile(r"^<!-- content of (\S+) -->$", re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s#:]+)((?:#[^)\s]*)?)\)")
TITLE = re.compile(r"\A# .*\n")


def with_links_of_site(text: str, written_in: Path, page: Path) -> str:
    """Return Markdown with its relative links changed from those of the file `written_in` to those of `page`."""

    def changed(link: re.Match[str]) -> str:
        target = (written_in.parent / link[1]).resolve()
        if not target.exists():  # code, or a mistake that Sphinx reports
            return link[0]
        return f"]({os.path.relpath(PAGES.get(target, target), page.parent)}{link[2]})"

    return LINK.sub(changed, text)


def with_content(text: str, page: Path) -> str:
    """Return the text of `page` as the site has it."""
    text = with_links_of_site(text, page, page)

    def content(found: re.Match[str]) -> str:
        file = ROOT / found[1]
        body = file.read_text(encoding="utf-8")
        return with_links_of_site(TITLE.sub("", body) if page.name == "index.md" else body, file, page)

    return CONTENT.sub(content, text)


def on_source_read(app: Sphinx, name: str, source: list[str]) -> None:
    """Change the text of a page before it is parsed."""
    page = Path(app.env.doc2path(name))
    if page.suffix == ".md":
        source[0] = with_content(source[0], page)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the change."""
    app.connect("source-read", on_source_read)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
