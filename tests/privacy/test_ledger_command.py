"""``mirrorbi ledger`` as a person meets it."""

import csv
import io
import json
import os
import pty
import subprocess
import sys
from decimal import Decimal

import pytest

from mirrorbi.privacy.disclosure import Disclosure, _sealed, canonical
from mirrorbi.privacy.ledger import FileLedger, Intent, Outcome, open_ledger, verify_ledger
from mirrorbi.privacy.policy import Policy
from mirrorbi.privacy.withheld import Withheld

POLICY = Policy()


def disclosure(value):
    body = canonical({"facts": [{"name": "f1", "shown": value}]})
    seal = _sealed("facts", body, POLICY.sha256)
    held = (Withheld("min_entities", "region = North", 3),)
    return Disclosure("facts", body, POLICY.sha256, withheld=held, sealed=seal)


def intent(run, value="64.7 %", user="ana"):
    where = ("eu-west-1", "eu-central-1")
    model = "eu.anthropic.claude-sonnet-4-6"
    return Intent(run, user, "narrative", model, where, (disclosure(value),), POLICY)


@pytest.fixture
def ledger(tmp_path):
    ledger = FileLedger(tmp_path / ".mirrorbi" / "ledger")
    spent = {"input": 4012, "output": 811, "cost": Decimal("0.0242"), "stop": "end_turn"}
    ledger.close(ledger.open(intent("kpi-2013-12")), Outcome(request_id="r-1", **spent))
    ledger.close(ledger.open(intent("kpi-2013-12")), Outcome("failed", error="ThrottledError"))
    ledger.close(ledger.open(intent("ask-7", user="=cmd()")), Outcome("unknown"))
    return ledger


@pytest.fixture
def command(mirrorbi_command):
    def typed(ledger, *words):
        return mirrorbi_command("ledger", *words, cwd=ledger.folder.parents[1])

    return typed


def test_show_fits_eighty_columns_and_says_what_matters(command, ledger):
    done = command(ledger, "show")
    assert done.returncode == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 80
    for part in ("narrative", "0.024", "answered", "failed", "sent, unknown"):
        assert part in done.stdout
    assert "3 calls" in done.stdout
    assert "4,012 tokens in, 811 out, 0.024 USD" in done.stdout
    assert "Model: eu.anthropic.claude-sonnet-4-6" in done.stdout
    assert "Regions: eu-west-1, eu-central-1" in done.stdout
    assert "User: ana (2)" in done.stdout
    assert "1 call sent, outcome unknown: 6." in done.stdout
    assert "64.7" not in done.stdout


def test_show_the_last_and_those_of_a_run(command, ledger):
    assert "1 of 3 calls" in command(ledger, "show", "--last", 1).stdout
    found = json.loads(command(ledger, "show", "--run", "kpi-2013-12", "--json").stdout)
    assert [call["outcome"] for call in found] == ["answered", "failed"]
    assert found[0]["cost"] == "0.0242"
    assert found[0]["withheld"] == {"min_entities": 3}


def test_show_one_call_with_its_payload(command, ledger):
    done = command(ledger, "show", "2")
    assert "Request   r-1" in done.stdout
    assert "Withheld  3 min_entities" in done.stdout
    assert '"shown": "64.7 %"' in done.stdout
    # A payload that was sent again is shown from where it was kept.
    again = json.loads(command(ledger, "show", "4", "--json").stdout)
    assert again["disclosures"][0]["body"] == disclosure("64.7 %").text


def test_names_that_are_not_there(command, ledger):
    run = command(ledger, "show", "--run", "kpi-2013-11")
    assert (run.returncode, run.stdout) == (2, "")
    assert "Did you mean 'kpi-2013-12'?" in run.stderr
    entry = command(ledger, "show", "99")
    assert entry.returncode == 2
    assert "There is no call '99'" in entry.stderr


def test_an_empty_ledger(command, ledger, tmp_path):
    done = command(ledger, "show", "--ledger", tmp_path / "none")
    assert (done.returncode, "No call was made" in done.stdout) == (0, True)
    assert json.loads(command(ledger, "show", "--json", "--ledger", tmp_path / "n").stdout) == []
    done = command(ledger, "verify", "--ledger", tmp_path / "none")
    assert done.returncode == 1
    assert "There is no ledger at" in done.stderr
    assert not (tmp_path / "none").exists()


def test_verify_says_unchanged_and_what_to_keep(command, ledger):
    done = command(ledger, "verify")
    head = verify_ledger(ledger).last.hash
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"Unchanged: 7 entries, 3 calls in .mirrorbi/ledger.\nHead: {head}\n"
    assert command(ledger, "verify", "--head", head).returncode == 0
    wrong = command(ledger, "verify", "--head", "0" * 64)
    assert wrong.returncode == 1
    assert "was noted elsewhere" in wrong.stdout


def test_verify_names_what_was_changed(command, ledger):
    path = ledger.folder / "ledger.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"status":"failed"', b'"status":"passed"'))
    done = command(ledger, "verify")
    assert done.returncode == 1
    assert "entry 5   was changed: its hash does not fit" in done.stdout
    assert "Changed: 1 problem in 7 entries" in done.stdout
    found = json.loads(command(ledger, "verify", "--json").stdout)
    assert found["ok"] is False
    assert found["problems"][0]["entry"] == "entry 5"


def test_export_as_lines_is_the_ledger_itself(command, ledger, tmp_path):
    done = command(ledger, "export", "copy.jsonl")
    assert (done.returncode, done.stdout) == (0, "copy.jsonl\n")
    assert (tmp_path / "copy.jsonl").read_bytes() == b"".join(ledger.lines())


def test_export_as_a_table_has_no_formulas_and_no_payloads(command, ledger, tmp_path):
    assert command(ledger, "export", "calls.csv").returncode == 0
    content = (tmp_path / "calls.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert b"64.7" not in content
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert [row["outcome"] for row in rows] == ["answered", "failed", "sent, outcome unknown"]
    assert rows[0]["cost_usd"] == "0.0242"
    assert rows[0]["withheld_cells"] == "3"
    assert rows[2]["user"] == "'=cmd()"


def test_export_to_another_ending_or_place(command, ledger, tmp_path):
    done = command(ledger, "export", "calls.xlsx")
    assert done.returncode == 2
    assert "ends neither in .jsonl nor in .csv" in done.stderr
    (tmp_path / "file").write_text("")
    done = command(ledger, "export", "file/calls.csv")
    assert done.returncode == 1
    assert "could not be written" in done.stderr


def test_a_ledger_that_the_settings_name(mirrorbi_command, tmp_path):
    (tmp_path / "mirrorbi.toml").write_text('ledger = "elsewhere"\n')
    ledger = FileLedger(tmp_path / "elsewhere")
    ledger.open(intent("r"))
    (tmp_path / "deep").mkdir()
    done = mirrorbi_command("ledger", "verify", "--json", cwd=tmp_path / "deep")
    assert json.loads(done.stdout)["calls"] == 1, done.stderr


def test_the_ledger_of_a_run_lies_where_the_run_was_asked_for(tmp_path, monkeypatch):
    """Its kernel works in a folder that is removed afterwards."""
    (tmp_path / "caller").mkdir()
    (tmp_path / "scratch").mkdir()
    monkeypatch.setenv("MIRRORBI_FOLDER", str(tmp_path / "caller"))
    monkeypatch.chdir(tmp_path / "scratch")
    open_ledger().open(intent("r"))
    assert list((tmp_path / "scratch").iterdir()) == []
    assert (tmp_path / "caller" / ".mirrorbi" / "ledger" / "ledger.jsonl").exists()
    monkeypatch.setenv("MIRRORBI_LEDGER", "mine")
    assert open_ledger().place == str(tmp_path / "caller" / "mine")
    (tmp_path / "mirrorbi.toml").write_text('locale = "de_CH"\n')
    monkeypatch.delenv("MIRRORBI_LEDGER")
    assert open_ledger().place == str(tmp_path / ".mirrorbi" / "ledger")


def test_hostile_names_do_not_move_the_cursor(tmp_path):
    """On a terminal of 80 columns."""
    ledger = FileLedger(tmp_path / ".mirrorbi" / "ledger")
    ledger.open(intent("r", user="\x1b[2Jx\u202ey"))
    main, side = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "mirrorbi", "ledger", "show"],
        stdout=side,
        cwd=tmp_path,
        env={**os.environ, "COLUMNS": "80", "NO_COLOR": "1", "TERM": "xterm"},
    )
    process.wait(60)
    os.close(side)
    shown = b""
    try:
        while data := os.read(main, 4096):
            shown += data
    except OSError:
        pass
    os.close(main)
    assert b"\x1b[2J" not in shown
    assert "\u202e".encode() not in shown
    assert b"under way" in shown


def test_help_is_quick_and_complete(command, ledger):
    for words in (("-h",), ("show", "-h"), ("verify", "-h"), ("export", "-h")):
        done = command(ledger, *words)
        assert done.returncode == 0
        assert max(map(len, done.stdout.splitlines())) <= 80
        assert "..." not in done.stdout.replace("s3://...", "").replace("[ARGS]...", "")
