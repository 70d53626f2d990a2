"""Distributions: figures of aggregates, each member counted once."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import mirrorbi
from mirrorbi.charts import chart
from mirrorbi.facts import Fact, find_facts
from mirrorbi.facts.families.distribution import FEWEST, LINES, distribution_of

MODEL = {
    "dimensions": {"shop": {"label": "Shop"}},
    "metrics": {
        "orders": {"agg": "count", "label": "Orders"},
        "late": {"agg": "count", "filter": "late", "hidden": True},
        "late_rate": {
            "type": "ratio",
            "numerator": "late",
            "denominator": "orders",
            "unit": "percent",
            "label": "Late rate",
        },
    },
}


def shops(counts: list[int], late: list[int] | None = None) -> mirrorbi.Analysis:
    late = late or [0] * len(counts)
    rows = [
        (f"Shop {i:03d}", k < bad)
        for i, (n, bad) in enumerate(zip(counts, late, strict=True))
        for k in range(n)
    ]
    return mirrorbi.open(pd.DataFrame(rows, columns=["shop", "late"]), model=MODEL)


def told(data: mirrorbi.Analysis, metric: str = "orders", **asked: object) -> list[Fact]:
    return list(find_facts(data, metrics=metric, kinds="distribution", **asked))  # type: ignore[arg-type]


@given(st.lists(st.integers(-1000, 1000), min_size=FEWEST, max_size=60))
def test_figures_are_those_of_numpy_and_scipy(values: list[int]) -> None:
    found = distribution_of(values)
    if len(set(values)) == 1:
        assert found is None
        return
    assert found is not None
    assert found.mean == pytest.approx(np.mean(values))
    assert found.median == pytest.approx(np.median(values))
    assert found.spread == pytest.approx(stats.iqr(values))
    assert -1 <= found.skew <= 1
    mirrored = distribution_of([-value for value in values])
    assert mirrored is not None
    assert mirrored.skew == pytest.approx(-found.skew, abs=1e-9)


@pytest.mark.parametrize("values", [[], [1, 2, 3, 4], [7] * 9, [1, 2, 3, 4, float("nan")]])
def test_few_or_equal_values_have_no_distribution(values: list[float]) -> None:
    assert distribution_of(values) is None


def test_members_count_once_and_the_shape_is_in_words() -> None:
    (fact,) = told(shops([40, 42, 44, 46, 48, 120, 300]))
    assert fact["members"].value == 7
    assert fact["median"].value == 46
    assert fact["lower"].value == 43
    assert fact["upper"].value == 84
    assert fact["spread"].value == 41
    assert fact["mean"].value == Decimal("91.4285714286")
    assert fact["above"].value == 2
    assert fact["share_above"].value == Decimal("0.285714285714")
    assert fact.terms["shape"] == "wider on the upper side of the median"
    assert fact.terms["mark"] == "the mean"
    assert fact.n == 640


def test_rates_are_held_against_the_whole_and_small_members_are_left_out() -> None:
    (fact,) = told(shops([100, 100, 100, 100, 100, 5], [10, 20, 30, 40, 50, 5]), metric="late_rate")
    assert fact["members"].value == 5
    assert fact["left_out"].value == 1
    assert "small_left_out" in fact.caveats
    assert fact["overall"].value == Decimal("0.306930693069")
    assert fact["above"].value == 2
    assert fact.terms["shape"] == "even on both sides of the median"


def test_the_table_holds_aggregates_only_and_is_no_longer_than_it_may() -> None:
    (fact,) = told(shops([30 + i for i in range(30)]))
    assert fact.table is not None
    assert [name for name, _ in fact.table.columns] == ["shop", "value", "rows"]
    assert len(fact.table.rows) == 30
    (many,) = told(shops([1 + i % 3 for i in range(LINES + 1)]))
    assert many.table is None
    assert many["members"].value == LINES + 1


def test_months_are_spread_too() -> None:
    days = pd.date_range("2023-01-01", "2023-12-31", freq="D")
    frame = pd.DataFrame({"day": days, "sales": [float(d.month) for d in days]})
    model = {
        "time": {"column": "day", "complete_through": "2023-12-31"},
        "metrics": {"sales": {"agg": "sum", "column": "sales"}},
    }
    (fact,) = told(mirrorbi.open(frame, model=model), metric="sales")
    months = frame.groupby(frame["day"].dt.month)["sales"].sum()
    assert float(fact["median"].value) == pytest.approx(months.median())
    assert float(fact["spread"].value) == pytest.approx(stats.iqr(months))
    assert fact.terms["over"] == "months"
    assert str(fact.period) == "2023-01-01/2023-12-31"


def test_a_sweep_finds_none_unless_asked_and_verification_finds_them_again() -> None:
    data = shops([40, 42, 44, 46, 48, 120, 300])
    assert "distribution" not in {fact.kind for fact in find_facts(data)}
    found = find_facts(data, kinds="distribution")
    assert [f.to_dict() for f in find_facts(data, **found.request)] == [f.to_dict() for f in found]


@pytest.mark.parametrize("count", [7, 24, 25, 80])
def test_the_chart_has_a_row_a_member_or_columns_of_many(count: int) -> None:
    (fact,) = told(shops([30 + i * i % 97 for i in range(count)]))
    drawn = chart(fact)
    kinds = {trace["type"] for trace in drawn.spec["data"]}
    assert kinds == ({"scatter"} if count <= 24 else {"bar"})
    if count > 24:
        assert sum(drawn.spec["data"][0]["y"]) == count
    assert drawn.title_text.startswith(f"Orders: half of the {count} shops lie between")
    assert drawn.alt.startswith("Chart of a distribution.")
