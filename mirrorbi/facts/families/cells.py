"""Cells: the plain value of each member, or of each period of the history."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mirrorbi.facts.fact import Fact
from mirrorbi.facts.families.values import small
from mirrorbi.facts.sweep.sweep_context import Scan

KINDS = ("cell",)

MEMBERS = 24
"""Members told, those with the most rows."""

PERIODS = 24
"""Periods told, the newest."""

_PLAIN = 0.05


def find(scan: Scan) -> Iterator[Fact]:
    """Yield every metric of each member; without dimensions, of each period."""
    for metric in scan.metrics:
        for by in scan.by:
            yield from _of_members(scan, metric, by)
        if not scan.by and scan.periods:
            yield from _of_periods(scan, metric)


def _of_members(scan: Scan, metric: str, by: str) -> Iterator[Fact]:
    cells = scan.cells(by)
    values = cells.values[metric]
    most = sorted(range(len(cells.members)), key=lambda i: (-cells.rows[i], i))
    for i in most[:MEMBERS]:
        n = int(cells.rows[i])
        if not n or not np.isfinite(values[i]):
            continue
        scope = ((by, cells.members[i]),)
        yield scan.blank(
            "cell",
            metric,
            scope=scope,
            quantities={"value": scan.quantity(metric, float(values[i]))},
            n=n,
            method="as defined, over the rows of the member",
            terms={"by": by},
            caveats=small(n),
            score=_PLAIN * scan.impact(scope),
            evidence=cells.queries,
        )


def _of_periods(scan: Scan, metric: str) -> Iterator[Fact]:
    series = scan.series(metric)
    lines = zip(series.periods, series.values, series.rows, series.complete, strict=True)
    for age, (period, value, rows, whole) in enumerate(reversed(list(lines)), 1):
        if age > PERIODS:
            return
        if not np.isfinite(value):
            continue
        n = int(rows)
        yield scan.blank(
            "cell",
            metric,
            period=period,
            quantities={"value": scan.quantity(metric, float(value))},
            n=n,
            method="as defined, over the rows of the period",
            terms={"step": str(scan.grain)},
            caveats=(*small(n), *("incomplete",) * (not whole)),
            score=_PLAIN / age,
            evidence=(series.query,),
        )
