"""The failure page: what the maintainer of a notebook needs when a run failed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mirrorbi.privacy.classes.text import without_personal
from mirrorbi.reports.notebook import place_of, source_of, tags_of
from mirrorbi.reports.page import Block, Page, render_page
from mirrorbi.reports.plan import Plan, text_of_value

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_LAST_LINES = 30


@dataclass(frozen=True, slots=True)
class Failure:
    """Where and why a run failed.

    Parameters
    ----------
    message
        One sentence.
    place
        The cell: ``"cell 5 ('Drivers')"``; empty if it was in none.
    source
        The cell's code.
    lines
        The last lines of the traceback.
    """

    message: str
    place: str = ""
    source: str = ""
    lines: str = ""


def failure_of(
    notebook: Mapping[str, Any] | None, message: str = "", stopped_at: int | None = None
) -> Failure:
    """Return what an executed notebook tells of its failure.

    Parameters
    ----------
    notebook
        Executed up to the failure; ``None`` if it did not come to that.
    message
        What is said where no cell holds an error, as after the death of the kernel.
    stopped_at
        Index of the cell in which that happened.
    """
    cells = notebook["cells"] if notebook else []
    for index, cell in enumerate(cells):
        error = next((o for o in cell.get("outputs", ()) if o["output_type"] == "error"), None)
        if error is not None and "raises-exception" not in tags_of(cell):
            # An error may quote a cell of the data.
            text = _ANSI.sub("", "\n".join(error.get("traceback", ())))
            lines = without_personal("\n".join(text.splitlines()[-_LAST_LINES:]))
            value = without_personal(_ANSI.sub("", error["evalue"]))
            reason = f"{error['ename']}: {value}".strip(": ")
            return Failure(reason, place_of(cells, index), source_of(cell), lines)
    if stopped_at is None:
        return Failure(message)
    return Failure(message, place_of(cells, stopped_at), source_of(cells[stopped_at]))


def render_failure(plan: Plan, failure: Failure) -> str:
    """Return the failure page as one HTML document, without secrets."""
    mask = plan.mask
    blocks: list[Block] = [_words(mask(failure.message))]
    if failure.source:
        blocks += [_heading(f"The cell: {failure.place}"), _code(mask(failure.source))]
    if failure.lines:
        blocks += [_heading("Last lines"), _code(mask(failure.lines))]
    blocks += [_heading("Parameters"), _code(_parameters(plan))]
    blocks += [_heading("Run it again"), _code(plan.command)]
    blocks.append(_words("The last good report was left as it is."))
    title = f"{plan.notebook.title} did not finish"
    return render_page(Page(title=title, blocks=tuple(blocks)))


def _parameters(plan: Plan) -> str:
    shown = [f"{name} = {text_of_value(value)}" for name, value in plan.bound.values.items()]
    shown += [f"{name} = •••" for name in plan.bound.secrets]
    return "\n".join(shown) or "none"


def _heading(text: str) -> Block:
    from html import escape

    return {"kind": "markdown", "html": f"<h2>{escape(text)}</h2>"}


def _words(text: str) -> Block:
    from html import escape

    return {"kind": "markdown", "html": f"<p>{escape(text)}</p>"}


def _code(text: str) -> Block:
    return {"kind": "text", "text": text}
