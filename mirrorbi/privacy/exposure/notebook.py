"""What a notebook exposes: parameters in its metadata, outputs, code, errors, widgets."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from mirrorbi.errors import SourceError
from mirrorbi.privacy.exposure.exposure import Exposure, examples_of
from mirrorbi.privacy.exposure.figure import figure_exposes, strings
from mirrorbi.privacy.exposure.page import page_exposes, value_exposes
from mirrorbi.privacy.exposure.plain_text import texts_expose
from mirrorbi.privacy.pii.hit import masked
from mirrorbi.wording.mime_types import PLOTLY

_HINT = "Pass an .ipynb file of version 4."


def notebook_exposes(text: str, name: str) -> Iterator[Exposure]:
    """Yield what a notebook exposes.

    Raises
    ------
    SourceError
        If the text is no notebook.
    """
    try:
        book = json.loads(text)
    except ValueError as error:
        raise SourceError(f"{name!r} is no notebook: {error}.", hint=_HINT) from None
    if not isinstance(book, dict) or not isinstance(book.get("cells"), list):
        raise SourceError(f"{name!r} is no notebook: it has no cells.", hint=_HINT)
    yield from _metadata(_mapping(book.get("metadata")))
    for number, cell in enumerate(map(_mapping, book["cells"]), start=1):
        where = f"cell {number}"
        yield from texts_expose([_joined(cell.get("source"))], where)
        for output in _list(cell.get("outputs")):
            yield from _output(_mapping(output), f"{where}, output")
        for attached in _mapping(cell.get("attachments")):
            yield Exposure("hidden", "an attached file", where, 1, (str(attached),))


def _metadata(metadata: Mapping[str, Any]) -> Iterator[Exposure]:
    given = _mapping(_mapping(metadata.get("papermill")).get("parameters"))
    if given:
        shown = examples_of([f"{key} = {masked(str(value))}" for key, value in given.items()])
        detail = "parameters of the run, with their values"
        yield Exposure("parameter", detail, "metadata", len(given), shown)
    widgets = _mapping(metadata.get("widgets"))
    if widgets:
        count = sum(len(_mapping(_mapping(view).get("state"))) for view in widgets.values())
        yield Exposure("hidden", "the state of widgets", "metadata", max(1, count))
    yield from texts_expose(["\n".join(strings(dict(metadata)))], "metadata")


def _output(output: Mapping[str, Any], where: str) -> Iterator[Exposure]:
    kind = output.get("output_type")
    if kind == "stream":
        yield from texts_expose([_joined(output.get("text"))], where)
    elif kind == "error":
        trace = "\n".join(map(str, _list(output.get("traceback"))))
        yield from texts_expose([trace, str(output.get("evalue", ""))], f"{where}, error")
    rich = _mapping(output.get("data"))
    for mime, value in rich.items():
        if mime == PLOTLY:
            yield from figure_exposes(value, f"{where}, figure")
        elif mime == "text/html":
            yield from page_exposes(_joined(value), where)
        elif mime.endswith("json"):
            yield from value_exposes(value, f"{where}, {mime}")
        elif mime.startswith("text/") and not (mime == "text/plain" and "text/html" in rich):
            yield from texts_expose([_joined(value)], where)


def _joined(text: Any) -> str:
    return "".join(map(str, text)) if isinstance(text, list) else str(text or "")


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
