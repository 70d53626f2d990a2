"""Displays: one line at a prompt, plain tables in a notebook, nothing of the inside."""

import re
from html.parser import HTMLParser

import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell

import mirrorbi
from mirrorbi.analysis.fact_tables import UNRELEASED, dataset_html, fact_html, facts_html
from mirrorbi.narrative.chat.answer import Answer
from mirrorbi.settings import RUN

HOSTILE = "<script>alert('x')</script> \x1b[31m\u202e & \"north\"\n" + "long " * 60
MODEL = {
    "dataset": {"name": "shop", "label": HOSTILE},
    "time": {"column": "day"},
    "dimensions": {"city": {"label": f"City {HOSTILE}"}, "team": {}},
    "metrics": {
        "sales": {
            "agg": "sum",
            "column": "sales",
            "label": f"Sales {HOSTILE}",
            "unit": "currency:EUR",
        },
        "orders": {"agg": "count"},
    },
}


def shop() -> pd.DataFrame:
    """Two years of sales in four cities, of which one has a hostile name and one is small."""
    days = pd.date_range("2023-01-01", "2024-12-31", freq="D")
    cities = [("Rome", 3), ("Oslo", 2), (HOSTILE, 4), ("Lyon", 1)]
    rows = [
        (day, city, "ABC"[(i + day.day) % 3], 10.0 + day.month * n + i)
        for day in days
        for city, n in cities
        for i in range(n)
    ]
    rows += [(days[-1], "Nice", "A", 1.0)] * 3
    return pd.DataFrame(rows, columns=["day", "city", "team", "sales"])


@pytest.fixture(scope="module")
def ds() -> mirrorbi.Analysis:
    return mirrorbi.open(shop(), MODEL)


@pytest.fixture(scope="module")
def facts(ds: mirrorbi.Analysis) -> mirrorbi.FactSet:
    return ds.facts()


@pytest.fixture
def shell():
    """An IPython shell, as the kernel of a notebook has one."""
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


class Tags(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_data(self, data):
        self.text += data


def held(ds: mirrorbi.Analysis, facts: mirrorbi.FactSet) -> dict[str, object]:
    told = mirrorbi.narrate(facts)
    drawn = next(fact for fact in facts if fact.kind == "change" and fact.table)
    return {
        "data set": ds,
        "facts": facts,
        "facts without control": ds.facts(control=False),
        **{f"fact {fact.kind}": fact for fact in facts},
        "table of a fact": drawn.table,
        "narrative": told,
        "section": told.drivers,
        "cards": told.cards,
        "context": told.context,
        "chart": mirrorbi.chart(drawn),
        "answer": Answer(HOSTILE, told.drivers.sentences, context=told.context),
        "result": mirrorbi.data.dataset.Dataset.query(ds, "sales", by="city", grain="month"),
        "model": ds.model,
        "session": ds.session,
    }


def test_everything_that_an_analyst_holds_is_one_line_at_the_prompt(ds, facts):
    lines = {name: repr(value) for name, value in held(ds, facts).items()}
    assert {name: line for name, line in lines.items() if len(line) >= 120} == {}
    assert {name: line for name, line in lines.items() if not line.isprintable()} == {}
    assert all(re.fullmatch(r"<[A-Z].*>", line) for line in lines.values())
    assert "not controlled" in lines["facts without control"]
    assert "not controlled" not in lines["facts"]


def test_a_fact_says_what_it_is_with_its_unit(facts):
    fact = next(
        fact for fact in facts if (fact.kind, fact.metric, fact.scope) == ("change", "sales", ())
    )
    assert repr(fact) == (
        f"<Fact {fact.id}, change of sales, {fact.period}: delta {fact['delta'].value:,f} EUR>"
    )


def test_completion_offers_what_is_asked_and_nothing_of_the_inside(ds):
    names = dir(ds)
    assert {"query", "facts", "ask", "members", "session", "model"} <= set(names)
    assert not [name for name in names if name.startswith("_")]
    inside = {"counts", "counted", "prepare", "answer", "scans", "table", "opened"}
    assert inside.isdisjoint(names)
    for name in names:
        assert getattr(ds, name) is not None
        assert name in vars(ds) or getattr(type(ds), name).__doc__


@pytest.mark.parametrize("name", ["facts", "fact", "data set"])
def test_a_notebook_shows_a_plain_table_in_which_every_name_is_escaped(ds, facts, shell, name):
    mirrorbi.open(shop().head(40), MODEL)  # in a notebook, this is what registers displays
    fact = next(f for f in facts if f.scope and HOSTILE in dict(f.scope).values() and f.table)
    value = {"facts": facts, "fact": fact, "data set": ds}[name]
    bundle, _ = shell.display_formatter.format(value)
    page = Tags(bundle["text/html"])
    assert page.tags <= {
        *("style", "div", "p", "table", "thead", "tbody", "tr", "th", "td", "time"),
    }
    assert "alert(" in page.text
    assert "\x1b" not in page.text
    assert "\u202e" not in page.text
    assert bundle["text/plain"] == repr(value)
    assert not re.search(r"#[0-9a-f]{3,6}\b|rgb\(", bundle["text/html"])


def test_in_a_run_nothing_is_registered(shell, monkeypatch, facts):
    monkeypatch.setenv(RUN, "displays")
    mirrorbi.open(shop().head(40), MODEL)
    assert set(shell.display_formatter.format(facts)[0]) == {"text/plain"}


def test_what_is_withheld_stays_so_and_is_counted(ds, facts):
    html = facts_html(facts)
    assert "Nice" not in html
    assert "Withheld: " in html
    assert UNRELEASED not in html
    assert UNRELEASED not in fact_html(facts[0])


def test_what_was_not_released_is_labelled(ds, facts):
    raw = ds.facts(control=False)
    assert UNRELEASED in facts_html(raw)
    assert UNRELEASED in facts_html(mirrorbi.FactSet(raw, policy=facts.policy))
    assert UNRELEASED in fact_html(raw[0])
    assert UNRELEASED in fact_html(facts[0].replace())


def test_figures_have_units_and_long_sets_say_how_many_there_are(ds, facts):
    fact = next(
        fact for fact in facts if (fact.kind, fact.metric, fact.scope) == ("change", "sales", ())
    )
    assert "€" in Tags(fact_html(fact)).text
    assert f"The first 40 of {len(facts)} facts." in facts_html(facts)
    assert facts_html(facts.top(0)).count("<table") == 0
    assert "1 fact<" in facts_html(facts.top(1))


def test_a_data_set_shows_its_words_and_no_value(ds):
    text = Tags(dataset_html(ds)).text
    assert f"{ds.rows:,} rows" in text
    for word in ("sales", "currency:EUR", "city", "2023-01-01 to 2024-12-31"):
        assert word in text
    assert "Rome" not in text
