"""``mirrorbi models`` against a loopback control plane."""

from __future__ import annotations

import json
from functools import partial

import pytest


@pytest.fixture
def run(bedrock, mirrorbi_command, tmp_path):
    return partial(mirrorbi_command, "models", cwd=tmp_path)


def test_the_table_fits_80_columns_and_says_what_is_used(run):
    done = run(MIRRORBI_CLAUDE_RESIDENCY="geo")
    assert done.returncode == 0
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "ended 2026-10-14" in done.stdout
    assert "eu.anthropic.claude-sonnet-4-6, processed in eu-central-1,\neu-north-1" in done.stdout


def test_what_settings_do_not_allow_is_said(run):
    done = run()
    assert done.returncode == 0
    assert 'residency =\n"region"' in done.stdout
    assert "MIRRORBI_CLAUDE_RESIDENCY=geo" in done.stdout


def test_check_says_what_bedrock_serves(run, bedrock):
    bedrock.profiles["eu.anthropic.claude-sonnet-4-6"] = ["eu-central-1", "eu-west-1", "eu-west-2"]
    bedrock.profiles["global.anthropic.claude-sonnet-4-6"] = ["eu-west-1", "us-east-1"]
    bedrock.models["anthropic.claude-haiku-4-5-20251001-v1:0"] = {
        "inferenceTypesSupported": ["ON_DEMAND"],
        "modelLifecycle": {"status": "LEGACY", "endOfLifeTime": "2027-03-01T00:00:00Z"},
    }
    done = run("--check", "--json")
    assert done.returncode == 0, done.stderr
    found = {way["id"]: way for way in json.loads(done.stdout)["checked"]}
    near = found["eu.anthropic.claude-sonnet-4-6"]
    assert (near["answer"], near["beyond"]) == ("yes", ["eu-west-2"])
    assert found["global.anthropic.claude-sonnet-4-6"]["answer"] == "yes"
    assert found["anthropic.claude-sonnet-4-6"]["note"] == "needs an inference profile"
    legacy = found["anthropic.claude-haiku-4-5-20251001-v1:0"]
    assert (legacy["answer"], legacy["note"]) == ("legacy", "until 2027-03-01")
    assert found["eu.anthropic.claude-opus-5-5"]["answer"] == "not found"
    assert not any("claude-sonnet-4-2025" in way for way in found), (
        "what has ended is not asked for"
    )
    assert bedrock.received == [], "nothing was sent to a model"
    shown = run("--check").stdout
    assert "eu-west-2, which the table" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_what_a_role_may_not_ask_is_said_line_by_line(run, bedrock, loopback):
    bedrock.refused["GetInferenceProfile"] = loopback.fault("AccessDeniedException", "no")
    done = run("--check")
    assert done.returncode == 0
    lines = [line for line in done.stdout.splitlines() if line.startswith("claude-sonnet-4-6")]
    assert lines
    assert "not allowed" in lines[0]
    assert "allow bedrock:GetInferenceProfile" in done.stdout


def test_expired_credentials_end_the_command(run, bedrock, loopback):
    bedrock.refused["GetFoundationModel"] = loopback.fault("expired")
    done = run("--check")
    assert done.returncode == 2
    assert "expired" in done.stderr
    assert "aws sso login" in done.stderr


def test_another_region_can_be_asked_for(run):
    used = json.loads(
        run("--json", "--region", "us-east-2", MIRRORBI_CLAUDE_RESIDENCY="geo").stdout
    )
    assert used["used"]["id"] == "us.anthropic.claude-sonnet-4-6"
