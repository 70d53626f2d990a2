"""Parameters are read as text, coerced by annotation, and refused before anything runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirrorbi.errors import NotebookError, ParameterError
from mirrorbi.reports.notebook import load_notebook
from mirrorbi.reports.parameters.parameter_cell import parse_parameters, read_parameters

CELL = """
import mirrorbi as mb
from typing import Literal

source: str = "data/flights.parquet"  # the data
period: str | None = None  # the period reviewed
top: int = 3  # facts shown
share: float = 2
on: bool = True
kinds: list[str] = []
targets: dict[str, float] = {}
day: date = "2013-01-02"
compare: Literal["previous", "year_ago"] = "previous"
level: Literal[1, 2] = 1
token: mb.Secret = ""
count: int | None = None
numbers: list[int] | None = None
plain = 5
long: list[str] = [
    "a",  # not the help
    "b",
]  # the help
"""


@pytest.fixture
def declared():
    return parse_parameters(CELL)


def test_names_help_and_types_are_read_from_the_cell(declared) -> None:
    assert declared["source"].help == "the data"
    assert declared["long"].help == "the help"
    assert declared["compare"].type.text == "Literal['previous', 'year_ago']"
    assert declared["token"].secret
    assert declared["plain"].type.text == "int"
    assert list(declared)[:3] == ["source", "period", "top"]


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("source", "a=b", "a=b"),
        ("source", "2013", "2013"),
        ("period", "null", None),
        ("period", "2013", "2013"),
        ("top", "5", 5),
        ("share", "1e-3", 0.001),
        ("on", "no", False),
        ("on", "1", True),
        ("kinds", "a, b", ["a", "b"]),
        ("kinds", "['a,b', c]", ["a,b", "c"]),
        ("targets", "{a: 1}", {"a": 1.0}),
        ("day", "2014-02-03", "2014-02-03"),
        ("compare", "year_ago", "year_ago"),
        ("level", "2", 2),
        ("count", "none", None),
        ("count", "7", 7),
        ("numbers", "1,2", [1, 2]),
        ("plain", "6", 6),
    ],
)
def test_text_is_coerced_by_annotation(declared, name: str, typed: str, value: object) -> None:
    found = declared.bind({name: typed}).values[name]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("top", "3.5"),
        ("top", "x"),
        ("top", True),
        ("share", "nan"),
        ("share", "inf"),
        ("on", "maybe"),
        ("targets", "3"),
        ("targets", "{a: b}"),
        ("targets", "{a: ["),
        ("day", "2013-02-30"),
        ("compare", "prev"),
        ("count", "1.5"),
        ("numbers", "1,x"),
        ("source", True),
        ("source", None),
        ("source", ["a"]),
    ],
)
def test_a_value_of_another_type_is_refused_by_name(declared, name: str, typed: object) -> None:
    with pytest.raises(ParameterError, match=rf"^{name} must be .+, not {typed!r}".split("[")[0]):
        declared.bind({name: typed})


def test_all_problems_are_named_at_once(declared) -> None:
    with pytest.raises(ParameterError) as caught:
        declared.bind({"topp": "1", "share": "x", "compare": "prev"})
    assert len(caught.value.problems) == 3
    assert "Did you mean 'top'?" in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_parameter_without_a_default_must_be_given() -> None:
    declared = parse_parameters("limit: int  # needed")
    with pytest.raises(ParameterError, match="limit is missing"):
        declared.bind()
    assert declared.bind({"limit": "3"}).given == {"limit": 3}


def test_only_values_that_differ_count_as_given(declared) -> None:
    bound = declared.bind({"top": "3", "period": "2013-11"})
    assert bound.given == {"period": "2013-11"}
    assert bound.values["top"] == 3


def test_a_secret_is_in_no_representation(declared) -> None:
    bound = declared.bind({"token": "hunter22"})
    assert bound.secrets == {"token": "hunter22"}
    assert "hunter22" not in repr(bound)
    assert "token" not in bound.values


def test_a_secret_too_short_to_mask_is_refused_without_its_value(declared) -> None:
    with pytest.raises(ParameterError, match="too short") as caught:
        declared.bind({"token": "zqx"})
    assert "zqx" not in str(caught.value)


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text())
def test_a_literal_default_comes_back_as_it_was(value: object) -> None:
    declared = parse_parameters(f"x = {value!r}")
    assert declared.bind().values["x"] == value
    assert declared.bind().given == {}


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("x: int = f()", "is not a literal"),
        ("x: int = 1 + y", "is not a literal"),
        ("print(1)", "is not a parameter"),
        ("x = y = 1", "is not a parameter"),
        ("x: int = 'a'", "must be a whole number"),
        ("x: DataFrame = 1", "of a known type"),
        ("x: flaot = 1", "Did you mean 'float'"),
        ("x: list[open] = []", "of a known type"),
        ("x: int = 1\nx: int = 2", "declares 'x' again"),
        ("x: int = (", "is not Python"),
        ("x = (1, 2)", "not a tuple"),
    ],
)
def test_a_cell_with_more_than_literals_is_refused(cell: str, message: str) -> None:
    with pytest.raises(NotebookError, match=message):
        parse_parameters(cell)


def test_reading_parameters_runs_nothing(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    with pytest.raises(NotebookError):
        parse_parameters(f"x: str = open({str(marker)!r}, 'w').write('x')")
    assert not marker.exists()


def test_a_parameter_for_a_notebook_without_a_cell_is_refused(tmp_path, write, cells) -> None:
    code, _ = cells
    notebook = load_notebook(write(tmp_path / "plain.ipynb", code("1 + 1")))
    declared = read_parameters(notebook)
    assert declared.bind().values == {}
    with pytest.raises(ParameterError, match="no parameters cell"):
        declared.bind({"top": "3"})


def test_two_parameters_cells_are_refused(tmp_path, write, cells) -> None:
    code, _ = cells
    two = [code("x: int = 1", "parameters"), code("y: int = 1", "parameters")]
    with pytest.raises(NotebookError, match="1 and 2"):
        read_parameters(load_notebook(write(tmp_path / "two.ipynb", *two)))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not a notebook"),
        (b"not json", "is not a notebook"),
        (b"[1]", "not a notebook of format 4"),
        (json.dumps({"worksheets": []}).encode(), "not a notebook of format 4"),
        (b"\xff\xfe\x00", "is not a notebook"),
    ],
)
def test_a_file_that_is_no_notebook_is_named(tmp_path, content: bytes, message: str) -> None:
    path = tmp_path / "broken.ipynb"
    path.write_bytes(content)
    with pytest.raises(NotebookError, match=message):
        load_notebook(path)


def test_a_missing_notebook_names_the_nearest(tmp_path, write) -> None:
    write(tmp_path / "kpi_review.ipynb")
    with pytest.raises(NotebookError, match=r"kpi_review\.ipynb"):
        load_notebook(tmp_path / "kpi_reveiw.ipynb")
