"""What an executed notebook shows: the blocks of the page, and the facts behind them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mirrorbi.reports.page.page import Block, ChartBlock, Entry
from mirrorbi.reports.page.sanitizer import (
    clean_html,
    data_uri,
    render_markdown,
    slug_of,
)
from mirrorbi.reports.run.notebook import INJECTED, place_of, source_of, tags_of
from mirrorbi.reports.run.other_outputs import REVIEWED, OtherOutput

MIME = "application/vnd.mirrorbi.v1+json"
PLOTLY = "application/vnd.plotly.v1+json"
_WIDGET = "application/vnd.jupyter.widget-view+json"
_HIDDEN = INJECTED | {"parameters", "hide", "remove_cell", "remove_output"}
SHOW_OUTPUT = "show-output"
"""The tag of a cell whose printed text belongs to the report."""
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml")
_STYLE = re.compile(r"^\s*<style>.*?</style>", re.DOTALL)
"""What our displays bring along for a notebook; the page has its own."""
_SCRIPTED_PLOT = ("Plotly.newPlot", "plotly-graph-div", "data:text/html;base64")


@dataclass
class Collected:
    """Everything that a page is made from.

    Parameters
    ----------
    title
        The first heading of level 1.
    headline
        The finding in one sentence, as plain text; empty where no display says one.
    blocks, contents
        Of the page.
    payloads
        What each of our displays said of itself, in order, each once.
    charted
        The ids of the facts behind each chart in ``blocks``; empty for the notebook's own.
    figures
        How many figures the notebook made, those included that cannot be drawn.
    faults
        Figures that cannot be drawn: where, and what to do.
    foreign
        What the notebook shows of its own.
    """

    title: str = ""
    headline: str = ""
    blocks: list[Block] = field(default_factory=list)
    contents: list[Entry] = field(default_factory=list)
    payloads: list[dict[str, Any]] = field(default_factory=list)
    charted: list[list[str]] = field(default_factory=list)
    figures: int = 0
    faults: list[str] = field(default_factory=list)
    foreign: list[OtherOutput] = field(default_factory=list)
    _ids: set[str] = field(default_factory=set)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the text may not be shown to readers; empty if it may."""
        said = (payload.get("authorship") or {} for payload in self.payloads)
        return tuple(dict.fromkeys(reason for one in said for reason in one.get("reasons", ())))

    def unique_id(self, text: str) -> str:
        """Return an id that no other heading has."""
        stem = slug_of(text)
        name, n = stem, 2
        while name in self._ids:
            name, n = f"{stem}-{n}", n + 1
        self._ids.add(name)
        return name


def collect(notebook: Mapping[str, Any], folder: Path | None = None) -> Collected:
    """Walk an executed notebook in order.

    Code is never shown. What a cell printed is shown only where the cell is tagged
    ``show-output``. The outputs of cells tagged ``hide`` are left out.

    Parameters
    ----------
    notebook
        Notebook format 4, executed.
    folder
        Where the notebook lies: pictures named in its Markdown are found there.
    """
    found = Collected()
    cells = notebook["cells"]
    for index, cell in enumerate(cells):
        tags = tags_of(cell)
        if tags & _HIDDEN:
            continue
        if cell["cell_type"] == "markdown":
            _markdown(found, cell, folder)
        elif cell["cell_type"] == "code":
            for output in cell.get("outputs", ()):
                _output(found, output, _Cell(place_of(cells, index), tags))
    return found


def facts_of(payloads: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the facts of all displays, each once, in order."""
    seen = set()
    for payload in payloads:
        for fact in payload.get("facts", ()):
            if fact["id"] not in seen:
                seen.add(fact["id"])
                yield fact


def _markdown(found: Collected, cell: Mapping[str, Any], folder: Path | None) -> None:
    def heading_id(text: str, level: int) -> str:
        name = found.unique_id(text)
        if level == 1 and not found.title:
            found.title = text
        elif level == 2:
            found.contents.append({"id": name, "title": text})
        return name

    had_title = bool(found.title)
    text = render_markdown(
        source_of(cell),
        attachments=cell.get("attachments"),
        folder=folder,
        heading_id=heading_id,
    )
    if found.title and not had_title:
        start = text.find("<h1 ")
        text = text[:start] + text[text.find("</h1>") + len("</h1>") :]
    if text.strip():
        found.blocks.append({"kind": "markdown", "html": text.strip()})


@dataclass(frozen=True, slots=True)
class _Cell:
    where: str
    tags: frozenset[str]

    def shows(self, found: Collected, kind: str, content: Any) -> None:
        """Note what the cell shows of its own."""
        found.foreign.append(OtherOutput(self.where, content, kind, REVIEWED in self.tags))


def _output(found: Collected, output: Mapping[str, Any], cell: _Cell) -> None:
    kind = output["output_type"]
    if kind == "stream":
        if SHOW_OUTPUT in cell.tags:
            _plain(found, _text(output["text"]).rstrip("\n"), cell)
    elif kind in ("display_data", "execute_result"):
        _display(found, output["data"], output.get("metadata", {}), cell)


def _plain(found: Collected, text: str, cell: _Cell) -> None:
    cell.shows(found, "text", text)
    found.blocks.append({"kind": "text", "text": text})


def _display(
    found: Collected, data: Mapping[str, Any], metadata: Mapping[str, Any], cell: _Cell
) -> None:
    payload = data.get(MIME)
    if isinstance(payload, dict):
        found.payloads.append(payload)
        found.headline = found.headline or payload.get("headline", "")
    if PLOTLY in data:
        if not isinstance(payload, dict):
            cell.shows(found, "figure", data[PLOTLY])
        _chart(found, data[PLOTLY], payload or {})
    elif isinstance(payload, dict) and "text/html" in data:
        markup = _STYLE.sub("", _text(data["text/html"]))
        found.blocks.append({"kind": "fragment", "html": markup})
    elif _WIDGET in data:
        found.figures += "FigureWidget" in _text(data.get("text/plain", ""))
        found.faults.append(
            f"{cell.where} shows a widget, which needs a running kernel: show a figure instead"
        )
    elif picture := next((mime for mime in _PICTURES if mime in data), ""):
        alt = metadata.get("alt") or ""
        cell.shows(found, "image", "")
        uri = data_uri(picture, _text(data[picture]))
        found.blocks.append({"kind": "image", "data_uri": uri, "alt": alt})
    elif "text/html" in data:
        _foreign_html(found, _text(data["text/html"]), cell)
    elif "text/markdown" in data:
        html = render_markdown(_text(data["text/markdown"]))
        cell.shows(found, "html", html)
        found.blocks.append({"kind": "markdown", "html": html})
    elif "text/plain" in data:
        _plain(found, _text(data["text/plain"]), cell)


def _chart(found: Collected, figure: Mapping[str, Any], payload: Mapping[str, Any]) -> None:
    found.figures += 1
    layout = dict(figure.get("layout", {}))
    title = layout.get("title")
    words = title.get("text", "") if isinstance(title, Mapping) else title or ""
    found.charted.append([fact["id"] for fact in payload.get("facts", ())])
    block: ChartBlock = {
        "kind": "chart",
        "id": f"chart-{len(found.charted)}",
        "spec": {"data": list(figure.get("data", ())), "layout": layout},
        "alt": f"Chart: {words}" if words else f"Chart {found.figures}",
    }
    if payload.get("title_html"):
        _drop_title(layout)
        block["title_html"] = payload["title_html"]
        block["subtitle_html"] = payload.get("subtitle_html", "")
        block["table_html"] = payload.get("table_html", "")
        block["alt"] = payload.get("alt") or block["alt"]
    if isinstance(layout.get("height"), int | float):
        block["height"] = int(layout["height"])
    found.blocks.append(block)


def _drop_title(layout: dict[str, Any]) -> None:
    layout.pop("title", None)
    meta = dict(layout.get("meta") or {})
    room = meta.pop("title_height", 0)
    if room:
        layout["meta"] = meta
        layout["height"] -= room
        layout["margin"] = {**layout["margin"], "t": layout["margin"]["t"] - room}


def _foreign_html(found: Collected, text: str, cell: _Cell) -> None:
    if any(mark in text for mark in _SCRIPTED_PLOT) and ("<script" in text or "<iframe" in text):
        found.figures += 1
        found.faults.append(
            f"{cell.where} shows a figure as a script, which the report does not run: remove "
            "renderer settings such as fig.show('notebook') and pio.renderers.default"
        )
        return
    cleaned = clean_html(text).strip()
    if cleaned:
        cell.shows(found, "html", cleaned)
        found.blocks.append({"kind": "html", "html": cleaned})


def _text(value: str | list[str]) -> str:
    return value if isinstance(value, str) else "".join(value)
