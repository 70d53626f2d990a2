"""What must hold of the facts of any data whatever, from rows to facts."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mirrorbi
from mirrorbi.facts import find_facts
from mirrorbi.facts.sweep.request import definite

MODEL = {
    "time": {"column": "day", "complete_through": "2024-02-29"},
    "dimensions": {"city": {}},
    "metrics": {
        "lines": {"agg": "count"},
        "good": {"agg": "count", "filter": "amount > 0"},
        "amount": {"agg": "sum", "column": "amount"},
        "good_rate": {
            "type": "ratio",
            "numerator": "good",
            "denominator": "lines",
            "unit": "percent",
        },
        "per_line": {"type": "ratio", "numerator": "amount", "denominator": "lines"},
    },
}

rows = st.lists(
    st.tuples(
        st.sampled_from(["2024-01-01", "2024-01-31", "2024-02-01", "2024-02-29"]),
        st.sampled_from(["Rome", "Oslo", "Bern", "Riga", None]),
        st.integers(-500, 1000).map(lambda n: n / 100),
    ),
    min_size=2,
    max_size=60,
)
quick = settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow], derandomize=True)


def opened(lines):
    both = [("2024-01-01", "Rome", 1.0), ("2024-02-29", "Oslo", -1.0), *lines]
    frame = pd.DataFrame(both, columns=["day", "city", "amount"])
    frame["day"] = pd.to_datetime(frame["day"])
    return mirrorbi.open(frame, model=MODEL)


@quick
@given(rows)
def test_a_ratio_is_sum_over_sum_however_the_rows_are_split(lines):
    context = definite(opened(lines), period="2024-02")
    whole, parts = context.cells(), context.cells("city")
    for metric, top in (("good_rate", "good"), ("per_line", "amount")):
        bottom = np.nansum(parts.values["lines"])
        assert whole.values[metric][0] == pytest.approx(np.nansum(parts.values[top]) / bottom)
        own = parts.values[top] / parts.values["lines"]
        assert parts.values[metric] == pytest.approx(own, nan_ok=True)


@quick
@given(rows)
def test_parts_sum_exactly_to_the_change_of_the_whole(lines):
    facts = find_facts(opened(lines), period="2024-02", kinds=["change", "contribution", "mix"])
    changes = {f.metric: f["delta"].value for f in facts.filter("change") if not f.scope}
    for fact in facts.filter("contribution"):
        assert fact["total_delta"].value == changes[fact.metric]
        if fact.table:
            assert sum((row[3] for row in fact.table.rows), Decimal(0)) == changes[fact.metric]
    for fact in facts.filter("mix"):
        assert fact["mix"].value + fact["rate"].value == changes[fact.metric]
        lines_of = fact.table.rows
        assert sum((row[1] + row[2] for row in lines_of), Decimal(0)) == changes[fact.metric]
        assert all(rate == 0 for _, _, rate, was, now, *_ in lines_of if not was or not now)


@quick
@given(rows)
def test_every_fact_is_computed_the_same_from_its_request(lines):
    ds = opened(lines)
    facts = find_facts(ds, period="2024-02")
    again = find_facts(opened(lines[::-1]), **facts.request)
    assert [f.to_dict() for f in again] == [f.to_dict() for f in facts]
