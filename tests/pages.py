"""The README and the pages in docs/: their code blocks, prose, headings and links."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
# Without the front page of the site, which has the README.
PAGES = [README, *sorted(page for page in (ROOT / "docs").glob("*.md") if page.name != "index.md")]
FENCE = re.compile(r"^```([\w{} -]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def read(page: Path) -> str:
    """Return the text of a page."""
    return page.read_text(encoding="utf-8")


def blocks(page: Path, language: str) -> list[str]:
    """Return the fenced blocks of a page in `language`, in their order."""
    return [block for name, block in FENCE.findall(read(page)) if name == language]


def with_blocks(language: str) -> list[Path]:
    """Return the pages that have blocks in `language`."""
    return [page for page in PAGES if blocks(page, language)]


def name(page: Path) -> str:
    """Return the path of a page from the root of the repository, as pytest shows it."""
    return page.relative_to(ROOT).as_posix()


def prose(page: Path) -> list[str]:
    """Return the lines of a page outside of code blocks, empty ones included."""
    return FENCE.sub("", read(page)).splitlines()


def anchors(page: Path) -> list[str]:
    """Return the anchors of the headings of a page, as GitHub makes them."""
    headings = [re.sub(r"^#+ ", "", line) for line in prose(page) if re.match(r"#+ ", line)]
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


def links(page: Path) -> list[str]:
    """Return the targets of the links and images of a page, outside of code."""
    text = re.sub(r"`[^`]*`", "", "\n".join(prose(page)))
    return re.findall(r"\]\(([^)\s]+)\)", text)
