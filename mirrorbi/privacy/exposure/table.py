"""What a table exposes: rows of single persons or things, personal columns, counts of few."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from mirrorbi.data.model.column_names import is_calendar, is_identifier, kind_of, words
from mirrorbi.privacy.exposure.exposure import Exposure, examples_of
from mirrorbi.privacy.exposure.series import is_series
from mirrorbi.privacy.pii.column_classes import NOUNS
from mirrorbi.privacy.pii.column_values import judge_values
from mirrorbi.privacy.pii.hit import masked

LARGE = 200
"""Rows beyond which a table is no longer a summary."""

LEAST = 10
"""Fewest persons or things that a count may be of, as in the default policy."""

LOOKED = 2_000
"""Values of one column that are looked at."""

LONG = 20_000
"""Rows beyond which even a series is no longer one: two years by the hour."""

_COUNTS = frozenset("rows entities count n zeilen anzahl lignes filas numero nombre".split())  # noqa: SIM905
_CODE = re.compile(r"(?=\D*\d)[\w./-]{4,40}")
_PERIOD = re.compile(
    r"\d{4}(?:-(?:\d{2}|Q[1-4]|W\d{2})(?:-\d{2})?)?|Q[1-4][ -]\d{4}|\d{1,2}[./]\d{1,2}[./]\d{2,4}"
    r"|[\d,.\s%+−-]+|(?:FY ?)?\d{4}(?:/\d{2})?|\d{4}-\d{2}-\d{2}[ T].*"
)


@dataclass
class Table:
    """Cells as text, row by row, under their headings; rows beyond `LOOKED` are counted.

    ``places`` are what heads each row, in a form that machines read where the page has one.
    """

    where: str
    columns: list[str]
    rows: list[list[str]] = field(default_factory=list)
    count: int = 0
    places: list[str] = field(default_factory=list)

    def add(self, row: Sequence[str], place: str | None = None) -> None:
        """Add a row; ``place`` is what heads it, where its first cell is for people only."""
        self.count += 1
        if self.count <= LONG:
            self.places.append((str(row[0]) if row else "") if place is None else place)
        if len(self.rows) < LOOKED:
            self.rows.append([str(cell) for cell in row])

    @property
    def is_series(self) -> bool:
        """Whether its rows are moments one after the other, not persons or things."""
        return self.count <= LONG and is_series(self.places)

    def values(self, index: int) -> list[str]:
        """Return what a column holds, without gaps."""
        return [row[index] for row in self.rows if index < len(row) and row[index].strip()]


def table_exposes(table: Table) -> Iterator[Exposure]:
    """Yield what a table exposes."""
    if table.count > LARGE and not table.is_series:
        detail = f"a table of {table.count:,} rows: more than a summary needs"
        yield Exposure("row_values", detail, table.where, table.count)
    for index, name in enumerate(table.columns):
        values = table.values(index)
        if values:
            yield from _column(table, name, values)


def _column(table: Table, name: str, values: list[str]) -> Iterator[Exposure]:
    shown = f"column {name!r}" if name else "a column without a name"
    named_kind = kind_of(name)
    judgement = judge_values(list(dict.fromkeys(values)), named_kind)
    if judgement is not None and judgement.count >= min(3, len(values)):
        examples = examples_of([masked(value) for value in values])
        detail = f"{shown} holds {NOUNS[judgement.kind]}"
        yield Exposure("personal_data", detail, table.where, judgement.count, examples)
    elif len(values) >= LEAST and len(set(values)) == len(values) and _identifies(name, values):
        detail = f"{shown} has another code in every row: rows of single persons or things"
        examples = examples_of([masked(value) for value in values])
        yield Exposure("row_values", detail, table.where, len(values), examples)
    if words(name) and (words(name)[-1] in _COUNTS or words(name)[0] in _COUNTS):
        small = [v for v in values if re.fullmatch(r"\d+", v.strip()) and 0 < int(v) < LEAST]
        if small:
            detail = f"{shown} has counts below {LEAST}"
            yield Exposure("small_counts", detail, table.where, len(small))


def _identifies(name: str, values: list[str]) -> bool:
    if is_calendar(name) or any(_PERIOD.fullmatch(value.strip()) for value in values[:LEAST]):
        return is_identifier(name) and all(re.fullmatch(r"\d{3,}", v.strip()) for v in values)
    return is_identifier(name) or all(_CODE.fullmatch(value.strip()) for value in values)
