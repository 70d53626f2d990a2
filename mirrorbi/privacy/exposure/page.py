"""What an HTML page exposes, ours or another's: text, tables, figures, scripts, attributes."""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from mirrorbi.privacy.exposure.exposure import Exposure, examples_of
from mirrorbi.privacy.exposure.figure import figure_exposes, figures_in, strings
from mirrorbi.privacy.exposure.plain_text import addresses_in, texts_expose
from mirrorbi.privacy.exposure.series import is_series
from mirrorbi.privacy.exposure.sheets import csv_exposes
from mirrorbi.privacy.exposure.table import LARGE, Table, table_exposes
from mirrorbi.wording.html_reader import HtmlReader

_LOADS = frozenset(
    ["src", "srcset", "href", "data", "action", "poster", "cite", "ping", "background"]
)
_BLOCKS = frozenset(
    ["p", "div", "li", "tr", "td", "th", "h1", "h2", "h3", "h4", "section", "pre", "br"]
)
_LIBRARY = re.compile(
    r"\s*(?:/\*[*!]?\s*\*?\s*(?:@license\s*)?plotly\.js |/\*\*? vim:.{0,40}RequireJS"
    r"|\(?function\(\)\{var e=\{.{0,40}MathJax)",
    re.DOTALL,
)
_LOADED = re.compile(r"(?:@import|url\()[^;)]{0,2000}", re.IGNORECASE)
_PACKED = re.compile(r"[A-Za-z0-9+/\s]{200,}={0,2}\s*")


def page_exposes(html: str, where: str = "the page") -> Iterator[Exposure]:
    """Yield what a page exposes.

    Parameters
    ----------
    html
        The page, or a part of one.
    where
        What it is called.

    Examples
    --------
    >>> [e.detail for e in page_exposes("<p>Ask jane@example.com</p>")]
    ['e-mail addresses']
    """
    reader = _Reader(where).read(html)
    yield from texts_expose(["".join(reader.words)], f"{where}, text")
    yield from texts_expose(reader.attributes, f"{where}, attributes")
    yield from texts_expose(reader.comments, f"{where}, comments")
    if reader.addresses:
        detail = "addresses outside the file"
        shown = reader.addresses
        yield Exposure("address", detail, f"{where}, elements", len(shown), examples_of(shown))
    for table in reader.tables:
        yield from table_exposes(table)
    for given, place, text in reader.scripts:
        yield from _script(given, place, text, reader.series.get(given["figure"], 0))
    for number, inner in enumerate(reader.inner, start=1):
        yield from page_exposes(inner, f"{where}, page {number} within")
    for number, address in enumerate(reader.files, start=1):
        yield from _file(address, f"{where}, file {number} within")


class _Reader(HtmlReader[None]):
    def __init__(self, where: str) -> None:
        super().__init__(None)
        self.where = where
        self.words: list[str] = []
        self.attributes: list[str] = []
        self.addresses: list[str] = []
        self.comments: list[str] = []
        self.tables: list[Table] = []
        self.series: dict[str, int] = {}
        self.scripts: list[tuple[dict[str, str], str, str]] = []
        self.inner: list[str] = []
        self.files: list[str] = []
        self._open: list[Table] = []
        self._row: list[str] | None = None
        self._cell: list[str] | None = None
        self._place: str | None = None
        self._heads = 0
        self._figure = ""

    def start(self, tag: str, attributes: Mapping[str, str], state: None) -> None:
        for name, value in attributes.items():
            self._attribute(tag, name, value)
        if tag == "figure":
            self._figure = attributes.get("id", "")
        elif tag == "table":
            name = f"{self.where}, table {len(self.tables) + 1}"
            self._open.append(Table(f"{name}, {self._figure}" if self._figure else name, []))
            self.tables.append(self._open[-1])
        elif tag == "tr" and self._open:
            self._row, self._heads, self._place = [], 0, None
        elif tag in ("td", "th") and self._row is not None:
            self._cell = []
            self._heads += tag == "th"
        elif tag == "time" and self._row == []:
            self._place = attributes.get("datetime")
        if tag in _BLOCKS:
            self.words.append("\n")

    def raw(self, tag: str, attributes: Mapping[str, str], text: str, state: None) -> None:
        place = self._figure or (f"{tag} {attributes.get('id', '')}".strip())
        about = {**attributes, "tag": tag, "figure": self._figure}
        self.scripts.append((about, f"{self.where}, {place}", text))

    def end(self, tag: str) -> None:
        if tag == "figure":
            self._figure = ""
        elif tag in ("td", "th") and self._cell is not None and self._row is not None:
            self._row.append(re.sub(r"\s+", " ", "".join(self._cell)).strip())
            self._cell = None
        elif tag == "tr" and self._open and self._row is not None:
            table = self._open[-1]
            if self._heads == len(self._row) and not table.count and not table.columns:
                table.columns = self._row
            elif self._row:
                table.columns = table.columns or [""] * len(self._row)
                table.add(self._row, self._place)
            self._row = None
        elif tag == "table" and self._open:
            table = self._open.pop()
            if self._figure and table.is_series:
                self.series[self._figure] = table.count

    def text(self, data: str, state: None) -> None:
        if self._cell is not None:
            self._cell.append(data)
        else:
            self.words.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def _attribute(self, tag: str, name: str, value: str) -> None:
        if value.startswith("data:"):
            if not value.startswith(("data:image/", "data:font/")):
                self.files.append(value)
            return
        if name == "srcdoc":
            self.inner.append(value)
            return
        if name in _LOADS and value:
            self.addresses.extend(addresses_in(value))
        if name not in ("class", "id", "d", "style", "points", "transform"):
            self.attributes.append(value)


def _script(given: dict[str, str], where: str, text: str, series: int = 0) -> Iterator[Exposure]:
    kind = given.get("type", "")
    if given["tag"] == "style":
        loaded = "\n".join(match.group() for match in _LOADED.finditer(text))
        yield from texts_expose([loaded], where, addresses=True, persons=False)
    elif kind == "text/plain" and _PACKED.fullmatch(text):
        yield from _script({**given, "type": ""}, where, _unpacked(text))
    elif "json" in kind:
        yield from _data(text, where, series)
    elif not _LIBRARY.search(text[:5000]):
        figures = list(figures_in(text))
        yield from texts_expose([text], where, addresses=True, persons=not figures)
        for number, figure in enumerate(figures, start=1):
            yield from figure_exposes(figure, f"{where}, figure {number}")


def _file(address: str, where: str) -> Iterator[Exposure]:
    """Yield what a file exposes that is within the page, as an address that holds it."""
    head, _, body = address.partition(",")
    kind = head.removeprefix("data:").split(";")[0] or "text/plain"
    raw = unquote_to_bytes(body)
    if head.endswith(";base64"):
        try:
            raw = base64.b64decode(raw)
        except binascii.Error:
            return
    yield Exposure("hidden", f"a file of {len(raw):,} bytes, {kind}", where)
    text = raw.decode("utf-8", "replace")
    if kind == "text/html":
        yield from page_exposes(text, where)
    elif "csv" in kind:
        yield from csv_exposes(text, where)
    else:
        yield from texts_expose([text], where)


def _data(text: str, where: str, series: int) -> Iterator[Exposure]:
    try:
        value = json.loads(text)
    except ValueError:
        yield from texts_expose([text], where)
        return
    if isinstance(value, dict) and isinstance(value.get("data"), list) and "layout" in value:
        yield from figure_exposes(value, where, series)
        return
    yield from value_exposes(value, where)


def value_exposes(value: Any, where: str) -> Iterator[Exposure]:
    """Yield what plain values expose: a list of many records is rows of data."""
    yield from texts_expose(["\n".join(strings(value))], where)
    for size in _records(value):
        yield Exposure("row_values", f"data of {size:,} rows, not shown", where, size)


def _records(value: Any) -> Iterator[int]:
    if isinstance(value, list):
        if len(value) > LARGE and all(isinstance(part, dict | list) for part in value):
            if not is_series([_head(part) for part in value]):
                yield len(value)
            return
        parts = value
    else:
        parts = list(value.values()) if isinstance(value, dict) else []
    for part in parts:
        yield from _records(part)


def _head(record: dict[str, Any] | list[Any]) -> Any:
    values = record.values() if isinstance(record, dict) else record
    return next(iter(values), None)


def _unpacked(text: str) -> str:
    """Return what base64 and gzip hide; the text itself where it is neither."""
    try:
        packed = base64.b64decode(re.sub(r"\s+", "", text), validate=True)
        return gzip.decompress(packed).decode("utf-8", "replace")
    except (binascii.Error, gzip.BadGzipFile, EOFError, zlib.error):
        return text
