"""The answer to a question as a table: what may be shown of it, as people read it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mirrorbi.data.model.semantic_model import Aggregation, SimpleMetric
from mirrorbi.data.periods import Period
from mirrorbi.data.query import Result
from mirrorbi.errors import RefusedError
from mirrorbi.facts.fact import Quantity
from mirrorbi.narrative.context import NOTEBOOKS
from mirrorbi.privacy.disclosure_control.statements import Statement
from mirrorbi.privacy.disclosure_control.table import TableSuppression, table_suppression
from mirrorbi.privacy.session import session_of
from mirrorbi.wording.mime_types import MIRRORBI
from mirrorbi.wording.numbers import format_quantity
from mirrorbi.wording.periods import format_period
from mirrorbi.wording.printable_text import capital, clean, escape, lower_first

if TYPE_CHECKING:
    import pandas as pd

    from mirrorbi.data.dataset import Dataset
    from mirrorbi.privacy.policy import Policy
    from mirrorbi.privacy.withheld import Withheld

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

_RECORDED = ("min_entities", "dominance", "p_ratio", "columns")
_COUNTS = ("rows", "entities")
_WHY = {
    "dominance": "that two make up",
    "p_ratio": "in which one could tell another",
    "complement": "from which those would follow",
    "few": "that are a single record's",
    "difference": "that would follow from what is shown before",
}


@dataclass(frozen=True)
class ResultTable(Result):
    """The answer to a `Query`, of which only what may be shown is shown or exported.

    `frame` is the whole answer, to compute with. What the table displays, writes as CSV
    or Excel and says of itself to a report is ``shown``: lines of few, and those from which
    they would follow, are left open under the policy.

    Parameters
    ----------
    dataset
        What was asked.
    policy
        What may be shown; ``None`` holds nothing back, to explore: such a table is refused
        in a report.
    locale
        Of numbers and dates.
    hidden
        Lines that are left open besides, for what a run showed before; found when the table
        is first looked at.
    """

    dataset: Dataset = field(kw_only=True, repr=False, compare=False)
    policy: Policy | None = field(default=None, kw_only=True, repr=False)
    locale: str = field(default="en_GB", kw_only=True)
    hidden: tuple[int, ...] | None = field(default=None, kw_only=True, repr=False, compare=False)

    @cached_property
    def _control(self) -> tuple[TableSuppression | None, str]:
        if self.policy is None:
            return None, ""
        try:
            suppression = table_suppression(self.dataset, self.query, self.frame, self.policy)
            return self._audited(suppression), ""
        except RefusedError as error:
            all_lines = np.ones(len(self.frame), dtype=bool)
            return TableSuppression(all_lines, {}, ()), str(error)

    def _audited(self, suppression: TableSuppression) -> TableSuppression:
        """Return what may not be shown where other answers of the run are known too."""
        assert self.policy is not None  # noqa: S101 (for the type checker)
        lines = dict(zip(self._statements(), range(len(self)), strict=True))
        shown_cells = {line: cell for cell, line in lines.items() if not suppression.hidden[line]}
        if self.hidden is None:
            refused = session_of(self.dataset).refused(
                shown_cells.values(), self.dataset, self.policy
            )
            object.__setattr__(self, "hidden", tuple(sorted(lines[cell] for cell in refused)))
        return suppression.without(self.hidden or ())

    def _statements(self) -> Iterator[Statement]:
        periods = self.periods() if self.query.grain else [self.query.period] * len(self)
        members = zip(*(self.columns[name] for name in self.query.by), strict=True)
        for period, line in zip(
            periods, members if self.query.by else [()] * len(self), strict=True
        ):
            cut = {name: (str(member),) for name, member in zip(self.query.by, line, strict=True)}
            yield Statement.of({**dict(self.query.where), **cut}, period)

    @property
    def judged(self) -> TableSuppression | None:
        """What may not be shown; ``None`` where nothing is held back."""
        return self._control[0]

    @property
    def refused(self) -> str:
        """Why nothing of the table may be shown, and what to do; empty if something may."""
        return self._control[1]

    @property
    def withheld(self) -> tuple[Withheld, ...]:
        """How many cells are not shown, by rule."""
        return self.judged.withheld if self.judged else ()

    @cached_property
    def shown(self) -> pd.DataFrame:
        """The answer as it may be shown: as ``frame``, empty where it may not.

        With a column ``withheld`` where anything is left open. Counts are `Int64`.
        """
        frame, suppression = self.frame, self.judged
        if suppression is None or not (suppression.withheld or self.refused):
            return frame
        columns = {}
        for name in frame.columns:
            column = frame[name]
            if name in _COUNTS and name not in suppression.masked:
                column = column.astype("Int64").mask(suppression.hidden)
            elif self.is_number(name):
                column = column.mask(suppression.hidden | suppression.masked.get(name, False))
            columns[name] = column
        is_withheld = suppression.hidden.copy()
        for masked in suppression.masked.values():
            is_withheld |= masked
        name = HIDDEN
        while name in frame.columns:
            name += "_"
        return frame.assign(**columns, **{name: is_withheld})

    def to_csv(self, path: str | Path) -> None:
        """Write what may be shown as CSV; see `Result.to_csv`."""
        Result(self.query, self.shown).to_csv(path)

    def to_excel(self, path: str | Path) -> None:
        """Write what may be shown as an Excel workbook; see `Result.to_excel`."""
        Result(self.query, self.shown).to_excel(path)

    # -- as people read it -------------------------------------------------------------

    @property
    def names(self) -> list[str]:
        """The columns that are shown, in order; the number of rows once."""
        omitted = {"complete"}
        if any(self._counts_rows(name) for name in self.query.metrics if name != "rows"):
            omitted.add("rows")
        return [name for name in self.frame.columns if name not in omitted]

    def head(self, name: str) -> str:
        """Return what stands above a column."""
        if name in ("period", *_COUNTS) and name not in self.dataset.model.metrics:
            return name.capitalize()
        return capital(clean(self.dataset.label(name)))

    def is_number(self, name: str) -> bool:
        """Return whether a column holds figures, and not what they are of."""
        return name not in ("period", "complete", *self.query.by)

    def periods(self) -> Iterator[Period]:
        """Yield the period of each line, where the question has a grain."""
        if self.query.grain is not None:
            yield from map(self._period, self.frame["period"])

    def period_text(self, period: Period, near: Period | None = None) -> str:
        """Return a period as it stands in the table, marked where it is not complete.

        Parameters
        ----------
        near
            The period beside it: its year is not said again.
        """
        text = format_period(period, self.locale, "short", near=near)
        return text if self.dataset.is_complete(period) else f"{text}*"

    def lines(self, first: int | None = None) -> Iterator[list[str]]:
        """Yield each line as text, in the order of `names`; at most the first ones."""
        for place, values in enumerate(self.frame.itertuples(index=False, name=None)):
            if place == first:
                return
            line = dict(zip(self.frame.columns, values, strict=True))
            yield [self._text(name, place, line) for name in self.names]

    @property
    def note(self) -> str:
        """What is not shown, in a sentence; empty if everything is."""
        if self.refused:
            return self.refused
        units = "rows" if self.dataset.model.dataset.entity is None else "entities"
        least = self.policy.min_entities if self.policy else 0
        why = {**_WHY, "min_entities": f"of fewer than {least} {units}"}
        parts = [f"{group.cells:,} {why.get(group.rule, group.rule)}" for group in self.withheld]
        cells = sum(group.cells for group in self.withheld)
        if not cells:
            return ""
        noun = "cell is" if cells == 1 else "cells are"
        return f"{cells:,} {noun} withheld: {', '.join(parts)}."

    @property
    def title(self) -> str:
        """Metrics, dimensions and time, in a line."""
        query = self.query
        metrics = ", ".join(self.head(name) for name in query.metrics)
        by = [lower_first(self.head(name)) for name in query.by]
        by += [str(query.grain)] if query.grain else []
        where = "; ".join(
            f"{self.head(name)}: {', '.join(map(clean, members))}" for name, members in query.where
        )
        period = format_period(query.period, self.locale) if query.period else ""
        parts = [f"{metrics} by {' and '.join(by)}" if by else metrics, where, period]
        return ", ".join(part for part in parts if part)

    @property
    def html(self) -> str:
        """The table as HTML, every text escaped."""
        return _html(self)

    def request(self) -> dict[str, Any]:
        """Return what makes this table again, as plain values."""
        request: dict[str, Any] = {"query": self.query.to_dict(), "locale": self.locale}
        if self.policy is not None and self.judged is not None:
            policy = self.policy.to_dict()
            request["control"] = {name: policy[name] for name in _RECORDED}
            request["hidden"] = list(self.hidden or ())
        return request

    def payload(self) -> dict[str, Any]:
        """Return what a report needs to prove the table."""
        return {
            "version": 1,
            "kind": "table",
            "title": self.title,
            "facts": [],
            "sweeps": [
                {
                    "dataset": self.dataset.describe(),
                    "request": self.request(),
                    "tests": 0,
                    "policy": self.policy.sha256 if self.policy else "",
                }
            ],
            **({"refused": self.refused} if self.refused else {}),
            "sql": {self.query.id: self.dataset.sql(self.query)},
            "locale": self.locale,
        }

    def _counts_rows(self, name: str) -> bool:
        metric = self.dataset.metric(name)
        if not isinstance(metric, SimpleMetric) or metric.agg is not Aggregation.COUNT:
            return False
        return metric.column is None and metric.filter is None

    def _period(self, start: Any) -> Period:
        grain = self.query.grain
        assert grain is not None  # noqa: S101 (for the type checker: periods have a grain)
        return Period.of(start.to_pydatetime(), grain, self.dataset.calendar)

    def _text(self, name: str, place: int, line: Mapping[str, Any]) -> str:
        suppression, value = self.judged, line[name]
        if suppression is not None and self.is_number(name):
            masked = suppression.masked.get(name)
            if suppression.hidden[place] or (masked is not None and masked[place]):
                return HIDDEN
        if name == "period":
            return self.period_text(self._period(value))
        if name in self.query.by:
            return clean(str(value))
        if not math.isfinite(value):
            return NOTHING
        is_metric = name in self.query.metrics
        unit = self.dataset.unit(name) if is_metric else "count"
        decimals = self.dataset.decimals(name) if is_metric else 0
        return format_quantity(Quantity.of(float(value), unit, decimals), self.locale)

    def __repr__(self) -> str:
        return _text(self)

    def _repr_html_(self) -> str:
        return self.html

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        html = STYLE + self.html
        return {"text/plain": repr(self), "text/html": html, MIRRORBI: self.payload()}


def _html(table: ResultTable) -> str:
    """Return a table as HTML, every text escaped, with its notes below."""
    notes = [table.note]
    body = f'<p class="mb-caption">{escape(table.title)}</p>'
    if not table.refused:
        heads, lines, labels = _grid(table)
        body += table_html(table.title, heads, lines[:LINES], labels)
        if len(lines) > LINES:
            notes.append(f"The first {LINES} of {len(lines):,} lines.")
        if "complete" in table.frame and not table.frame["complete"].all():
            notes.append("* Not complete yet.")
    note_text = escape(" ".join(note for note in notes if note))
    foot = f'<p class="mb-muted mb-note">{note_text}</p>' if note_text else ""
    return f'<div class="mb-result" data-query="{table.query.id}">{body}{foot}</div>'


def _grid(table: ResultTable) -> Grid:
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


def _text(table: ResultTable) -> str:
    """Return a table as plain text in columns, with its note below."""
    if table.refused:
        return f"{table.title}\n{table.refused}"
    heads, lines, labels = _grid(table)
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


def table_html(
    title: str, heads: Sequence[str], lines: Sequence[Sequence[str]], labels: int
) -> str:
    """Return lines of text as a table of HTML, every text escaped.

    Parameters
    ----------
    title
        What it shows, for those who do not see it.
    heads
        What stands above each column.
    lines
        The text of each cell.
    labels
        How many columns from the left name what a line is of; the others are numbers.
    """
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
