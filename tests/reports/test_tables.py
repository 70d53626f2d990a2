"""Tables of ``ds.query(...)`` in a report: what readers see, and what verify says of them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mirrorbi.errors import RenderError
from mirrorbi.reports.kernel import import_papermill
from mirrorbi.reports.plan import make_plan
from mirrorbi.reports.run import perform
from mirrorbi.reports.verify import verify

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
    perform(make_plan(path, output=home / "reports"), prepare=import_papermill)
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
        perform(make_plan(path, output=tmp_path / "out"), prepare=import_papermill)
    assert not (tmp_path / "out" / "raw.html").exists()
