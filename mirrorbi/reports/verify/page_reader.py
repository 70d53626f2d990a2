"""What a page shows, read back from its HTML."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

_VOID = frozenset("area br col embed hr img input meta source track wbr".split())  # noqa: SIM905


@dataclass
class PageContent:
    """What a page shows.

    Parameters
    ----------
    specs
        The figure of each chart, by the chart's id.
    markup
        The HTML of each chart, less its figure, by id.
    text
        Everything that stands in the body of the report, spaces evened out.
    """

    specs: dict[str, Any] = field(default_factory=dict)
    markup: dict[str, str] = field(default_factory=dict)
    text: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 of the text and the charts: it differs if anybody changed the page."""
        shown = json.dumps([self.text, self.specs], sort_keys=True, ensure_ascii=False)
        return "sha256:" + hashlib.sha256(shown.encode()).hexdigest()


def read_page(html: str) -> PageContent:
    """Return what a page shows.

    Examples
    --------
    >>> read_page("<nav>Contents</nav><main><p>Sales <b>rose</b>.</p></main>").text
    'Sales rose .'
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    content = reader.content
    content.text = _spaces_collapsed(" ".join(reader.words))
    for part in re.finditer(r'<figure class="mb-chart" id="([^"]*)">(.*?)</figure>', html, re.S):
        content.markup[part[1]] = part[2]
    return content


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.content = PageContent()
        self.words: list[str] = []
        self.open: list[tuple[str, str]] = []
        self.chart = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if attributes.get("alt"):
            self.words.append(attributes["alt"])
        if tag in _VOID:
            return
        self.open.append((tag, attributes.get("class", "")))
        if tag == "figure":
            self.chart = attributes.get("id", "")

    def handle_endtag(self, tag: str) -> None:
        for depth in range(len(self.open) - 1, -1, -1):
            if self.open[depth][0] == tag:
                del self.open[depth:]
                return

    def handle_data(self, data: str) -> None:
        tag, classes = self.open[-1] if self.open else ("", "")
        if tag == "script":
            if "mb-spec" in classes.split():
                self.content.specs[self.chart] = json.loads(data)
        elif tag != "style" and any(name in ("main", "header") for name, _ in self.open):
            self.words.append(data)


def _spaces_collapsed(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
