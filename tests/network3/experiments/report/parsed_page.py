"""An HTML page as its elements, ids, links, texts and cells; elements must be closed in order."""

from collections import Counter
from html.parser import HTMLParser

EMPTY = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Page(HTMLParser):
    """The contents of the page `text`."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.ids, self.links, self.rows = [], [], [], [], []
        self.texts = Counter()
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.handle_startendtag(tag, attributes)
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        assert len(dict(attributes)) == len(attributes), f"<{tag}> has an attribute twice"
        self.tags.append(tag)
        for name, value in attributes:
            if name == "id":
                self.ids.append(value)
            elif name in ("href", "src", "xlink:href", "srcset", "data", "action"):
                self.links.append(value)
        if tag == "tr":
            self.rows.append([])
        elif tag == "td":
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "td" in self.open:
            self.rows[-1][-1] = " ".join(f"{self.rows[-1][-1]} {data}".split())
        self.texts[" ".join(data.split())] += 1

    def row(self, name, label=""):
        """Return the cells of the row of the entry `name` with the label `label`."""
        begins = [k for k, row in enumerate(self.rows) if row and f" {name} " in row[1]]
        assert len(begins) == 1
        return next(row for row in self.rows[begins[0] :] if label in row[1])
