"""What is wrong with data is found, and what is not is left alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import mirrorbi
from mirrorbi.data.periods import Grain, Period, steps
from mirrorbi.data.query import Query
from mirrorbi.facts import find_facts
from mirrorbi.facts.families.late_data import RowCounts, late, missing


def history(rows, grain=Grain.DAY, first="2024-01-01"):
    start = Period.of(Period.parse(first).start, grain)
    periods = steps(start, start.next(len(rows) - 1))
    return RowCounts(grain, tuple(periods), np.array(rows), Query.of("rows", grain=grain))


def test_weekends_are_not_missing_where_they_rarely_have_data():
    week = [5, 5, 5, 5, 5, 0, 0]
    assert missing(history(week * 8)) == ([], 40)
    gap = week * 4 + [5, 0, 5, 5, 5, 0, 0] + week * 3
    assert [str(p) for p in missing(history(gap))[0]] == ["2024-01-30"]


def test_data_that_is_not_daily_has_no_missing_days():
    assert missing(history(([7] + [0] * 9) * 10)) is None


def test_every_empty_month_is_missing():
    found, expected = missing(history([3, 0, 4, 0, 0, 1], Grain.MONTH))
    assert expected == 6
    assert [str(p) for p in found] == ["2024-02", "2024-04", "2024-05"]


def test_only_the_end_can_be_late():
    usual = [100, 104, 97, 101, 99, 102, 98, 103, 100]
    assert late(history(usual, Grain.MONTH)) is None
    assert late(history([*usual[:4], 20, *usual[4:]], Grain.MONTH)) is None
    first, expected = late(history([*usual, 30], Grain.MONTH))
    assert (first, expected) == (9, 100)


def test_late_days_are_compared_with_the_same_weekday():
    week = [100, 102, 99, 101, 98, 10, 12]
    assert late(history(week * 10)) is None
    first, expected = late(history(week * 10 + [100, 40, 20]))
    assert (first, expected) == (71, 102 + 99)


def test_few_periods_say_nothing_of_what_is_usual():
    assert late(history([100] * 8 + [10], Grain.MONTH)) is not None
    assert late(history([100] * 7 + [10], Grain.MONTH)) is None


@pytest.fixture(scope="module")
def spoiled():
    """Daily rows of 2023 and a half January; three days gone, the last two half delivered."""
    days = pd.date_range("2023-01-01", "2024-01-17")
    counts = np.full(len(days), 10)
    counts[days.isin(pd.to_datetime(["2023-05-02", "2023-05-03", "2023-08-20"]))] = 0
    counts[-2:] = 2
    frame = pd.DataFrame({"day": days.repeat(counts)})
    frame["line"] = np.arange(len(frame))
    frame.loc[[7, 8], "line"] = 6
    frame["note"] = np.where(frame["line"] % 4 == 0, None, "x")
    frame["unit"] = "piece"
    frame["amount"] = frame["line"].astype(float)
    frame.loc[100, "amount"] = np.inf
    model = {
        "dataset": {"name": "spoiled", "grain": ["line"]},
        "time": {"column": "day"},
        "metrics": {"lines": {"agg": "count"}},
    }
    return frame, find_facts(mirrorbi.open(frame, model=model))


def only(facts, kind, **terms):
    (fact,) = [f for f in facts.filter(kind) if terms.items() <= f.terms.items()]
    return fact


def test_missing_days_are_counted_and_listed(spoiled):
    fact = only(spoiled[1], "missing_periods", step="day")
    assert (fact["missing"].value, fact["of"].value) == (3, 382)
    assert fact.table.column("period") == ["2023-05-02", "2023-05-03", "2023-08-20"]
    assert fact.score > 0


def test_no_missing_month_is_said_with_no_weight(spoiled):
    fact = only(spoiled[1], "missing_periods", step="month")
    assert (fact["missing"].value, fact.score) == (0, 0)


def test_the_unfinished_month_is_named(spoiled):
    fact = only(spoiled[1], "incomplete")
    assert (str(fact.period), fact["days"].value, fact["of"].value) == ("2024-01", 17, 31)


def test_late_days_are_found(spoiled):
    fact = only(spoiled[1], "late_data")
    assert str(fact.period) == "2024-01-16/2024-01-17"
    assert (fact["rows"].value, fact["expected"].value) == (4, 20)
    assert float(fact["share"].value) == pytest.approx(0.2)


def test_repeated_keys_are_counted(spoiled):
    frame, facts = spoiled
    fact = only(facts, "duplicates", keys="line")
    assert fact["duplicates"].value == int(frame["line"].duplicated().sum()) == 2
    assert fact["rows"].value == len(frame)


def test_columns_are_described(spoiled):
    frame, facts = spoiled
    nulls = only(facts, "nulls")
    assert (nulls.metric, nulls["nulls"].value) == ("note", int(frame["note"].isna().sum()))
    assert only(facts, "constant").metric == "unit"
    infinite = only(facts, "infinite")
    assert (infinite.metric, infinite["infinite"].value) == ("amount", 1)
    table = only(facts, "completeness").table
    assert dict(zip(table.column("column"), table.column("nulls"), strict=True)) == {
        "note": int(frame["note"].isna().sum()),
        "day": 0,
        "line": 0,
        "unit": 0,
        "amount": 0,
    }


def test_coverage_counts_rows_columns_and_periods(spoiled):
    frame, facts = spoiled
    fact = only(facts, "coverage")
    assert [fact[name].value for name in ("rows", "columns", "periods")] == [len(frame), 5, 13]
    assert sum(fact.table.column("rows")) == len(frame)


def test_good_data_is_left_alone():
    days = pd.date_range("2023-01-01", "2023-12-31")
    frame = pd.DataFrame({"day": days, "line": range(365), "amount": np.arange(365.0)})
    facts = find_facts(mirrorbi.open(frame), kinds=["quality"])
    found = {fact.kind for fact in facts if fact.score > 0}
    assert found == set()


def test_a_filter_does_not_change_what_the_data_covers(shop_data, shop_facts):
    north = find_facts(shop_data, where={"region": "North"}, kinds=["coverage"])
    assert north[0].to_dict() == shop_facts.filter("coverage")[0].to_dict()
