"""Drafts made with a look at the values: what is personal is neither shown nor summed."""

import json

import pandas as pd
import pytest
from faker import Faker

import mirrorbi

ROWS = 300


@pytest.fixture(scope="module")
def frame():
    fake = Faker("de_DE")
    fake.seed_instance(3)
    return pd.DataFrame(
        {
            "ordered": [*pd.date_range("2024-01-01", periods=ROWS // 3).date] * 3,
            "shop": ["Bern", "Basel", "Genf"] * (ROWS // 3),
            "c4": [fake.email() for _ in range(ROWS)],
            "c5": [fake.name() for _ in range(ROWS // 3)] * 3,
            "c6": [int(fake.credit_card_number("visa16")) for _ in range(ROWS)],
            "note": [fake.sentence() for _ in range(ROWS)],
            "order_ref": [f"A-{i:06}" for i in range(ROWS)],
            "phone": [True, False] * (ROWS // 2),
            "amount": [float(i) for i in range(ROWS)],
        }
    )


@pytest.fixture(scope="module")
def shown(frame, mirrorbi_command, tmp_path_factory):
    file = tmp_path_factory.mktemp("draft") / "orders.csv"
    frame.to_csv(file, index=False)
    first = mirrorbi_command("model", file.name, cwd=file.parent)
    again = mirrorbi_command("model", file.name, "--force", "--json", cwd=file.parent)
    assert (first.returncode, again.returncode) == (0, 0)
    text = (file.parent / "orders.model.yaml").read_text(encoding="utf-8")
    return first.stdout, json.loads(again.stdout), text


def test_classes_by_value_reach_the_draft(frame):
    model = mirrorbi.open(frame).model
    assert {column: str(privacy) for column, privacy in model.classes.items()} == {
        "c4": "personal",
        "c5": "personal",
        "c6": "blocked",
        "note": "blocked",
        "order_ref": "blocked",
    }
    used = {part.column for part in model.dimensions.values()}
    used |= {getattr(metric, "column", None) for metric in model.metrics.values()}
    assert not used & set(model.classes)


def test_codes_may_still_name_a_row_and_a_flag_named_phone_is_counted(frame):
    model = mirrorbi.open(frame).model
    assert model.dataset.grain == ("order_ref",)
    assert "phone_share" in model.metrics


def test_the_command_shows_class_reason_and_count_of_each_column(frame, shown):
    text, told, _ = shown
    assert list(told["columns"]) == list(frame.columns)
    assert told["columns"]["c4"]["class"] == "personal"
    assert told["columns"]["c4"]["kind"] == "email"
    assert told["columns"]["c4"]["count"] >= 290
    assert told["columns"]["shop"]["class"] == "safe"
    line = next(line for line in text.split("\n") if line.startswith("c4"))
    assert "personal" in line
    assert "e-mail addresses" in line


def test_no_value_of_a_person_is_printed_or_written(frame, shown):
    text, told, yaml = shown
    for output in (text, json.dumps(told), yaml):
        for column in ("c4", "c5", "c6", "note"):
            assert not [value for value in frame[column].astype(str) if value in output]


def test_the_file_says_why_and_what_a_person_writes_there_holds(frame, shown):
    _, _, yaml = shown
    lines = yaml.split("\n")
    assert lines[lines.index("    c4: personal") - 1].startswith("    # E-mail addresses: ")
    from mirrorbi.data.model.model_file import parse_model
    from mirrorbi.privacy.pii import classify

    decided = parse_model(yaml.replace("draft: true\n", "").replace("c4: personal", "c4: safe"))
    found = classify(mirrorbi.open(frame, decided))
    assert (str(found["c4"].privacy), found["c4"].reason) == ("safe", "the model says so")
