"""Errors are kept without values of the data, arguments and folders."""

from __future__ import annotations

import re
import sys
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.interactiveshell import InteractiveShell

from mirrorbi import errors
from mirrorbi.reports.page.error_trace import HIDDEN, AuthorText, trace_of, without_folders

CANARY = "Quetzal Zzyzxova"
PAY = "4812377.31"


@pytest.fixture(scope="module")
def shell():
    return InteractiveShell()


def failed(shell, source, mode="Context", setup="", ename=None):
    """Return the error output of code that a real IPython ran, as a kernel sends it."""
    shell.user_ns.update({"who": CANARY, "pay": float(PAY), "frame": _frame()})
    shell.InteractiveTB.set_mode(mode)
    source = textwrap.dedent(source).strip()
    if setup:
        shell.run_cell(setup)
    sent = []
    shell._showtraceback = lambda kind, value, lines: sent.append((kind, value, lines))
    shell.run_cell(source, store_history=True)
    kind, value, lines = sent[0]
    output = {
        "output_type": "error",
        "ename": ename or kind.__name__,
        "evalue": str(value),
        "traceback": lines,
    }
    return trace_of(output, AuthorText([setup, source])), output


def _frame():
    import pandas as pd

    return pd.DataFrame({"who": [CANARY, "Bo"], "pay": [float(PAY), 2.0]})


OTHERS = [
    "frame['who'].mean()",
    "frame.set_index('who').loc['nobody']",
    "import pyarrow as pa\npa.array([who, 1.5])",
    "import json\njson.loads('{' + who)",
    "def f(row, part):\n    x = frame\n    return 1 / 0\nf(frame, who)",
    "def f(row):\n    return row['none']\nf(frame.iloc[0].to_dict())",
]
SOURCES = [
    "int(who)",
    "{}[who]",
    "raise ValueError(f'nothing for {who}, who has {pay}')",
    "raise ValueError(f'nothing in\\n{frame}')",
    "assert not who, frame.to_dict()",
    "frame['who'].astype(float)",
    "try:\n    {}[who]\nexcept KeyError as error:\n    raise RuntimeError(str(pay)) from error",
    "import duckdb\nduckdb.sql('select who::int from frame').df()",
    "from datetime import date\ndate.fromisoformat(who)",
    "eval(who)",
]


@pytest.mark.parametrize("mode", ["Context", "Verbose", "Plain", "Minimal"])
@pytest.mark.parametrize("source", [*SOURCES, *OTHERS])
def test_no_error_carries_a_value_of_the_data(shell, source, mode):
    trace, raw = failed(shell, source, mode)
    kept = "\n".join([trace.message, *trace.lines])
    # Others carry values in some modes only, or in other versions of a library.
    assert source in OTHERS or CANARY in str(raw) or PAY in str(raw)
    for word in (CANARY, *CANARY.split(), PAY):
        assert word not in kept
    assert trace.name == raw["ename"]
    assert "site-packages" not in kept
    assert sys.prefix not in kept


def test_what_a_maintainer_needs_is_there(shell):
    trace, _ = failed(
        shell, "import pandas as pd\ndef load(name):\n    return pd.read_csv(name)\nload('x.csv')"
    )
    text = "\n".join(trace.lines)
    assert trace.text == "FileNotFoundError: [Errno 2] No such file or directory: 'x.csv'"
    assert re.search(r"^-+> \d+ load\('x.csv'\)$", text, re.MULTILINE)
    assert re.search(r"^File pandas/io/parsers/readers.py:\d+, in read_csv$", text, re.MULTILINE)
    assert re.search(r"^-+> \d+     return pd.read_csv\(name\)$", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("nothing_there", "NameError: name 'nothing_there' is not defined"),
        ("import not_installed_at_all", "No module named 'not_installed_at_all'"),
        ("'a' + 1", 'can only concatenate str (not "int") to str'),
        ("[].nothing", "'list' object has no attribute 'nothing'"),
        ("raise ValueError('no rows in May')", "ValueError: no rows in May"),
        ("frame['region']", "KeyError: 'region'"),
    ],
)
def test_a_message_about_code_stays_as_it_is(shell, source, text):
    assert text in failed(shell, source)[0].text


def test_a_message_of_several_exceptions_keeps_their_names(shell):
    trace, _ = failed(shell, SOURCES[6])
    assert f"KeyError: {HIDDEN}" in trace.lines
    assert trace.text == f"RuntimeError: {HIDDEN}"


def test_our_own_error_is_known_for_what_it_is(shell):
    setup = "import mirrorbi, pandas as pd\nds = mirrorbi.open(pd.DataFrame({'a': [1, 2]}))"
    trace, _ = failed(shell, "ds.query('nothing')", setup=setup)
    assert trace.error_class is errors.QueryError
    assert "There is no metric 'nothing'. Known metrics: rows" in trace.message


def test_an_error_of_the_same_name_from_elsewhere_is_not_ours(shell):
    trace, _ = failed(shell, "class DataError(Exception): pass\nraise DataError('x')")
    assert trace.name == "DataError"
    assert trace.error_class is None


def test_members_that_a_hint_lists_are_cut(shell):
    setup = (
        "import mirrorbi, pandas as pd\n"
        "ds = mirrorbi.open(pd.DataFrame({'who': [who, 'Bo'] * 20}), {'dimensions': {'who': {}}, "
        "'metrics': {'rows': {'agg': 'count'}}})"
    )
    trace, raw = failed(shell, "ds.query('rows', where={'who': 'Queztal'})", setup=setup)
    assert CANARY in raw["evalue"]
    assert CANARY not in str(trace)
    assert "has no member 'Queztal'." in trace.message


@given(st.text(), st.lists(st.text()))
def test_anything_can_be_read(evalue, lines):
    output = {"ename": "E", "evalue": evalue, "traceback": lines}
    assert trace_of(output, AuthorText([])).name == "E"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/home/ada/data/x.csv", "x.csv"),
        ("'/home/ada/data/x.csv'", "'x.csv'"),
        ("file:///home/ada/x.csv", "x.csv"),
        (r"C:\Users\ada\x.csv", "x.csv"),
        ("~/data/x.csv", "x.csv"),
        ("https://x.example/a/b/c", "https://x.example/a/b/c"),
        ("1/2/2013, and/or, a/b/c", "1/2/2013, and/or, a/b/c"),
        ("s3://bucket/a/b.parquet", "s3://bucket/a/b.parquet"),
        ("<td></td></tr>", "<td></td></tr>"),
    ],
)
def test_a_path_of_the_machine_is_its_last_part(text, shown):
    assert without_folders(text) == shown
