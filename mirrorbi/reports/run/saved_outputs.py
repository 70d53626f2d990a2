"""What is kept of an executed notebook: what its report shows, and no more."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from mirrorbi.reports.page.collect import MIME, PLOTLY
from mirrorbi.reports.page.inspection import uncontrolled
from mirrorbi.reports.page.page import Block
from mirrorbi.reports.page.sanitizer import clean_html, data_uri, render_markdown
from mirrorbi.reports.run.notebook import INJECTED, source_of, tags_of
from mirrorbi.reports.run.plan import told

_MARK = "papermill-error-cell-tag"
_STYLE = re.compile(r"^\s*<style>.*?</style>", re.DOTALL)
"""What our displays bring along for a notebook, and the page has of its own."""


def kept(
    notebook: Mapping[str, Any], blocks: Iterable[Block] | None, *, everything: bool = False
) -> Any:
    """Return an executed notebook as it may lie beside its report, or its failure page.

    Of a cell's outputs those stay that the report shows, in the form in which it does.
    Beside a failure page, where no inspection has seen them, those stay that are made of
    released facts. Printed text that is not shown, results of hidden cells, other forms of
    an output, frames of figures, and the state of widgets are left out. Errors are kept as
    `mirrorbi.reports.run.error_trace` makes them. Code is not touched.

    Parameters
    ----------
    notebook
        Executed; it is not changed.
    blocks
        Of the page; ``None`` where there is none.
    everything
        Whether outputs that no report shows stay too, as settings may say.
    """
    found: Any = copy.copy(notebook)
    found["metadata"] = dict(notebook["metadata"])
    shown = None if blocks is None else _Shown(blocks)
    # Papermill points to errors by cells of its own, also to those that are expected.
    cells = [cell for cell in notebook["cells"] if shown is None or _MARK not in tags_of(cell)]
    found["cells"] = [copy.copy(cell) for cell in cells]
    for cell in found["cells"]:
        if cell.get("cell_type") != "code":
            continue
        outputs = []
        for output in cell.get("outputs", ()):
            if output["output_type"] == "error":
                outputs += [_error(output, notebook)] if shown is None or everything else []
            elif everything:
                outputs.append(output)
            else:
                outputs += _output(output, shown)
        cell["outputs"] = outputs
    if not everything:
        found["metadata"].pop("widgets", None)
    return found


def without_places(notebook: Any, base: Any) -> Any:
    """Return a notebook whose record of parameters names no folder of this machine.

    Parameters
    ----------
    notebook
        Changed in place.
    base
        The folder from which the run was asked for.
    """
    record = dict(notebook["metadata"].get("papermill", {}))
    given = record.get("parameters", {})
    notebook["metadata"]["papermill"] = {**record, "parameters": told(dict(given), base)}
    for cell in notebook["cells"]:
        if "injected-parameters" in tags_of(cell) & INJECTED:
            text = source_of(cell)
            for value in sorted(_strings(given), key=len, reverse=True):
                text = text.replace(value, told(value, base))
            cell["source"] = text
    return notebook


class _Shown:
    """The blocks of a page, to be looked up by what they show."""

    def __init__(self, blocks: Iterable[Block]) -> None:
        self._texts: set[tuple[str, str]] = set()
        self._layouts: dict[str, Any] = {}
        for block in blocks:
            if block["kind"] == "chart":
                self._layouts[_said(block["spec"]["data"])] = block["spec"]["layout"]
            elif block["kind"] == "image":
                self._texts.add((block["kind"], block["data_uri"]))
            else:
                text = block["text"] if block["kind"] == "text" else block["html"]
                self._texts.add((block["kind"], text))

    def has(self, kind: str, text: str) -> bool:
        """Return whether a block shows this."""
        return (kind, text) in self._texts

    def layout(self, figure: Mapping[str, Any]) -> Any:
        """Return the layout in which a figure is shown; ``None`` if it is not."""
        return self._layouts.get(_said(list(figure.get("data", ()))))


def _error(output: Any, notebook: Mapping[str, Any]) -> Any:
    # What knows personal data takes a tenth of a second to import.
    from mirrorbi.reports.run.error_trace import Known, trace_of

    return type(output)(trace_of(output, Known.of(notebook)).output())


def _said(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _output(output: Mapping[str, Any], shown: _Shown | None) -> list[Any]:
    """Return an output in the form in which the page shows it; nothing, if it does not."""
    if output["output_type"] == "stream":
        text = _text(output["text"]).rstrip("\n")
        return [output] if shown is not None and shown.has("text", text) else []
    form = _form(output.get("data") or {}, shown)
    if not form:
        return []
    shortened: Any = copy.copy(output)
    shortened["data"] = form
    shortened["metadata"] = _metadata(output.get("metadata") or {}, form)
    return [shortened]


def _form(data: Mapping[str, Any], shown: _Shown | None) -> dict[str, Any]:
    payload = data.get(MIME)
    ours = {MIME: payload} if isinstance(payload, dict) else {}
    if shown is None:
        return _unseen(data, ours)
    if PLOTLY in data:
        figure = data[PLOTLY]
        layout = shown.layout(figure)
        if layout is None:
            return {}
        # Of ours the page sets the title itself.
        return {PLOTLY: _figure(figure, figure.get("layout", {}) if ours else layout), **ours}
    html = _text(data.get("text/html", ""))
    if ours and html:
        return {"text/html": html, **ours} if shown.has("fragment", _STYLE.sub("", html)) else {}
    for mime in data:
        if mime.startswith("image/") and shown.has("image", data_uri(mime, _text(data[mime]))):
            return {mime: data[mime]}
    if html:
        cleaned = clean_html(html).strip()
        return {"text/html": cleaned} if shown.has("html", cleaned) else {}
    if "text/markdown" in data:
        html = render_markdown(_text(data["text/markdown"]))
        return {"text/html": html} if shown.has("markdown", html) else {}
    text = _text(data.get("text/plain", ""))
    return {"text/plain": data["text/plain"]} if text and shown.has("text", text) else {}


def _unseen(data: Mapping[str, Any], ours: Mapping[str, Any]) -> dict[str, Any]:
    """Return the forms of an output that no inspection has seen: of released facts alone."""
    if not any(payload.get("sweeps") for payload in ours.values()) or uncontrolled(ours.values()):
        return {}
    if PLOTLY in data:
        return {PLOTLY: _figure(data[PLOTLY], data[PLOTLY].get("layout", {})), **ours}
    return {"text/html": data["text/html"], **ours} if "text/html" in data else {}


def _figure(figure: Mapping[str, Any], layout: Any) -> dict[str, Any]:
    return {
        "data": figure.get("data", []),
        "layout": layout,
        "config": figure.get("config", {}),
    }


def _metadata(metadata: Mapping[str, Any], form: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"alt": metadata["alt"]} if metadata.get("alt") else {}
    for mime in form:
        sizes = metadata.get(mime)
        if isinstance(sizes, Mapping):
            found[mime] = {key: sizes[key] for key in ("width", "height") if key in sizes}
    return found


def _text(value: str | list[str]) -> str:
    return value if isinstance(value, str) else "".join(value)


def _strings(value: Any) -> set[str]:
    if isinstance(value, Mapping):
        return {text for part in value.values() for text in _strings(part)}
    if isinstance(value, list | tuple):
        return {text for part in value for text in _strings(part)}
    return {value} if isinstance(value, str) and value else set()
