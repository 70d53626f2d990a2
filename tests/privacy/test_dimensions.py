"""A dimension that nobody classed is taken for what its members look like."""

import importlib.util
import json
from pathlib import Path

import pandas as pd
import pytest
import yaml

import mirrorbi
from mirrorbi.data.engine.sample import WHOLE
from mirrorbi.errors import RefusedError
from mirrorbi.narrative import narrate
from mirrorbi.privacy.dimensions import class_in, kind_in
from mirrorbi.privacy.gate import Gate
from mirrorbi.privacy.pii.column_classes import members_are
from mirrorbi.privacy.policy import Policy, policy_for

_spec = importlib.util.spec_from_file_location("staff", Path(__file__).parent / "staff.py")
invented = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(invented)
PERSONAL, model, staff = invented.PERSONAL, invented.model, invented.staff

FLIGHTS = Path(__file__).parents[2] / "notebooks" / "data" / "flights.parquet"


@pytest.fixture(scope="module")
def ds():
    return mirrorbi.open(staff(), model())


@pytest.fixture(scope="module")
def facts(ds):
    return ds.facts()


@pytest.mark.parametrize(("name", "kind"), PERSONAL.items())
def test_each_kind_is_seen_in_the_members(ds, name, kind):
    assert kind_in(ds, Policy(), name) == kind
    assert class_in(ds, Policy(), name) == "personal"


def test_what_is_left_out_is_in_no_fact_and_said_with_the_reason(facts):
    assert {by for fact in facts for by, _ in fact.scope} == {"site"}
    assert not any(str(value) in str(facts.to_dict()) for value in staff()["mail"].unique())
    said = [part for part in facts.withheld if part.rule == "class"]
    assert len(said) == len(PERSONAL)
    assert "Mail looks like e-mail addresses, and nobody said that it is safe" in said[3].what


def test_the_report_says_what_it_left_out_and_why(facts):
    text = " ".join(narrate(facts).text.split())
    assert "Nothing is told by Mail, Handset, Account, Insured, Who and Surname" in text
    assert "look like e-mail addresses, telephone numbers, bank accounts" in text


@pytest.mark.parametrize("asked", [{"by": "mail"}, {"where": {"mail": "nobody@example.com"}}])
def test_asked_for_by_name_it_is_refused_and_the_error_says_how_to_declare_it(ds, asked):
    with pytest.raises(RefusedError, match="looks like e-mail addresses") as caught:
        ds.facts(**asked)
    assert "'privacy: safe' under 'dimensions: mail:'" in caught.value.hint
    assert "@" not in str(caught.value)


@pytest.mark.parametrize(
    "spec",
    [
        model(mail={"privacy": "safe"}),
        {**model(), "privacy": {"columns": {"mail": "safe"}}},
    ],
)
def test_what_a_person_called_safe_in_the_model_is_safe(spec):
    ds = mirrorbi.open(staff(), spec)
    assert kind_in(ds, Policy(), "mail") is None
    found = ds.facts(by="mail", metrics="shifts", kinds=["share"], grain="year")
    assert any(by == "mail" for fact in found for by, _ in fact.scope)


def test_what_a_person_called_safe_in_settings_is_safe(tmp_path, monkeypatch):
    (tmp_path / "mirrorbi.toml").write_text('[privacy.columns]\nmail = "safe"\n', "utf-8")
    monkeypatch.chdir(tmp_path)
    ds = mirrorbi.open(staff(), model())
    found = ds.facts(by="mail", metrics="shifts", kinds=["share"], grain="year")
    assert any(by == "mail" for fact in found for by, _ in fact.scope)
    # Another policy on the same data is asked for itself.
    with pytest.raises(RefusedError):
        ds.facts(by="mail", control=Policy())


def test_what_was_found_under_one_folders_settings_is_found_again_elsewhere(tmp_path, monkeypatch):
    (tmp_path / "mirrorbi.toml").write_text('[privacy.columns]\nmail = "safe"\n', "utf-8")
    monkeypatch.chdir(tmp_path)
    found = mirrorbi.open(staff(), model()).facts(
        by="mail", metrics="shifts", kinds=["share"], grain="year"
    )
    monkeypatch.chdir(tmp_path.parent)
    again = mirrorbi.open(staff(), model()).facts(**found.request)
    assert [fact.id for fact in again] == [fact.id for fact in found]


def test_a_draft_model_that_a_file_holds_declares_nothing():
    ds = mirrorbi.open(staff(), {**model(mail={"privacy": "safe"}), "draft": True})
    assert kind_in(ds, Policy(), "mail") == "email"


def test_a_class_that_somebody_gave_holds_in_the_other_direction_too():
    ds = mirrorbi.open(staff(), model(mail={"privacy": "blocked"}))
    assert class_in(ds, Policy(), "mail") == "blocked"
    with pytest.raises(RefusedError, match="is blocked"):
        ds.facts(by="mail")


@pytest.mark.parametrize("policy", [None, Policy(min_entities=1)])
def test_the_gate_agrees(ds, policy):
    vocabulary = Gate(ds, policy).vocabulary().value
    assert [part["name"] for part in vocabulary["dimensions"]] == ["site"]
    raw = ds.facts(by="mail", control=False, metrics="shifts")
    with pytest.raises(RefusedError, match="looks like e-mail addresses"):
        Gate(ds, policy).disclose(raw)


def test_nothing_in_the_demo_data_is_taken_for_a_person():
    spec = yaml.safe_load(FLIGHTS.with_name("flights.model.yaml").read_text("utf-8"))
    del spec["privacy"]
    for name in ("tailnum", "flight", "carrier"):
        spec["dimensions"][name] = {"column": name}
    ds = mirrorbi.open(FLIGHTS, spec)
    assert {name: kind_in(ds, Policy(), name) for name in spec["dimensions"]} == dict.fromkeys(
        spec["dimensions"]
    )


@pytest.mark.parametrize(
    ("column", "members"),
    [
        (
            "metro",
            ["St. Louis Metro Area", "San Jose", "St. Paul", "Denver", "Santa Ana", "Austin"],
        ),
        ("customer_name", ["Muster GmbH", "Acme Inc", "Probasen AG", "Vzorek Ltd", "Ola Stores"]),
        ("region_code", ["10115", "20095", "80331", "50667"]),
        ("diagnosis", ["Asthma", "Migraine", "Gout"]),
        ("mobile", ["iOS", "Android", "Windows"]),
        ("email", ["opened", "clicked", "bounced"]),
        ("version", ["1.2.3.4", "1.2.3.5", "2.0.0.1"]),
    ],
)
def test_names_of_places_firms_and_things_are_none_of_persons(column, members):
    assert members_are(column, members) is None


def test_whole_numbers_are_looked_at_too():
    ibm = ["1234567890123", "4006381333931"]
    cards = [4539148803436467, 4716059782213450, 4485275742308327, 4532015112830366]
    frame = pd.DataFrame({"paid_by": cards * 30, "site": ["a", "b"] * 60})
    spec = {"dimensions": {"paid_by": {}, "site": {}}, "metrics": {"rows": {"agg": "count"}}}
    assert kind_in(mirrorbi.open(frame, spec), Policy(), "paid_by") == "card"
    assert members_are("product", ibm) is None


def test_members_of_a_large_table_are_looked_at_too():
    many = pd.concat([staff()] * 1000, ignore_index=True)[[*PERSONAL, "site"]]
    spec = {key: part for key, part in model().items() if key != "time"}
    spec["metrics"] = {"shifts": {"agg": "count"}}
    large = mirrorbi.open(many, spec)
    assert large.rows > WHOLE
    assert {n: kind_in(large, Policy(), n) for n in PERSONAL} == PERSONAL


def test_it_is_looked_at_once(ds):
    before = ds.scans
    for _ in range(3):
        kind_in(ds, policy_for(ds), "mail")
    assert ds.scans == before


# -- the command line --------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    home = tmp_path_factory.mktemp("staff")
    for name in ("staff.csv", "other.csv"):
        staff().to_csv(home / name, index=False)
    (home / "staff.model.yaml").write_text(yaml.safe_dump(model()), "utf-8")
    return home


MEMBERS = [str(value) for name in PERSONAL for value in staff()[name].unique()]


@pytest.mark.parametrize(
    "words",
    [
        ("facts", "staff.csv", "--by", "mail"),
        ("facts", "staff.csv", "--where", "who=Nobody"),
        ("query", "staff.csv", "shifts", "--by", "mail"),
        ("query", "staff.csv", "shifts", "--by", "who", "--csv"),
        ("query", "staff.csv", "shifts", "--where", "who=Nobody", "--json"),
        ("preview", "staff.csv", "--by", "mail"),
    ],
)
def test_every_command_refuses_it_by_name_and_names_nobody(mirrorbi_command, folder, words):
    ran = mirrorbi_command(*words, cwd=folder)
    assert ran.returncode == 2
    assert ran.stdout == ""
    assert "looks like" in ran.stderr
    assert "privacy: safe" in ran.stderr
    assert not [member for member in MEMBERS if member in ran.stderr]


@pytest.mark.parametrize(
    "words",
    [
        ("facts", "staff.csv", "--top", "500"),
        ("facts", "staff.csv", "--top", "500", "--json"),
        ("preview", "staff.csv", "--json"),
        ("preview", "staff.csv", "--vocabulary"),
        ("query", "staff.csv", "shifts", "--by", "site", "--json"),
        ("model", "other.csv"),
    ],
)
def test_no_command_prints_a_member(mirrorbi_command, folder, words):
    ran = mirrorbi_command(*words, cwd=folder)
    assert ran.returncode == 0, ran.stderr
    said = ran.stdout + ran.stderr
    assert not [member for member in MEMBERS if member in said]
    if words[0] == "facts" and "--json" in words:
        assert json.loads(ran.stdout)["request"]["by"] == ["site"]
