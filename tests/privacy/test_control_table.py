"""Tables of an analyst: what is left open, held against an attacker who knows every total."""

import json
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

import mirrorbi
from mirrorbi.errors import RefusedError

LEAST = 5
POLICY = {"min_entities": LEAST, "dominance": 1.0, "p_ratio": 0.0}
MODEL = {
    "time": {"column": "day"},
    "dimensions": {"a": {}, "b": {}},
    "metrics": {
        "orders": {"agg": "count"},
        "amount": {"agg": "sum", "column": "x"},
        "known": {"agg": "count", "filter": "x > 10"},
        "mean": {"type": "ratio", "numerator": "amount", "denominator": "orders"},
        "largest": {"agg": "max", "column": "x"},
    },
}
SLOW = settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], derandomize=True)


def orders(seed, rows=220):
    """Return orders of uneven members over five months."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "day": pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 151, rows), "D"),
            "a": rng.choice([f"a{i}" for i in range(5)], rows, p=rng.dirichlet(np.full(5, 0.8))),
            "b": rng.choice(["b0", "b1", "b2"], rows, p=rng.dirichlet(np.full(3, 0.8))),
            "x": rng.gamma(1, 10, rows),
        }
    )


def computable(cells, keys, shown, value):
    """Yield small cells that an attacker computes from what is shown and every large total.

    Knows the value of each cell shown and of each sum over one or more keys that is of at
    least `LEAST`; solves for the others with linear programmes, nothing being negative.
    """
    values = cells[value].to_numpy(dtype=float)
    relations, sums = [np.eye(len(cells))[i] for i in np.flatnonzero(shown)], []
    sums = [values[i] for i in np.flatnonzero(shown)]
    for size in range(len(keys)):
        for kept in combinations(keys, size):
            groups = cells.groupby(list(kept)).indices.values() if kept else [range(len(cells))]
            for group in map(list, groups):
                if values[group].sum() >= LEAST:
                    line = np.zeros(len(cells))
                    line[group] = 1
                    relations.append(line)
                    sums.append(values[group].sum())
    for i in np.flatnonzero(~shown & (values > 0) & (values < LEAST)):
        ends = []
        for sign in (1, -1):
            cost = np.zeros(len(cells))
            cost[i] = sign
            solved = linprog(cost, A_eq=np.array(relations), b_eq=sums, bounds=(0, None))
            ends.append(sign * solved.fun if solved.status == 0 else np.inf)
        if ends[1] - ends[0] < 1e-6:
            yield cells.iloc[i].to_dict()


@SLOW
@example(229, ("a", "b"), "month")
@given(
    st.integers(0, 10_000),
    st.sampled_from([("a",), ("a", "b"), ("b", "a")]),
    st.sampled_from([None, "month"]),
)
def test_no_small_cell_is_shown_or_follows_from_any_total(seed, by, grain):
    data = mirrorbi.open(orders(seed), MODEL)
    table = data.query("orders", by=by, grain=grain, control=POLICY)
    if table.refused:
        return
    keys = [*(["period"] if grain else []), *by]
    shown = (
        ~table.shown["withheld"].to_numpy()
        if "withheld" in table.shown
        else np.ones(len(table), dtype=bool)
    )
    assert (table.frame["orders"].to_numpy()[shown] >= LEAST).all()
    assert table.shown["orders"].notna().tolist() == shown.tolist()
    assert table.shown["rows"].notna().tolist() == shown.tolist()
    # What follows from the totals alone is not the table's to tell.
    anyway = list(computable(table.frame, keys, np.zeros(len(table), dtype=bool), "orders"))
    told = list(computable(table.frame, keys, shown, "orders"))
    assert [cell for cell in told if cell not in anyway] == []


def test_a_filter_gives_the_rest_away_and_is_judged_for_it():
    frame = pd.DataFrame({"a": ["x"] * 30 + ["y"] * 40 + ["z"] * 2, "b": ["u", "v"] * 36})
    data = mirrorbi.open(frame)
    most = data.query("rows", where={"a": ["x", "y"]}, control=POLICY)
    assert most.shown["rows"].isna().all(), "the total less this is z"
    assert data.query("rows", where={"a": "x"}, control=POLICY).shown["rows"].tolist() == [30]
    split = data.query("rows", by="a", where={"a": ["x", "y"]}, control=POLICY)
    assert split.shown["rows"].isna().sum() == 1, "one of both must hide the rest"


def test_metrics_that_give_one_another_are_shown_together_or_not():
    frame = pd.DataFrame(
        {
            "day": pd.Timestamp("2023-01-01"),
            "a": ["x"] * 30 + ["y"] * 30 + ["z"] * 30,
            "b": "u",
            # Of z, only two values are known: their mean is that of two.
            "x": [1.0] * 60 + [5.0, 7.0] + [None] * 28,
        }
    )
    model = {
        **MODEL,
        "metrics": {
            "orders": {"agg": "count"},
            "amount": {"agg": "sum", "column": "x"},
            "mean": {"type": "ratio", "numerator": "amount", "denominator": "orders"},
        },
    }
    table = mirrorbi.open(frame, model).query(["orders", "amount", "mean"], by="a", control=POLICY)
    shown = table.shown.set_index("a")
    assert np.isnan(shown.loc["z", "amount"])
    for name in ("orders", "amount", "mean"):
        assert shown[name].isna().tolist() == shown["amount"].isna().tolist()
    alone = mirrorbi.open(frame, model).query("orders", by="a", control=POLICY)
    assert alone.shown["orders"].tolist() == [30, 30, 30]


def test_single_records_are_left_out_and_personal_columns_refused():
    data = mirrorbi.open(
        orders(1), {**MODEL, "dimensions": {"a": {}, "b": {"privacy": "personal"}}}
    )
    table = data.query(["orders", "largest"], control=POLICY)
    assert table.shown["largest"].isna().all()
    assert not np.isnan(table.frame["largest"]).any()
    assert [one.rule for one in table.withheld] == ["few"]
    with pytest.raises(RefusedError, match="'b' is personal"):
        data.query("orders", by="b")
    with pytest.raises(RefusedError, match="'b' is personal"):
        data.query("orders", where={"b": "b0"})
    assert len(data.query("orders", by="b", control=False)) == 3


def test_a_table_of_mostly_small_cells_is_refused_and_says_what_to_ask():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"a": rng.integers(0, 60, 4000), "b": rng.integers(0, 30, 4000)})
    data = mirrorbi.open(
        frame, {"dimensions": {"a": {}, "b": {}}, "metrics": {"n": {"agg": "count"}}}
    )
    table = data.query("n", by=["a", "b"])
    assert "Ask by fewer dimensions" in table.refused
    assert "<table" not in table.html
    assert table.shown["n"].isna().all()
    assert table.payload()["refused"] == table.refused
    assert "rows" not in repr(table).lower()


def test_what_is_displayed_and_exported_is_what_may_be_shown(tmp_path):
    frame = pd.DataFrame({"a": ["big"] * 60 + ["mid"] * 20 + ["<b>tiny</b>"] * 3, "x": range(83)})
    data = mirrorbi.open(
        frame, {"dimensions": {"a": {}}, "metrics": {"sum": {"agg": "sum", "column": "x"}}}
    )
    table = data.query("sum", by="a")
    secret = f"{table.frame['sum'].iloc[0]:.0f}"
    table.to_csv(tmp_path / "out.csv")
    table.to_excel(tmp_path / "out.xlsx")
    said = [
        repr(table),
        table.html,
        json.dumps(table.payload()),
        (tmp_path / "out.csv").read_text(),
        pd.read_excel(tmp_path / "out.xlsx").to_csv(),
    ]
    for text in said:
        assert secret not in text
        assert "1,770" in text or "1770" in text or "sweeps" in text
    assert "&lt;b&gt;tiny&lt;/b&gt;" in table.html
    assert "<b>" not in table.html
    assert pd.read_csv(tmp_path / "out.csv")["withheld"].tolist() == [True, False, True]
    assert "2 cells are withheld" in table.note


def test_without_control_everything_is_there_and_a_report_is_told():
    data = mirrorbi.open(pd.DataFrame({"a": ["big"] * 60 + ["tiny"] * 3}))
    table = data.query("rows", by="a", control=False)
    assert table.shown["rows"].tolist() == [60, 3]
    assert table.payload()["sweeps"][0]["policy"] == ""
    assert data.query("rows", by="a").payload()["sweeps"][0]["policy"] != ""


@pytest.mark.parametrize("agg", ["sum", "avg"])
def test_a_sum_of_noughts_and_ones_is_a_count_of_some(agg):
    """Who left is told of ten or of nobody, in whatever form it is kept."""
    left = {"A": 5, "B": 0, "C": 40, "D": 30}
    frame = pd.DataFrame(
        {
            "who": [f"p{i}" for i in range(400)],
            "team": [team for team in left for _ in range(100)],
            "left": [int(i < count) for count in left.values() for i in range(100)],
            "pay": range(1000, 1400),
        }
    )
    model = {
        "dataset": {"entity": "who"},
        "dimensions": {"team": {}},
        "metrics": {
            "leavers": {"agg": agg, "column": "left"},
            "pay": {"agg": agg, "column": "pay"},
        },
    }
    data = mirrorbi.open(frame, model)
    shown = data.query(["leavers", "pay"], by="team").shown.set_index("team")
    assert np.isnan(shown.loc["A", "leavers"])
    assert shown.loc[["C", "D"], "leavers"].isna().any(), "one more, or the total would tell"
    assert shown["leavers"].notna().any()
    alone = data.query("leavers", where={"team": ["B", "D"]}, by="team")
    assert alone.shown.set_index("team").loc["B", "leavers"] == 0, "nobody is told of"
    assert shown["pay"].notna().all()
    told = [f for f in data.facts(metrics="leavers") if f.scope and f.scope[0][1] == "A"]
    assert told == []
