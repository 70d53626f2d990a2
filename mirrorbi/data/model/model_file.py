"""Semantic models read from YAML, found beside the data, and checked against it."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from mirrorbi.data.ingest.discovery import KINDS, PACKED
from mirrorbi.data.model.semantic_model import (
    DatasetPart,
    DerivedMetric,
    Dimension,
    Duration,
    Model,
    RatioMetric,
    SimpleMetric,
    TimePart,
)
from mirrorbi.data.model.validation import Problems, check_columns, check_names
from mirrorbi.data.model.yaml_lines import parse_yaml, read_yaml
from mirrorbi.errors import ModelError, did_you_mean

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic_core import ErrorDetails

SUFFIXES = (".model.yaml", ".model.yml")

_DATA_SUFFIXES = {*KINDS, *PACKED}
_METRICS: dict[str, type[BaseModel]] = {
    "simple": SimpleMetric,
    "ratio": RatioMetric,
    "derived": DerivedMetric,
}
_SYNONYMS = {
    "mean": "avg",
    "average": "avg",
    "total": "sum",
    "distinct": "count_distinct",
    "nunique": "count_distinct",
    "maximum": "max",
    "minimum": "min",
    "p50": "median",
    "percentile_90": "p90",
}


def load_model(path: str | Path) -> Model:
    """Read a model from a YAML file.

    Raises
    ------
    ModelError
        If the file cannot be read or is wrong. The message names file, line, key and the
        nearest valid word; up to five errors are reported at once.
    """
    path = Path(path)
    marked = read_yaml(path)
    return _model(marked.value, path.name, marked.lines)


def parse_model(values: Mapping[str, Any] | str, where: str = "given") -> Model:
    """Return the model that a mapping or a YAML text describes.

    Parameters
    ----------
    values
        The mapping, of the shape of the file, or the text of the file.
    where
        What to call it in messages.

    Raises
    ------
    ModelError
        If it is wrong.

    Examples
    --------
    >>> model = parse_model({"metrics": {"rows": {"agg": "count"}}})
    >>> model.metrics["rows"].agg.value
    'count'
    """
    if isinstance(values, str):
        marked = parse_yaml(values, where)
        return _model(marked.value, where, marked.lines)
    return _model(dict(values), where, {})


def find_model(paths: Iterable[str | Path]) -> Path | None:
    """Return the model file that lies beside the data, or ``None``.

    Beside one file, ``flights.parquet``, it is ``flights.model.yaml``. For a folder, several
    files, or a file that is the only data in its folder, it is also ``model.yaml`` in the
    folder that holds them all, or ``<folder>.model.yaml`` beside it.

    Parameters
    ----------
    paths
        The files of the source, or its folder.
    """
    files = [Path(path) for path in paths]
    if not files:
        return None
    candidates: list[Path] = []
    if len(files) == 1 and not files[0].is_dir():
        stem = files[0]
        while stem.suffix.lower() in _DATA_SUFFIXES:
            stem = stem.with_suffix("")
            candidates += [stem.with_name(stem.name + suffix) for suffix in SUFFIXES]
    folder = Path(os.path.commonpath([p if p.is_dir() else p.parent for p in files]))
    whole = len(files) > 1 or files[0].is_dir() or _is_alone(files[0])
    while "=" in folder.name:  # a folder of a hive partition
        folder, whole = folder.parent, True
    if whole and folder.name:
        candidates += [folder / "model.yaml", folder / "model.yml"]
        candidates += [folder.with_name(folder.name + suffix) for suffix in SUFFIXES]
    return next((path for path in candidates if path.is_file()), None)


def _is_alone(file: Path) -> bool:
    """Return whether a file is the only data in its folder, so that it is the folder's data."""
    if not file.parent.is_dir():
        return False
    others = (p for p in file.parent.iterdir() if p.suffix.lower() in _DATA_SUFFIXES)
    return all(other == file for other in others)


def check_model(model: Model, schema: Mapping[str, Any], where: str) -> None:
    """Refuse a model that does not fit the data.

    Parameters
    ----------
    model
        The model.
    schema
        The ibis data type of each column of the data.
    where
        The name of the model's file; ``given`` or ``draft`` where there is none.

    Raises
    ------
    ModelError
        If a column is not there or has the wrong type, or names in the model lead
        nowhere; up to five errors are reported at once.
    """
    problems = Problems(where, model.lines)
    check_names(model, problems)
    problems.raise_first()
    check_columns(model, schema, problems)
    problems.raise_first()


def _model(values: Any, where: str, lines: Mapping[tuple[str, ...], int]) -> Model:
    problems = Problems(where, lines)
    if values is None or values == {}:
        raise ModelError(
            f"{problems.where} is empty.", hint="A model names at least one metric under 'metrics'."
        )
    if not isinstance(values, dict):
        raise ModelError(
            f"{problems.where} is not a model: it holds {_short(values)}.",
            hint="A model is a mapping with the key 'metrics'.",
        )
    _check_own_names(values, problems)
    try:
        model = Model.model_validate(values)
    except ValidationError as error:
        for detail in _errors_of(error):
            _add(detail, problems)
        problems.raise_first()
        raise
    check_names(model, problems)
    problems.raise_first()
    return model.with_lines(lines)


def _check_own_names(values: Mapping[str, Any], problems: Problems) -> None:
    for group in ("dimensions", "metrics", "durations"):
        parts = values.get(group)
        for name, part in parts.items() if isinstance(parts, dict) else ():
            if isinstance(part, dict) and part.get("name", name) != name:
                problems.add(
                    (group, name, "name"),
                    f"is {part['name']!r}, but the key is the name.",
                    "Delete 'name', and use 'label' for what people read.",
                )


def _errors_of(error: ValidationError) -> list[ErrorDetails]:
    """Return pydantic's errors without keys that are missing only because misspelt."""
    details = error.errors(include_url=False)
    unknown = [d["loc"] for d in details if d["type"] == "extra_forbidden"]

    def misspelt(loc: tuple[int | str, ...]) -> bool:
        keys = [str(other[-1]) for other in unknown if other[:-1] == loc[:-1]]
        return bool(difflib.get_close_matches(str(loc[-1]), keys, n=1, cutoff=0.6))

    return [d for d in details if not (d["type"] == "missing" and misspelt(d["loc"]))]


def _add(detail: ErrorDetails, problems: Problems) -> None:
    """Say one of pydantic's errors in our words."""
    path = [part for part in detail["loc"] if part != "[key]"]
    kind, given = detail["type"], detail["input"]
    metric_type = "simple"
    if path[:1] == ["metrics"] and len(path) > 2 and path[2] in _METRICS:
        metric_type = str(path.pop(2))
    if path[:1] == ["metrics"] and path[2:3] == ["additivity"]:
        problems.add(
            path[:3],
            f"is {_short(given)}.",
            "Write additive, or {non_additive: {over: time, take: last}}.",
        )
        return
    if kind == "extra_forbidden":
        key = str(path[-1])
        choices = _keys(path[:-1], metric_type)
        hint = did_you_mean(key, choices, noun="keys")
        if key == "<<":
            hint = "Merge keys are not part of a model: write the keys out."
        problems.add(path, "is not a known key.", hint)
    elif kind == "missing":
        what = f"has no key {str(path[-1])!r}."
        if path == ["metrics"]:
            what = "names no metrics."
        problems.add(path[:-1], what, _EXAMPLES.get(str(path[-1]), ""))
    elif kind in ("enum", "literal_error", "union_tag_invalid"):
        context = detail.get("ctx", {})
        expected = str(context.get("expected") or context.get("expected_tags"))
        choices = re.findall(r"'([^']+)'", expected)
        if kind == "union_tag_invalid":
            path, given = [*path, "type"], context.get("tag")
        word = str(given)
        near = _SYNONYMS.get(word.lower(), "")
        hint = f"Write {near}." if near in choices else did_you_mean(word, choices, noun="values")
        problems.add(path, f"is {_short(given)}, which is not known.", hint)
    elif kind == "value_error":
        problems.add(path, str(detail.get("ctx", {}).get("error", detail["msg"])))
    else:
        what = _MUST.get(kind) or detail["msg"].replace("Input should", "should")
        problems.add(path, f"{what}, not {_short(given)}.", _EXAMPLES.get(str(path[-1]), ""))


_MUST = {
    "string_type": "must be text",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "date_parsing": "must be a date",
    "date_from_datetime_parsing": "must be a date",
    "date_from_datetime_inexact": "must be a date",
    "date_type": "must be a date",
    "tuple_type": "must be a list",
    "dict_type": "must have keys of its own",
    "model_type": "must have keys of its own",
    "model_attributes_type": "must have keys of its own",
    "too_short": "must not be empty",
}
_EXAMPLES = {
    "agg": "Write agg: sum, avg, min, max, count, count_distinct, median or p90.",
    "column": "Name a column of the data.",
    "start": "Name a column of times.",
    "end": "Name a column of times.",
    "numerator": "Name a metric.",
    "denominator": "Name a metric.",
    "grain": "Write the columns that name one row: [date, flight].",
    "grains": "Write [day, week, month].",
    "complete_through": "Write it as 2013-12-31.",
    "metrics": "Write at least 'metrics: {rows: {agg: count}}'.",
    "dimensions": "Write 'dimensions: {city: {column: city}}'.",
}


def _keys(path: list[Any], metric_type: str) -> list[str]:
    parts: dict[str, type[BaseModel]] = {"dataset": DatasetPart, "time": TimePart}
    if not path:
        return list(Model.model_fields)
    if path[0] == "dimensions":
        return [key for key in Dimension.model_fields if key != "name"]
    if path[0] == "durations":
        return [key for key in Duration.model_fields if key != "name"]
    if path[0] == "metrics":
        return [key for key in _METRICS[metric_type].model_fields if key != "name"]
    return list(parts[str(path[0])].model_fields) if path[0] in parts else []


def _short(value: Any) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 60 else text[:59] + "…"
