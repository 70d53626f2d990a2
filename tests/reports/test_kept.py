"""The notebook kept beside a report, or a failure page, holds no more than that page shows."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mirrorbi.errors import CellError
from mirrorbi.reports.plan import make_plan
from mirrorbi.reports.run.run import perform

SALES = Path(__file__).parents[2] / "notebooks" / "data" / "flights.parquet"
SHOWN = "Seen by readers"
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg"
)


def canary(name: str) -> str:
    """Return code that makes a word which does not stand in the code itself."""
    coded = base64.b64encode(f"Canary{name}".encode()).decode()
    return f"base64.b64decode({coded!r}).decode()"


NAMES = (
    *("Printed", "Warned", "Logged", "Hidden", "Plain", "Comment", "Script", "Frames", "Widget"),
    *("Raised", "Meta", "Mark", "Other", "Removed"),
)

CELLS = [
    ("import base64, sys, logging, warnings, pandas as pd, plotly.graph_objects as go", ()),
    ("from IPython.display import display, HTML, Markdown, Image", ()),
    (f"print({canary('Printed')})", ()),
    (f"print({canary('Warned')}, file=sys.stderr); warnings.warn({canary('Warned')})", ()),
    (f"logging.warning({canary('Logged')})", ()),
    (f"pd.DataFrame({{'who': [{canary('Hidden')}]}})", ("hide",)),
    (f"pd.DataFrame({{'who': [{canary('Removed')}]}})", ("remove_output",)),
    (
        f"display({{'text/plain': {canary('Plain')}, 'text/html': '<b>{SHOWN}</b>', "
        f"'application/json': {{'who': {canary('Other')}}}, 'text/latex': {canary('Other')}}}, "
        f"raw=True, metadata={{'who': {canary('Meta')}}})",
        (),
    ),
    (f"HTML('<i>in part</i><!-- ' + {canary('Comment')} + ' -->')", ()),
    (f"HTML('<i>no script</i><script>\"' + {canary('Script')} + '\"</script>')", ()),
    (f"Markdown('*marked* <!-- ' + {canary('Mark')} + ' -->')", ()),
    (
        "go.Figure(go.Bar(x=['a'], y=[1]), layout={'title': 'Bars'}, "
        f"frames=[go.Frame(data=[go.Bar(x=[{canary('Frames')}], y=[1])])])",
        (),
    ),
    (f"raise ValueError({canary('Raised')})", ("raises-exception",)),
    (f"import ipywidgets\n_ = ipywidgets.Text(value={canary('Widget')})\n_", ("hide",)),
    (f"display(Image(data=base64.b64decode('{PIXEL}=='), width=9, alt='a dot'))", ()),
    ("print('for readers')", ("show-output",)),
    ("'the last'", ()),
]


def carry_out(path: Path, reports: Path, environment: dict[str, str] | None = None, **given):
    plan = make_plan(path, given, output=reports, environment=environment)
    return perform(plan)


def written(path: Path, write, cells, *sources) -> Path:
    code, text = cells
    return write(path, text("# Kept"), *(code(source, *tags) for source, tags in sources))


@pytest.fixture(scope="module")
def good(tmp_path_factory, write, cells):
    home = tmp_path_factory.mktemp("kept")
    path = written(home / "kept.ipynb", write, cells, *CELLS)
    return carry_out(path, home / "reports")


def held(path: Path) -> list[str]:
    """Return which canaries stand in a file."""
    text = path.read_text("utf-8")
    return [name for name in NAMES if f"Canary{name}" in text]


def test_the_report_shows_none_of_what_is_not_for_readers(good):
    assert held(good.report) == []


def test_nor_does_the_notebook_beside_it(good):
    assert held(good.notebook) == []


def test_what_the_report_shows_is_there_in_the_form_in_which_it_does(good):
    notebook = json.loads(good.notebook.read_text("utf-8"))
    data = [o.get("data", {}) for c in notebook["cells"] for o in c.get("outputs", ())]
    html = ["".join(part["text/html"]) for part in data if "text/html" in part]
    assert html == [
        f"<b>{SHOWN}</b>",
        "<i>in part</i>",
        "<i>no script</i>",
        "<p><em>marked</em> </p>\n",
    ]
    figure = next(
        p["application/vnd.plotly.v1+json"]
        for p in data
        if len(p) == 1 and "application/vnd.plotly.v1+json" in p
    )
    assert figure["layout"]["title"]["text"] == "Bars"
    assert any("image/png" in part for part in data)
    assert ["'the last'"] in [part.get("text/plain") for part in data]
    streams = [o["text"] for c in notebook["cells"] for o in c.get("outputs", ()) if "text" in o]
    assert streams == [["for readers\n"]]
    import nbformat

    nbformat.validate(nbformat.read(good.notebook, 4))


def test_it_holds_no_widgets_and_no_folder(good):
    text = good.notebook.read_text("utf-8")
    assert "widgets" not in json.loads(text)["metadata"]
    assert str(good.notebook.parent.parent) not in text


def test_a_setting_keeps_what_is_not_shown(tmp_path, write, cells):
    path = written(tmp_path / "kept.ipynb", write, cells, *CELLS)
    run = carry_out(path, tmp_path / "reports", {"MIRRORBI_KEEP_OUTPUTS": "true"})
    assert {"Printed", "Hidden", "Plain", "Frames"} <= set(held(run.notebook))
    assert held(run.report) == []
    # What an error quotes is hidden all the same.
    assert "Raised" not in held(run.notebook)


def test_displays_of_facts_stay_as_they_are(tmp_path, write, cells):
    source = f"import mirrorbi as mb\nfacts = mb.open({str(SALES)!r}).facts()\nmb.narrate(facts)"
    path = written(tmp_path / "facts.ipynb", write, cells, (source, ()))
    run = carry_out(path, tmp_path / "reports")
    (output,) = json.loads(run.notebook.read_text("utf-8"))["cells"][1]["outputs"]
    assert set(output["data"]) == {"text/html", "application/vnd.mirrorbi.v1+json"}


@pytest.fixture(scope="module")
def failed(tmp_path_factory, write, cells):
    home = tmp_path_factory.mktemp("failed")
    parameters = ("source: str = ''", ("parameters",))
    path = written(
        home / "kept.ipynb",
        write,
        cells,
        parameters,
        *CELLS[:-1],
        ("import mirrorbi as mb\nds = mb.open(source)", ()),
        ("mb.narrate(ds.facts(kinds=['values', 'change']))", ()),
        ("mb.narrate(ds.facts(kinds=['values', 'change'], control=False))", ()),
        (f"def f(row): return int(row)\nf({canary('Raised')})", ()),
    )
    with pytest.raises(CellError) as caught:
        carry_out(path, home / "reports", source=str(SALES))
    return home / "reports", caught.value


def files(reports: Path) -> list[Path]:
    return [path for path in reports.rglob("*") if path.is_file()]


def test_a_failure_leaves_two_files_and_no_canary(failed):
    reports, error = failed
    assert sorted(path.suffix for path in files(reports)) == [".html", ".ipynb"]
    for path in files(reports):
        assert held(path) == []
    assert "Canary" not in str(error)
    assert "ValueError: invalid literal for int() with base 10: •••" in str(error)


def test_a_failure_leaves_no_folder_of_the_machine(failed):
    for path in files(failed[0]):
        text = path.read_text("utf-8")
        for folder in (SALES.parent, failed[0].parent, sys.prefix, "site-packages"):
            assert str(folder) not in text


def test_a_failed_notebook_keeps_displays_of_released_facts_and_the_error(failed):
    (path,) = failed[0].glob("*.failed.ipynb")
    notebook = json.loads(path.read_text("utf-8"))
    outputs = [o for c in notebook["cells"] for o in c.get("outputs", ())]
    shown = [o for o in outputs if o["output_type"] != "error"]
    assert [set(o["data"]) for o in shown] == [{"text/html", "application/vnd.mirrorbi.v1+json"}]
    errors = [o for o in outputs if o["output_type"] == "error"]
    assert errors[-1]["evalue"] == "invalid literal for int() with base 10: •••"
    source = notebook["metadata"]["papermill"]["parameters"]["source"]
    assert source.endswith("flights.parquet")
    assert not Path(source).is_absolute()


# -- exit codes --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "code", "said"),
    [
        ("ds.facts(by='nowhere')", 2, "QueryError: There is no dimension 'nowhere'"),
        ("mb.open('nothing.csv')", 2, "SourceError"),
        ("mb.narrate(ds.facts(), narrator='claude')", 2, "RefusedError"),
        ("mb.nothing", 1, "AttributeError: module 'mirrorbi' has no attribute 'nothing'"),
        ("int('x')", 1, "ValueError: invalid literal for int() with base 10: 'x'"),
        ("class RefusedError(Exception): ...\nraise RefusedError", 1, "RefusedError"),
    ],
)
def test_the_exit_code_is_that_of_the_error_in_the_cell(tmp_path, write, cells, source, code, said):
    first = (
        "import mirrorbi as mb, pandas as pd\nds = mb.open(pd.DataFrame({'a': ['x', 'y'] * 40}))"
    )
    path = written(tmp_path / "a.ipynb", write, cells, (first, ()), (source, ()))
    ran = subprocess.run(
        [sys.executable, "-m", "mirrorbi", "run", str(path), "-o", str(tmp_path / "reports")],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=os.environ,
    )
    assert said in ran.stderr
    assert ran.returncode == code
    assert "Traceback" not in ran.stderr
    assert ran.stdout == ""
