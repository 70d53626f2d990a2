"""Facts about the data itself: how many rows there are, and how many in each period."""

from __future__ import annotations

from mirrorbi.data.periods import Period
from mirrorbi.facts.fact import Fact, Table
from mirrorbi.privacy.disclosure_control.cells import Cells
from mirrorbi.privacy.disclosure_control.counts import Threshold
from mirrorbi.privacy.disclosure_control.guard import Guard
from mirrorbi.privacy.disclosure_control.statements import ALL_DATA, statements
from mirrorbi.privacy.withheld import Withheld


def quality(
    guard: Guard, fact: Fact, threshold: Threshold, whole: bool
) -> tuple[Fact | None, list[Withheld]]:
    """Return a fact about the data without counts of few rows in a period.

    Parameters
    ----------
    guard
        What is shown.
    fact
        The fact.
    threshold
        Of the release.
    whole
        Whether all of the data may be counted.
    """
    cells_told = statements(fact, guard.model)
    if not whole and ALL_DATA in cells_told:
        return None, [Withheld("min_entities", "rows of all data, or of the rest of them")]
    for where, period in cells_told:
        # Rows in which a dimension is not known are a member of it like any other.
        if where and period is None and not threshold.passes(dict(where), None):
            what = f"rows without {' and '.join(guard.label(name) for name, _ in where)}"
            return None, [Withheld("min_entities", what)]
    if not fact.evidence:
        return fact, []
    query = fact.evidence[0]
    assert query.grain is not None  # noqa: S101 (for the type checker)
    periods = guard.periods(query.grain)
    cells = Cells.of([(query, guard.dataset.counts(query))], periods, periods)
    unsafe = guard.rules.cells(cells)[0] > 0
    suppressed = unsafe.copy()
    while suppressed.any() and guard.rules.cells(cells.line_totals(suppressed[None, :]))[0, 0]:
        published = [j for j in range(len(periods)) if not suppressed[j] and cells.rows[0, j] > 0]
        if not published:
            break
        suppressed[min(published, key=lambda j: (cells.rows[0, j], j))] = True
    if not suppressed.any():
        return fact, []
    names = {str(p) for p, hidden in zip(periods, suppressed.tolist(), strict=True) if hidden}
    if fact.kind == "late_data" and fact.n < threshold.least:
        return None, [Withheld("min_entities", f"rows of {fact.period}, which came late")]
    if fact.table is None:
        return (fact.replace(n=0) if str(fact.period) in names else fact), []
    lines = tuple((p, None if p in names else n) for p, n in fact.table.rows)
    table = Table(fact.table.columns, lines)
    withheld_count = sum(1 for p, _ in fact.table.rows if p in names)
    why = (
        [Withheld("min_entities", f"rows per {query.grain.value}", withheld_count)]
        if withheld_count
        else []
    )
    return fact.replace(table=table), why


def rest_is_enough(guard: Guard, threshold: Threshold) -> bool:
    """Return whether the rows of which no step is shown are none, or enough.

    They follow from the rows of all data and those of each step.
    """
    counts, steps = threshold.counts, guard.context.periods
    if not steps or not counts.reach:
        return True
    hidden, columns = guard.plans[None].hidden[0], guard.plans[None].cells.columns
    suppressed = [
        p for p, is_hidden in zip(columns, hidden.tolist(), strict=True) if is_hidden and p in steps
    ]
    first, last = min(counts.reach), max(counts.reach)
    ends = [(first, steps[0].start), (steps[-1].end, last)]
    spans = [Period(p.start, p.end, None) for p in suppressed if p is not None]
    spans += [Period(a, b, None) for a, b in ends if a < b]
    reach = Period(min(first, steps[0].start), max(last, steps[-1].end), None)
    rows = [float(counts.rows((), span)[1].sum()) for span in spans]
    rows.append(float(counts.rows((), None, [reach])[1].sum()))
    if guard.rules.entity is None or sum(rows) < threshold.least:
        return not 0 < sum(rows) < threshold.least
    return any(threshold.passes({}, span) for span in spans)
