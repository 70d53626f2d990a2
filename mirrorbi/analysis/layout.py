"""The layout of a table: lines below one another, or members against periods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mirrorbi.narrative.context import NOTEBOOKS
from mirrorbi.wording.printable_text import escape

if TYPE_CHECKING:
    from mirrorbi.analysis.table import ResultTable

LINES = 40
"""Lines that are shown at most; an export has all."""

ACROSS = 13
"""Periods that stand beside one another at most: a year, and the same month before."""

HIDDEN = "withheld"
"""What stands in a cell that is not shown."""

NOTHING = "–"
"""What stands in a cell without rows."""

STYLE = "".join(
    [
        "<style>",
        f"{NOTEBOOKS} .mb-caption{{font-weight:650;margin:.8em 0 .3em}}",
        f"{NOTEBOOKS} .mb-note{{opacity:.75;font-size:.9em;margin:.3em 0}}",
        f"{NOTEBOOKS} .mb-result .mb-wide td.mb-muted{{opacity:.6}}",
        f"{NOTEBOOKS} .mb-result .mb-wide th[scope=row]{{text-align:left;font-weight:400}}",
        f"{NOTEBOOKS} .mb-result .mb-wide th[scope=col]:not(.mb-num){{text-align:left}}",
        "</style>",
    ]
)
"""For notebooks alone: a report has a style sheet of its own."""

Grid = tuple[list[str], list[list[str]], int]
"""Heads, lines of text, and how many columns from the left name what a line is of."""


def html_of(table: ResultTable) -> str:
    """Return a table as HTML, every text escaped, with its notes below."""
    notes = [table.note]
    body = f'<p class="mb-caption">{escape(table.title)}</p>'
    if not table.refused:
        heads, lines, labels = grid_of(table)
        body += _table(table.title, heads, lines[:LINES], labels)
        if len(lines) > LINES:
            notes.append(f"The first {LINES} of {len(lines):,} lines.")
        if "complete" in table.frame and not table.frame["complete"].all():
            notes.append("* Not complete yet.")
    note_text = escape(" ".join(note for note in notes if note))
    foot = f'<p class="mb-muted mb-note">{note_text}</p>' if note_text else ""
    return f'<div class="mb-result" data-query="{table.query.id}">{body}{foot}</div>'


def grid_of(table: ResultTable) -> Grid:
    """Return what is shown, as text.

    One metric of one dimension over a few periods stands with its members as lines and its
    periods as columns; everything else line by line.
    """
    query = table.query
    lines = list(table.lines())
    if query.grain is not None and len(query.by) == 1 and len(query.metrics) == 1:
        names, figures = (
            [line[table.names.index(name)] for line in lines]
            for name in (query.by[0], query.metrics[0])
        )
        periods = list(table.periods())
        steps = sorted(dict.fromkeys(periods), key=lambda period: period.start)
        if 1 < len(steps) <= ACROSS:
            cells = dict(zip(zip(names, periods, strict=True), figures, strict=True))
            members = sorted(dict.fromkeys(names))
            across = [[m, *(cells.get((m, p), NOTHING) for p in steps)] for m in members]
            heads = [
                table.period_text(p, previous)
                for p, previous in zip(steps, [None, *steps[:-1]], strict=True)
            ]
            return [table.head(query.by[0]), *heads], across, 1
    labels = sum(not table.is_number(name) for name in table.names)
    return [table.head(name) for name in table.names], lines, labels


def text_of(table: ResultTable) -> str:
    """Return a table as plain text in columns, with its note below."""
    if table.refused:
        return f"{table.title}\n{table.refused}"
    heads, lines, labels = grid_of(table)
    rows = [heads, *lines[:LINES]]
    widths = [max(len(row[i]) for row in rows) for i in range(len(heads))]
    text = [
        "  ".join(
            cell.ljust(width) if i < labels else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    more = [f"... {len(lines) - LINES:,} more lines"] if len(lines) > LINES else []
    return "\n".join([*text, *more, *([table.note] if table.note else [])])


def _table(title: str, heads: Sequence[str], lines: Sequence[Sequence[str]], labels: int) -> str:
    top = "".join(
        f'<th{"" if i < labels else _NUMBER} scope="col">{escape(head)}</th>'
        for i, head in enumerate(heads)
    )
    body = "".join(f"<tr>{''.join(_cells(line, labels))}</tr>" for line in lines)
    return (
        f'<div class="mb-wide" tabindex="0" role="region" aria-label="{escape(title)}">'
        f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cells(line: Sequence[str], labels: int) -> list[str]:
    cells = [f'<th scope="row">{escape(text)}</th>' for text in line[:labels]]
    for text in line[labels:]:
        quiet = " mb-muted" if text in (HIDDEN, NOTHING) else ""
        cells.append(f'<td class="mb-num{quiet}">{escape(text)}</td>')
    return cells


_NUMBER = ' class="mb-num"'
