"""Every kind of fact is drawn as it should be."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import plotly.graph_objects as go
import pytest

from mirrorbi.charts import KINDS, chart, charts
from mirrorbi.charts.theme import LIGHT
from mirrorbi.data.periods import Period
from mirrorbi.errors import ChartError
from mirrorbi.facts.fact import Fact, Table
from mirrorbi.facts.factset import FactSet
from mirrorbi.wording.mime_types import MIRRORBI, PLOTLY

HOSTILE = [
    "<b>bold</b>",
    "<script>alert(1)</script>",
    '<a href="javascript:alert(1)">x</a>',
    "R&D &lt;b&gt;",
    "$\\frac{1}{2}$",
    "%{x:.2f} {y}",
    "a<br>b\nc",
    "#23479e",
    "x" * 300,
    "=HYPERLINK(1)",
    "\u202egnp.exe",
]


def kind(invented, name, index=0):
    return [fact for fact in invented.gallery() if fact.kind == name][index]


def texts_of(part):
    """Yield every text of a figure that plotly reads as markup."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key in ("text", "hovertext", "ticktext"):
                yield from [value] if isinstance(value, str) else value
            else:
                yield from texts_of(value)
    elif isinstance(part, list):
        for item in part:
            yield from texts_of(item)


def test_the_gallery_has_every_kind_with_a_chart(invented):
    assert {fact.kind for fact in invented.gallery()} == set(KINDS)


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_is_a_valid_figure_with_words(invented, name):
    drawn = chart(kind(invented, name))
    for figure in (drawn.spec, drawn.figure()):
        go.Figure(figure)
    assert json.loads(json.dumps(drawn.spec, allow_nan=False)) == drawn.spec
    assert drawn.title_text
    assert not drawn.title_text.endswith(".")
    assert drawn.subtitle
    assert drawn.title_text in drawn.alt
    assert len(drawn.alt) > len(drawn.title_text) + 20


@pytest.mark.parametrize("name", KINDS)
def test_the_look_is_in_the_figure_itself(invented, name):
    layout = chart(kind(invented, name)).spec["layout"]
    assert layout["template"] == {"layout": {}}
    assert layout["showlegend"] is False
    assert layout["height"] > 0
    assert "width" not in layout
    colours = set(re.findall(r"#[0-9a-f]{6}", json.dumps(chart(kind(invented, name)).spec)))
    assert colours <= set(LIGHT.values())


def test_figures_are_small(invented):
    sizes = [
        len(json.dumps(drawn.spec, separators=(",", ":"))) for drawn in charts(invented.gallery())
    ]
    assert sorted(sizes)[len(sizes) // 2] < 4000
    assert max(sizes) < 8000


def test_the_same_fact_gives_the_same_chart(invented):
    first, second = (
        [drawn._repr_mimebundle_() for drawn in charts(invented.gallery())] for _ in range(2)
    )
    assert first == second


def test_a_hostile_name_is_printed_letter_by_letter(invented):
    fact = kind(invented, "share")
    rows = tuple((name, Decimal(10 - i), Decimal("0.1")) for i, name in enumerate(HOSTILE))
    fact = fact.replace(table=Table(fact.table.columns, rows), scope=(("carrier", HOSTILE[0]),))
    drawn = chart(fact)
    for text in texts_of(drawn.spec):
        bare = re.sub(r'</?b>|<br>|<span style="color:#[0-9a-f]{6}">|</span>', "", text)
        assert "<" not in bare
        assert ">" not in bare
        assert "$" not in bare
        assert "\u202e" not in bare
        assert not re.search(r"&(?!amp;|lt;|gt;|#36;|#35;)", bare)
    assert "&#35;23479e" in drawn.spec["layout"]["yaxis"]["ticktext"]
    assert "<script" not in drawn.title_html + drawn.alt.replace("<script>", "")
    assert "<script" not in drawn.payload()["table_html"]
    assert "<b>" not in drawn.payload()["subtitle_html"]


def test_a_long_name_is_cut_on_the_axis_and_whole_on_hover(invented):
    fact = kind(invented, "share")
    name = "Atlantic Coast Regional Express Airlines of North America"
    rows = ((name, Decimal(7), Decimal("0.7")), ("B", Decimal(3), Decimal("0.3")))
    drawn = chart(fact.replace(table=Table(fact.table.columns, rows)))
    assert drawn.spec["layout"]["yaxis"]["ticktext"][0].endswith("…")
    assert len(drawn.spec["layout"]["meta"]["narrow"]["yaxis.ticktext"][0]) <= 15
    assert name in drawn.spec["data"][0]["hovertext"][0]


def test_names_that_are_cut_to_the_same_text_stay_apart(invented):
    fact = kind(invented, "share")
    rows = tuple((f"{'Long name ' * 5}{i}", Decimal(5), Decimal("0.5")) for i in range(2))
    drawn = chart(fact.replace(table=Table(fact.table.columns, rows)))
    assert len(set(drawn.spec["layout"]["yaxis"]["ticktext"])) == 1
    assert drawn.spec["data"][0]["y"] == [0, 1]


def test_many_members_become_the_largest_the_subject_and_the_rest(invented):
    fact = kind(invented, "share")
    rows = tuple((f"M{i:03}", Decimal(200 - i), Decimal("0.005")) for i in range(200))
    fact = fact.replace(table=Table(fact.table.columns, rows), scope=(("carrier", "M150"),))
    axis = chart(fact).spec["layout"]["yaxis"]["ticktext"]
    assert axis[0] == "M000"
    assert "<b>M150</b>" in axis
    assert axis[-1] == "187 others" or axis[-1] == "188 others"
    assert len(axis) == 13
    assert sum(chart(fact).spec["data"][0]["x"]) == pytest.approx(1.0)


@pytest.mark.parametrize("name", ["share", "rank", "concentration"])
def test_bars_begin_at_zero(invented, name):
    spec = chart(kind(invented, name)).spec
    assert spec["layout"]["xaxis"]["range"][0] == 0
    assert all("base" not in trace for trace in spec["data"])


def test_the_subject_alone_is_coloured(invented):
    fact = kind(invented, "share")
    trace = chart(fact).spec["data"][0]
    assert trace["marker"]["color"].count(LIGHT["accent"]) == 1
    assert trace["marker"]["color"].index(LIGHT["accent"]) == 3


def test_a_fall_is_good_news_where_down_is_better(invented):
    fact = kind(invented, "change")
    worse, better = chart(fact), chart(fact.replace(better="down"))
    label = worse.spec["layout"]["annotations"][-1]["text"]
    assert LIGHT["worse"] in label
    assert LIGHT["better"] in better.spec["layout"]["annotations"][-1]["text"]
    assert "17.0\u202fpp" in label


def test_the_lowest_member_comes_first_where_it_is_the_subject(invented):
    fact = kind(invented, "rank")
    axis = chart(fact).spec["layout"]["yaxis"]["ticktext"]
    assert axis[0] == "<b>FL</b>"
    highest = chart(fact.replace(direction="up", scope=(("carrier", "AS"),)))
    assert highest.spec["layout"]["yaxis"]["ticktext"][0] == "<b>AS</b>"
    assert "<b>Overall</b>" in axis


def test_a_line_ends_in_its_value_and_marks_what_it_is_compared_with(invented):
    drawn = chart(kind(invented, "change"))
    texts = list(texts_of(drawn.spec["layout"]["annotations"]))
    assert any("64.7%" in text and "17.0" in text for text in texts)
    assert "81.8%" in texts
    hollow = [t for t in drawn.spec["data"] if t.get("marker", {}).get("color") == LIGHT["paper"]]
    assert [trace["x"] for trace in hollow] == [[16]]


def test_an_incomplete_period_is_dashed(invented):
    incomplete = chart(kind(invented, "change", 1))
    dashed = [t for t in incomplete.spec["data"] if t.get("line", {}).get("dash")]
    assert len(dashed) == 1
    assert [i for i, v in enumerate(dashed[0]["y"]) if v is not None] == [16, 17]
    assert not any(
        t.get("line", {}).get("dash") for t in chart(kind(invented, "change")).spec["data"]
    )


def test_a_gap_is_not_bridged_and_a_lone_value_is_a_dot(invented):
    drawn = chart(invented.daily())
    line = drawn.spec["data"][0]
    assert line["y"].count(None) == 3
    assert "connectgaps" not in line
    assert any(
        t["mode"] == "markers" and t.get("x") == [len(line["y"]) - 39] for t in drawn.spec["data"]
    )


def test_a_long_series_shows_its_newest_periods_and_the_baseline(invented):
    fact = invented.daily(300)
    assert len(chart(fact).spec["data"][0]["y"]) == 92
    first = Period.parse(fact.table.rows[0][0])
    assert len(chart(fact.replace(baseline=first)).spec["data"][0]["y"]) == 300


def test_an_expected_range_of_one_period_is_an_upright_bar(invented):
    spec = chart(kind(invented, "unusual", 1)).spec
    reach = [t for t in spec["data"] if t.get("x") == [17, 17]]
    assert [t["y"] for t in reach] == [[0.731, 0.865]]
    low, high = spec["layout"]["yaxis"]["range"]
    assert low < 0.6472
    assert high > 0.865


def test_every_value_can_be_read_on_hover(invented):
    for fact in (kind(invented, "change"), kind(invented, "change", 1)):
        told = [t for t in chart(fact).spec["data"] if t.get("hovertext")]
        assert len(told) == 1
        assert len(told[0]["hovertext"]) == len(told[0]["y"]) == 18
    assert told[0]["hovertext"][-1].endswith("incomplete")


def test_a_waterfall_leads_from_the_value_before_to_the_value_after(invented):
    fact = kind(invented, "contribution")
    bars = chart(fact).spec["data"][0]
    start = sum(float(row[1]) for row in fact.table.rows)
    finish = sum(float(row[2]) for row in fact.table.rows)
    assert bars["base"][0] == start
    level = start
    for base, length in list(zip(bars["base"], bars["x"], strict=True))[1:-1]:
        assert base == pytest.approx(level)
        level += length
    assert level == pytest.approx(finish)
    assert bars["base"][-1] == pytest.approx(finish)


def test_the_effects_of_others_are_in_the_mix(invented):
    fact = kind(invented, "mix")
    rate = chart(fact).spec["data"][0]["x"]
    assert rate[0] is None
    assert sum(v for v in rate if v) == pytest.approx(sum(float(r[2]) for r in fact.table.rows))


def test_two_metrics_have_two_panels_not_two_axes_in_one(invented):
    layout = chart(kind(invented, "correlation")).spec["layout"]
    assert layout["yaxis"]["domain"][0] > layout["yaxis2"]["domain"][1]


def test_missing_periods_are_marked(invented):
    drawn = chart(kind(invented, "missing_periods"))
    assert drawn.spec["data"][1]["x"] == [6, 7]


def test_numbers_follow_the_locale(invented):
    drawn = chart(kind(invented, "change"), "de_DE")
    text = " ".join(texts_of(drawn.spec))
    assert "64,7\u202f%" in text
    assert "64.7" not in text
    assert "64,7" in drawn.alt


def test_titles_mark_their_figures(invented):
    fact = kind(invented, "change")
    html = chart(fact).title_html
    assert f'class="mb-fig" data-fact="{fact.id}" data-slot="value"' in html


def test_the_bundle_carries_figure_words_and_proof(invented):
    fact = kind(invented, "change")
    found = FactSet([fact], request={"period": "2013-12"}, sql={fact.evidence[0].id: "SELECT 1"})
    bundle = charts(found)[0]._repr_mimebundle_()
    figure, payload = bundle[PLOTLY], bundle[MIRRORBI]
    assert "17.0" in figure["layout"]["title"]["text"]
    assert payload["kind"] == "chart"
    assert payload["sql"] == {fact.evidence[0].id: "SELECT 1"}
    assert payload["sweeps"][0]["request"] == {"period": "2013-12"}
    assert Fact.from_dict(payload["facts"][0]).id == fact.id
    assert payload["sentences"][0]["facts"] == {"f": fact.id}
    assert payload["table_html"].count("<tr>") == 19
    json.dumps(payload, allow_nan=False)


def test_facts_without_a_table_are_left_out(invented):
    facts = [invented.change(), invented.change(table=None), Fact("nulls", "a", "A")]
    assert len(charts(facts)) == 1
    assert len(charts(invented.gallery(), top=3)) == 3


def test_a_kind_without_a_chart_is_refused_with_the_nearest():
    with pytest.raises(ChartError, match="Did you mean 'unusual'"):
        chart(Fact("unusal", "a", "A"))


def test_a_fact_without_a_table_is_refused(invented):
    with pytest.raises(ChartError, match="no table"):
        chart(invented.change(table=None))


def test_a_series_of_one_period_or_of_gaps_only_is_drawn(invented):
    columns = invented.change().table.columns
    one = invented.change(table=Table(columns, (("2013-12", Decimal("0.6472"), True),)))
    go.Figure(chart(one).spec)
    gaps = tuple((str(m), None, True) for m in invented.MONTHS)
    go.Figure(chart(invented.change(table=Table(columns, gaps))).spec)
    assert "64.7%" in chart(one).alt
