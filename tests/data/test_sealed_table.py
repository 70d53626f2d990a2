"""Rows cannot leave a data set: judges give verdicts, and no attribute leads to the table."""

import dataclasses
import inspect
from collections.abc import Mapping
from enum import Enum

import pandas as pd
import pytest

import mirrorbi
from mirrorbi.data.engine.sample import LENGTH, LIMIT
from mirrorbi.data.periods import Period
from mirrorbi.data.query import Query
from mirrorbi.errors import RefusedError

WORDS = {"long", "short"}
MODEL = {
    "dataset": {"name": "sales", "entity": "client"},
    "time": {"column": "day"},
    "dimensions": {"region": {}},
    "metrics": {
        "lines": {"agg": "count"},
        "amount": {"agg": "sum", "column": "amount"},
        "mean": {"type": "ratio", "numerator": "amount", "denominator": "lines"},
        "middle": {"agg": "median", "column": "amount"},
        "clients": {"agg": "count_distinct", "column": "client"},
        "stock": {
            "agg": "sum",
            "column": "amount",
            "additivity": {"non_additive": {"over": "time", "take": "last"}},
        },
    },
}


def sales(rows=120):
    return pd.DataFrame(
        {
            "day": pd.date_range("2024-01-01", periods=rows),
            "region": [["north", "south", None][i % 3] for i in range(rows)],
            "client": [f"Secret Client {i % 40}" for i in range(rows)],
            "note": [f"secret note {i}" for i in range(rows)],
            "amount": [None if i % 7 == 0 else i / 8 for i in range(rows)],
        }
    )


@pytest.fixture(scope="module")
def ds():
    return mirrorbi.open(sales(), MODEL)


# -- judges ------------------------------------------------------------------------------------


def test_a_judge_says_of_how_many_values_a_word_is_true(ds):
    def judge(values):
        return {"long": sum(len(value) > 14 for value in values), "short": 0}

    assert ds.judge_column("client", judge, WORDS) == {"long": 40, "short": 0}
    known = {"client": 40, "note": 120}
    both = ds.judge_columns(dict.fromkeys(known, judge), WORDS, distinct=known, sample=10)
    assert both["client"] == {"long": 10, "short": 0}


def test_a_judge_sees_a_bounded_sample_of_texts():
    data = mirrorbi.open(
        pd.DataFrame({"note": [f"{'x' * 2 * LENGTH}" for i in range(3)] + [str(i) for i in range(
            2 * LIMIT)]}), {"metrics": {"lines": {"agg": "count"}}})  # fmt: skip
    seen = []
    data.judge_column("note", lambda values: seen.extend(values) or {}, ())
    assert len(seen) == LIMIT
    assert all(type(value) is str and len(value) <= LENGTH for value in seen)


class Word(str):
    """A word that carries more than it says."""


class Count(int):
    """A count that carries more than it says."""


@pytest.mark.parametrize(
    "returns",
    [
        lambda values: values,
        lambda values: values[0],
        lambda values: f"long, as in {values[0]}",
        lambda values: tuple(values),
        lambda values: {values[0]: 1},
        lambda values: {"long": values[0]},
        lambda values: {"long": [values[0]]},
        lambda values: {"long": len(values) + 1},
        lambda values: {"long": -1},
        lambda values: {"long": 0.5},
        lambda values: {"long": True},
        lambda values: {"wide": 1},
        lambda values: {Word("long"): 1},
        lambda values: {"long": Count(1)},
        lambda values: Enum("Kind", {"long": values[0]}),
        lambda values: None,
    ],
)
def test_a_judge_that_returns_more_than_a_verdict_is_refused(ds, returns):
    with pytest.raises(RefusedError, match="'note' returned more than a verdict") as refused:
        ds.judge_column("note", returns, WORDS)
    assert "secret" not in str(refused.value).lower()


class AnyWord(set):
    def __contains__(self, word: object) -> bool:
        return True


class TwoFaced(dict):
    """A mapping whose items are not what iteration gives."""

    def items(self):
        return {"long": 1}.items()


@pytest.mark.parametrize("several", [False, True])
def test_words_are_those_declared_before_a_value_is_seen(ds, several):
    words = ["long"]

    def judge(values):
        words.extend(values)
        return {values[0]: 1}

    judges = {"client": lambda values: words.extend(values) or {}, "note": judge}
    with pytest.raises(RefusedError, match="more than a verdict"):
        ds.judge_columns(judges if several else {"note": judge}, words)
    with pytest.raises(RefusedError, match="more than a verdict"):
        ds.judge_column("note", lambda values: {values[0]: 1}, AnyWord())
    with pytest.raises(RefusedError, match="not all plain text"):
        ds.judge_column("note", lambda values: {}, [Word("long")])


def test_a_verdict_is_read_once_into_a_plain_one(ds):
    answer = ds.judge_column("note", lambda v: TwoFaced({v[0]: 1, "extra": v}), WORDS)
    assert type(answer) is dict
    assert answer == {"long": 1}


def test_a_judge_cannot_raise_the_number_of_its_values(ds):
    def judge(values):
        most = len(values)
        values.extend(["more"] * 5)
        return {"long": most + 5}

    with pytest.raises(RefusedError):
        ds.judge_column("note", judge, WORDS)


class Failing(dict):
    def items(self):
        raise ValueError(str(dict(self)))


@pytest.mark.parametrize(
    "judge",
    [lambda values: {}[values[0]], lambda values: Failing({"long": values[0]})],
)
def test_the_error_of_a_judge_is_not_handed_on(ds, judge):
    with pytest.raises(RefusedError, match="'note' failed") as refused:
        ds.judge_column("note", judge, WORDS)
    assert "secret" not in str(refused.value).lower()
    assert refused.value.__context__ is None
    assert refused.value.__cause__ is None


def test_of_values_that_hold_a_word_a_judge_sees_those_that_few_have():
    data = sales()
    data.loc[data.index < 30, "note"] = "secret of many"
    data.loc[[40, 80], "note"] = "Secret of one"
    seen = []
    mirrorbi.open(data, MODEL).judge_rare_values(
        "note",
        lambda values: seen.extend(values) or {},
        (),
        holding={"OF"},
        fewer_than=2,
    )
    assert seen == ["Secret of one"]


# -- the second count --------------------------------------------------------------------------


@pytest.mark.parametrize("by", [(), ("region",)])
@pytest.mark.parametrize("grain", [None, "month", "week"])
@pytest.mark.parametrize("where", [None, {"region": ["south", "(missing)"]}])
@pytest.mark.parametrize("period", [None, "2024-02"])
def test_a_recount_is_the_answer(ds, by, grain, where, period):
    query = Query.of(MODEL["metrics"], by=by, where=where, grain=grain, period=period)
    answer = ds.answer(query, entities=False).frame
    pd.testing.assert_frame_equal(ds.recount(query).frame, answer)


def test_a_recount_of_nothing_is_one_line(ds):
    found = ds.recount(Query.of(["lines", "amount"], period="1999")).frame
    assert found["lines"].tolist() == [0]
    assert found["amount"].tolist() == [0]
    assert ds.recount(Query.of("middle", period="1999")).frame["middle"].isna().all()


# -- the walk ----------------------------------------------------------------------------------

QUERY = Query.of(["lines", "amount", "middle"], by="region", grain="month")
CALLS = {
    "answer": (QUERY,),
    "check": (QUERY,),
    "check_members": ("region", ["north"], lambda: ["north"]),
    "counted": (QUERY,),
    "counts": (QUERY,),
    "decimals": ("lines",),
    "definition": ("lines",),
    "dimension": ("region",),
    "is_complete": (Period.parse("2024-01"),),
    "judge_column": ("note", lambda values: {"long": len(values)}, WORDS),
    "judge_columns": ({"note": lambda values: {"long": len(values)}}, WORDS),
    "label": ("lines",),
    "last_complete": ("month",),
    "members": ("region",),
    "metric": ("lines",),
    "periods": ("month",),
    "prepare": ([QUERY],),
    "query": ("lines", "region"),
    "recount": (QUERY,),
    "resolve": ("lines",),
    "sql": (QUERY,),
    "unit": ("lines",),
}
ENGINES = ("ibis", "duckdb", "_duckdb", "pyarrow", "sqlglot")


def public(value):
    """Yield what can be reached from a value without an underscore."""
    if isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, (list, tuple, set, frozenset)):
        yield from value
    elif isinstance(value, pd.DataFrame):
        yield from value.to_dict("list").items()
    if type(value).__module__.startswith("mirrorbi"):
        for name in object.__dir__(value):
            if not name.startswith(("_", "model_fields", "model_computed")):
                yield getattr(value, name)


def test_no_public_attribute_or_answer_leads_to_the_table(ds):
    answers = []
    for name in object.__dir__(ds):
        if name.startswith("_") or name in ("ask", "judge_rare_values"):
            continue
        value = getattr(ds, name)
        if inspect.ismethod(value):
            value = value(*CALLS.get(name, ()))
        answers.append((name, value))
    assert {"answer", "facts", "profile", "sql", "coverage"} <= {name for name, _ in answers}
    seen, queue = {}, [(name, value, 0) for name, value in answers]
    while queue:
        path, value, depth = queue.pop()
        if id(value) in seen or inspect.isroutine(value) or inspect.isclass(value):
            continue
        seen[id(value)] = value
        assert not type(value).__module__.split(".")[0].startswith(ENGINES), path
        if isinstance(value, str):
            assert "secret" not in value.lower(), path
        elif depth < 6:
            queue += [(path, part, depth + 1) for part in public(value)]
    assert len(seen) > 400


def test_the_walk_finds_what_it_looks_for(ds):
    @dataclasses.dataclass
    class Opened:
        table: object

    Opened.__module__ = "mirrorbi.somewhere"
    opened = Opened(ds._table)
    assert list(map(id, public(opened))) == [id(ds._table)]
    assert type(ds._table).__module__.startswith(ENGINES)
