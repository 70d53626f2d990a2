"""The command line as a person meets it: real files, and processes where one is needed."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat import v4

import mirrorbi

HEAVY = ("pandas", "ibis", "duckdb", "plotly", "papermill", "nbformat", "scipy", "rich", "pydantic")


def in_a_process(*words: object, cwd: Path | None = None, **env: str):
    return subprocess.run(
        [sys.executable, "-m", "mirrorbi", *map(str, words)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, **env},
        timeout=90,
        check=False,
    )


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    lines = ["day,city,sales"]
    for month in range(1, 7):
        for day in range(1, 29):
            for city in ("Rome", "=HYPERLINK(1)", "<b>Oslo</b>"):
                lines.append(f"2024-{month:02d}-{day:02d},{city},{10 + month * len(city)}")
    (folder / "sales.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module")
def notebook(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("nb") / "weekly.ipynb"
    parameters = "top: int = 3  # facts [shown]\nname: str = 'x'\ntoken: 'Secret' = ''"
    cells = [
        v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}),
        v4.new_code_cell("name * top"),
    ]
    nbformat.write(v4.new_notebook(cells=cells), path)
    return path


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys; sys.argv = ['mirrorbi', '--help']\n"
        "from mirrorbi.cli.entry import main\n"
        "try: main()\n"
        f"finally: print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.rstrip().endswith("[]")
    for name in ("run", "facts", "query", "model", "verify"):
        assert f"\n  {name} " in done.stdout


def test_the_version_is_said() -> None:
    assert in_a_process("--version").stdout == f"mirrorbi {mirrorbi.__version__}\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["rnu"], "Did you mean 'run'"),
        (["run", "--tiemout", "3", "x.ipynb"], "--timeout"),
        (["run"], "Missing argument"),
        (["run", "x.ipynb", "--timeout", "soon"], "Invalid value for '--timeout'"),
        (["run", "nowhere.ipynb"], "error: There is no notebook 'nowhere.ipynb'."),
        (["run", "{nb}", "-p", "top"], "error: -p 'top' is not name=value."),
        (["run", "{nb}", "-p", "top=x"], "error: top must be a whole number, not 'x'."),
        (["run", "{nb}", "-p", "tpo=1"], "Did you mean 'top'?"),
        (["run", "{nb}", "-f", "no.yaml"], "error: The parameters file 'no.yaml' cannot be read"),
        (["facts", "nowhere.csv"], "nowhere.csv"),
        (["query", "{csv}", "sale"], "error: There is no metric 'sale'."),
        (["query", "{csv}", "rows", "--where", "city"], "is not name=value"),
        (["query", "{csv}", "rows", "--json", "--csv"], "not both"),
    ],
)
def test_a_mistake_is_one_clean_message_and_code_2(
    mirrorbi_command, words, message, notebook, shop, tmp_path
) -> None:
    filled = [word.format(nb=notebook, csv=shop / "sales.csv") for word in words]
    done = mirrorbi_command(*filled, cwd=tmp_path)
    assert message in done.stderr
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("debug", [False, True])
def test_a_fault_of_the_program_shows_no_message_that_may_quote_the_data(debug) -> None:
    script = (
        "import sys\n"
        "from mirrorbi.cli import app, entry\n"
        "@app.app.command('fails')\n"
        "def fails():\n"
        "    int('Quetzal Zzyzxova')\n"
        "sys.argv[1:] = ['fails']\n"
        "entry.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **({"MIRRORBI_DEBUG": "1"} if debug else {})},
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert ("Quetzal" in done.stderr) is debug
    assert ("Traceback" in done.stderr) is debug
    assert "ValueError" in done.stderr
    assert debug or "error: MirrorBI failed: ValueError in" in done.stderr


def test_the_exit_code_is_that_of_the_process() -> None:
    done = in_a_process("run", "nowhere.ipynb")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: There is no notebook 'nowhere.ipynb'.")


def test_debug_shows_the_traceback() -> None:
    assert "Traceback" in in_a_process("--debug", "run", "nowhere.ipynb").stderr
    assert "Traceback" in in_a_process("run", "nowhere.ipynb", MIRRORBI_DEBUG="1").stderr


def test_parameters_are_shown_without_a_run(mirrorbi_command, notebook) -> None:
    done = mirrorbi_command("run", notebook, "--help-params")
    assert "facts [shown]" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    as_json = json.loads(mirrorbi_command("run", notebook, "--help-params", "--json").stdout)
    assert [p["name"] for p in as_json] == ["top", "name", "token"]
    assert as_json[2]["secret"]


def test_a_run_prints_the_path_and_the_time_and_no_progress(notebook, tmp_path) -> None:
    (tmp_path / "values.yaml").write_text("top: 2\nname: ab\n")
    done = in_a_process(
        "run", notebook, "-f", "values.yaml", "-p", "name=yo", cwd=tmp_path, MIRRORBI_REPORTS="out"
    )
    assert done.returncode == 0
    assert done.stderr == ""
    path, seconds = done.stdout.splitlines()
    assert Path(path) == Path("out/weekly-top-2-name-yo.html")
    assert "yoyo" in (tmp_path / path).read_text()
    assert seconds.endswith(" s")


def test_a_run_as_json_is_json(notebook, tmp_path) -> None:
    done = in_a_process("run", notebook, "--json", cwd=tmp_path)
    result = json.loads(done.stdout)
    assert Path(result["report"]) == Path("reports/weekly.html")
    assert (tmp_path / result["notebook"]).exists()
    assert result["charts"] == 0


@pytest.mark.parametrize("content", ["- a\n", "{", "just text", "1: 2"])
def test_a_parameters_file_must_hold_names_and_values(
    mirrorbi_command, notebook, tmp_path, content: str
) -> None:
    (tmp_path / "values.yaml").write_text(content)
    done = mirrorbi_command("run", notebook, "-f", "values.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert "error: The parameters file 'values.yaml'" in done.stderr


def test_query_prints_a_table_of_80_columns(mirrorbi_command, shop) -> None:
    done = mirrorbi_command("query", "sales.csv", "rows", "--by", "city", cwd=shop)
    assert done.returncode == 0, done.stderr
    assert "<b>Oslo</b>" in done.stdout
    assert "168" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_a_table_too_wide_is_folded_and_no_figure_is_cut(mirrorbi_command, tmp_path) -> None:
    names = [f"m{i}" for i in range(9)]
    lines = ["day,city," + ",".join(names)]
    for month in range(1, 4):
        for day in range(1, 29):
            figures = ",".join(str(12_345 + 1_000 * i) for i in range(len(names)))
            lines.append(f"2024-{month:02d}-{day:02d},Rome,{figures}")
    (tmp_path / "sales.csv").write_text("\n".join(lines) + "\n")
    metrics = "".join(
        f"  {n}: {{agg: sum, column: {n}, label: Rather long name of metric {n}}}\n" for n in names
    )
    (tmp_path / "sales.model.yaml").write_text(
        f"time: {{column: day}}\ndimensions: {{city: {{}}}}\nmetrics:\n{metrics}"
    )
    done = mirrorbi_command("query", "sales.csv", *names, "--grain", "month", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    for i in range(len(names)):
        assert sum(f"{28 * (12_345 + 1_000 * i):,}" in line for line in lines) == 3
    blocks = done.stdout.rstrip().split("\n\n")
    assert len(blocks) > 1
    assert all("Feb 2024" in block and "Period" in block for block in blocks)


def test_query_as_csv_has_no_formula(mirrorbi_command, shop) -> None:
    done = mirrorbi_command(
        "query", "sales.csv", "rows", "--by", "city", "--grain", "month", "--csv", cwd=shop
    )
    lines = list(csv.DictReader(io.StringIO(done.stdout)))
    assert {line["city"] for line in lines} == {"Rome", "'=HYPERLINK(1)", "<b>Oslo</b>"}
    assert {line["period"] for line in lines} >= {"2024-01", "2024-06"}
    assert {line["rows"] for line in lines} == {"28"}


def test_query_as_json_says_what_was_asked(mirrorbi_command, shop) -> None:
    done = mirrorbi_command(
        "query", "sales.csv", "rows", "--where", "city=Rome", "--period", "2024-02", "--json",
        cwd=shop,
    )  # fmt: skip
    answer = json.loads(done.stdout)
    assert answer["query"]["where"] == {"city": ["Rome"]}
    assert [line["rows"] for line in answer["lines"]] == [28]


def test_what_is_held_back_is_said_with_its_rule(mirrorbi_command, tmp_path) -> None:
    lines = ["day,city,sales"]
    for month in range(1, 7):
        for day in range(1, 29):
            lines += [f"2024-{month:02d}-{day:02d},{city},{day}" for city in ("Rome", "Oslo")]
        lines.append(f"2024-{month:02d}-28,Bern,1000")
    (tmp_path / "sales.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "sales.model.yaml").write_text(
        "time: {column: day}\ndimensions: {city: {}}\n"
        "metrics:\n  sales: {agg: sum, column: sales}\n"
    )
    shown = mirrorbi_command("facts", "sales.csv", "--top", "3", cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert "of too few (min_entities)" in shown.stdout
    assert "Bern" not in shown.stdout.partition("Held back")[0]
    assert max(map(len, shown.stdout.splitlines())) <= 80


def test_facts_are_shown_best_first_and_as_json(mirrorbi_command, shop) -> None:
    done = mirrorbi_command("facts", "sales.csv", "--top", "4", cwd=shop)
    assert done.returncode == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "4 of " in done.stdout
    as_json = json.loads(
        mirrorbi_command("facts", "sales.csv", "--json", "--kind", "change", cwd=shop).stdout
    )
    assert {fact["kind"] for fact in as_json["facts"]} == {"change"}


def test_a_draft_says_what_was_guessed_in_reading(mirrorbi_command, tmp_path) -> None:
    import pandas as pd

    records = [{"day": f"2024-01-{d:02d}", "sales": d, "tags": ["a"]} for d in range(1, 29)]
    (tmp_path / "sales.jsonl").write_text("\n".join(map(json.dumps, records)) + "\n")
    done = mirrorbi_command("model", "sales.jsonl", cwd=tmp_path)
    assert "Left out, because they hold records or lists: tags." in done.stdout
    assert "2 metrics, 0 dimensions, time: day" in done.stdout

    moments = pd.date_range("2024-01-01", periods=900, freq="h", tz="Europe/Berlin")
    frame = pd.DataFrame({"at": moments, "Kunde": [f"Firma {i % 40}" for i in range(900)]})
    frame.to_parquet(tmp_path / "orders.parquet")
    done = mirrorbi_command("model", "orders.parquet", cwd=tmp_path)
    assert "by its name, it tells of persons or" in done.stdout
    assert "1 metric, 0 dimensions" in done.stdout
    assert "timezone: Europe/Berlin" in (tmp_path / "orders.model.yaml").read_text()
    described = mirrorbi_command(
        "query", "orders.parquet", "rows", "--period", "2030", cwd=tmp_path
    )
    assert described.stdout == (
        "There is no row in 2030: the data covers 2024-01-01 to 2024-02-07.\n"
    )


def test_a_model_is_written_once_and_replaced_only_by_force(mirrorbi_command, shop) -> None:
    first = mirrorbi_command("model", "sales.csv", cwd=shop)
    assert first.returncode == 0, first.stderr
    text = (shop / "sales.model.yaml").read_text()
    assert "sales" in text
    assert "#" in text
    again = mirrorbi_command("model", "sales.csv", cwd=shop)
    assert again.returncode == 1
    assert "Use --force" in again.stderr
    (shop / "sales.model.yaml").write_text("mine")
    assert mirrorbi_command("model", "sales.csv", "--force", cwd=shop).returncode == 0
    assert (shop / "sales.model.yaml").read_text() == text
    (shop / "sales.model.yaml").unlink()


def test_a_query_holds_back_what_is_of_few_and_says_so(mirrorbi_command, shop) -> None:
    asked = ("query", "sales.csv", "rows", "--by", "city", "--grain", "day")
    refused = mirrorbi_command(*asked, cwd=shop)
    assert refused.returncode == 2
    assert "This table may not be shown" in refused.stderr
    assert "--no-control" in refused.stderr
    whole = mirrorbi_command("query", "sales.csv", "rows", "--by", "city", "--json", cwd=shop)
    assert json.loads(whole.stdout)["withheld"] == []


def test_a_reader_that_goes_away_is_no_error(shop) -> None:
    asked = "query sales.csv rows --by city --grain day --csv --no-control"
    command = f"{sys.executable} -m mirrorbi {asked}"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command} | head -1"],
        capture_output=True,
        text=True,
        cwd=shop,
        check=False,
    )
    assert done.stdout.startswith("period,")
    assert done.stderr == ""


def on_a_terminal(*words: object, **env: str) -> str:
    """Run with stdout and stderr on a real pseudo terminal and return what it was sent."""
    sent: list[bytes] = []

    def read(fd: int) -> bytes:
        data = os.read(fd, 1024)
        sent.append(data)
        return data

    before = {name: os.environ.get(name) for name in env}
    os.environ.update(env)
    stdout, sys.stdout = sys.stdout, open(os.devnull, "w")  # noqa: PTH123, SIM115
    keep = os.dup(1)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    try:
        pty.spawn([sys.executable, "-m", "mirrorbi", *map(str, words)], read)
    finally:
        os.dup2(keep, 1)
        sys.stdout.close()
        sys.stdout = stdout
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
    return b"".join(sent).decode()


@pytest.mark.skipif(sys.platform != "linux", reason="needs a pseudo terminal")
def test_colour_is_for_terminals_and_no_color_is_honoured() -> None:
    assert "\x1b[31merror:" in on_a_terminal("run", "nowhere.ipynb", TERM="xterm")
    plain = on_a_terminal("run", "nowhere.ipynb", TERM="xterm", NO_COLOR="1")
    assert "error: There is no notebook" in plain
    assert "\x1b[31m" not in plain


@pytest.mark.skipif(sys.platform != "linux", reason="needs a pseudo terminal")
def test_progress_is_one_line_that_goes_away(notebook, tmp_path) -> None:
    sent = on_a_terminal("run", notebook, "-o", tmp_path / "out", TERM="xterm")
    assert "weekly.ipynb 1/2" in sent
    final = [line for line in sent.split("\r\n") if line]
    assert len(final) == 2
    assert final[0].rpartition("\r")[2].endswith("weekly.html")
