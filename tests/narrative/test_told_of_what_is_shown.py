"""What is said where part of the data is not shown, or is not there on purpose."""

import numpy as np
import pandas as pd
import pytest

import mirrorbi
from mirrorbi.charts import chart
from mirrorbi.data.periods import Period
from mirrorbi.facts import Fact, FactSet, Quantity
from mirrorbi.narrative import narrate, summary_facts

DAYS = pd.date_range("2024-01-01", "2025-12-31", freq="D")


@pytest.fixture(scope="module")
def sales():
    """Orders of two years on working days; the small region has the highest discount."""
    noise = np.random.default_rng(5)
    lines = []
    for day in DAYS[DAYS.day_of_week < 5]:
        for region, each in (("North", 3), ("South", 2), ("East", 2)):
            for _ in range(each):
                late = day.year == 2025 and day.month == 12
                discount = {"North": 2.0, "South": 2.4, "East": 2.2}[region] + late * 0.2
                lines.append((day, region, discount + noise.normal(0, 0.1)))
        if day.weekday() == 1 and (day.day <= 7 or 15 <= day.day <= 21):
            discount = 60.0 + 40 * late
            lines += [(day, region, discount) for region in ("Isle", "Hill")]
    frame = pd.DataFrame(lines, columns=["day", "region", "discount"])
    model = {
        "dataset": {"name": "orders", "label": "Orders"},
        "time": {"column": "day", "complete_through": "2025-12-31"},
        "dimensions": {"region": {"label": "Region"}},
        "metrics": {
            "discount": {
                "label": "Discount", "agg": "avg", "column": "discount", "unit": "%",
                "better": "down",
            },
        },
    }  # fmt: skip
    return mirrorbi.open(frame, model)


@pytest.fixture(scope="module")
def text(sales):
    return narrate(sales.facts()).text


def test_a_percentage_written_as_such_changes_by_percentage_points(sales, text):
    change = next(f for f in sales.facts(kinds="change") if not f.scope)
    assert change["delta"].unit == "percentage points"
    assert change["value"].unit == "%"
    assert "pct" not in change.quantities
    assert "\u202fpp above November" in text


def test_days_without_rows_by_habit_are_not_said_to_have_some(sales, text):
    working = int((DAYS.day_of_week < 5).sum())
    assert f"None of the {working} days on which rows are usual is without rows." in text
    gap = [f for f in sales.facts(kinds="missing_periods") if f.terms["step"] == "day"]
    assert [(f["of"].value, f["periods"].value) for f in gap] == [(working, len(DAYS))]


def test_nobody_is_the_highest_where_one_not_shown_is_higher(sales):
    ranks = [f for f in sales.facts(kinds="rank") if f.metric == "discount"]
    overall = ranks[0]["overall"].value
    assert ranks
    assert all(f.direction == "down" and f["value"].value < overall for f in ranks)
    assert all("some_hidden" in f.caveats for f in ranks)
    title = chart(ranks[0]).title_text
    assert title.startswith("North has the lowest discount of the regions shown:")
    free = sales.facts(kinds="rank", control=False)
    assert not any("some_hidden" in f.caveats for f in free)


def test_who_moved_the_most_is_said_of_those_shown_alone(text):
    assert "rose the most, of those shown, for" in text


def small_weeks(rows):
    days = pd.date_range("2025-01-06", periods=rows, freq="7D")
    frame = pd.DataFrame({"week": days, "visitors": np.arange(rows) + 200})
    return mirrorbi.open(frame, {
        "time": {"column": "week"},
        "metrics": {"visitors": {"agg": "avg", "column": "visitors"}},
    })  # fmt: skip


def test_periods_of_too_few_rows_are_neither_missing_nor_nothing():
    facts = small_weeks(40).facts()
    story = narrate(facts)
    assert str(story.headline.text).startswith("Too few rows stand behind ")
    assert "No change can be told, as periods of too few rows are not shown." in story.text
    assert "nothing to compare" not in story.text
    drawn = chart(next(f for f in facts if f.kind == "coverage"))
    said = [note["text"] for note in drawn.figure()["layout"]["annotations"]]
    assert any("too few rows to show" in one for one in said)
    assert not any("no rows" in one for one in said)
    assert len(story.quality.charts(top=6)) == 0


def test_what_moved_against_the_whole_is_told_and_trifles_are_not():
    lines = []
    amounts = {"motor": (900, 400), "control": (300, 500), "chain": (200, 190), "seal": (90, 88)}
    for month in pd.date_range("2025-01-01", periods=4, freq="MS"):
        for name, (before, after) in amounts.items():
            amount = after if month.month == 4 else before
            lines += [(month + pd.Timedelta(days=i), name, amount) for i in range(28)]
    frame = pd.DataFrame(lines, columns=["day", "product", "sales"])
    model = {
        "time": {"column": "day", "complete_through": "2025-04-30"},
        "dimensions": {"product": {"label": "Product"}},
        "metrics": {"sales": {"label": "Sales", "agg": "sum", "column": "sales", "unit": "count"}},
    }
    text = narrate(mirrorbi.open(frame, model).facts()).text
    assert "By product, motor contributed −14,000, against +5,600 of control;" in text
    assert "chain −" not in text


def test_without_a_name_of_a_row_it_is_said_that_repeats_are_not_known(sales, text):
    assert "Whether rows repeat is not known:" in text
    told = narrate(sales.facts(kinds=["change", "coverage"])).text
    assert "Whether rows repeat" not in told


def test_the_step_of_time_has_its_name():
    fact = Fact(
        kind="correlation",
        metric="orders",
        label="Orders",
        period=Period.parse("2023-01/2025-06"),
        quantities={
            "rho": Quantity.of(0.9, "number", 2),
            "lag": Quantity.of(0, "count"),
            "periods": Quantity.of(30, "count"),
        },
        estimate="rho",
        q=0.001,
        terms={"other": "items", "other_label": "Items", "step": "month"},
    )
    assert "(rank correlation 0.90 over 30 months)" in narrate(FactSet([fact])).text


def test_a_written_draft_is_a_guess_until_somebody_confirms_it(tmp_path):
    days = pd.date_range("2024-01-01", periods=120)
    pd.DataFrame({"day": days.repeat(3), "city": ["Rome", "Oslo", "Bonn"] * 120}).to_csv(
        tmp_path / "sales.csv", index=False
    )
    guessed = "What the columns mean was guessed from the data; nobody has confirmed it yet."
    model = tmp_path / "sales.model.yaml"
    model.write_text("draft: true\ntime: {column: day}\nmetrics: {rows: {agg: count}}\n")
    assert guessed in mirrorbi.narrate(mirrorbi.open(tmp_path / "sales.csv").facts()).text
    model.write_text("time: {column: day}\nmetrics: {rows: {agg: count}}\n")
    assert guessed not in mirrorbi.narrate(mirrorbi.open(tmp_path / "sales.csv").facts()).text


def test_for_how_many_members_a_fall_shows_rests_on_all_of_their_rows():
    days = pd.date_range("2023-12-01", "2024-02-29")
    cities = ["Rome", "Oslo", "Bonn", "Lyon"]
    lines = [(d, c) for d in days for c in cities for _ in range(5 if d.month != 2 else 4)]
    frame = pd.DataFrame(lines, columns=["day", "city"])
    facts = mirrorbi.open(frame).facts(metrics="rows", by="city", period="2024-02")
    (change,) = [f for f in facts if f.kind == "change" and not f.scope]
    (breadth,) = [f for f in summary_facts(facts) if f.kind == "breadth"]
    assert breadth.n == change.n == (frame["day"] >= "2024-01-01").sum()
