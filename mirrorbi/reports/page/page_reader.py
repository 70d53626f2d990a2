"""What a page shows, read back from its HTML."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mirrorbi.wording.html_reader import HtmlReader


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
    reader = _Reader(False).read(html)
    content = reader.content
    content.text = _spaces_collapsed(" ".join(reader.words))
    for part in re.finditer(r'<figure class="mb-chart" id="([^"]*)">(.*?)</figure>', html, re.S):
        content.markup[part[1]] = part[2]
    return content


class _Reader(HtmlReader[bool]):
    """Reads texts and figures; the state is whether an element is part of the report."""

    def __init__(self, state: bool) -> None:
        super().__init__(state)
        self.content = PageContent()
        self.words: list[str] = []
        self.chart = ""

    def start(self, tag: str, attributes: Mapping[str, str], state: bool) -> bool:
        if attributes.get("alt"):
            self.words.append(attributes["alt"])
        if tag == "figure":
            self.chart = attributes.get("id", "")
        return state or tag in ("main", "header")

    def raw(self, tag: str, attributes: Mapping[str, str], text: str, state: bool) -> None:
        if tag == "script" and "mb-spec" in attributes.get("class", "").split():
            self.content.specs[self.chart] = json.loads(text)

    def text(self, data: str, state: bool) -> None:
        if state:
            self.words.append(data)


def _spaces_collapsed(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
