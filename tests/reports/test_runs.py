"""Runs of real notebooks in real kernels: what the reader gets, and what nobody gets."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import mirrorbi as mb
from mirrorbi.errors import CellError, NotebookError, ParameterError, RenderError, StoreError
from mirrorbi.reports.plan import make_plan
from mirrorbi.reports.run.run import Run, perform

SECRET = "s3cr3t<&>token"  # noqa: S105
PARAMETERS = (
    "rows: int | None = 2  # lines of the table\nperiod: str = '2013-12'\ntoken: mb.Secret = ''"
)


def carry_out(notebook: Path, output: Path, timeout: float | None = None, **given: object) -> Run:
    """Carry out a run of a notebook."""
    return perform(make_plan(notebook, given, output=output), timeout)


def listed(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.fixture(scope="module")
def good(tmp_path_factory, write, cells) -> tuple[Run, Path]:
    code, text = cells
    home = tmp_path_factory.mktemp("good")
    (home / "helper.py").write_text("NAME = 'from beside the notebook'\n")
    path = write(
        home / "weekly.ipynb",
        text("# Weekly *review*\n\nSee [the terms](https://e.example/terms) <script>1</script>"),
        code("import base64\nimport helper\nimport mirrorbi as mb\nimport pandas as pd"),
        code(PARAMETERS, "parameters"),
        text("## Table"),
        code("pd.DataFrame({'<i>name</i>': ['<script>alert(1)</script>'] * rows})"),
        text("## Charts"),
        code("import plotly.express as px\npx.bar(x=['a', 'b'], y=[1, 2], title='Two bars')"),
        code("px.line(x=[1, 2], y=[1, 2]).show()"),
        text("## Secrets"),
        code("print('seen', token)\nprint(base64.b64encode(token.encode()))", "show-output"),
        code("token"),
        code("print('not for readers')"),
        code("helper.NAME"),
        code("import os\nsorted(name for name, value in os.environ.items() if token in value)"),
        code("_ = open('kept.csv', 'w').write('a')"),
        code("'never shown'", "hide"),
    )
    reports = home / "reports"
    return carry_out(path, reports, rows="3", token=SECRET), reports


def test_report_notebook_and_grounding_lie_side_by_side_and_nothing_else(good) -> None:
    run, reports = good
    assert run.report.name == "weekly-rows-3.html"
    endings = ("html", "ipynb", "grounding.json", "files")
    assert listed(reports) == {f"weekly-rows-3.{ending}" for ending in endings}
    assert (reports / "weekly-rows-3.files" / "kept.csv").read_text() == "a"
    assert run.seconds > 0


def test_the_report_shows_every_chart_and_no_code(good) -> None:
    run, _ = good
    html = run.report.read_text()
    assert run.charts == html.count('class="mb-spec"') == 2
    assert "Two bars" in html
    assert "px.bar" not in html
    assert "<h1>Weekly review</h1>" in html
    assert "never shown" not in html
    assert "not for readers" not in html
    assert "from beside the notebook" in html


def test_text_of_cells_stays_text(good) -> None:
    html = good[0].report.read_text()
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 3
    assert "<script>alert" not in html
    assert "the terms (https://e.example/terms)" in html


def test_a_secret_is_nowhere(good) -> None:
    run, reports = good
    assert "seen •••" in run.report.read_text()
    import base64

    forms = (SECRET, base64.b64encode(SECRET.encode()).decode(), "s3cr3t")
    for path in reports.rglob("*"):
        if path.is_file():
            assert not [form for form in forms if form in path.read_text()]


def test_a_secret_leaves_the_environment_of_the_kernel(good) -> None:
    executed = json.loads(good[0].notebook.read_text())
    cell = next(c for c in executed["cells"] if "os.environ" in "".join(c["source"]))
    assert cell["outputs"][0]["data"]["text/plain"] == ["[]"]


def test_the_executed_notebook_says_what_ran(good) -> None:
    record = json.loads(good[0].notebook.read_text())["metadata"]["papermill"]
    assert record["parameters"] == {"rows": 3}
    assert record["input_path"] == "weekly.ipynb"


def test_the_manifest_names_notebook_parameters_and_versions(good) -> None:
    from mirrorbi.reports.page.manifest import read_manifest

    manifest = read_manifest(good[0].report.read_text())
    assert manifest["parameters"] == {"rows": 3, "period": "2013-12"}
    assert manifest["secrets"] == ["token"]
    assert manifest["versions"]["mirrorbi"] == mb.__version__


@pytest.fixture(scope="module")
def failed(tmp_path_factory, write, cells) -> tuple[CellError, Path]:
    code, text = cells
    home = tmp_path_factory.mktemp("failed")
    path = write(
        home / "weekly.ipynb",
        code("import mirrorbi as mb"),
        code(PARAMETERS, "parameters"),
        text("## Drivers"),
        code("secret_token = token\nraise ValueError(f'<b>no rows</b> for {token}')"),
        code("print('never reached')"),
    )
    reports = home / "reports"
    reports.mkdir()
    (reports / "weekly.html").write_text("the last good report")
    with pytest.raises(CellError) as caught:
        carry_out(path, reports, token=SECRET)
    return caught.value, reports


def test_a_failing_cell_is_named_and_the_last_good_report_stays(failed) -> None:
    error, reports = failed
    assert "cell 4 ('Drivers'): ValueError: <b>no rows</b> for •••" in str(error)
    assert error.exit_code == 1
    assert (reports / "weekly.html").read_text() == "the last good report"
    assert listed(reports) == {"weekly.html", "weekly.failed.html", "weekly.failed.ipynb"}


def test_the_failure_page_has_what_a_maintainer_needs(failed) -> None:
    page = (failed[1] / "weekly.failed.html").read_text()
    assert "raise ValueError(f&#39;&lt;b&gt;no rows&lt;/b&gt; for {token}&#39;)" in page
    assert "rows = 2" in page
    assert "token = •••" in page
    assert "mirrorbi run " in page
    assert "weekly.ipynb" in page
    assert "s3cr3t" not in page + (failed[1] / "weekly.failed.ipynb").read_text()


def test_an_error_that_quotes_a_cell_names_no_person(tmp_path, write, cells) -> None:
    code, _ = cells
    path = write(
        tmp_path / "quotes.ipynb",
        code("who = 'jane.doe' + '@example.com'\nraise KeyError(who)"),
    )
    with pytest.raises(CellError, match="KeyError") as caught:
        carry_out(path, tmp_path / "reports")
    page = (tmp_path / "reports" / "quotes.failed.html").read_text()
    assert "jane.doe@example.com" not in page + str(caught.value)
    assert "KeyError" in page


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("raise ExceptionGroup('g', [ValueError('a'), KeyError(7_000_000)])", "ExceptionGroup: g"),
        ("%no_such_magic", "UsageError"),
        ("import sys\nsys.exit(0)", "SystemExit: 0"),
        ("exit()", "SystemExit"),
    ],
)
def test_whatever_ends_a_cell_fails_the_run(tmp_path, write, cells, source, message) -> None:
    code, _ = cells
    path = write(tmp_path / "ends.ipynb", code("n = 1"), code(source), code("'later'"))
    with pytest.raises(CellError, match=rf"cell 2\b.*{message}") as caught:
        carry_out(path, tmp_path / "reports", 20)
    assert caught.value.exit_code == 1
    assert listed(tmp_path / "reports") == {"ends.failed.html", "ends.failed.ipynb"}
    page = (tmp_path / "reports" / "ends.failed.html").read_text()
    assert "7000000" not in page + str(caught.value)


def test_an_end_that_is_expected_lets_the_later_cells_run(tmp_path, write, cells) -> None:
    code, _ = cells
    path = write(
        tmp_path / "ends.ipynb",
        code("raise ExceptionGroup('g', [ValueError('a')])", "raises-exception"),
        code("import sys\nsys.exit(0)", "raises-exception"),
        code("print('later', chr(0xD800))", "show-output"),
    )
    page = carry_out(path, tmp_path / "reports", 20).report.read_text()
    assert "later \ufffd" in page


def test_a_page_that_fails_its_inspection_is_not_published(tmp_path, write, cells) -> None:
    code, text = cells
    path = write(
        tmp_path / "bad.ipynb",
        text("![logo](https://e.example/logo.png)"),
        code("import plotly.express as px\npx.bar(x=[1], y=[1]).show('notebook_connected')"),
        code("from pathlib import Path\nprint(Path.cwd())", "show-output"),
    )
    with pytest.raises(RenderError) as caught:
        carry_out(path, tmp_path / "reports")
    message = str(caught.value)
    assert "0 charts drawn of 1 figure made" in message
    assert "cell 2 shows a figure as a script" in message
    assert "https://e.example/logo.png" in message
    assert "an absolute path is in the page" in message
    assert listed(tmp_path / "reports") == {"bad.failed.html", "bad.failed.ipynb"}


@pytest.mark.parametrize(
    ("source", "how"),
    [("import os; os._exit(3)", "exit code 3"), ("import os; os.kill(os.getpid(), 9)", "SIGKILL")],
)
def test_the_death_of_the_kernel_is_named(tmp_path, write, cells, source: str, how: str) -> None:
    code, text = cells
    path = write(tmp_path / "dies.ipynb", text("## Load"), code(source))
    with pytest.raises(CellError, match=rf"The kernel died in cell 2 \('Load'\): .*{how}"):
        carry_out(path, tmp_path / "reports")
    assert "os." in (tmp_path / "reports" / "dies.failed.html").read_text()


def test_a_cell_that_takes_too_long_is_stopped(tmp_path, write, cells) -> None:
    code, _ = cells
    path = write(tmp_path / "slow.ipynb", code("import time\ntime.sleep(60)"))
    began = time.monotonic()
    with pytest.raises(CellError, match="took longer than 1 seconds"):
        carry_out(path, tmp_path / "reports", 1)
    assert time.monotonic() - began < 20


def test_a_kernel_that_is_not_there_is_named(tmp_path, write, cells) -> None:
    path = write(tmp_path / "r.ipynb")
    content = json.loads(path.read_text())
    content["metadata"]["kernelspec"] = {"name": "no-such-kernel", "display_name": "x"}
    path.write_text(json.dumps(content))
    with pytest.raises(NotebookError, match="'no-such-kernel'"):
        carry_out(path, tmp_path / "reports")
    assert listed(tmp_path / "reports") == set()


@pytest.mark.parametrize("given", [{"rowz": 1}, {"rows": "x"}])
def test_a_wrong_parameter_is_refused_before_anything_is_made(
    tmp_path, write, cells, given
) -> None:
    code, _ = cells
    path = write(tmp_path / "a.ipynb", code("rows: int = 1", "parameters"))
    with pytest.raises(ParameterError):
        carry_out(path, tmp_path / "reports", **given)
    assert not (tmp_path / "reports").exists()


@pytest.mark.parametrize("under", ["a_file", "a_file/below"])
def test_a_folder_that_cannot_be_written_is_refused_before_the_run(
    tmp_path, write, cells, under: str
) -> None:
    code, _ = cells
    (tmp_path / "a_file").write_text("mine")
    path = write(tmp_path / "a.ipynb", code(f"open({str(tmp_path / 'ran')!r}, 'w')"))
    with pytest.raises(StoreError, match="a_file"):
        carry_out(path, tmp_path / under)
    assert not (tmp_path / "ran").exists()
    assert (tmp_path / "a_file").read_text() == "mine"


def command(*words: object) -> list[str]:
    return [sys.executable, "-m", "mirrorbi", *map(str, words)]


@pytest.mark.skipif(os.name != "posix", reason="limits the size of files as POSIX does")
def test_a_full_disk_leaves_the_last_good_report(tmp_path, write, cells) -> None:
    code, _ = cells
    path = write(tmp_path / "a.ipynb", code("'x' * 400_000"))
    reports = tmp_path / "reports"
    reports.mkdir()
    (reports / "a.html").write_text("the last good report")
    (reports / "a.ipynb").write_text("its notebook")
    script = f"import resource as r, signal; r.setrlimit(r.RLIMIT_FSIZE, (200_000, 200_000)); " \
        f"signal.signal(signal.SIGXFSZ, signal.SIG_IGN); import sys; " \
        f"sys.argv[1:] = ['run', {str(path)!r}, '-o', {str(reports)!r}]; " \
        f"from mirrorbi.cli.entry import main; main()"  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "a.ipynb' could not be written: File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert (reports / "a.html").read_text() == "the last good report"
    assert (reports / "a.ipynb").read_text() == "its notebook"
    assert not [name for name in listed(reports) if name.endswith((".part", ".work"))]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/status")
    return not (status.exists() and "State:\tZ" in status.read_text())


@pytest.mark.skipif(os.name != "posix", reason="sends POSIX signals")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_the_kernel_and_leaves_nothing(tmp_path, write, cells, sent) -> None:
    code, _ = cells
    marker = tmp_path / "pid"
    source = f"import os, time\nopen({str(marker)!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)"
    path = write(tmp_path / "a.ipynb", code(source))
    reports = tmp_path / "reports"
    process = subprocess.Popen(
        command("run", path, "-o", reports),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 40
    while not (marker.exists() and marker.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(sent)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    assert "Traceback" not in err
    assert listed(reports) == set()
    assert not alive(int(marker.read_text()))


@pytest.mark.skipif(os.name != "posix", reason="sends POSIX signals")
def test_what_a_killed_run_leaves_is_private_and_gone_with_the_next(tmp_path, write, cells) -> None:
    code, _ = cells
    marker = tmp_path / "pid"
    source = (
        "import os, time\nopen('rows.csv', 'w').write('Quetzal Zzyzxova')\n"
        f"open({str(marker)!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)"
    )
    path = write(tmp_path / "a.ipynb", code(source))
    reports = tmp_path / "reports"
    process = subprocess.Popen(command("run", path, "-o", reports))
    deadline = time.monotonic() + 40
    while not (marker.exists() and marker.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    (work,) = reports.iterdir()
    assert (work / "rows.csv").exists()
    assert work.stat().st_mode & 0o077 == 0
    # One that lives is left alone.
    other = write(tmp_path / "b.ipynb", code("1"))
    carry_out(other, reports)
    assert (work / "rows.csv").exists()
    process.kill()
    process.wait()
    while alive(int(marker.read_text())) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(int(marker.read_text()))
    carry_out(other, reports)
    assert not work.exists()
    assert not [p for p in reports.rglob("*") if p.is_file() and "Zzyzxova" in p.read_text()]


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX permissions")
def test_files_that_are_kept_can_be_read_by_those_who_read_the_report(good) -> None:
    run, reports = good
    assert run.files is not None
    assert run.files.stat().st_mode & 0o777 == reports.stat().st_mode & 0o777
