"""Quality: what the data covers, what it lacks, and what looks wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from mirrorbi.data.engine.profile import ColumnProfile
from mirrorbi.data.periods import Period
from mirrorbi.facts.fact import Fact, Quantity, Table, exact
from mirrorbi.facts.families.late_data import (
    RowCounts,
    daily,
    last_delivered,
    late,
    missing,
    stepwise,
)
from mirrorbi.facts.kinds import FAMILIES
from mirrorbi.facts.sweep.sweep_context import SweepContext
from mirrorbi.facts.tables import quotient

NAMED = 20
"""Columns with missing values that get a fact of their own, worst first."""

SHOWN = 400
"""Lines of a table of columns or periods."""

_PERIODS = (("period", "period"), ("rows", "count"))


def find(context: SweepContext, kinds: Sequence[str] = FAMILIES["quality"]) -> Iterator[Fact]:
    """Yield the facts about the data itself.

    They are about all of it, whatever the scan filters.

    Parameters
    ----------
    context
        What the sweep looks at.
    kinds
        Those wanted: column profiles and duplicates cost a scan of the data each.
    """
    selected = set(kinds)
    history = stepwise(context)
    if selected & {"coverage", "missing_periods", "incomplete", "late_data"}:
        yield from _coverage(context, history)
        if history is not None:
            days = daily(context)
            yield from _missing(context, [h for h in (history, days) if h is not None])
            yield from _incomplete(context, history)
            yield from _late(context, [h for h in (days, history) if h is not None])
    if selected & {"duplicates"}:
        yield from _duplicates(context)
    if selected & {"completeness", "nulls", "constant", "infinite"}:
        columns = list(context.dataset.profile().columns.values())
        yield from _completeness(context, columns)
        yield from _columns(context, columns)


def _fact(context: SweepContext, kind: str, **parts: Any) -> Fact:
    """Return a fact about the data set, or about the column ``metric``."""
    model = context.dataset.model.dataset
    name = model.name or context.dataset.title
    return Fact(
        kind=kind,
        metric=parts.pop("metric", name),
        label=parts.pop("label", context.dataset.title),
        definition=parts.pop("definition", model.description),
        **parts,
    )


def _count(value: int) -> Quantity:
    return Quantity.of(value, "count")


def _share(part: int, whole: int) -> Quantity:
    return Quantity(quotient(Decimal(part), Decimal(whole)) if whole else Decimal(0), "percent")


def _coverage(context: SweepContext, history: RowCounts | None) -> Iterator[Fact]:
    rows = context.dataset.rows
    quantities = {
        "rows": _count(rows),
        "columns": _count(len(context.dataset.column_types)),
    }
    if history is None:
        yield _fact(
            context,
            "coverage",
            quantities=quantities,
            estimate="rows",
            n=rows,
            method="count of rows and columns",
        )
        return
    quantities["periods"] = _count(len(history.periods))
    yield _fact(
        context,
        "coverage",
        period=history.span,
        quantities=quantities,
        estimate="rows",
        n=rows,
        method="count of rows, columns and periods from the first to the last with data",
        terms={"step": history.grain.value},
        evidence=(history.query,),
        table=Table(_PERIODS, history.lines[-SHOWN:]),
    )


def _missing(context: SweepContext, histories: Sequence[RowCounts]) -> Iterator[Fact]:
    for history in histories:
        result = missing(history)
        if result is None:
            continue
        gaps, expected = result
        lines = tuple((str(p), Decimal(0)) for p in gaps[:SHOWN])
        yield _fact(
            context,
            "missing_periods",
            period=history.span,
            quantities={
                "missing": _count(len(gaps)),
                "of": _count(expected),
                "periods": _count(len(history.periods)),
            },
            estimate="missing",
            n=int(history.rows.sum()),
            method=(
                "periods without any row, from the first to the last with data; days of the "
                "week that rarely have data are not expected"
            ),
            terms={"step": history.grain.value},
            score=min(1.0, 0.2 + 4 * len(gaps) / len(history.periods)) if gaps else 0.0,
            evidence=(history.query,),
            table=Table(_PERIODS, lines) if gaps else None,
        )


def _incomplete(context: SweepContext, history: RowCounts) -> Iterator[Fact]:
    period = history.periods[-1]
    if context.dataset.is_complete(period) or context.dataset.last is None:
        return
    covered = (context.dataset.last - period.start).days + 1
    yield _fact(
        context,
        "incomplete",
        period=period,
        quantities={"days": _count(covered), "of": _count(period.days)},
        estimate="days",
        n=int(history.rows[-1]),
        method="days from the start of the last period to the last day with data",
        caveats=("incomplete",),
        score=0.2,
        evidence=(history.query,),
    )


def _late(context: SweepContext, histories: Sequence[RowCounts]) -> Iterator[Fact]:
    for history in histories:
        complete = history if history.grain != context.grain else last_delivered(context, history)
        result = late(complete)
        if result is None:
            continue
        first, expected = result
        tail = complete.periods[first:]
        rows = int(complete.rows[first:].sum())
        yield _fact(
            context,
            "late_data",
            period=tail[0]
            if len(tail) == 1
            else Period(tail[0].start, tail[-1].end, None, tail[0].calendar),
            quantities={
                "rows": _count(rows),
                "expected": Quantity.of(round(expected), "count"),
                "share": Quantity.of(rows / expected, "percent"),
            },
            estimate="share",
            direction="down",
            n=rows,
            method=(
                "rows of the last periods, each less than half of the median of those before it "
                "(for days: of the same weekday) and more than 4 MAD units under it"
            ),
            terms={"step": complete.grain.value},
            caveats=("late",),
            score=0.2 + 0.8 * (1 - rows / expected),
            evidence=(complete.query,),
            table=Table(_PERIODS, complete.lines[-60:]),
        )
        return


def _duplicates(context: SweepContext) -> Iterator[Fact]:
    repeated_rows = context.dataset.duplicates()
    if repeated_rows is None:
        return
    rows = context.dataset.rows
    yield _fact(
        context,
        "duplicates",
        quantities={
            "duplicates": _count(repeated_rows),
            "rows": _count(rows),
            "share": _share(repeated_rows, rows),
        },
        estimate="duplicates",
        n=rows,
        method="rows beyond the first of each combination of the columns that name a row",
        terms={"keys": ", ".join(context.dataset.model.dataset.grain)},
        score=min(1.0, 0.2 + repeated_rows / rows) if repeated_rows else 0.0,
    )


def _completeness(context: SweepContext, columns: Sequence[ColumnProfile]) -> Iterator[Fact]:
    rows = context.dataset.rows
    nulls = sum(column.nulls for column in columns)
    worst = sorted(columns, key=lambda column: -column.nulls)[:SHOWN]
    yield _fact(
        context,
        "completeness",
        quantities={
            "share": _share(rows * len(columns) - nulls, rows * len(columns)),
            "columns": _count(len(columns)),
            "with_nulls": _count(sum(1 for column in columns if column.nulls)),
        },
        estimate="share",
        n=rows,
        method="cells with a value, over all cells",
        table=Table(
            (
                ("column", "text"),
                ("type", "text"),
                ("nulls", "count"),
                ("share", "percent"),
                ("distinct", "count"),
            ),
            tuple(
                (
                    column.name,
                    column.type,
                    exact(column.nulls),
                    _share(column.nulls, rows).value,
                    exact(column.distinct),
                )
                for column in worst
            ),
        ),
    )


def _columns(context: SweepContext, columns: Sequence[ColumnProfile]) -> Iterator[Fact]:
    rows = context.dataset.rows
    if not rows:
        return
    with_nulls = sorted((c for c in columns if c.nulls), key=lambda c: (-c.nulls, c.name))
    for column in with_nulls[:NAMED]:
        part = column.nulls / rows
        yield _column(
            context,
            "nulls",
            column,
            {"share": _share(column.nulls, rows), "nulls": _count(column.nulls)},
            "share",
            "rows without a value in the column, over all rows",
            0.3 * part,
        )
    for column in [c for c in columns if c.distinct == 1 and not c.nulls and rows > 1][:NAMED]:
        yield _column(context, "constant", column, {}, "rows", "one value in every row", 0.05)
    for column in [c for c in columns if c.infinite][:NAMED]:
        yield _column(
            context,
            "infinite",
            column,
            {"infinite": _count(column.infinite)},
            "infinite",
            "rows with an infinite value in the column; sums and averages leave them out",
            0.3,
        )


def _column(
    context: SweepContext,
    kind: str,
    column: ColumnProfile,
    quantities: dict[str, Quantity],
    estimate: str,
    method: str,
    score: float,
) -> Fact:
    rows = context.dataset.rows
    return _fact(
        context,
        kind,
        metric=column.name,
        label=column.name,
        definition=f"column of type {column.type}",
        quantities={**quantities, "rows": _count(rows)},
        estimate=estimate,
        n=rows,
        method=method,
        score=score,
    )
