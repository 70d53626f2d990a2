"""``mirrorbi ask`` as a person meets it, and an answer inside a report."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import v4

from mirrorbi.reports.run.run import run
from mirrorbi.reports.verify.verify import verify

FLIGHTS = Path(__file__).parents[2] / "notebooks" / "data" / "flights.parquet"
FELL = "{{f1.metric}} {{f1.direction}} by {{f1.delta.abs}} to {{f1.value}} {{f1.when}}."
ALLOWED = {"MIRRORBI_PRIVACY_NARRATORS": "rules,claude", "MIRRORBI_CLAUDE_RESIDENCY": "geo"}
NOWHERE = {"AWS_EC2_METADATA_DISABLED": "true", "HOME": "/nonexistent", "AWS_REGION": "eu-west-1"}


@pytest.fixture
def command(mirrorbi_command: Any, tmp_path: Path) -> Any:
    return partial(mirrorbi_command, cwd=tmp_path)


def scripted(bedrock: Any) -> None:
    bedrock.use_tool("compare", {"metrics": ["on_time_rate"], "by": "origin"})
    bedrock.use_tool("answer", {"sentences": [{"text": FELL}], "charts": ["f1"]})


def test_the_answer_is_shown_with_what_was_computed_and_what_it_cost(
    command: Any, bedrock: Any, tmp_path: Path
) -> None:
    scripted(bedrock)
    done = command("ask", FLIGHTS, "What happened?", "--code", **ALLOWED)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.replace("\u202f", " ").replace("\xa0", " ").splitlines()
    assert lines[0] == "On-time rate fell by 17.0 pp to 64.7% in December 2013."
    assert "  On-time rate fell by 17.0 pp to 64.7%" in lines
    assert any(line.startswith("  compare(metrics=on_time_rate, by=origin") for line in lines)
    assert any("2 calls" in line and "tokens in" in line for line in lines)
    assert "import mirrorbi" in lines
    assert max(len(line) for line in lines) <= 100
    assert list((tmp_path / ".mirrorbi" / "ledger").iterdir())


def test_json_holds_the_whole_answer(command: Any, bedrock: Any, tmp_path: Path) -> None:
    scripted(bedrock)
    done = command("ask", FLIGHTS, "What happened?", "--json", **ALLOWED)
    told = json.loads(done.stdout)
    assert told["answered"] is True
    assert told["facts"][0]["quantities"]["value"][0] == "0.647165452284"
    assert told["calls"] == 2
    # Asked again, the answers kept are taken: nothing is sent, and the text is the same.
    again = command("ask", FLIGHTS, "What happened?", "--json", **ALLOWED)
    assert json.loads(again.stdout)["text"] == told["text"]
    assert len(bedrock.received) == 2
    scripted(bedrock)
    command("ask", FLIGHTS, "What happened?", "--no-cache", **ALLOWED)
    assert len(bedrock.received) == 4


def test_no_answer_is_exit_code_1_and_a_reason_of_the_data_is_not(
    command: Any, bedrock: Any, tmp_path: Path
) -> None:
    bedrock.use_tool("answer", {"sentences": [], "cannot": "no_metric"})
    told = command("ask", FLIGHTS, "How many passengers?", **ALLOWED)
    assert told.returncode == 0
    assert told.stdout.startswith("The data cannot answer this: no metric")
    bedrock.always(lambda _: use_tool("query", {"metrics": ["flights"]}))
    from mirrorbi.testing import use_tool

    lost = command("ask", FLIGHTS, "How many flights?", **ALLOWED)
    assert lost.returncode == 1
    assert lost.stdout.startswith("No answer was reached within the calls")


def test_without_leave_or_credentials_the_error_says_what_to_do(
    command: Any, tmp_path: Path
) -> None:
    refused = command("ask", FLIGHTS, "What happened?")
    assert refused.returncode == 2
    assert 'narrators = ["claude"]' in refused.stderr
    assert "mirrorbi facts" in refused.stderr
    bare = {name: "" for name in os.environ if name.startswith("AWS_")}
    lost = command("ask", FLIGHTS, "What happened?", **{**bare, **ALLOWED, **NOWHERE})
    assert lost.returncode == 2
    assert "credentials" in lost.stderr.lower()
    assert "mirrorbi facts" in lost.stderr
    assert "Traceback" not in lost.stderr


def test_a_model_of_claude_that_is_not_known_is_said_with_the_nearest(
    command: Any, tmp_path: Path
) -> None:
    elsewhere = {**ALLOWED, "MIRRORBI_CLAUDE_REGION": "eu-central-1"}
    asked = ("What?", "--claude-model", "claude-sonet-4-6")
    done = command("ask", FLIGHTS, *asked, **elsewhere)
    assert done.returncode == 2
    assert "claude-sonnet-4-6" in done.stderr


@pytest.mark.slow
def test_a_report_carries_an_answer_that_verify_confirms(
    bedrock: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**ALLOWED, "MIRRORBI_LEDGER": str(tmp_path / "ledger")}.items():
        monkeypatch.setenv(name, value)
    bedrock.use_tool("compare", {"metrics": ["on_time_rate"], "by": "origin"})
    bedrock.use_tool("query", {"metrics": ["flights"], "by": "origin"})

    def subtract(call: Any) -> Any:
        text = call.body["messages"][-1]["content"][0]["toolResult"]["content"][0]["text"]
        cells = {
            fact["scope"][0][1]: fact["name"]
            for fact in json.loads(text)["facts"]
            if fact["kind"] == "cell"
        }
        return use_tool("derive", {"op": "diff", "facts": [cells["EWR"], cells["JFK"]]})

    def answer(call: Any) -> Any:
        text = call.body["messages"][-1]["content"][0]["toolResult"]["content"][0]["text"]
        name = json.loads(text)["facts"][0]["name"]
        more = f"{{{{{name}.metric}}}}: {{{{{name}.diff.signed}}}} for {{{{{name}.entity}}}}."
        said = [{"text": FELL}, {"text": more}]
        return use_tool("answer", {"sentences": said, "charts": ["f1"]})

    from mirrorbi.testing import use_tool

    bedrock.script(subtract, answer)
    cells = [
        v4.new_markdown_cell("# A question"),
        v4.new_code_cell(
            "import mirrorbi\n"
            f"mirrorbi.open({str(FLIGHTS)!r}).ask('What happened in December 2013?')"
        ),
    ]
    notebook = tmp_path / "question.ipynb"
    nbformat.write(v4.new_notebook(cells=cells), notebook)
    made = run(notebook, output=tmp_path / "reports")
    page = Path(str(made.report)).read_text("utf-8")
    assert 'data-section="answer"' in page
    checked = verify(str(made.report))
    assert checked.ok, list(checked.problems)
    assert {"same"} == {figure.state for figure in checked.figures}
    assert len(checked.figures) >= 6
