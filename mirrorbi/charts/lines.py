"""Charts of a series over time, one function per kind of fact."""

from __future__ import annotations

from mirrorbi.charts.canvas import Canvas
from mirrorbi.charts.drawing import Drawing
from mirrorbi.charts.series import Series, Values
from mirrorbi.charts.theme import finding_role
from mirrorbi.facts.fact import Fact, Table
from mirrorbi.wording.periods import format_period
from mirrorbi.wording.slots import fill_slot


def value(fact: Fact, table: Table, locale: str) -> Drawing:
    """Draw the history of a value."""
    series = Series.of(fact, table, locale)
    canvas = Canvas(series)
    canvas.subject()
    canvas.dot(series.at, "accent")
    canvas.end(series.values[series.at], (series.write(series.values[series.at]), "accent"))
    return canvas.finish()


def change(fact: Fact, table: Table, locale: str) -> Drawing:
    """Draw the history of a value, with what it is compared with marked."""
    series = Series.of(fact, table, locale)
    canvas = Canvas(series)
    before = fact["base"]
    base = series.index(fact.baseline)
    span = series.within(fact.baseline)
    if fact.compare == "average" and span:
        level = float(before.value)
        canvas.line(_over(series, span[0], series.at, level), "muted", width=1, dash="3px,3px")
        canvas.above(span[0], level, f"average {series.write(before.value, bare=True)}")
    canvas.subject()
    if base is not None:
        canvas.dot(base, "accent", hollow=True)
        canvas.annotate(base, series.write(before.value, bare=True))
    canvas.dot(series.at, "accent")
    role = finding_role(fact)
    moved = series.write(fact["delta"].value, fact["delta"].unit, signed=True, bare=True)
    canvas.end(
        series.values[series.at],
        (series.write(series.values[series.at]), "accent"),
        (moved, "muted" if role == "accent" else role),
    )
    return canvas.finish()


def extreme(fact: Fact, table: Table, locale: str) -> Drawing:
    """Draw the history of a value, with the record and the one before it marked."""
    series = Series.of(fact, table, locale, whole=True)
    canvas = Canvas(series)
    canvas.subject()
    values = series.values
    record = float(fact["previous"].value)
    candidates = [i for i, v in enumerate(values) if v is not None and i != series.at]
    if candidates:
        nearest = min(candidates, key=lambda i: abs((values[i] or 0.0) - record))
        canvas.dot(nearest, "accent", hollow=True)
        canvas.annotate(nearest, series.write(record, bare=True))
    canvas.dot(series.at, "accent")
    label = f"{fill_slot(fact, 'extreme', locale)} of {fill_slot(fact, 'of', locale)}"
    canvas.end(values[series.at], (series.write(values[series.at]), "accent"), (label, "muted"))
    return canvas.finish()


def trend(fact: Fact, table: Table, locale: str) -> Drawing:
    """Draw a series in grey and the line fitted to it."""
    series = Series.of(fact, table, locale, since=fact.period)
    canvas = Canvas(series)
    fit = series.column(table, "fit")
    canvas.subject("context", width=1.75)
    role = finding_role(fact)
    canvas.line(fit, role, width=2.5)
    total, last = fact["total"], _last(series.values)
    canvas.end(_at(fit, -1), (series.write(total.value, total.unit, signed=True, bare=True), role))
    if last is not None:
        canvas.dot(last, "context", size=6)
        canvas.end(series.values[last], (series.write(series.values[last]), "muted"))
    return canvas.finish()


def unusual(fact: Fact, table: Table, locale: str) -> Drawing:
    """Draw a series, the band in which values were expected, and the value outside it."""
    series = Series.of(fact, table, locale)
    canvas = Canvas(series)
    low, high = series.column(table, "low"), series.column(table, "high")
    expected = series.column(table, "expected")
    if sum(bound is not None for bound in expected) > 1:
        canvas.band(low, high)
        canvas.line(expected, "context", width=1, dash="3px,3px")
    else:
        canvas.reach(series.at, low[series.at], high[series.at], expected[series.at])
    canvas.subject("accent", width=2)
    role = finding_role(fact)
    canvas.dot(series.at, role, size=10)
    outlier = series.values[series.at]
    canvas.end(outlier, (series.write(outlier), role))
    expected_value = fact["expected"].value
    canvas.end(
        float(expected_value),
        (series.write(expected_value, bare=True), "muted"),
        ("expected", "muted"),
    )
    return canvas.finish()


def forecast(fact: Fact, table: Table, locale: str) -> Drawing:
    """Draw a series, what is to come dashed, and the range in which it is expected."""
    series = Series.of(fact, table, locale)
    canvas = Canvas(series)
    ahead, low, high = (series.column(table, name) for name in ("forecast", "low", "high"))
    last = _last(series.values)
    start = series.values[last] if last is not None else None
    # Line and band begin at the last value: what is to come follows from it.
    joined = [start if i == last else value for i, value in enumerate(ahead)]
    canvas.band(
        [start if i == last else value for i, value in enumerate(low)],
        [start if i == last else value for i, value in enumerate(high)],
    )
    canvas.subject()
    canvas.line(joined, "accent", dash="3px,4px")
    if last is not None:
        canvas.dot(last, "accent", size=7)
    end = series.at
    expected = (series.write(ahead[end]), "accent")
    span = f"{series.write(low[end], bare=True)} to {series.write(high[end], bare=True)}"
    canvas.end(ahead[end], expected, (span, "muted"))
    return canvas.finish()


def level_break(fact: Fact, table: Table, locale: str) -> Drawing:
    """Draw a series in grey and the two levels it held."""
    series = Series.of(fact, table, locale, since=fact.baseline)
    canvas = Canvas(series)
    role = finding_role(fact)
    levels = series.column(table, "level")
    cut = series.at
    before = [v if i < cut else None for i, v in enumerate(levels)]
    after = [v if i >= cut else None for i, v in enumerate(levels)]
    canvas.subject("context", width=1.75)
    canvas.line(before, "muted", width=2.5)
    canvas.line(after, role, width=2.5)
    begin = next((i for i, level in enumerate(before) if level is not None), 0)
    start = fact["before"].value
    canvas.above(begin, float(start), f"{series.write(start, bare=True)} before")
    since = format_period(series.periods[cut], locale, "short")
    last = _last(after)
    level = (series.write(fact["after"].value), role)
    canvas.end(after[last] if last is not None else None, level, (f"since {since}", "muted"))
    return canvas.finish()


def _over(series: Series, first: int, last: int, level: float) -> Values:
    return [level if first <= i <= last else None for i in range(len(series))]


def _last(values: Values) -> int | None:
    return next((i for i in range(len(values) - 1, -1, -1) if values[i] is not None), None)


def _at(values: Values, index: int) -> float | None:
    return values[index] if values else None
