"""Tables of ``ds.query(...)`` in a report: what readers see, and what verify says of them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from mirrorbi.errors import RenderError
from mirrorbi.reports.plan import make_plan
from mirrorbi.reports.run.run import perform
from mirrorbi.reports.verify.verify import verify

MODEL = """
dataset: {name: shop}
time: {column: day, complete_through: 2024-12-31}
dimensions: {city: {label: City}}
metrics:
  sales: {agg: sum, column: sales, label: Sales, unit: "currency:GBP"}
"""


def write_data(home: Path, bern: int = 360) -> None:
    lines = ["day,city,sales"]
    for city, count in (("Rome", 600), ("Oslo", 240), ("Bern", bern), ("Nice", 3)):
        lines += [f"2024-{1 + n % 12:02d}-15,{city},10" for n in range(count)]
    (home / "sales.csv").write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def made(tmp_path_factory, write, cells) -> Path:
    """Return a folder with data, notebook and report."""
    code, text = cells
    home = tmp_path_factory.mktemp("made")
    write_data(home)
    (home / "sales.model.yaml").write_text(MODEL)
    path = write(
        home / "tables.ipynb",
        text("# Tables"),
        code("import mirrorbi as mb\nds = mb.open('sales.csv')"),
        code("ds.query('sales', by='city')"),
        code("ds.query('sales', locale='de_DE')"),
        code("mb.chart(ds.facts(kinds='share')[0])"),
    )
    perform(make_plan(path, output=home / "reports"))
    return home


@pytest.fixture
def home(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy = tmp_path / "home"
    shutil.copytree(made, copy)
    monkeypatch.chdir(copy)
    return copy


REPORT = Path("reports/tables.html")


def test_small_cells_are_left_open_and_figures_read_as_people_write_them(home: Path) -> None:
    html = REPORT.read_text()
    assert html.count('<div class="mb-result"') == 2
    assert "£3,600" in html
    assert "12.030" in html
    # Nice has 3 rows, and Oslo would tell them.
    assert ">£30<" not in html
    assert html.count(">withheld</td>") == 4
    assert "2 cells are withheld" in html
    assert "1 fact cited, 2 tables" in html


def test_the_same_data_confirms_every_table_and_the_lone_chart(home: Path) -> None:
    found = verify(REPORT)
    assert found.ok, found.problems
    names = [figure.name for figure in found.figures]
    assert "Sales by city, table" in names
    assert any(name.endswith(", chart") for name in names)


def test_a_cell_changed_by_hand_is_named(home: Path) -> None:
    REPORT.write_text(REPORT.read_text().replace("£3,600", "£9,600"))
    found = verify(REPORT)
    [edited] = [f for f in found.problems if f.name == "Sales by city, table"]
    assert (edited.state, edited.shown, edited.computed) == ("edited", "£9,600", "£3,600")


def test_a_table_taken_out_is_missed(home: Path) -> None:
    html = REPORT.read_text()
    start = html.index('<div class="mb-result"')
    end = html.index("</p></div>", start) + len("</p></div>")
    REPORT.write_text(html[:start] + html[end:])
    states = {f.name: f.state for f in verify(REPORT).problems}
    assert states["Sales by city, table"] == "edited"


def test_other_data_changes_the_table(home: Path) -> None:
    write_data(home, bern=372)
    found = verify(REPORT)
    assert {f.state for f in found.problems if f.name.endswith("table")} == {"changed"}
    assert found.notes


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("ds.query('sales', by='city', control=False)", "asked for with control=False"),
        ("mb.chart(ds.facts(kinds='share', control=False)[0])", "facts that were not released"),
        ("mb.chart(ds.facts(kinds='share')[0].replace(score=1.0))", "were not released"),
        (
            "mb.chart(ds.facts(kinds='share', control=False)[0],\n"
            "         sweep=ds.facts(kinds='share').sweep())",
            "found with control=False",
        ),
        ("mb.narrate(ds.facts(control=False).replace(policy='x'))", "found with control=False"),
        ("ds.query('sales', by='city', control=False).frame", "counts below 10"),
    ],
)
def test_what_was_not_judged_is_not_published(tmp_path, made, write, cells, source, said) -> None:
    code, text = cells
    shutil.copy(made / "sales.csv", tmp_path)
    shutil.copy(made / "sales.model.yaml", tmp_path)
    path = write(
        tmp_path / "raw.ipynb",
        text("# Raw"),
        code("import mirrorbi as mb\nds = mb.open('sales.csv')"),
        code(source),
    )
    with pytest.raises(RenderError, match=said):
        perform(make_plan(path, output=tmp_path / "out"))
    assert not (tmp_path / "out" / "raw.html").exists()


def test_two_answers_that_differ_by_few_are_not_both_shown(tmp_path, write, cells) -> None:
    code, text = cells
    days = [f"2024-01-{1 + n % 30:02d},1" for n in range(300)] + ["2024-01-31,1"] * 2
    (tmp_path / "sales.csv").write_text("\n".join(["day,sales", *days]) + "\n")
    (tmp_path / "sales.model.yaml").write_text(
        "time: {column: day}\nmetrics: {sales: {agg: sum, column: sales, label: Sales}}\n"
    )
    path = write(
        tmp_path / "twice.ipynb",
        text("# Twice"),
        code("import mirrorbi as mb\nds = mb.open('sales.csv')"),
        code("ds.query('sales', period='2024-01')"),
        code("ds.query('sales', period='2024-01-01/2024-01-30')"),
        code("other = mb.open('sales.csv')\nother.query('sales', period='2024-01-01/2024-01-30')"),
    )
    run = perform(make_plan(path, output=tmp_path / "out"))
    html = run.report.read_text()
    assert ">302<" in html
    assert ">300<" not in html, "the two rows of the last day would be the difference"
    assert html.count("that would follow from what is shown before") == 2
    assert verify(run.report, tmp_path / "sales.csv").ok
    path = write(
        tmp_path / "once.ipynb",
        text("# Once"),
        code("import mirrorbi as mb\nds = mb.open('sales.csv')"),
        code("ds.query('sales', period='2024-01-01/2024-01-30')"),
    )
    once = perform(make_plan(path, output=tmp_path / "out"))
    assert ">300<" in once.report.read_text(), "by itself it tells of nobody"


def test_a_second_sweep_is_judged_beside_the_first(tmp_path, made, write, cells) -> None:
    code, text = cells
    shutil.copy(made / "sales.csv", tmp_path)
    shutil.copy(made / "sales.model.yaml", tmp_path)
    ask = "ds.facts(period={!r}, compare='2024-01', kinds='value')"
    path = write(
        tmp_path / "sweeps.ipynb",
        text("# Sweeps"),
        code("import mirrorbi as mb\nds = mb.open('sales.csv')"),
        code(f"first = {ask.format('2024-02')}\nagain = {ask.format('2024-02')}"),
        code("print(len(first), len(again), first.withheld == again.withheld)", "show-output"),
    )
    run = perform(make_plan(path, output=tmp_path / "out"))
    html = run.report.read_text()
    assert re.search(r"(\d+) \1 True", html), "what was said may be said again"
