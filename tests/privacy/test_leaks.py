"""Leaks elsewhere: whatever the real commands leave behind, or print, holds no row.

Invented people are read from files; every command that a person may run is run over them,
good runs and failed ones, and one that is killed. Then every file that is left anywhere
(reports, notebooks, groundings, ledger, answers, temporary folders) and every line printed
is searched for the values of rows.
"""

import gzip
import importlib.util
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
import yaml
from nbformat import v4

import mirrorbi

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="POSIX folders")]

_spec = importlib.util.spec_from_file_location("staff", Path(__file__).parent / "staff.py")
invented = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(invented)

ODD = "Quetzal Zzyzxova"
"""Stands in lines that a reader of files remarks on."""
FRAME = invented.staff()
CANARIES = sorted(
    {ODD, "Zzyzxova"}
    | {str(v) for name in ("mail", "handset", "account", "insured", "who") for v in FRAME[name]}
    | {repr(value) for value in FRAME["pay"]}
    | {f"{value:.2f}" for value in FRAME["pay"].nlargest(40)}
)
ROOT = Path(mirrorbi.__file__).parents[1]

GOOD = [
    "import logging, sys, warnings\nimport mirrorbi as mb\nimport pandas as pd",
    "# parameters\nsource: str = ''",
    "ds = mb.open(source)\nrows = pd.read_csv(source, encoding='cp1252')",
    "mb.narrate(ds.facts())",
    "ds.facts().filter('change')",
    "print(rows.head(40).to_string())\nprint(rows.to_json(), file=sys.stderr)",
    "logging.warning(rows.iloc[0].to_json())\nwarnings.warn(rows['mail'].iloc[0])",
    "# hide\nrows",
]
RAISES = "def wage(row):\n    return float(row['who'])\nrows.apply(wage, axis=1)"
ASKED = "ds.query('shifts', where={'who': 'Nobody At All'})"


@pytest.fixture
def place(tmp_path):
    """A folder to work in, one for the data, and homes of everything that may be left."""
    for name in ("data", "work", "tmp", "home"):
        (tmp_path / name).mkdir()
    data = tmp_path / "data"
    text = FRAME.to_csv(index=False).encode("cp1252", "replace")
    model = yaml.safe_dump(invented.model())
    for name in ("staff", "packed"):
        (data / f"{name}.model.yaml").write_text(model, "utf-8")
    (data / "staff.csv").write_bytes(text)
    (data / "packed.csv.gz").write_bytes(gzip.compress(text))
    (data / "draft.csv").write_bytes(text)
    lines = FRAME.head(30).to_csv(index=False).splitlines()
    (data / "ragged.csv").write_text("\n".join([*lines, f"{ODD},1,2"]), "utf-8")
    (data / "titled.csv").write_text("\n".join([f"Pay of {ODD}", *lines]), "utf-8")
    numbers = "\n".join(str(n) for n in range(40))
    (data / "mixed.csv").write_text(f"n\n{numbers}\n{ODD}\n", "utf-8")
    (data / "headless.csv").write_text(f"{ODD},3\n{ODD},4\n{ODD},5\n", "utf-8")
    (data / "broken.jsonl").write_text('{"a": 1}\n{"a": "' + ODD + "\n", "utf-8")
    (tmp_path / "work" / "mirrorbi.toml").write_text(
        '[privacy]\nnarrators = ["rules", "claude"]\n[claude]\nresidency = "geo"\n', "utf-8"
    )
    return tmp_path


class ToolRunner:
    """Runs commands and keeps all that they print."""

    def __init__(self, place):
        self.place = place
        self.said = []

    @property
    def environment(self):
        return {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "TMPDIR": str(self.place / "tmp"),
            "HOME": str(self.place / "home"),
        }

    def run(self, *words, code=0):
        ran = subprocess.run(
            [sys.executable, "-m", "mirrorbi", *map(str, words)],
            cwd=self.place / "work",
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert ran.returncode == code, f"{words[0]}: {ran.stderr[:1500]}"
        assert "Traceback" not in ran.stderr
        self.said.append((words, ran.stdout + ran.stderr))
        return ran

    def data(self, name):
        return self.place / "data" / name

    def notebook(self, name, *sources):
        cells = []
        for source in sources:
            tag, _, rest = source.partition("\n")
            tags = [tag[2:]] if tag in ("# parameters", "# hide") else []
            cells.append(v4.new_code_cell(rest if tags else source, metadata={"tags": tags}))
        path = self.place / "work" / name
        nbformat.write(v4.new_notebook(cells=[v4.new_markdown_cell("# Staff"), *cells]), path)
        return path

    def found(self):
        """Return what holds a value of a row: printed by which command, left in which file."""
        texts = {" ".join(map(str, words)): text for words, text in self.said}
        for path in self.place.rglob("*"):
            if path.is_file() and not path.is_relative_to(self.place / "data"):
                raw = path.read_bytes()
                raw = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
                texts[str(path.relative_to(self.place))] = raw.decode("utf-8", "replace")
        return {
            where: held
            for where, text in texts.items()
            if (held := [canary for canary in CANARIES if canary in text])
        }


def test_the_search_itself_finds_a_row(place):
    desk = ToolRunner(place)
    (place / "tmp" / "left").write_text(FRAME.head(1).to_csv(), "utf-8")
    (place / "tmp" / "packed").write_bytes(gzip.compress(FRAME.head(1).to_csv().encode()))
    desk.said.append((("x",), FRAME["mail"].iloc[0]))
    assert set(desk.found()) == {"tmp/left", "tmp/packed", "x"}


def test_no_command_prints_or_leaves_a_row(place):
    desk = ToolRunner(place)
    staff = desk.data("staff.csv")
    draft = desk.data("draft.csv")
    desk.run("facts", staff, "--top", 400)
    desk.run("preview", staff, "--json")
    desk.run("preview", draft, "--vocabulary")
    for source in (desk.data("packed.csv.gz"), draft):
        desk.run("facts", source, "--top", 400, "--json")
    desk.run("query", staff, "shifts", "pay", "--by", "site", "--csv")
    desk.run("query", staff, "shifts", "--by", "who", "--json", code=2)
    desk.run("query", staff, "shifts", "--where", "mail=nobody@example.com", code=2)
    desk.run("model", draft, "-o", "draft.yaml")
    for name in ("titled.csv", "mixed.csv", "headless.csv"):
        desk.run("facts", desk.data(name), "--json")
    desk.run("facts", desk.data("ragged.csv"), code=2)
    desk.run("facts", desk.data("broken.jsonl"), code=2)
    assert desk.found() == {}


def test_no_run_good_or_failed_prints_or_leaves_a_row(place):
    desk = ToolRunner(place)
    given = ("-p", f"source={desk.data('staff.csv')}")
    desk.run("run", desk.notebook("good.ipynb", *GOOD), *given)
    desk.run("run", desk.notebook("raises.ipynb", *GOOD, RAISES), *given, code=1)
    verbose = ("%xmode Verbose", *GOOD, RAISES)
    desk.run("run", desk.notebook("verbose.ipynb", *verbose), *given, code=1)
    desk.run("run", desk.notebook("asked.ipynb", *GOOD, ASKED), *given, code=2)
    out = place / "work" / "reports"
    for ending in ("failed.html", "failed.ipynb"):
        assert len(list(out.glob(f"*.{ending}"))) == 3
    (report,) = out.glob("good*.html")
    assert "Nothing is told by <span" in report.read_text("utf-8")
    desk.run("verify", report, "--source", desk.data("staff.csv"), "--json")
    assert desk.found() == {}


def test_nor_does_asking_claude_leave_one_in_ledger_or_answers(bedrock, loopback, place):
    desk = ToolRunner(place)
    bedrock.use_tool("compare", {"metrics": ["shifts"], "by": "site"})
    answer = {"sentences": [], "cannot": "no_metric"}
    bedrock.use_tool("answer", answer)
    desk.run("ask", desk.data("staff.csv"), "What happened to the shifts?", "--json")
    assert len(bedrock.received) >= 2
    desk.run("ledger", "show", "--json")
    desk.run("ledger", "verify")
    answers = place / "work" / ".mirrorbi" / "answers"
    assert len(list(answers.iterdir())) >= 2
    assert desk.found() == {}
    sent = b"".join(call.raw for call in bedrock.received).decode()
    assert not [canary for canary in CANARIES if canary in sent]
    kept = [path for path in (place / "work" / ".mirrorbi").rglob("*") if path.is_file()]
    assert not [path for path in kept if path.stat().st_mode & 0o077]
    assert not [
        path
        for path in (answers, place / "work" / ".mirrorbi" / "ledger")
        if path.stat().st_mode & 0o077
    ]


SPILLS = """
con = ds._table.get_backend()
con.raw_sql("SET memory_limit = '20MB'")
con.raw_sql("SET threads = 1")
con.raw_sql("create temp table many as select r.*, repeat(r.mail || r.who, 4) as long, i "
            "from (select * from ds_rows) r, range(80) t(i)")
con.raw_sql("select count(*) from (select long from many order by long)").fetchone()
open(MARK, 'w').write(str(os.getpid()))
time.sleep(120)
"""


def test_nor_does_a_run_that_is_killed(place):
    desk = ToolRunner(place)
    marker = place / "work" / "pid"
    notebook = desk.notebook(
        "killed.ipynb",
        f"import os, time, mirrorbi as mb\nMARK = {str(marker)!r}",
        f"ds = mb.open({str(desk.data('packed.csv.gz'))!r})\nds.facts()",
        "ds._table.get_backend().create_view('ds_rows', ds._table)",
        SPILLS,
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "mirrorbi", "run", str(notebook)],
        cwd=place / "work",
        env=desk.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 90
    while not (marker.exists() and marker.read_text()) and time.monotonic() < deadline:
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.1)
    spilled = [p for p in (place / "tmp").rglob("*.tmp") if p.stat().st_size]
    assert spilled
    os.kill(int(marker.read_text()), signal.SIGKILL)
    process.send_signal(signal.SIGKILL)
    desk.said.append((("killed",), "".join(process.communicate())))
    assert [p for p in (place / "tmp").rglob("*.tmp") if p.stat().st_size]
    assert desk.found() == {}
    # The next process to read data takes away what is left.
    desk.run("facts", desk.data("staff.csv"))
    assert not list((place / "tmp").rglob("*.tmp"))
    assert desk.found() == {}
