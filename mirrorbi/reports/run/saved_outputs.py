"""What is kept of an executed notebook: what its report shows, and no more."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from mirrorbi.reports.notebook import INJECTED, source_of, tags_of
from mirrorbi.reports.page.inspection import release_faults
from mirrorbi.reports.page.page import Block
from mirrorbi.reports.page.sanitizer import clean_html, data_uri, render_markdown
from mirrorbi.reports.plan import with_relative_paths
from mirrorbi.wording.mime_types import MIRRORBI, PLOTLY

_MARK = "papermill-error-cell-tag"
_STYLE = re.compile(r"^\s*<style>.*?</style>", re.DOTALL)
"""What our displays bring along for a notebook, and the page has of its own."""


def saved_notebook(
    notebook: Mapping[str, Any], blocks: Iterable[Block] | None, *, everything: bool = False
) -> Any:
    """Return an executed notebook as it may lie beside its report, or its failure page.

    Of a cell's outputs those stay that the report shows, in the form in which it does.
    Beside a failure page, where no inspection has seen them, those stay that are made of
    released facts. Printed text that is not shown, results of hidden cells, other forms of
    an output, frames of figures, and the state of widgets are left out. Errors are kept as
    `mirrorbi.reports.page.error_trace` makes them. Code is not touched.

    Parameters
    ----------
    notebook
        Executed; it is not changed.
    blocks
        Of the page; ``None`` where there is none.
    everything
        Whether outputs that no report shows stay too, as settings may say.
    """
    saved: Any = copy.copy(notebook)
    saved["metadata"] = dict(notebook["metadata"])
    page_index = None if blocks is None else _PageIndex(blocks)
    # Papermill points to errors by cells of its own, also to those that are expected.
    cells = [cell for cell in notebook["cells"] if page_index is None or _MARK not in tags_of(cell)]
    saved["cells"] = [copy.copy(cell) for cell in cells]
    for cell in saved["cells"]:
        if cell.get("cell_type") != "code":
            continue
        outputs = []
        for output in cell.get("outputs", ()):
            if output["output_type"] == "error":
                outputs += [_error(output, notebook)] if page_index is None or everything else []
            elif everything:
                outputs.append(output)
            else:
                outputs += _output(output, page_index)
        cell["outputs"] = outputs
    if not everything:
        saved["metadata"].pop("widgets", None)
    return saved


def without_local_paths(notebook: Any, base: Any) -> Any:
    """Return a notebook whose record of parameters names no folder of this machine.

    Parameters
    ----------
    notebook
        Changed in place.
    base
        The folder from which the run was asked for.
    """
    record = dict(notebook["metadata"].get("papermill", {}))
    parameters = record.get("parameters", {})
    notebook["metadata"]["papermill"] = {
        **record,
        "parameters": with_relative_paths(dict(parameters), base),
    }
    for cell in notebook["cells"]:
        if "injected-parameters" in tags_of(cell) & INJECTED:
            text = source_of(cell)
            for value in sorted(_strings(parameters), key=len, reverse=True):
                text = text.replace(value, with_relative_paths(value, base))
            cell["source"] = text
    return notebook


class _PageIndex:
    """The blocks of a page, to be looked up by what they show."""

    def __init__(self, blocks: Iterable[Block]) -> None:
        self._texts: set[tuple[str, str]] = set()
        self._layouts: dict[str, Any] = {}
        for block in blocks:
            if block["kind"] == "chart":
                self._layouts[_canonical(block["spec"]["data"])] = block["spec"]["layout"]
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
        return self._layouts.get(_canonical(list(figure.get("data", ()))))


def _error(output: Any, notebook: Mapping[str, Any]) -> Any:
    # What knows personal data takes a tenth of a second to import.
    from mirrorbi.reports.page.error_trace import AuthorText, trace_of

    return type(output)(trace_of(output, AuthorText.of(notebook)).output())


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _output(output: Mapping[str, Any], page_index: _PageIndex | None) -> list[Any]:
    """Return an output in the form in which the page shows it; nothing, if it does not."""
    if output["output_type"] == "stream":
        text = _joined_text(output["text"]).rstrip("\n")
        return [output] if page_index is not None and page_index.has("text", text) else []
    mime_bundle = _mime_bundle(output.get("data") or {}, page_index)
    if not mime_bundle:
        return []
    shortened: Any = copy.copy(output)
    shortened["data"] = mime_bundle
    shortened["metadata"] = _metadata(output.get("metadata") or {}, mime_bundle)
    return [shortened]


def _mime_bundle(data: Mapping[str, Any], page_index: _PageIndex | None) -> dict[str, Any]:
    payload = data.get(MIRRORBI)
    own_payload = {MIRRORBI: payload} if isinstance(payload, dict) else {}
    if page_index is None:
        return _released_mime_bundle(data, own_payload)
    if PLOTLY in data:
        figure = data[PLOTLY]
        layout = page_index.layout(figure)
        if layout is None:
            return {}
        # Of ours the page sets the title itself.
        return {
            PLOTLY: _figure(figure, figure.get("layout", {}) if own_payload else layout),
            **own_payload,
        }
    html = _joined_text(data.get("text/html", ""))
    if own_payload and html:
        return (
            {"text/html": html, **own_payload}
            if page_index.has("fragment", _STYLE.sub("", html))
            else {}
        )
    for mime in data:
        if mime.startswith("image/") and page_index.has(
            "image", data_uri(mime, _joined_text(data[mime]))
        ):
            return {mime: data[mime]}
    if html:
        clean = clean_html(html).strip()
        return {"text/html": clean} if page_index.has("html", clean) else {}
    if "text/markdown" in data:
        html = render_markdown(_joined_text(data["text/markdown"]))
        return {"text/html": html} if page_index.has("markdown", html) else {}
    text = _joined_text(data.get("text/plain", ""))
    return {"text/plain": data["text/plain"]} if text and page_index.has("text", text) else {}


def _released_mime_bundle(
    data: Mapping[str, Any], own_payload: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the forms of an output that no inspection has seen: of released facts alone."""
    if not any(payload.get("sweeps") for payload in own_payload.values()) or release_faults(
        own_payload.values()
    ):
        return {}
    if PLOTLY in data:
        return {PLOTLY: _figure(data[PLOTLY], data[PLOTLY].get("layout", {})), **own_payload}
    return {"text/html": data["text/html"], **own_payload} if "text/html" in data else {}


def _figure(figure: Mapping[str, Any], layout: Any) -> dict[str, Any]:
    return {
        "data": figure.get("data", []),
        "layout": layout,
        "config": figure.get("config", {}),
    }


def _metadata(metadata: Mapping[str, Any], mime_bundle: Mapping[str, Any]) -> dict[str, Any]:
    kept_metadata: dict[str, Any] = {"alt": metadata["alt"]} if metadata.get("alt") else {}
    for mime in mime_bundle:
        sizes = metadata.get(mime)
        if isinstance(sizes, Mapping):
            kept_metadata[mime] = {key: sizes[key] for key in ("width", "height") if key in sizes}
    return kept_metadata


def _joined_text(value: str | list[str]) -> str:
    return value if isinstance(value, str) else "".join(value)


def _strings(value: Any) -> set[str]:
    if isinstance(value, Mapping):
        return {text for part in value.values() for text in _strings(part)}
    if isinstance(value, list | tuple):
        return {text for part in value for text in _strings(part)}
    return {value} if isinstance(value, str) and value else set()
