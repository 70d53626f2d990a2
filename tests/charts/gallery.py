"""One invented fact of every kind that has a chart. Only for tests: nothing here is data."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from mirrorbi.data.periods import Grain, Period, steps
from mirrorbi.data.query import Query
from mirrorbi.facts.fact import Fact, Interval, Quantity, Table

MONTHS = steps(Period.parse("2012-07"), Period.parse("2013-12"))
LAST = MONTHS[-1]
ON_TIME = [
    *(0.792, 0.801, 0.846, 0.838, 0.852, 0.779, 0.7727, 0.7563, 0.7714, 0.7446, 0.7834),
    *(0.6811, 0.6686, 0.7667, 0.8596, 0.8531, 0.8175, 0.6472),
]
CARRIERS = ["UA", "B6", "EV", "DL", "AA", "MQ", "US", "9E", "WN", "VX", "FL", "AS", "F9", "YV"]
FLIGHTS = [4934, 4634, 4471, 4093, 2732, 2397, 1726, 1518, 1019, 430, 325, 62, 58, 31]
QUERY = Query.of("on_time_rate", grain="month", period="2012-07/2013-12")


def dec(value: float | None) -> Decimal | None:
    return None if value is None else Quantity.of(value).value


def percent(value: float) -> Quantity:
    return Quantity.of(value, "percent", 1)


def pp(value: float) -> Quantity:
    return Quantity.of(value, "pp", 1)


def count(value: float) -> Quantity:
    return Quantity.of(value, "count")


def make(kind: str, **parts: Any) -> Fact:
    common: dict[str, Any] = {
        "metric": "on_time_rate",
        "label": "On-time rate",
        "definition": "Flights that arrived at most 15 minutes late, over all scheduled flights",
        "labels": (("carrier", "Carrier"), ("origin", "Airport")),
        "period": LAST,
        "better": "up",
        "n": 28135,
        "method": "sum over sum",
        "evidence": (QUERY,),
    }
    return Fact(kind, **{**common, **parts})


def series(*extra: tuple[str, str, list[float | None]], last_complete: bool = True) -> Table:
    columns = (
        ("period", "period"),
        ("value", "percent"),
        ("complete", "text"),
        *((name, unit) for name, unit, _ in extra),
    )
    rows = []
    for i, month in enumerate(MONTHS):
        whole = last_complete or i < len(MONTHS) - 1
        rows.append((str(month), dec(ON_TIME[i]), whole, *(dec(v[i]) for _, _, v in extra)))
    return Table(columns, tuple(rows))


def ahead() -> Table:
    """Return the series and two months to come, with their range."""
    gaps: list[float | None] = [None] * len(MONTHS)
    past = series(*((name, "percent", gaps) for name in ("forecast", "low", "high")))
    coming = [(LAST.next(), 0.69, 0.63, 0.75), (LAST.next().next(), 0.701, 0.62, 0.782)]
    lines = [(str(p), None, False, dec(v), dec(low), dec(high)) for p, v, low, high in coming]
    return Table(past.columns, (*past.rows, *lines))


def members(columns: tuple[tuple[str, str], ...], rows: list[tuple[Any, ...]]) -> Table:
    return Table(
        (("carrier", "text"), *columns),
        tuple((row[0], *(dec(cell) for cell in row[1:])) for row in rows),
    )


def change(**parts: Any) -> Fact:
    return make(
        "change",
        **{
            "baseline": LAST.previous(),
            "compare": "previous",
            "quantities": {"delta": pp(-0.1703), "value": percent(0.6472), "base": percent(0.8175)},
            "estimate": "delta",
            "direction": "down",
            "interval": Interval(Decimal("-0.178"), Decimal("-0.163")),
            "table": series(),
            **parts,
        },
    )


def gallery() -> list[Fact]:
    """Return one fact of every kind that has a chart, most important first."""
    total = sum(FLIGHTS)
    shares = [n / total for n in FLIGHTS]
    rates = [
        0.672,
        0.604,
        0.531,
        0.742,
        0.701,
        0.588,
        0.757,
        0.611,
        0.625,
        0.667,
        0.52,
        0.903,
        0.62,
        0.58,
    ]
    bases = [
        0.832,
        0.812,
        0.778,
        0.861,
        0.838,
        0.769,
        0.872,
        0.792,
        0.744,
        0.83,
        0.69,
        0.911,
        0.64,
        0.7,
    ]
    fit = [0.81 - 0.0045 * i for i in range(18)]
    cumulative = [sum(shares[: i + 1]) for i in range(len(shares))]
    ranked = sorted(zip(CARRIERS, rates, FLIGHTS, strict=True), key=lambda r: -r[1])
    deltas = sorted(
        zip(CARRIERS, [n + d for n, d in zip(FLIGHTS, DROPS, strict=True)], FLIGHTS, strict=True),
        key=lambda r: -abs(r[2] - r[1]),
    )
    other = [42.0, 40.5, 35.1, 36.0, 34.2, 41.7, 42.9, 44.1, 43.0, 45.8, 41.1, 52.0, 53.4, 43.2]
    other += [33.8, 34.9, 38.6, 55.2]
    return [
        change(),
        change(
            period=LAST,
            baseline=LAST.year_ago(),
            compare="year_ago",
            quantities={"delta": pp(-0.1318), "value": percent(0.6472), "base": percent(0.779)},
            table=series(last_complete=False),
        ),
        change(
            baseline=Period.parse("2012-12/2013-11"),
            compare="average",
            quantities={"delta": pp(-0.132), "value": percent(0.6472), "base": percent(0.7788)},
        ),
        make("value", quantities={"value": percent(0.6472)}, table=series()),
        make(
            "contribution",
            metric="flights",
            label="Scheduled flights",
            better=None,
            scope=(("carrier", "US"),),
            terms={"by": "carrier"},
            baseline=LAST.previous(),
            compare="previous",
            quantities={
                "delta": count(-412),
                "total_delta": count(sum(f - b for _, b, f in deltas)),
                "share": percent(0.36),
                "value": count(1726),
                "base": count(2138),
                "rank": Quantity.of(1, "rank"),
            },
            estimate="delta",
            direction="down",
            table=members(
                (("base", "count"), ("value", "count"), ("delta", "count")),
                [(name, b, f, f - b) for name, b, f in deltas],
            ),
        ),
        make(
            "mix",
            terms={"by": "carrier"},
            baseline=LAST.previous(),
            compare="previous",
            quantities={
                "delta": pp(-0.1703),
                "mix": pp(0.0031),
                "rate": pp(-0.1734),
                "value": percent(0.6472),
                "base": percent(0.8175),
            },
            estimate="delta",
            direction="down",
            table=members(
                (
                    ("mix", "pp"),
                    ("rate", "pp"),
                    ("share_base", "percent"),
                    ("share", "percent"),
                    ("base", "percent"),
                    ("value", "percent"),
                ),
                [
                    (name, m / 1000, s * (r - b), s, s, b, r)
                    for name, m, s, r, b in zip(CARRIERS, MIX, shares, rates, bases, strict=True)
                ],
            ),
        ),
        make(
            "simpson",
            terms={"by": "origin"},
            baseline=LAST.previous(),
            compare="previous",
            quantities={"delta": pp(0.011), "members": count(3), "opposite": count(3)},
            estimate="delta",
            direction="up",
            table=members(
                (("base", "percent"), ("value", "percent"), ("delta", "pp")),
                [
                    ("EWR", 0.781, 0.762, -0.019),
                    ("JFK", 0.834, 0.822, -0.012),
                    ("LGA", 0.712, 0.703, -0.009),
                ],
            ),
        ),
        make(
            "share",
            metric="flights",
            label="Scheduled flights",
            better=None,
            scope=(("carrier", "DL"),),
            terms={"by": "carrier"},
            quantities={
                "share": percent(shares[3]),
                "value": count(4093),
                "total": count(total),
                "rank": Quantity.of(4, "rank"),
                "of": count(14),
            },
            estimate="share",
            table=members(
                (("value", "count"), ("share", "percent")),
                list(zip(CARRIERS, FLIGHTS, shares, strict=True)),
            ),
        ),
        make(
            "rank",
            scope=(("carrier", "FL"),),
            terms={"by": "carrier"},
            direction="down",
            quantities={
                "value": percent(0.52),
                "rank": Quantity.of(14, "rank"),
                "of": count(14),
                "overall": percent(0.6472),
            },
            table=members((("value", "percent"), ("rows", "count")), ranked),
        ),
        make(
            "extreme",
            direction="down",
            baseline=Period.parse("2012-07/2013-11"),
            quantities={"value": percent(0.6472), "of": count(18), "previous": percent(0.6686)},
            table=series(),
        ),
        make(
            "trend",
            period=Period.parse("2012-07/2013-12"),
            quantities={
                "slope": pp(-0.0045),
                "total": pp(-0.0765),
                "periods": count(18),
                "value": percent(0.6472),
                "base": percent(0.81),
            },
            estimate="slope",
            direction="down",
            terms={"step": "month"},
            p=0.02,
            q=0.04,
            table=series(("fit", "percent", fit)),
        ),
        make(
            "unusual",
            quantities={
                "delta": pp(-0.151),
                "value": percent(0.6472),
                "expected": percent(0.7982),
                "low": percent(0.731),
                "high": percent(0.865),
                "z": Quantity.of(-4.4),
            },
            estimate="delta",
            direction="down",
            table=series(
                ("expected", "percent", [v + 0.01 for v in ON_TIME[:-1]] + [0.7982]),
                ("low", "percent", [v - 0.05 for v in ON_TIME[:-1]] + [0.731]),
                ("high", "percent", [v + 0.06 for v in ON_TIME[:-1]] + [0.865]),
            ),
        ),
        make(
            "unusual",
            scope=(("origin", "LGA"),),
            direction="down",
            quantities={
                "delta": pp(-0.151),
                "value": percent(0.6472),
                "expected": percent(0.7982),
                "low": percent(0.731),
                "high": percent(0.865),
                "z": Quantity.of(-4.4),
            },
            estimate="delta",
            table=series(
                ("expected", "percent", [None] * 17 + [0.7982]),
                ("low", "percent", [None] * 17 + [0.731]),
                ("high", "percent", [None] * 17 + [0.865]),
            ),
        ),
        make(
            "break",
            period=MONTHS[10],
            baseline=Period.parse("2012-07/2013-04"),
            quantities={"delta": pp(-0.06), "before": percent(0.801), "after": percent(0.741)},
            estimate="delta",
            direction="down",
            table=series(("level", "percent", [0.801] * 10 + [0.741] * 8)),
        ),
        make(
            "concentration",
            metric="flights",
            label="Scheduled flights",
            terms={"by": "carrier"},
            quantities={
                "share": percent(cumulative[3]),
                "k": count(4),
                "members": count(14),
                "hhi": Quantity.of(0.12),
                "gini": Quantity.of(0.48),
            },
            estimate="share",
            table=members(
                (("value", "count"), ("share", "percent"), ("cumulative", "percent")),
                list(zip(CARRIERS, FLIGHTS, shares, cumulative, strict=True)),
            ),
        ),
        make(
            "forecast",
            period=LAST.next().next(),
            baseline=LAST,
            compare="given",
            quantities={
                "value": percent(0.701),
                "low": percent(0.62),
                "high": percent(0.782),
                "last": percent(0.6472),
                "delta": pp(0.0538),
            },
            interval=Interval(Decimal("0.62"), Decimal("0.782"), Decimal("0.8")),
            terms={"step": "month"},
            table=ahead(),
        ),
        make(
            "distribution",
            terms={"by": "carrier", "over": "members"},
            quantities={
                "median": percent(0.6235),
                "lower": percent(0.59),
                "upper": percent(0.694),
                "members": count(14),
            },
            estimate="median",
            table=members((("value", "percent"), ("rows", "count")), ranked),
        ),
        make(
            "duration",
            metric="delivery",
            label="Delivery",
            better="down",
            quantities={
                "median": Quantity.of(3.5, "days"),
                "p90": Quantity.of(9, "days"),
                "within": percent(0.9),
                "open": count(41),
            },
            estimate="median",
            table=Table(
                (("period", "period"), ("value", "days"), ("complete", "text"), ("p90", "days")),
                tuple((str(m), dec(3 + i % 4), True, dec(8 + i % 3)) for i, m in enumerate(MONTHS)),
            ),
        ),
        make(
            "duration",
            metric="delivery",
            label="Delivery",
            better="down",
            scope=(("carrier", CARRIERS[0]),),
            terms={"by": "carrier"},
            quantities={"median": Quantity.of(8, "days"), "overall": Quantity.of(3.5, "days")},
            estimate="median",
            table=Table(
                (("carrier", "text"), ("value", "days"), ("p90", "days"), ("rows", "count")),
                tuple(
                    (name, dec(8 - i), dec(20 - i), dec(500)) for i, name in enumerate(CARRIERS[:6])
                ),
            ),
        ),
        make(
            "correlation",
            terms={
                "other": "delay",
                "other_label": "Mean departure delay",
                "other_unit": "minutes",
            },
            quantities={"rho": Quantity.of(-0.87), "lag": count(0), "periods": count(18)},
            estimate="rho",
            direction="down",
            table=Table(
                (("period", "period"), ("value", "percent"), ("other", "minutes")),
                tuple(
                    (str(m), dec(a), dec(b)) for m, a, b in zip(MONTHS, ON_TIME, other, strict=True)
                ),
            ),
        ),
        make(
            "completeness",
            metric="flights",
            label="Flights",
            quantities={"share": percent(0.981), "columns": count(8), "with_nulls": count(4)},
            estimate="share",
            table=Table(
                (
                    ("column", "text"),
                    ("type", "text"),
                    ("nulls", "count"),
                    ("share", "percent"),
                    ("distinct", "count"),
                ),
                (
                    ("arr_delay", "float64", Decimal(788), Decimal("0.028"), Decimal(577)),
                    ("dep_delay", "float64", Decimal(689), Decimal("0.0245"), Decimal(527)),
                    ("tailnum", "string", Decimal(211), Decimal("0.0075"), Decimal(4043)),
                    ("air_time", "float64", Decimal(8300), Decimal("0.295"), Decimal(509)),
                    ("carrier", "string", Decimal(0), Decimal(0), Decimal(16)),
                    ("origin", "string", Decimal(0), Decimal(0), Decimal(3)),
                ),
            ),
        ),
        rows_fact("coverage", {"rows": count(483120), "columns": count(19), "periods": count(18)}),
        rows_fact("missing_periods", {"missing": count(2), "of": count(18)}, gaps=(6, 7)),
        rows_fact(
            "late_data",
            {"rows": count(14200), "expected": count(27300), "share": percent(0.52)},
            last=14200,
            period=LAST,
        ),
    ]


DROPS = [260, -90, 198, 120, -40, 35, 412, 88, -160, 12, -4, 9, 5, 2]
MIX = [1.2, -0.8, 0.6, 1.4, 0.1, -0.4, 0.9, -0.3, 0.2, 0.0, 0.1, 0.0, 0.0, 0.1]


def rows_fact(
    kind: str,
    quantities: dict[str, Quantity],
    gaps: tuple[int, ...] = (),
    last: int | None = None,
    period: Period | None = None,
) -> Fact:
    rows = [26000 + 900 * (i % 5) for i in range(len(MONTHS))]
    for i in gaps:
        rows[i] = 0
    if last is not None:
        rows[-1] = last
    return make(
        kind,
        metric="flights",
        label="Flights",
        better=None,
        period=period or Period.parse("2012-07/2013-12"),
        quantities=quantities,
        estimate="rows" if "rows" in quantities else "missing",
        table=Table(
            (("period", "period"), ("rows", "count")),
            tuple((str(m), Decimal(n)) for m, n in zip(MONTHS, rows, strict=True)),
        ),
    )


def daily(n: int = 200) -> Fact:
    """Return a change in a long daily series with a gap and a lone value."""
    days = steps(Period.of(LAST.start, Grain.DAY).previous(n - 1), Period.of(LAST.start, Grain.DAY))
    values = [900 + 40 * ((i * 7919) % 13) for i in range(n)]
    rows = [(str(d), Decimal(v), True) for d, v in zip(days, values, strict=True)]
    for i in (n - 40, n - 38, n - 37):
        rows[i] = (rows[i][0], None, True)
    return make(
        "change",
        metric="flights",
        label="Scheduled flights",
        better=None,
        period=days[-1],
        baseline=days[-2],
        compare="previous",
        quantities={
            "delta": count(values[-1] - values[-2]),
            "value": count(values[-1]),
            "base": count(values[-2]),
        },
        estimate="delta",
        direction="up",
        table=Table((("period", "period"), ("value", "count"), ("complete", "text")), tuple(rows)),
    )
