"""Verification: the same data confirms every figure, anything else is found and named."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from mirrorbi.errors import RenderError, VerifyError
from mirrorbi.reports.page.manifest import read_manifest
from mirrorbi.reports.plan import make_plan
from mirrorbi.reports.run.run import perform
from mirrorbi.reports.verify.verify import verify

MODEL = """
dataset: {name: shop}
time: {column: day, complete_through: 2024-12-31}
dimensions: {city: {}}
metrics:
  sales: {agg: sum, column: sales, unit: count}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory, write, cells) -> Path:
    """Return a folder with data, notebook and report."""
    code, text = cells
    home = tmp_path_factory.mktemp("made")
    lines = ["day,city,sales"]
    for month in range(1, 13):
        for day in range(1, 29):
            for n, city in enumerate(("Rome", "Oslo", "Bern")):
                lines.append(f"2024-{month:02d}-{day:02d},{city},{10 * n + month * (day % 5)}")
    (home / "sales.csv").write_text("\n".join(lines) + "\n")
    (home / "sales.model.yaml").write_text(MODEL)
    path = write(
        home / "weekly.ipynb",
        text("# Weekly"),
        code("import mirrorbi as mb\nfrom mirrorbi.charts import charts"),
        code("facts = mb.open('sales.csv').facts(kinds=['change', 'share', 'value'])"),
        text("## Charts"),
        code("charts(facts, top=4)"),
        code("import plotly.express as px\npx.bar(x=[1], y=[1])"),
    )
    perform(make_plan(path, output=home / "reports"))
    return home


@pytest.fixture
def home(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of it, as the current folder."""
    copy = tmp_path / "home"
    shutil.copytree(made, copy)
    monkeypatch.chdir(copy)
    return copy


def report_of(home: Path) -> Path:
    return home / "reports" / "weekly.html"


def edit(home: Path, pattern: str, replacement: str) -> None:
    path = report_of(home)
    html, count = re.subn(pattern, replacement, path.read_text(), count=1)
    assert count == 1
    path.write_text(html)


def test_the_same_data_confirms_every_figure(home: Path) -> None:
    checked = verify(report_of(home))
    assert checked.ok, checked.problems
    assert sum(figure.name.endswith(", chart") for figure in checked.figures) == 4
    assert len(checked.figures) > 8
    assert any("notebook's own work" in note for note in checked.notes)


def test_the_data_is_found_from_elsewhere_beside_the_report(home, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert verify(report_of(home)).ok


def test_a_figure_edited_by_hand_is_named_with_both_texts(home: Path) -> None:
    mark = r'(class="mb-fig" data-fact="(\w+)"[^>]*>)([^<]*\d)[^<]*(</span>)'
    found = re.search(mark, report_of(home).read_text())
    edit(home, mark, r"\g<1>999,999\4")
    checked = verify(report_of(home))
    edited = [figure for figure in checked.problems if figure.fact == found[2]]
    assert edited[0].state == "edited"
    assert edited[0].shown == "999,999"
    assert edited[0].computed.startswith(found[3])
    assert not checked.ok


def test_a_figure_in_a_chart_edited_by_hand_is_found(home: Path) -> None:
    edit(home, r'("y":\[)(\d)', r"\g<1>9\2")
    states = {f.state for f in verify(report_of(home)).figures if f.name.endswith(", chart")}
    assert states == {"same", "edited"}


def test_a_sentence_added_by_hand_is_found(home: Path) -> None:
    edit(home, "</main>", "<p>Sales will double.</p></main>")
    problems = verify(report_of(home)).problems
    assert [(f.name, f.state) for f in problems] == [("The page as a whole", "edited")]


def test_a_figure_edited_in_page_and_manifest_is_found(home: Path) -> None:
    fact = read_manifest(report_of(home).read_text())["facts"][0]
    value = fact["quantities"][fact["estimate"]][0]
    edit(home, rf'"{fact["estimate"]}":\["{re.escape(value)}"', f'"{fact["estimate"]}":["123456"')
    problems = verify(report_of(home)).problems
    assert any(figure.fact == fact["id"] and figure.state == "changed" for figure in problems)


def test_other_data_is_said_and_every_figure_that_differs_is_changed(home: Path) -> None:
    data = home / "sales.csv"
    rows = [line.split(",") for line in data.read_text().splitlines()]
    for row in rows:
        if row[0].startswith("2024-12") and row[1] != "Bern":
            row[2] = str(int(row[2]) + 700)
    more = ["2024-12-28,Rome,5000"] * 40
    data.write_text("\n".join([*(",".join(row) for row in rows), *more]) + "\n")
    checked = verify(report_of(home))
    assert any("The data is not the data of the report" in note for note in checked.notes)
    assert "edited" not in {figure.state for figure in checked.problems}
    texts = [
        f
        for f in checked.problems
        if f.state == "changed" and f.computed and not f.name.endswith("computation")
    ]
    assert texts
    assert all(figure.shown != figure.computed for figure in texts)


def test_figures_of_a_period_that_is_not_there_any_more_are_gone(home: Path) -> None:
    data = home / "sales.csv"
    kept = [line for line in data.read_text().splitlines() if not line.startswith("2024-12")]
    data.write_text("\n".join(kept) + "\n")
    checked = verify(report_of(home))
    assert {figure.state for figure in checked.problems} == {"gone"}
    assert any("cannot be asked of this data" in note for note in checked.notes)


def test_data_and_model_can_be_named(home: Path) -> None:
    (home / "sales.csv").rename(home / "moved.csv")
    with pytest.raises(VerifyError, match=r"'sales\.csv', is not found here.*--source"):
        verify(report_of(home))
    assert verify(report_of(home), "moved.csv", model="sales.model.yaml").ok
    notes = " ".join(verify(report_of(home), "moved.csv").notes)
    assert "The model is not the model of the report" in notes


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("<p>hello</p>", "is not a report by mirrorbi"),
        ('<script type="application/json" id="mirrorbi-manifest">{</script>', "is not a report"),
        (
            '<script type="application/json" id="mirrorbi-manifest">{"version":99}</script>',
            "a manifest of version 99",
        ),
    ],
)
def test_a_file_that_is_no_report_is_refused(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "page.html"
    path.write_text(content)
    with pytest.raises(VerifyError, match=message):
        verify(path)


def test_a_missing_report_names_the_nearest(home: Path) -> None:
    with pytest.raises(VerifyError, match=r"reports/weekly\.html"):
        verify("reports/wekly.html")


def test_facts_found_without_control_make_no_report(home: Path, write, cells) -> None:
    code, _ = cells
    path = write(
        home / "loose.ipynb",
        code("import mirrorbi as mb\nfrom mirrorbi.charts import charts"),
        code("charts(mb.open('sales.csv').facts(kinds=['value'], control=False))"),
    )
    with pytest.raises(RenderError, match="control=False"):
        perform(make_plan(path, output=home / "reports"))
    assert not (home / "reports" / "loose.html").exists()
