"""What a notebook makes by itself is looked through before readers see it."""

from __future__ import annotations

import json

import pytest

from mirrorbi.errors import RenderError
from mirrorbi.reports.page.collect import collect
from mirrorbi.reports.page.manifest import read_manifest
from mirrorbi.reports.plan import make_plan
from mirrorbi.reports.run.run import perform
from mirrorbi.wording.mime_types import MIRRORBI, PLOTLY


def shown(data: dict, *tags: str) -> list[str]:
    """Return the faults of a notebook of one cell with this output."""
    output = {"output_type": "display_data", "data": data, "metadata": {}}
    cell = {"cell_type": "code", "source": "x", "metadata": {"tags": list(tags)}}
    found = collect({"cells": [{**cell, "outputs": [output]}]})
    return [fault for output in found.other_outputs for fault in output.faults()]


def table(name: str, values: list[str]) -> dict:
    rows = "".join(f"<tr><td>{value}</td></tr>" for value in values)
    return {"text/html": f"<table><tr><th>{name}</th></tr>{rows}</table>"}


MAILS = [f"{name}@example.com" for name in ("ada", "bob", "cy", "dee")]
POINTS = {"data": [{"type": "scatter", "x": list(range(3000)), "y": [1] * 3000}], "layout": {}}
HOVER = {"data": [{"type": "bar", "x": ["a"], "y": [1], "text": ["n = 4"]}], "layout": {}}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (table("contact", MAILS), "e-mail addresses"),
        (table("rows", ["120", "7"]), "counts below 10"),
        (table("sales", ["1"] * 300), "a table of 300 rows"),
        ({PLOTLY: POINTS}, "3,000 points"),
        ({PLOTLY: HOVER}, "counts below 10"),
        ({"text/markdown": f"Ask {MAILS[0]}"}, "e-mail addresses"),
        ({"text/plain": f"'{MAILS[1]}'"}, "e-mail addresses"),
    ],
)
def test_personal_data_rows_and_small_counts_are_named_with_the_cell(data, said) -> None:
    faults = shown(data)
    assert faults
    assert said in faults[0]
    assert "cell 1" in faults[0]
    assert "tag the cell 'reviewed'" in faults[0]
    assert not any(name in json.dumps(faults) for name in ("ada@", "bob@"))
    assert shown(data, "reviewed") == []


@pytest.mark.parametrize(
    "data",
    [
        table("sales", ["1200", "1300"]),
        {PLOTLY: {"data": [{"type": "bar", "x": ["a", "b"], "y": [1, 2]}], "layout": {}}},
        {"text/plain": "3.25"},
        # A series of several years, day by day, is one point each and no rows.
        {
            PLOTLY: {
                "data": [
                    {
                        "type": "scatter",
                        "x": [f"{y}-{m:02}-{d:02}" for y in range(2020, 2025)
                              for m in range(1, 13) for d in range(1, 29)],
                        "y": [1.0] * 1680,
                    }
                ],
                "layout": {},
            }
        },
    ],
)  # fmt: skip
def test_summaries_pass(data) -> None:
    assert shown(data) == []


def test_our_own_displays_are_not_foreign() -> None:
    payload = {"kind": "section", "facts": [], "sweeps": []}
    assert shown({**table("contact", MAILS), MIRRORBI: payload}) == []


def test_a_run_with_people_in_a_table_is_not_published_until_somebody_says_so(
    tmp_path, write, cells
) -> None:
    code, text = cells
    make = "import pandas as pd\npd.DataFrame({'contact': [f'{n}@example.com' for n in 'abcdef']})"
    path = write(tmp_path / "people.ipynb", text("# People"), text("## Who"), code(make))
    with pytest.raises(RenderError, match=r"cell 3 \('Who'\) shows .*e-mail addresses"):
        perform(make_plan(path, output=tmp_path / "out"))
    assert not list((tmp_path / "out").glob("people.html"))
    write(path, text("# People"), code(make, "reviewed"), code("1 + 1"))
    run = perform(make_plan(path, output=tmp_path / "out"))
    html = run.report.read_text()
    assert read_manifest(html)["foreign"] == {"outputs": 2, "reviewed": 1}
    assert "2 outputs computed by the notebook" in html
    assert "1 marked as reviewed by its author" in html
