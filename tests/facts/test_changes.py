"""Changes, contributions, shares and splits of a shop against pandas on its rows."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from mirrorbi.facts import find_facts
from mirrorbi.facts.fact import exact
from mirrorbi.facts.sweep.request import definite


def month(frame, text):
    return frame[frame["day"].dt.strftime("%Y-%m") == text]


METRICS = {
    "orders": len,
    "revenue": lambda f: f["amount"].sum(),
    "profit": lambda f: f["amount"].sum() - f["cost"].sum(),
    "paid_rate": lambda f: f["paid"].mean(),
    "per_order": lambda f: f["amount"].sum() / len(f),
    "basket": lambda f: f["amount"].mean(),
    "middle": lambda f: f["amount"].median(),
    "clerks": lambda f: f["clerk"].nunique(),
}


def change_of(facts, metric, scope=()):
    return next(f for f in facts.filter("change", metric=metric) if f.scope == scope)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("scope", [(), (("region", "North"),), (("region", "(missing)"),)])
def test_a_change_is_the_difference_of_two_months(shop_frame, shop_facts, metric, scope):
    frame = shop_frame.fillna({"region": "(missing)"})
    for dimension, member in scope:
        frame = frame[frame[dimension] == member]
    now, then = (METRICS[metric](month(frame, text)) for text in ("2024-02", "2024-01"))
    change = change_of(shop_facts, metric, scope)
    assert float(change["value"].value) == pytest.approx(now)
    assert float(change["base"].value) == pytest.approx(then)
    assert change["delta"].value == change["value"].value - change["base"].value
    assert change.n == len(month(frame, "2024-02")) + len(month(frame, "2024-01"))
    if metric == "paid_rate":
        assert "pct" not in change.quantities
        assert change["delta"].unit == "pp"
    elif then > 0:
        assert float(change["pct"].value) == pytest.approx(now / then - 1)


def test_against_the_same_month_of_the_year_before(shop_frame, shop_data):
    facts = find_facts(shop_data, compare="year_ago", kinds="change")
    change = change_of(facts, "revenue")
    assert str(change.baseline) == "2023-02"
    assert float(change["base"].value) == pytest.approx(
        month(shop_frame, "2023-02")["amount"].sum()
    )


@pytest.mark.parametrize(
    ("metric", "mean"),
    [
        ("orders", lambda f: len(f) / 12),
        ("revenue", lambda f: f["amount"].sum() / 12),
        ("paid_rate", lambda f: f["paid"].mean()),
        ("per_order", lambda f: f["amount"].mean()),
        ("basket", lambda f: f["amount"].mean()),
        (
            "middle",
            lambda f: f.groupby(f["day"].dt.to_period("M"))["amount"].median().mean(),
        ),
    ],
)
@pytest.mark.parametrize("region", [None, "Islands", "East"])
def test_against_the_average_of_twelve_months(shop_frame, shop_data, metric, mean, region):
    facts = find_facts(
        shop_data, compare="average", period="2024-01", kinds="change", metrics=metric
    )
    frame = shop_frame[shop_frame["day"] < "2024-01-01"]
    scope = (("region", region),) if region else ()
    if region:
        frame = frame[frame["region"] == region]
    change = change_of(facts, metric, scope)
    assert (str(change.baseline), change.compare) == ("2023-01-01/2023-12-31", "average")
    assert float(change["base"].value) == pytest.approx(mean(frame))


def test_the_average_of_a_member_counts_months_without_rows_as_nothing(shop_frame, shop_data):
    cells = definite(shop_data, compare="average", period="2024-01").base("product")
    frame = shop_frame[shop_frame["day"] < "2024-01-01"]
    sums = frame.groupby("product")["amount"].sum() / 12
    months = frame.groupby("product")["day"].agg(lambda day: day.dt.month.nunique())
    assert months.min() < 12
    for member, mean in zip(cells.members, cells.values["revenue"].tolist(), strict=True):
        assert mean == pytest.approx(sums.get(member, np.nan), nan_ok=True)


def test_a_span_can_be_reviewed_against_another(shop_frame, shop_data):
    facts = find_facts(shop_data, period="2023-07/2023-12", compare="2023-01/2023-06")
    for metric, compute in METRICS.items():
        change = change_of(facts, metric)
        halves = [
            shop_frame[shop_frame["day"].between(a, b)]
            for a, b in (("2023-07-01", "2023-12-31"), ("2023-01-01", "2023-06-30"))
        ]
        assert float(change["value"].value) == pytest.approx(compute(halves[0]))
        assert float(change["base"].value) == pytest.approx(compute(halves[1]))
        assert change.p is None
    mixes = facts.filter("mix", metric="paid_rate")
    assert mixes
    assert find_facts(shop_data, **facts.request).to_dict() == facts.to_dict()


def test_periods_of_other_length_are_marked(shop_data):
    facts = find_facts(shop_data, period="2024-02", compare="2023-04/2023-06", metrics="orders")
    assert "unequal_length" in change_of(facts, "orders").caveats


def test_rare_members_are_marked(shop_facts):
    for fact in shop_facts.filter("contribution", "share", "mix_part"):
        assert ("small_n" in fact.caveats) == (fact.n < 30)
    assert any("small_n" in fact.caveats for fact in shop_facts.filter("contribution"))


@pytest.mark.parametrize("metric", ["orders", "revenue", "profit"])
@pytest.mark.parametrize("by", ["region", "product"])
def test_contributions_sum_exactly_to_the_change(shop_facts, metric, by):
    parts = [f for f in shop_facts.filter("contribution", metric=metric) if f.terms["by"] == by]
    first = min(parts, key=lambda f: f["rank"].value)
    total = sum((row[3] for row in first.table.rows), Decimal(0))
    assert total == first["total_delta"].value == change_of(shop_facts, metric)["delta"].value
    assert all((row[2] - row[1]) == row[3] for row in first.table.rows)
    assert [f.table is None for f in sorted(parts, key=lambda f: f["rank"].value)] == [
        False,
        *[True] * (len(parts) - 1),
    ]


def test_a_region_that_opens_and_one_that_closes_are_in_the_contributions(shop_facts):
    table = next(
        f.table
        for f in shop_facts.filter("contribution", metric="orders")
        if f.terms["by"] == "region" and f.table
    )
    lines = {row[0]: row[1:] for row in table.rows}
    assert lines["West"][0] == 0
    assert lines["West"][1] > 0
    assert lines["Islands"][1] == 0
    assert lines["Islands"][2] < 0


@pytest.mark.parametrize("metric", ["paid_rate", "per_order"])
@pytest.mark.parametrize("by", ["region", "product"])
def test_mix_and_rate_of_the_shop_sum_exactly_to_the_change(shop_facts, metric, by):
    mix = next(f for f in shop_facts.filter("mix", metric=metric) if f.terms["by"] == by)
    delta = change_of(shop_facts, metric)["delta"].value
    assert mix["mix"].value + mix["rate"].value == mix["delta"].value == delta
    assert sum((row[1] + row[2] for row in mix.table.rows), Decimal(0)) == delta
    for name, _, rate, before, after, *_ in mix.table.rows:
        if name != "Other" and (not before or not after):
            assert rate == 0
    assert float(sum(row[4] for row in mix.table.rows)) == pytest.approx(1)
    for part in shop_facts.filter("mix_part", metric=metric):
        assert part["effect"].value == part["mix"].value + part["rate"].value


def test_shares_are_parts_of_the_whole(shop_frame, shop_facts):
    now = month(shop_frame.fillna({"region": "(missing)"}), "2024-02")
    for share in shop_facts.filter("share", metric="revenue"):
        ((by, member),) = share.scope
        sums = now.groupby(by)["amount"].sum()
        assert float(share["share"].value) == pytest.approx(sums[member] / sums.sum())
        assert share["rank"].value == sums.rank(ascending=False)[member]
        assert float(sum(row[2] for row in share.table.rows)) == pytest.approx(1)


def test_what_can_be_negative_has_ranks_instead_of_shares(shop_facts):
    by_product = [f for f in shop_facts if f.metric == "profit" and f.terms.get("by") == "product"]
    assert {"rank"} <= {f.kind for f in by_product}
    assert not {"share", "concentration"} & {f.kind for f in by_product}


def test_ranks_leave_small_members_out_and_say_so(shop_frame, shop_facts):
    rank = next(
        f
        for f in shop_facts.filter("rank", metric="basket")
        if f.terms["by"] == "product" and f.direction == "up"
    )
    now = month(shop_frame, "2024-02").groupby("product")["amount"].agg(["mean", "size"])
    large = now[now["size"] >= max(30, now["size"].mean() / 10)]
    assert rank.scope == (("product", large["mean"].idxmax()),)
    assert rank["of"].value == len(large)
    assert rank["left_out"].value == len(now) - len(large) > 0
    assert "small_left_out" in rank.caveats


def test_an_extreme_is_beyond_every_complete_month(shop_frame, shop_facts):
    rates = shop_frame.groupby(shop_frame["day"].dt.strftime("%Y-%m"))["paid"].mean()
    found = next(f for f in shop_facts.filter("extreme", metric="paid_rate") if not f.scope)
    assert (found.direction, found["of"].value) == ("down", 14)
    assert found["previous"].value == exact(rates[:"2024-01"].min())
    assert str(found.baseline) == "2023-01-01/2024-01-31"


def test_a_stock_is_that_of_the_last_day(shop_data):
    import mirrorbi

    frame = pd.DataFrame(
        {
            "day": pd.date_range("2024-01-01", "2024-03-31").repeat(2),
            "branch": ["a", "b"] * 91,
            "balance": np.arange(182.0),
        }
    )
    model = {
        "time": {"column": "day"},
        "dimensions": {"branch": {}},
        "metrics": {
            "balance": {
                "agg": "sum",
                "column": "balance",
                "additivity": {"non_additive": {"over": "time", "take": "last"}},
            }
        },
    }
    facts = find_facts(mirrorbi.open(frame, model=model))
    change = change_of(facts, "balance")
    assert (change["value"].value, change["base"].value) == (180 + 181, 118 + 119)
    part = next(f for f in facts.filter("contribution") if f.scope == (("branch", "b"),))
    assert (part["value"].value, part["base"].value) == (181, 119)
