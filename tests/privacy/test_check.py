"""What a finished file exposes: each kind is found, masked, and clean files are clean."""

import base64
import contextlib
import csv
import json
from functools import partial
from pathlib import Path

import nbformat
import openpyxl
import pandas as pd
import plotly.graph_objects as go
import pytest
from faker import Faker
from hypothesis import given, settings
from hypothesis import strategies as st

from mirrorbi.errors import SourceError
from mirrorbi.privacy.exposure import check_file
from mirrorbi.privacy.exposure.figure import figure_exposes
from mirrorbi.privacy.exposure.notebook import notebook_exposes
from mirrorbi.privacy.exposure.page import page_exposes
from mirrorbi.privacy.exposure.sheets import csv_exposes

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "reports" / "sample" / "kpi_review.html"
KEY = "AKIA" + "EXAMPLE7" * 2


def kinds(found):
    return {exposure.what for exposure in found}


def of(found, what):
    return [exposure for exposure in found if exposure.what == what]


@pytest.fixture(scope="module")
def persons():
    fake = Faker("de_DE")
    fake.seed_instance(2)
    names = [fake.name() for _ in range(300)]
    mails = [fake.email() for _ in range(300)]
    return pd.DataFrame({"name": names, "mail": mails, "paid": range(300)})


# -- pages -------------------------------------------------------------------------------------


def test_our_own_report_exposes_nothing():
    assert check_file(SAMPLE) == []


def test_our_own_report_with_something_put_in_is_found_out(tmp_path):
    page = SAMPLE.read_text(encoding="utf-8")
    page = page.replace("</main>", f"<p>jane@example.com, {KEY}</p></main>", 1)
    (tmp_path / "r.html").write_text(page, encoding="utf-8")
    assert kinds(check_file(tmp_path / "r.html")) == {"personal_data", "secret"}


@pytest.mark.parametrize(
    ("html", "what", "detail"),
    [
        ("<p>Ask jane@example.com</p>", "personal_data", "e-mail addresses"),
        ("<img alt='call +41 44 668 18 00'>", "personal_data", "telephone numbers"),
        ("<!-- jane@example.com -->", "personal_data", "e-mail addresses"),
        (f"<p>{KEY}</p>", "secret", "an AWS access key"),
        ("<script>const u='postgres://svc:pw12345@db/x'</script>", "secret", "credentials in an"),
        ("<script>password = 'correcthorse'</script>", "secret", "a password"),
        ("<p>on/off, 1/2, and/or</p>", None, None),
        ("<p>file:///share/list.csv</p>", "path", "paths of a machine"),
        ("<p>C:\\Users\\jane\\list.csv</p>", "path", "paths of a machine"),
        ("<script src='https://cdn.example.com/x.js'></script>", "address", "addresses outside"),
        ("<img src='//pixel.example.com/1.gif'>", "address", "addresses outside"),
        ("<script>fetch('https://example.com/x')</script>", "address", "addresses outside"),
        ("<style>@import url(https://example.com/x.css)</style>", "address", "addresses outside"),
        ("<p>see https://example.com in the text</p>", None, None),
        ("<svg xmlns='http://www.w3.org/2000/svg'></svg>", None, None),
    ],
)
def test_pieces_of_a_page(html, what, detail):
    found = list(page_exposes(html))
    if what is None:
        assert found == []
    else:
        assert what in kinds(found)
        assert any(exposure.detail.startswith(detail) for exposure in found)


def test_what_is_personal_or_secret_is_masked_in_the_output(tmp_path):
    text = f"jane.doe@example.com DE89370400440532013000 {KEY} password='hunter2secret'"
    (tmp_path / "x.txt").write_text(text)
    shown = json.dumps([e.to_dict() for e in check_file(tmp_path / "x.txt")], ensure_ascii=False)
    assert not [word for word in ("doe", "3704", "EXAMPLE", "hunter2") if word in shown]


def test_a_data_frame_of_persons_in_a_page(persons):
    found = list(page_exposes(persons.to_html()))
    details = " / ".join(exposure.detail for exposure in found)
    assert "'mail' holds e-mail addresses" in details
    assert "'name' holds names of persons" in details
    assert "a table of 300 rows" in details


def test_a_summary_in_a_page_is_nothing():
    months = pd.period_range("2024-01", periods=12, freq="M").astype(str)
    frame = pd.DataFrame({"month": months, "rows": range(100, 112), "sales": [1.5] * 12})
    assert list(page_exposes(frame.to_html(index=False))) == []


def test_counts_of_few_in_a_table():
    frame = pd.DataFrame({"shop": ["Bern", "Basel"], "rows": [120, 3]})
    (found,) = page_exposes(frame.to_html(index=False))
    assert (found.what, found.count) == ("small_counts", 1)


def test_codes_of_single_things_in_a_table():
    frame = pd.DataFrame({"order_id": [f"A-{i:05}" for i in range(30)], "sales": range(30)})
    (found,) = page_exposes(frame.to_html(index=False))
    assert found.what == "row_values"
    assert "A-00" not in str(found)


def test_data_that_a_script_carries_unseen():
    rows = json.dumps([{"a": i} for i in range(500)])
    (found,) = page_exposes(f"<script type='application/json'>{rows}</script>")
    assert (found.what, found.count) == ("row_values", 500)


DAYS = pd.date_range("2013-01-01", periods=365).astype(str).tolist()
TIMES = [f"{day}T{i % 24:02}:{i % 60:02}:07" for i, day in enumerate(DAYS)]
RANDOM_DAYS = pd.date_range("1980-01-01", periods=365, freq="43D").astype(str).tolist()
RANDOM_DAYS[1] = "1980-01-02"


def forms_of(places):
    """A table for machines, one for people, the data of a page and the hovers of a chart."""
    values = [1000 + i for i, _ in enumerate(places)]
    frame = pd.DataFrame({"day": places, "sales": values})
    yield page_exposes(frame.to_html(index=False))
    lines = "".join(
        f"<tr><th><time datetime='{place}'>on day {i}</time></th><td>{i * 1000}</td></tr>"
        for i, place in enumerate(places)
    )
    yield page_exposes(f"<table><tr><th>Day</th><th>Sales</th></tr>{lines}</table>")
    for records in (frame.to_dict("records"), frame.to_numpy().tolist()):
        yield page_exposes(f"<script type='application/json'>{json.dumps(records)}</script>")
    hover = [f"{value} sold" for value in values]
    yield exposed(go.Figure(go.Scatter(x=places, y=values, hovertext=hover)))
    yield csv_exposes(frame.to_csv(index=False))


def test_a_year_by_day_is_a_series_and_no_rows():
    assert [list(found) for found in forms_of(DAYS)] == [[]] * 6


@pytest.mark.parametrize("places", [TIMES, RANDOM_DAYS, DAYS[::-1], DAYS[:1] * 365])
def test_what_happened_when_is_rows(places):
    assert [kinds(found) for found in forms_of(places)] == [{"row_values"}] * 6


@pytest.mark.parametrize(("points", "found"), [(365, set()), (366, {"row_values"})])
def test_hovers_of_a_chart_are_those_of_the_series_beside_it(points, found):
    lines = "".join(f"<tr><th><time datetime='{day}'>x</time></th><td>1</td></tr>" for day in DAYS)
    bars = go.Bar(y=[1.0] * points, hovertext=["1.0"] * points)
    page = (
        f"<figure id='chart-1'><table>{lines}</table>"
        f"<script type='application/json'>{go.Figure(bars).to_json()}</script></figure>"
    )
    assert kinds(page_exposes(page)) == found


def test_a_file_within_a_page(persons):
    content = base64.b64encode(persons.to_csv(index=False).encode()).decode()
    found = list(page_exposes(f"<a href='data:text/csv;base64,{content}'>Download</a>"))
    assert kinds(found) == {"hidden", "personal_data", "row_values"}


def test_a_page_within_a_page_and_a_script_that_never_ends():
    inner = "<iframe srcdoc='&lt;p&gt;jane@example.com&lt;/p&gt;'></iframe>"
    assert kinds(page_exposes(inner)) == {"personal_data"}
    assert kinds(page_exposes("<script>let x = 'jane@example.com'")) == {"personal_data"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["data", "layout", "cells", "values", "x", "type", "outputs", "metadata", "source",
                 "output_type", "text", "papermill", "parameters", "widgets", "bdata", "dtype",
                 "attachments", "traceback", "text/html", "application/json", "hovertext"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)  # fmt: skip


@settings(max_examples=200)
@given(JSON, st.text(max_size=60))
def test_no_file_of_others_breaks_the_check(value, text):
    list(figure_exposes(value, "figure"))
    list(page_exposes(f"<table><tr>{text}<td>{text}<script>{json.dumps(value)}"))
    list(page_exposes(f"<a href='data:{text}'><p {text}><script type='a/json'>{text}</script>"))
    list(csv_exposes(text))
    with contextlib.suppress(SourceError):
        list(notebook_exposes(json.dumps(value), "x"))
    if isinstance(value, dict):
        list(notebook_exposes(json.dumps({**value, "cells": [value]}), "x"))


# -- figures -----------------------------------------------------------------------------------


def exposed(figure):
    return list(figure_exposes(json.loads(figure.to_json()), "figure"))


def test_a_figure_of_a_summary_is_nothing():
    figure = go.Figure(
        go.Bar(x=["a", "b"], y=[1.5, 2.5], hovertext=["a: 27,004 rows", "n = 1,005"])
    )
    assert exposed(figure) == []


def test_raw_values_behind_a_histogram():
    (found,) = exposed(go.Figure(go.Histogram(x=pd.Series(range(500)) * 1.5)))
    assert (found.what, found.count) == ("row_values", 500)


def test_many_points_and_what_hovering_tells(persons):
    many = pd.concat([persons] * 5)
    figure = go.Figure(go.Scatter(x=many["paid"], y=many["paid"], customdata=many[["mail"]]))
    found = exposed(figure)
    assert any("1,500 points: rows" in e.detail for e in found)
    assert any("customdata of 1,500 points" in e.detail for e in found)
    assert any("e-mail" in e.detail for e in found)


def test_counts_of_few_in_hover_texts():
    (found,) = exposed(go.Figure(go.Bar(x=["a", "b"], y=[1, 2], hovertext=["n = 4", "n = 400"])))
    assert (found.what, found.count) == ("small_counts", 1)


def test_figures_in_a_page_of_plotly(persons):
    figure = go.Figure(go.Scatter(x=[1, 2], y=[1, 2], text=list(persons["mail"][:2])))
    found = list(page_exposes(figure.to_html(include_plotlyjs=False)))
    assert "personal_data" in kinds(found)


def test_the_drawing_library_is_not_taken_for_content():
    figure = go.Figure(go.Bar(x=["a"], y=[1]))
    assert kinds(page_exposes(figure.to_html(include_plotlyjs=True))) <= {"address"}


# -- notebooks ---------------------------------------------------------------------------------


@pytest.fixture
def notebook(tmp_path, persons):
    book = nbformat.v4.new_notebook()
    cell = nbformat.v4.new_code_cell("pd.read_csv('data.csv')")
    html = persons.head().to_html()
    cell.outputs = [
        nbformat.v4.new_output("display_data", data={"text/html": html, "text/plain": "x"}),
        nbformat.v4.new_output("stream", text="wrote C:\\Users\\jane\\out.csv\n"),
        nbformat.v4.new_output("error", ename="E", evalue="jane@example.com", traceback=[]),
    ]
    book.cells = [cell]
    book.metadata["papermill"] = {"parameters": {"token": "hunter2secret", "month": "2024-01"}}
    book.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {"a": {}}}}
    nbformat.write(book, tmp_path / "x.ipynb")
    return tmp_path / "x.ipynb"


def test_a_notebook_gives_away_parameters_outputs_errors_and_widgets(notebook):
    found = check_file(notebook)
    assert kinds(found) == {"parameter", "hidden", "personal_data", "path"}
    assert of(found, "parameter")[0].count == 2
    assert "hunter2" not in str(found)
    assert {e.where for e in of(found, "personal_data")} >= {"cell 1, output, error"}


def test_our_notebooks_expose_nothing():
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        assert check_file(path) == [], path


# -- tables ------------------------------------------------------------------------------------


def test_a_csv_file_of_persons_with_a_formula(tmp_path, persons):
    frame = persons.assign(note=["=HYPERLINK(1)", *["-"] * 299])
    frame.to_csv(tmp_path / "x.csv", index=False, sep=";", quoting=csv.QUOTE_MINIMAL)
    found = check_file(tmp_path / "x.csv")
    assert kinds(found) == {"personal_data", "row_values", "formula"}
    assert of(found, "formula")[0].count == 1


def test_a_csv_file_of_a_summary(tmp_path):
    (tmp_path / "x.csv").write_text("month,change,rows\n2024-01,-1.5,400\n2024-02,+2.5,380\n")
    assert check_file(tmp_path / "x.csv") == []


def test_a_workbook_with_hidden_sheets_formulas_and_persons(tmp_path, persons):
    book = openpyxl.Workbook()
    book.active.append(["month", "sales"])
    book.active.append(["2024-01", "=SUM(A1)"])
    hidden = book.create_sheet("raw")
    hidden.sheet_state = "hidden"
    hidden.append(list(persons.columns))
    for row in persons.itertuples(index=False):
        hidden.append(list(row))
    book.save(tmp_path / "x.xlsx")
    found = check_file(tmp_path / "x.xlsx")
    assert kinds(found) == {"hidden", "formula", "personal_data", "row_values"}


# -- files and the command ---------------------------------------------------------------------


@pytest.mark.parametrize("name", ["x.html", "x.bin"])
def test_files_that_cannot_be_checked_say_why(tmp_path, name):
    with pytest.raises(SourceError, match=r"There is no file|no file that can be checked"):
        check_file(tmp_path / name)


@pytest.mark.parametrize(("name", "text"), [("x.ipynb", "{"), ("x.ipynb", "[]"), ("x.xlsx", "no")])
def test_broken_files_say_why(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(SourceError, match="x"):
        check_file(tmp_path / name)


def test_the_command_exits_with_what_it_found(mirrorbi_command, tmp_path):
    checked = partial(mirrorbi_command, "check")
    clean = checked(SAMPLE)
    assert (clean.returncode, clean.stdout[:17]) == (0, "Nothing was found")
    (tmp_path / "x.html").write_text("<p>jane@example.com</p>")
    found = checked(tmp_path / "x.html", "--json")
    assert found.returncode == 1
    assert json.loads(found.stdout)["exposes"][0]["what"] == "personal_data"
    assert "jane" not in found.stdout
    missing = checked(tmp_path / "none.html")
    assert missing.returncode == 2
    assert "There is no file" in missing.stderr
