"""The failure page: what the maintainer of a notebook needs when a run failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mirrorbi.errors import CellError, MirrorBIError
from mirrorbi.reports.notebook import place_of, source_of, tags_of
from mirrorbi.reports.page.error_trace import AuthorText, trace_of, without_folders
from mirrorbi.reports.page.page import Block, Page, render_page
from mirrorbi.reports.plan import Plan, text_of_value

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
    error_class
        The error in the cell, where it is one of ours.
    """

    message: str
    place: str = ""
    source: str = ""
    lines: str = ""
    error_class: type[MirrorBIError] | None = None

    def error(self, hint: str) -> CellError:
        """Return the error that says so, with the exit code of the one in the cell."""
        end = "" if self.message.endswith((".", "?")) else "."
        return CellError(
            f"The notebook failed in {self.place}: {self.message}{end}",
            hint=hint,
            exit_code=self.error_class.exit_code if self.error_class is not None else 1,
        )


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
        errors = [o for o in cell.get("outputs", ()) if o["output_type"] == "error"]
        if errors and "raises-exception" not in tags_of(cell):
            # The last one is that which ended the cell.
            error = errors[-1]
            trace = trace_of(error, AuthorText.of({"cells": cells}))
            lines = "\n".join(trace.lines[-_LAST_LINES:])
            return Failure(
                trace.text, place_of(cells, index), source_of(cell), lines, trace.error_class
            )
    if stopped_at is None:
        return Failure(message)
    return Failure(message, place_of(cells, stopped_at), source_of(cells[stopped_at]))


def render_failure(plan: Plan, failure: Failure) -> str:
    """Return the failure page as one HTML document, without secrets and folders."""
    mask = plan.mask
    blocks: list[Block] = [_paragraph(mask(without_folders(failure.message)))]
    if failure.source:
        blocks += [_heading(f"The cell: {failure.place}"), _code(mask(failure.source))]
    if failure.lines:
        blocks += [_heading("Last lines"), _code(mask(failure.lines))]
    blocks += [_heading("Parameters"), _code(_parameters(plan))]
    blocks += [_heading("Run it again"), _code(plan.command)]
    blocks.append(_paragraph("The last good report was left as it is."))
    title = f"{plan.notebook.title} did not finish"
    return render_page(Page(title=title, blocks=tuple(blocks)))


def _parameters(plan: Plan) -> str:
    shown = [f"{name} = {text_of_value(value)}" for name, value in plan.values.items()]
    shown += [f"{name} = •••" for name in plan.bound.secrets]
    return "\n".join(shown) or "none"


def _heading(text: str) -> Block:
    from html import escape

    return {"kind": "markdown", "html": f"<h2>{escape(text)}</h2>"}


def _paragraph(text: str) -> Block:
    from html import escape

    return {"kind": "markdown", "html": f"<p>{escape(text)}</p>"}


def _code(text: str) -> Block:
    return {"kind": "text", "text": text}
