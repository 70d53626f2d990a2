"""What a notebook exposes: parameters in its metadata, outputs, code, errors, widgets."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from mirrorbi.errors import SourceError
from mirrorbi.privacy.check.exposure import Exposure, few
from mirrorbi.privacy.check.figure import figure_exposes, strings
from mirrorbi.privacy.check.page import page_exposes, value_exposes
from mirrorbi.privacy.check.strings import texts_expose
from mirrorbi.privacy.classes.hit import masked


def notebook_exposes(text: str, name: str) -> Iterator[Exposure]:
    """Yield what a notebook exposes.

    Raises
    ------
    SourceError
        If the text is no notebook.
    """
    try:
        book = json.loads(text)
        cells = book["cells"]
        metadata = book.get("metadata", {})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SourceError(
            f"{name!r} is no notebook: {error}.", hint="Pass an .ipynb file of version 4."
        ) from None
    yield from _metadata(metadata)
    for number, cell in enumerate(cells, start=1):
        where = f"cell {number}"
        yield from texts_expose([_joined(cell.get("source"))], where, addresses=False)
        for output in cell.get("outputs") or ():
            yield from _output(output, f"{where}, output")
        for attached in cell.get("attachments") or ():
            yield Exposure("hidden", "an attached file", where, 1, (str(attached),))


def _metadata(metadata: Mapping[str, Any]) -> Iterator[Exposure]:
    run = metadata.get("papermill") or {}
    given = run.get("parameters") or {}
    if given:
        shown = few([f"{key} = {masked(str(value))}" for key, value in given.items()])
        detail = "parameters of the run, with their values"
        yield Exposure("parameter", detail, "metadata", len(given), shown)
    if metadata.get("widgets"):
        count = sum(len(view.get("state", ())) for view in metadata["widgets"].values())
        yield Exposure("hidden", "the state of widgets", "metadata", max(1, count))
    yield from texts_expose(["\n".join(strings(dict(metadata)))], "metadata")


def _output(output: Mapping[str, Any], where: str) -> Iterator[Exposure]:
    kind = output.get("output_type")
    if kind == "stream":
        yield from texts_expose([_joined(output.get("text"))], where)
    elif kind == "error":
        trace = "\n".join(map(str, output.get("traceback") or ()))
        yield from texts_expose([trace, str(output.get("evalue", ""))], f"{where}, error")
    rich = output.get("data") or {}
    for mime, value in rich.items():
        if mime == "application/vnd.plotly.v1+json":
            yield from figure_exposes(value, f"{where}, figure")
        elif mime == "text/html":
            yield from page_exposes(_joined(value), where)
        elif mime.endswith("json"):
            yield from value_exposes(value, f"{where}, {mime}")
        elif mime.startswith("text/") and not (mime == "text/plain" and "text/html" in rich):
            yield from texts_expose([_joined(value)], where)


def _joined(text: Any) -> str:
    return "".join(text) if isinstance(text, list) else str(text or "")
