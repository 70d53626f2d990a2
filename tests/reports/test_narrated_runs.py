"""``mirrorbi run --narrator claude``: the real command, kernel and HTTP."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mirrorbi.reports.page.manifest import read_manifest

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "notebooks" / "kpi_review.ipynb"
FLIGHTS = ROOT / "notebooks" / "data" / "flights.parquet"
LIES = ROOT / "tests" / "narrative" / "lies" / "scribe.py"


def mirrorbi(*words, cwd):
    return subprocess.run(
        [sys.executable, "-m", "mirrorbi", *map(str, words)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.fixture
def scribe():
    import importlib.util

    spec = importlib.util.spec_from_file_location("lies_scribe", LIES)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def place(bedrock, tmp_path):
    """A folder whose settings let Claude write."""
    (tmp_path / "mirrorbi.toml").write_text(
        '[privacy]\nnarrators = ["rules", "claude"]\n[claude]\nresidency = "geo"\n'
    )
    return tmp_path


@pytest.mark.slow
def test_a_report_by_claude_passes_verify_and_says_who_wrote_it(place, bedrock, scribe, loopback):
    bedrock.script(lambda call: loopback.say_json(scribe.analysis(scribe.payload_of(call.texts))))
    # The report goes elsewhere: settings and ledger are still those of the folder asked from.
    out = place.parent / f"{place.name}-out"
    ran = mirrorbi("run", NOTEBOOK, "-o", out, "--narrator", "claude", "--json", cwd=place)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["headline"].startswith("On-time rate fell to 64.7%")
    assert len(bedrock.received) == 1
    report = out / "kpi_review.html"

    checked = mirrorbi("verify", report, "--source", FLIGHTS, "--json", cwd=place)
    assert checked.returncode == 0, checked.stdout
    assert json.loads(checked.stdout)["ok"]

    html = report.read_text()
    said = read_manifest(html)["authorship"]
    assert "Claude (eu.anthropic.claude-sonnet-4-6) chose words and facts" in html
    assert f"{said['by_rules']} of {said['sentences']} sentences by the rules" in html
    assert "sent nothing to any service" not in html
    assert "--narrator claude" in html
    for part in (said["policy"], *said["disclosures"], *said["entries"]):
        assert part in html

    grounds = json.loads((out / "kpi_review.grounding.json").read_text())
    assert grounds["narrator"] == "claude"
    assert all(span["proven"] for span in grounds["spans"])
    assert all(part["same"] for part in grounds["recounted"])
    value = next(s for s in grounds["spans"] if s["section"] == "headline")
    fact = grounds["facts"][value["fact"]]
    assert "SELECT" in grounds["queries"][fact["queries"][0]]["sql"]
    assert grounds["data"][0].startswith("sha256:")

    shown = mirrorbi("ledger", "verify", cwd=place)
    assert shown.returncode == 0, shown.stdout + shown.stderr

    # Asked again, the answer comes from the cache; a lie does not replace the good report.
    before = report.read_bytes()
    again = mirrorbi("run", NOTEBOOK, "-o", out, "--narrator", "claude", cwd=place)
    assert (again.returncode, len(bedrock.received)) == (0, 1)
    before = report.read_bytes()

    def lie(call):
        answer = scribe.analysis(scribe.payload_of(call.texts))
        answer["sentences"][0]["template"] = "On-time rate rose to 99%."
        return loopback.say_json(answer)

    bedrock.script(lie)
    bedrock.always(loopback.say_json({"sentences": [], "derived": []}))
    failed = mirrorbi("run", NOTEBOOK, "-o", out, "--narrator", "claude", "--no-cache", cwd=place)
    assert failed.returncode == 1
    assert "the headline failed its checks" in failed.stderr
    assert report.read_bytes() == before
    draft = (out / "kpi_review.draft.html").read_text()
    assert "Draft, not checked" in draft
    assert "99%" not in draft


@pytest.mark.slow
def test_without_leave_or_money_nothing_is_sent(bedrock, place, tmp_path):
    broke = mirrorbi(
        "run", NOTEBOOK, "-o", "out", "--narrator", "claude", "--budget", "0.0001", cwd=place
    )
    assert broke.returncode == 2
    assert "budget" in broke.stderr.lower()
    (place / "mirrorbi.toml").write_text("")
    refused = mirrorbi("run", NOTEBOOK, "-o", "out", "--narrator", "claude", cwd=place)
    assert refused.returncode == 2
    assert "narrators" in refused.stderr
    assert bedrock.received == []


def test_a_narrator_that_is_none_is_refused_before_a_kernel_starts(tmp_path):
    ran = mirrorbi("run", NOTEBOOK, "--narrator", "claud", cwd=tmp_path)
    assert ran.returncode == 2
    assert "Did you mean 'claude'?" in ran.stderr
