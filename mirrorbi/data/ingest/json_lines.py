"""JSON lines: one record a line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from mirrorbi.data.ingest.column_headings import tidy_names
from mirrorbi.data.ingest.copies import copies
from mirrorbi.data.ingest.discovery import engine_path
from mirrorbi.data.ingest.message_text import form_of, listed, reason_of
from mirrorbi.data.ingest.reading import Reading, drop, keep
from mirrorbi.data.ingest.text_file import text_file
from mirrorbi.data.ingest.type_inference import read_types
from mirrorbi.data.ingest.value_formats import DECIMAL, TIMES, TRUTH, WHOLE
from mirrorbi.errors import SourceError

_SAMPLE = 1_000
_LONGEST = 64 << 20
# The planner of the engine takes time with the square of the number of aggregates.
_AT_ONCE = 100
_KINDS = {
    "text": ("VARCHAR",),
    "numbers": ("BIGINT", "UBIGINT", "DOUBLE"),
    "truth": ("BOOLEAN",),
    "nested": ("OBJECT", "ARRAY"),
}


def read_jsonlines(paths: Sequence[Path], shown: Sequence[str], connection: Any) -> Reading:
    """Return the records of JSON lines files (or JSON arrays) as one table in memory.

    A key that a record lacks is missing there. Text stays text, except dates and times
    that can be read in one way only; records and lists inside a record are left out, with
    a note.

    Raises
    ------
    SourceError
        If a file is empty or damaged, or a line is no JSON record.
    """
    import duckdb

    with copies() as temporary:
        texts = [text_file(path, temporary, name) for path, name in zip(paths, shown, strict=True)]
        for text, name in zip(texts, shown, strict=True):
            _check_start(text.path, name)
        try:
            reading = _read([text.path for text in texts], shown, connection)
        except duckdb.Error as error:
            for text, name in zip(texts, shown, strict=True):
                _refuse_first_fault(text.path, name)
            raise SourceError(
                f"{listed(map(repr, shown))} could not be read as JSON: {reason_of(error)}",
                hint=_HOW,
            ) from error
    notes = [note for text in texts for note in text.notes]
    return Reading(reading.table, tuple(dict.fromkeys([*notes, *reading.notes])))


_HOW = 'Write one record a line, as in {"day": "2024-01-31", "sales": 12.5}.'


def _read(files: Sequence[Path], shown: Sequence[str], connection: Any) -> Reading:
    view = connection.read_json(
        [engine_path(file) for file in files],
        format="auto",
        records=True,
        # Every value as it is written: the engine would guess the order of day and month.
        maximum_depth=1,
        map_inference_threshold=-1,
        field_appearance_threshold=0,
        sample_size=-1,
        union_by_name=True,
        maximum_object_size=_LONGEST,
    )
    names, notes = tidy_names(view.columns)
    if names == ["json"] and not view.schema()["json"].is_json():
        raise _not_records(shown)
    columns = {new: view[old] for new, old in zip(names, view.columns, strict=True)}
    raw = keep(connection, view.select(**columns))
    drop(connection, view, "VIEW")
    rows, kinds = _kinds(raw)
    if not rows:
        raise _no_records(shown)
    nested = [name for name in names if kinds[name]["nested"]]
    if len(nested) == len(names):
        raise SourceError(
            f"Every key of {listed(map(repr, shown))} holds records or lists: {listed(nested)}.",
            hint="Write their values under keys of their own.",
        )
    if nested:
        notes.append(f"Left out, because they hold records or lists: {listed(nested)}.")
    flat = [name for name in names if name not in nested]
    text = raw.select(**{name: _text_of()(raw[name], "$") for name in flat})
    sample = text.limit(_SAMPLE).to_pyarrow().to_pydict()
    samples = {name: [value for value in sample[name] if value is not None] for name in flat}
    quoted = {n: v for n, v in samples.items() if kinds[n]["text"]}
    plain = {n: v for n, v in samples.items() if n not in quoted}
    whole = rows <= _SAMPLE
    typed = read_types(text, plain, groups=((WHOLE,), (DECIMAL,), (TRUTH,)), complete=whole)
    dates = read_types(typed.table, quoted, groups=TIMES, complete=whole)
    table = keep(connection, dates.table)
    drop(connection, raw, "TABLE")
    notes += _mixtures(kinds, flat)
    return Reading(table, (*notes, *dates.notes, *typed.notes))


def _kinds(raw: Any) -> tuple[int, dict[str, dict[str, int]]]:
    """Return the number of rows, and for each column how many values are of each kind."""
    rows = int(raw.count().to_pyarrow().as_py())
    kinds: dict[str, dict[str, int]] = {}
    for start in range(0, len(raw.columns), _AT_ONCE):
        names = raw.columns[start : start + _AT_ONCE]
        aggregates = {}
        for index, name in enumerate(names):
            kind = _type_of()(raw[name])
            for word, types in _KINDS.items():
                aggregates[f"{word}{index}"] = kind.isin(types).sum()
        line = raw.aggregate(**aggregates).to_pyarrow().to_pylist()[0]
        for index, name in enumerate(names):
            kinds[name] = {word: line[f"{word}{index}"] or 0 for word in _KINDS}
    return rows, kinds


def _mixtures(kinds: Mapping[str, Mapping[str, int]], names: Sequence[str]) -> list[str]:
    mixed = [name for name in names if sum(map(bool, kinds[name].values())) > 1]
    if not mixed:
        return []
    return [f"Kept as text, because text and other values are mixed: {listed(map(repr, mixed))}."]


def _check_start(file: Path, shown: str) -> None:
    with file.open(encoding="utf-8-sig") as text:
        start = text.read(4096).lstrip()
    if re.fullmatch(r"\[\s*\]\s*", start):
        raise _no_records([shown])
    if not start.startswith(("{", "[")):
        raise SourceError(f"{shown!r} does not begin with a JSON record.", hint=_HOW)


def _refuse_first_fault(file: Path, shown: str) -> None:
    """Raise the error of the first line that is no record, if the file has one a line."""
    with file.open(encoding="utf-8-sig") as text:
        if text.read(4096).lstrip()[:1] == "[":
            return
        text.seek(0)
        for number, line in enumerate(text, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line, object_pairs_hook=_unique)
            except ValueError as error:
                reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
                raise SourceError(
                    f"Line {number:,} of {shown!r} is no JSON record ({reason}): "
                    f"{form_of(line.strip())}.",
                    hint=_HOW,
                ) from None
            if not isinstance(record, dict):
                raise SourceError(
                    f"Line {number:,} of {shown!r} is no record: {form_of(line.strip())}.",
                    hint=_HOW,
                )


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        keys = [key for key, _ in pairs]
        again = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {again!r} occurs twice")
    return record


def _no_records(shown: Sequence[str]) -> SourceError:
    return SourceError(
        f"{listed(map(repr, shown))} holds no records.",
        hint="Check the job that wrote it: it may have found nothing.",
    )


def _not_records(shown: Sequence[str]) -> SourceError:
    return SourceError(f"{listed(map(repr, shown))} holds values that are no records.", hint=_HOW)


@cache
def _text_of() -> Any:
    import ibis

    def json_extract_string(value, path):  # type: ignore[no-untyped-def]
        """Return a value as text (a function of DuckDB)."""

    return ibis.udf.scalar.builtin(json_extract_string, signature=(("json", "string"), "string"))


@cache
def _type_of() -> Any:
    import ibis

    def json_type(value):  # type: ignore[no-untyped-def]
        """Return the kind of a value (a function of DuckDB)."""

    return ibis.udf.scalar.builtin(json_type, signature=(("json",), "string"))
