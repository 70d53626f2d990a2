"""Settings: file, then environment; wrong ones are named with the nearest right one."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

import pytest

from mirrorbi.errors import SettingsError
from mirrorbi.settings import (
    ClaudeSettings,
    ModelSettings,
    PrivacySettings,
    Settings,
    load_settings,
)


def write(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mirrorbi.toml").write_text(text, encoding="utf-8")
    return folder


def test_defaults_need_no_file(tmp_path):
    assert load_settings(tmp_path, {}) == Settings()
    assert Settings() == Settings(reports=Path("reports"), locale="en_GB", path=())


def test_the_nearest_file_upward_counts(tmp_path):
    write(tmp_path, 'locale = "fr_FR"\nreports = "top"')
    write(tmp_path / "a", 'locale = "de-ch"')
    inner = tmp_path / "a" / "b" / "c"
    inner.mkdir(parents=True)
    assert load_settings(inner, {}).locale == "de_CH"
    assert load_settings(inner, {}).reports == Path("reports")
    assert load_settings(tmp_path, {}).locale == "fr_FR"


def test_folders_are_relative_to_the_file_that_names_them(tmp_path):
    write(tmp_path, 'reports = "out"\npath = ["data", "../more"]')
    inner = tmp_path / "deep"
    inner.mkdir()
    found = load_settings(inner, {})
    assert found.reports == tmp_path / "out"
    assert found.path == (tmp_path / "data", tmp_path / "../more")
    write(tmp_path, 'path = "data"')
    assert load_settings(inner, {}).path == (tmp_path / "data",)


def test_the_environment_goes_before_the_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path, 'locale = "fr_FR"\npath = ["x"]\nreports = "out"')
    environ = {
        "MIRRORBI_LOCALE": "de_CH",
        "MIRRORBI_PATH": os.pathsep.join(["one", "/two", ""]),
        "MIRRORBI_REPORTS": "",
    }
    found = load_settings(tmp_path, environ)
    assert found.locale == "de_CH"
    assert found.path == (tmp_path / "one", Path("/two"))
    assert found.reports == tmp_path / "out"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('report = "x"', r"'report' in mirrorbi\.toml is no setting\. Did you mean 'reports'\?"),
        ("zzz = 1", r"'zzz' in mirrorbi\.toml is no setting\. Known settings: reports, locale"),
        ("locale = 3", r"mirrorbi\.toml: locale = 3: .*string"),
        ('locale = "klingon"', r"mirrorbi\.toml: locale = 'klingon'.*en_GB or de_CH"),
        ('locale = "xx_XX"', r"locale = 'xx_XX': is not known"),
        ("path = 3", r"path = 3"),
        ("path = [3]", r"path = \[3\]"),
        ("locale = de", r"mirrorbi\.toml is no valid TOML: .*line 1"),
    ],
)
def test_what_is_wrong_in_the_file_is_named(tmp_path, text, words):
    write(tmp_path, text)
    with pytest.raises(SettingsError, match=words) as caught:
        load_settings(tmp_path, {})
    assert caught.value.hint
    assert caught.value.exit_code == 2


def test_a_file_that_is_no_text_is_named(tmp_path):
    (tmp_path / "mirrorbi.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match=r"mirrorbi\.toml could not be read"):
        load_settings(tmp_path, {})


def test_a_misspelt_variable_is_named_and_others_are_left_alone(tmp_path):
    with pytest.raises(SettingsError, match=r"'MIRRORBI_REPORT'.*Did you mean 'MIRRORBI_REPORTS'"):
        load_settings(tmp_path, {"MIRRORBI_REPORT": "x"})
    with pytest.raises(SettingsError, match=r"MIRRORBI_LOCALE = 'zz'"):
        load_settings(tmp_path, {"MIRRORBI_LOCALE": "zz"})
    others = {"MIRRORBI_DEBUG": "1", "MIRRORBI_SECRET_TOKEN": "x", "MIRRORBI_NOTEBOOK_FOLDER": "y"}
    assert load_settings(tmp_path, others) == Settings()


def test_the_current_folder_and_environment_are_the_default(tmp_path, monkeypatch):
    write(tmp_path, 'locale = "fr_FR"')
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MIRRORBI_LOCALE", raising=False)
    assert load_settings().locale == "fr_FR"
    monkeypatch.setenv("MIRRORBI_LOCALE", "de_CH")
    assert load_settings().locale == "de_CH"


SECTIONS = """
narrator = "claude"

[privacy]
min_entities = 25
columns = {salary = "blocked"}

[claude]
residency = "geo"
budget_run = 1.5

[claude.models."my.own-model"]
context = 100000
forced_tool = true
"""


def test_sections_hold_what_may_leave_and_how_claude_is_called(tmp_path):
    write(tmp_path, SECTIONS)
    found = load_settings(tmp_path, {})
    assert (found.narrator, found.privacy.min_entities) == ("claude", 25)
    assert found.privacy.columns == {"salary": "blocked"}
    assert (found.claude.residency, found.claude.budget_run) == ("geo", Decimal("1.5"))
    assert found.claude.models["my.own-model"].forced_tool


def test_what_a_section_does_not_say_is_left_open(tmp_path):
    assert load_settings(tmp_path, {}).privacy.min_entities is None
    assert load_settings(tmp_path, {}).narrator == "rules"


def test_a_variable_sets_one_key_of_a_section(tmp_path):
    write(tmp_path, SECTIONS)
    environ = {
        "MIRRORBI_CLAUDE_BUDGET_RUN": "0.20",
        "MIRRORBI_PRIVACY_NARRATORS": "rules, claude",
    }
    found = load_settings(tmp_path, environ)
    assert (found.claude.residency, found.claude.budget_run) == ("geo", Decimal("0.20"))
    assert (found.privacy.min_entities, found.privacy.narrators) == (25, ("rules", "claude"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[privacy]\nmin_entity = 3", r"'min_entity' in \[privacy\] .*mean 'min_entities'"),
        ("[privacy]\nmin_entities = 0", r"privacy\.min_entities = 0: "),
        ('[claude]\nresidency = "moon"', r"claude\.residency = 'moon': "),
        ('[claude.models."m"]\ncontext = 3', r"claude\.models\.m\.context = 3: "),
        ("privacy = 3", r"privacy = 3: "),
    ],
)
def test_what_is_wrong_in_a_section_is_named(tmp_path, text, words):
    write(tmp_path, text)
    with pytest.raises(SettingsError, match=words):
        load_settings(tmp_path, {})


def test_a_misspelt_variable_of_a_section_is_named(tmp_path):
    with pytest.raises(SettingsError, match=r"Did you mean 'MIRRORBI_CLAUDE_REGION'"):
        load_settings(tmp_path, {"MIRRORBI_CLAUDE_REGIO": "x"})


def test_every_setting_is_in_the_docs():
    text = (Path(__file__).parents[1] / "docs/settings.md").read_text(encoding="utf-8")
    sections = [Settings, PrivacySettings, ClaudeSettings, ModelSettings]
    keys = [key for section in sections for key in section.model_fields]
    assert [key for key in keys if f"`{key}`" not in text and f"`[{key}]`" not in text] == []


def test_settings_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        Settings().locale = "de_CH"
