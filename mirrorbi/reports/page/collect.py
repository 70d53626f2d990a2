"""What an executed notebook shows: the blocks of the page, and the facts behind them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mirrorbi.reports.notebook import INJECTED, place_of, source_of, tags_of
from mirrorbi.reports.page.other_outputs import REVIEWED, OtherOutput
from mirrorbi.reports.page.page import Block, ChartBlock, Entry
from mirrorbi.reports.page.sanitizer import (
    clean_html,
    data_uri,
    render_markdown,
    slug_of,
)
from mirrorbi.wording.mime_types import MIRRORBI, PLOTLY, WIDGET

_HIDDEN = INJECTED | {"parameters", "hide", "remove_cell", "remove_output"}
SHOW_OUTPUT = "show-output"
"""The tag of a cell whose printed text belongs to the report."""
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml")
_STYLE = re.compile(r"^\s*<style>.*?</style>", re.DOTALL)
"""What our displays bring along for a notebook; the page has its own."""
_SCRIPTED_PLOT = ("Plotly.newPlot", "plotly-graph-div", "data:text/html;base64")


@dataclass
class ReportContent:
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
    chart_facts
        The ids of the facts behind each chart in ``blocks``; empty for the notebook's own.
    figures
        How many figures the notebook made, those included that cannot be drawn.
    faults
        Figures that cannot be drawn: where, and what to do.
    other_outputs
        What the notebook shows of its own.
    """

    title: str = ""
    headline: str = ""
    blocks: list[Block] = field(default_factory=list)
    contents: list[Entry] = field(default_factory=list)
    payloads: list[dict[str, Any]] = field(default_factory=list)
    chart_facts: list[list[str]] = field(default_factory=list)
    figures: int = 0
    faults: list[str] = field(default_factory=list)
    other_outputs: list[OtherOutput] = field(default_factory=list)
    _ids: set[str] = field(default_factory=set)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the text may not be shown to readers; empty if it may."""
        authorships = (payload.get("authorship") or {} for payload in self.payloads)
        return tuple(
            dict.fromkeys(
                reason for authorship in authorships for reason in authorship.get("reasons", ())
            )
        )

    def unique_id(self, text: str) -> str:
        """Return an id that no other heading has."""
        stem = slug_of(text)
        name, n = stem, 2
        while name in self._ids:
            name, n = f"{stem}-{n}", n + 1
        self._ids.add(name)
        return name


def collect(notebook: Mapping[str, Any], folder: Path | None = None) -> ReportContent:
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
    content = ReportContent()
    cells = notebook["cells"]
    for index, cell in enumerate(cells):
        tags = tags_of(cell)
        if tags & _HIDDEN:
            continue
        if cell["cell_type"] == "markdown":
            _markdown(content, cell, folder)
        elif cell["cell_type"] == "code":
            for output in cell.get("outputs", ()):
                _output(content, output, _Cell(place_of(cells, index), tags))
    return content


def facts_of(payloads: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the facts of all displays, each once, in order."""
    seen = set()
    for payload in payloads:
        for fact in payload.get("facts", ()):
            if fact["id"] not in seen:
                seen.add(fact["id"])
                yield fact


def _markdown(content: ReportContent, cell: Mapping[str, Any], folder: Path | None) -> None:
    def heading_id(text: str, level: int) -> str:
        name = content.unique_id(text)
        if level == 1 and not content.title:
            content.title = text
        elif level == 2:
            content.contents.append({"id": name, "title": text})
        return name

    had_title = bool(content.title)
    text = render_markdown(
        source_of(cell),
        attachments=cell.get("attachments"),
        folder=folder,
        heading_id=heading_id,
    )
    if content.title and not had_title:
        start = text.find("<h1 ")
        text = text[:start] + text[text.find("</h1>") + len("</h1>") :]
    if text.strip():
        content.blocks.append({"kind": "markdown", "html": text.strip()})


@dataclass(frozen=True, slots=True)
class _Cell:
    where: str
    tags: frozenset[str]

    def add_output(self, content: ReportContent, kind: str, output: Any) -> None:
        """Note what the cell shows of its own."""
        content.other_outputs.append(OtherOutput(self.where, output, kind, REVIEWED in self.tags))


def _output(content: ReportContent, output: Mapping[str, Any], cell: _Cell) -> None:
    kind = output["output_type"]
    if kind == "stream":
        if SHOW_OUTPUT in cell.tags:
            _plain(content, _joined_text(output["text"]).rstrip("\n"), cell)
    elif kind in ("display_data", "execute_result"):
        _display(content, output["data"], output.get("metadata", {}), cell)


def _plain(content: ReportContent, text: str, cell: _Cell) -> None:
    cell.add_output(content, "text", text)
    content.blocks.append({"kind": "text", "text": text})


def _display(
    content: ReportContent, data: Mapping[str, Any], metadata: Mapping[str, Any], cell: _Cell
) -> None:
    payload = data.get(MIRRORBI)
    if isinstance(payload, dict):
        content.payloads.append(payload)
        content.headline = content.headline or payload.get("headline", "")
    if PLOTLY in data:
        if not isinstance(payload, dict):
            cell.add_output(content, "figure", data[PLOTLY])
        _chart(content, data[PLOTLY], payload or {})
    elif isinstance(payload, dict) and "text/html" in data:
        markup = _STYLE.sub("", _joined_text(data["text/html"]))
        content.blocks.append({"kind": "fragment", "html": markup})
    elif WIDGET in data:
        content.figures += "FigureWidget" in _joined_text(data.get("text/plain", ""))
        content.faults.append(
            f"{cell.where} shows a widget, which needs a running kernel: show a figure instead"
        )
    elif picture := next((mime for mime in _PICTURES if mime in data), ""):
        alt = metadata.get("alt") or ""
        cell.add_output(content, "image", "")
        uri = data_uri(picture, _joined_text(data[picture]))
        content.blocks.append({"kind": "image", "data_uri": uri, "alt": alt})
    elif "text/html" in data:
        _foreign_html(content, _joined_text(data["text/html"]), cell)
    elif "text/markdown" in data:
        html = render_markdown(_joined_text(data["text/markdown"]))
        cell.add_output(content, "html", html)
        content.blocks.append({"kind": "markdown", "html": html})
    elif "text/plain" in data:
        _plain(content, _joined_text(data["text/plain"]), cell)


def _chart(content: ReportContent, figure: Mapping[str, Any], payload: Mapping[str, Any]) -> None:
    content.figures += 1
    layout = dict(figure.get("layout", {}))
    title = layout.get("title")
    title_text = title.get("text", "") if isinstance(title, Mapping) else title or ""
    content.chart_facts.append([fact["id"] for fact in payload.get("facts", ())])
    block: ChartBlock = {
        "kind": "chart",
        "id": f"chart-{len(content.chart_facts)}",
        "spec": {"data": list(figure.get("data", ())), "layout": layout},
        "alt": f"Chart: {title_text}" if title_text else f"Chart {content.figures}",
    }
    if payload.get("title_html"):
        _drop_title(layout)
        block["title_html"] = payload["title_html"]
        block["subtitle_html"] = payload.get("subtitle_html", "")
        block["table_html"] = payload.get("table_html", "")
        block["alt"] = payload.get("alt") or block["alt"]
    if isinstance(layout.get("height"), int | float):
        block["height"] = int(layout["height"])
    content.blocks.append(block)


def _drop_title(layout: dict[str, Any]) -> None:
    layout.pop("title", None)
    meta = dict(layout.get("meta") or {})
    title_height = meta.pop("title_height", 0)
    if title_height:
        layout["meta"] = meta
        layout["height"] -= title_height
        layout["margin"] = {**layout["margin"], "t": layout["margin"]["t"] - title_height}


def _foreign_html(content: ReportContent, text: str, cell: _Cell) -> None:
    if any(mark in text for mark in _SCRIPTED_PLOT) and ("<script" in text or "<iframe" in text):
        content.figures += 1
        content.faults.append(
            f"{cell.where} shows a figure as a script, which the report does not run: remove "
            "renderer settings such as fig.show('notebook') and pio.renderers.default"
        )
        return
    clean = clean_html(text).strip()
    if clean:
        cell.add_output(content, "html", clean)
        content.blocks.append({"kind": "html", "html": clean})


def _joined_text(value: str | list[str]) -> str:
    return value if isinstance(value, str) else "".join(value)
