"""The dialect of a delimited text: delimiter, escapes, lines before the header, names."""

from __future__ import annotations

import csv
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from mirrorbi.data.ingest.reading import form_of
from mirrorbi.data.ingest.value_formats import MISSING_WORDS, looks_like_value

_COMMON = (",", ";", "\t", "|")
_RARE = ("\x01", "\x1f", "^", "~", "§", "¦", ":")
_SAMPLE_LINES = 2_000
_SAMPLE_CHARS = 4_000_000
# Stands for a delimiter of two characters while Python's reader, which takes only one, reads.
_STAND_IN = "\ue0ff"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a delimited text is written, and its first records.

    Parameters
    ----------
    delimiter
        One character, or two.
    escape
        What precedes a quotation mark inside a quoted value: ``"`` or a backslash.
    skip
        Physical lines before the header (or before the data where there is none).
    header
        Whether the first record after those lines is names.
    names
        The fields of the header as written; of a text without header, as many ``None``.
    sample
        The first records of data.
    complete
        Whether these are all.
    notes
        What was guessed.
    """

    delimiter: str
    escape: str
    skip: int
    header: bool
    names: tuple[str | None, ...]
    sample: tuple[tuple[str, ...], ...] = ()
    complete: bool = False
    notes: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """Number of fields of each record."""
        return len(self.names)


def find_dialect(path: Path, *, tabs: bool = False) -> Dialect:
    """Return the dialect of a UTF-8 text, judged by its first lines.

    Parameters
    ----------
    path
        The text; not empty.
    tabs
        Whether the name says that tabs separate the fields.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = list(islice(file, _SAMPLE_LINES))
        if sum(map(len, lines)) > _SAMPLE_CHARS:
            lines = _first(lines, _SAMPLE_CHARS)
        whole = not file.read(1)
    declared = re.fullmatch(r"(?i)\"?sep=(.{1,2}?)\"?\s*", lines[0])
    above = 1 if declared else 0
    found = _read(lines[1:], declared[1], whole) if declared else _best(lines, tabs, whole)
    dialect = _describe(found)
    return replace(dialect, skip=dialect.skip + above, complete=whole)


def records(
    path: Path, dialect: Dialect, *, strict: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """Yield every record with the number of its first line; lines that are empty are left out.

    Raises
    ------
    csv.Error
        If ``strict`` and quotation marks do not match.
    """
    with path.open(encoding="utf-8-sig", newline="") as file, _long_fields():
        for _ in range(dialect.skip):
            next(file, None)
        source, delimiter = _single(file, dialect.delimiter)
        reader = csv.reader(source, strict=strict, **_options(delimiter, dialect.escape))
        before = dialect.skip
        try:
            for record in reader:
                if record:
                    yield before + 1, _restored(record, dialect.delimiter)
                before = dialect.skip + reader.line_num
        except csv.Error as error:
            raise csv.Error(f"in the record that begins on line {before + 1:,}: {error}") from None


@dataclass(frozen=True, slots=True)
class _Found:
    """What a delimiter makes of the lines: records, each with the number of lines before it."""

    delimiter: str
    escape: str
    records: tuple[tuple[int, tuple[str, ...]], ...]
    width: int
    agreement: float
    sound: bool
    """Whether quotation marks match."""

    @property
    def fit(self) -> tuple[bool, float, bool, int]:
        # What cuts the first line as it cuts the rest is the likelier delimiter.
        first = len(self.records[0][1]) if self.records else 0
        agreement = self.agreement * (1.0 if first == self.width else 0.6)
        return self.sound, agreement, self.delimiter in _COMMON, self.width


def _read(lines: Sequence[str], delimiter: str, whole: bool) -> _Found:
    """Return the records that a delimiter makes, with the escape that fits best."""
    escapes = ('"', "\\") if any('\\"' in line for line in lines) else ('"',)
    return max((_try(lines, delimiter, escape, whole) for escape in escapes), key=lambda f: f.fit)


def _try(lines: Sequence[str], delimiter: str, escape: str, whole: bool) -> _Found:
    sound = True
    try:
        found = list(_records(lines, delimiter, escape, strict=True))
    except csv.Error as error:
        # A sample that is cut may end inside of a quoted value.
        sound = not whole and "unexpected end" in str(error)
        found = list(_records(lines, delimiter, escape, strict=False))
    if not whole and len(found) > 1:
        found.pop()
    widths = Counter(len(record) for _, record in found)
    width, count = max(widths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
    agreement = count / max(1, len(found))
    return _Found(delimiter, escape, tuple(found), width, agreement, sound)


def _records(
    lines: Sequence[str], delimiter: str, escape: str, *, strict: bool
) -> Iterator[tuple[int, tuple[str, ...]]]:
    source, single = _single(lines, delimiter)
    reader = csv.reader(source, strict=strict, **_options(single, escape))
    before = 0
    with _long_fields():
        for record in reader:
            if record:
                yield before, tuple(_restored(record, delimiter))
            before = reader.line_num


def _best(lines: Sequence[str], tabs: bool, whole: bool) -> _Found:
    order = ("\t", *(d for d in _COMMON if d != "\t")) if tabs else _COMMON
    tries = []
    for delimiter in (*order, *_RARE):
        if any(delimiter in line for line in lines):
            found = _read(lines, delimiter, whole)
            first = len(found.records[0][1]) if found.records else 0
            if found.width > 1 and (delimiter in _COMMON or (found.agreement == 1 and first > 1)):
                tries.append(found)
    if not tries:
        return _read(lines, order[0], whole)
    best = max(tries, key=lambda found: found.fit)
    if all(best.delimiter not in line.replace(best.delimiter * 2, "") for line in lines):
        return _read(lines, best.delimiter * 2, whole)
    return best


def _describe(found: _Found) -> Dialect:
    start, notes = _header_index(found), []
    if start:
        notes.append(f"Lines above the header were left out: {start:,}.")
    skip, first = found.records[start]
    rest = [record for _, record in found.records[start + 1 :]]
    header = _is_header(first, rest)
    if not header:
        notes.append(
            "The first line holds values, not names, so the columns were numbered; its form is "
            f"{form_of(found.delimiter.join(first))}."
        )
        rest = [first, *rest]
    return Dialect(
        delimiter=found.delimiter,
        escape=found.escape,
        skip=skip,
        header=header,
        names=tuple(first) if header else (None,) * len(first),
        sample=tuple(record for record in rest if len(record) == len(first)),
        notes=tuple(notes),
    )


def _header_index(found: _Found) -> int:
    """Return where the header is: after titles, which fill one field and are not alone."""
    for index, (_, record) in enumerate(found.records):
        filled = sum(1 for field in record if field.strip())
        if len(record) == found.width and (filled > 1 or found.width == 1):
            below = found.records[index + 1 : index + 4]
            return index if not index or below else 0
        if filled > 1 or index >= 20:
            break
    return 0


def _is_header(first: Sequence[str], rest: Sequence[Sequence[str]]) -> bool:
    """Return whether a record is names: a word over values is, a value over values is not.

    Years and months over numbers are names of a wide table.
    """
    rest = [record for record in rest if len(record) == len(first)][:50]
    doubtful = False
    for index, field in enumerate(first):
        below = [record[index] for record in rest if record[index].strip()]
        if not all(map(looks_like_value, below)):
            continue
        if looks_like_value(field):
            doubtful |= not re.fullmatch(r"\s*(19|20)\d\d(-\d\d)?\s*", field)
        elif below and field.strip() and field.strip().lower() not in MISSING_WORDS:
            return True
    return not doubtful


def _options(delimiter: str, escape: str) -> dict[str, Any]:
    if escape == '"':
        return {"delimiter": delimiter, "quotechar": '"', "doublequote": True}
    return {"delimiter": delimiter, "quotechar": '"', "doublequote": False, "escapechar": escape}


def _single(lines: Sequence[str] | Iterator[str], delimiter: str) -> tuple[Iterator[str], str]:
    if len(delimiter) == 1:
        return iter(lines), delimiter
    return (line.replace(delimiter, _STAND_IN) for line in lines), _STAND_IN


def _restored(record: list[str], delimiter: str) -> list[str]:
    if len(delimiter) == 1:
        return record
    return [field.replace(_STAND_IN, delimiter) for field in record]


def _first(lines: Sequence[str], chars: int) -> list[str]:
    kept, total = [], 0
    for line in lines:
        kept.append(line)
        total += len(line)
        if total > chars:
            break
    return kept


@contextmanager
def _long_fields() -> Iterator[None]:
    before = csv.field_size_limit(sys.maxsize)
    try:
        yield
    finally:
        csv.field_size_limit(before)
