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

from mirrorbi.data.ingest.message_text import form_of
from mirrorbi.data.ingest.value_formats import MISSING_WORDS, looks_like_value

_COMMON = (",", ";", "\t", "|")
_RARE = ("\x01", "\x1f", "^", "~", "§", "¦")
_IN_TEXT = (":", " ")
"""Delimiters that plain text is full of."""
_MOST_TITLES = 5
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
    best = _read(lines[1:], declared[1], whole) if declared else _best(lines, tabs, whole)
    dialect = _describe(best)
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
class _Candidate:
    """What a delimiter makes of the lines."""

    delimiter: str
    escape: str
    records: tuple[tuple[int, tuple[str, ...]], ...]
    """Each with the number of lines before it."""
    width: int
    """Number of fields of most records."""
    is_sound: bool
    """Whether quotation marks match."""

    @property
    def titles(self) -> int:
        """Number of first records down to the last that is cut otherwise than the rest."""
        first = [len(record) != self.width for _, record in self.records[:_MOST_TITLES]]
        return len(first) - first[::-1].index(True) if True in first else 0

    @property
    def agreement(self) -> float:
        """Share of the records below titles that are of one width."""
        body = self.records[self.titles :]
        return sum(len(record) == self.width for _, record in body) / max(1, len(body))

    @property
    def fit(self) -> tuple[bool, float, bool, int]:
        """What the likeliest delimiter has most of."""
        # What cuts the first line as it cuts the rest is likelier than what needs titles.
        agreement = self.agreement * 0.9**self.titles
        return self.is_sound, agreement, self.delimiter in _COMMON, self.width

    @property
    def body(self) -> list[tuple[str, ...]]:
        """The records below titles."""
        return [record for _, record in self.records[self.titles :]]


def _is_plausible(candidate: _Candidate, lines: Sequence[str]) -> bool:
    """Return whether this may be a table at all, and not text of one column."""
    if candidate.width < 2 or candidate.delimiter in _COMMON:
        return candidate.width > 1
    body = candidate.body
    if not body or candidate.agreement < 1:
        return False
    if sum(any(field.strip() for field in column) for column in zip(*body, strict=True)) < 2:
        return False
    if candidate.delimiter not in _IN_TEXT:
        return not candidate.titles or (len(body) > 1 and _is_header(body[0], body[1:]))
    if any(f'"{candidate.delimiter}"' in line for line in lines):
        return True
    has_names = _names_at(candidate) is not None
    if candidate.delimiter == " ":
        return candidate.width > 2 and has_names
    return not _is_text_with_colons(body) and (has_names or not candidate.titles)


def _is_text_with_colons(body: Sequence[Sequence[str]]) -> bool:
    """Return whether records cut at colons are clocks, moments, ratios, labels or addresses."""
    return (
        all(looks_like_value(":".join(record)) for record in body)
        or all(field.strip().isdigit() for record in body for field in record)
        or all(record[1].startswith((" ", "//", "\\")) for record in body)
    )


def _names_at(candidate: _Candidate) -> int | None:
    """Return which record holds a word over values, all below it being of one width."""
    if candidate.agreement < 1:
        return None
    records = [record for _, record in candidate.records]
    last = candidate.titles
    if candidate.delimiter in _IN_TEXT:
        # Titles may be cut into as many fields as the table, and a moment is cut evenly.
        last = _MOST_TITLES
        below = records[candidate.titles + 1 :]
        if all(looks_like_value(candidate.delimiter.join(record)) for record in below):
            return None
    for index in range(candidate.titles, min(last + 1, len(records))):
        if _has_names(records[index], records[index + 1 :]):
            return index
    return None


def _read(lines: Sequence[str], delimiter: str, whole: bool) -> _Candidate:
    """Return the records that a delimiter makes, with the escape that fits best."""
    escapes = ('"', "\\") if any('\\"' in line for line in lines) else ('"',)
    return max((_try(lines, delimiter, escape, whole) for escape in escapes), key=lambda c: c.fit)


def _try(lines: Sequence[str], delimiter: str, escape: str, whole: bool) -> _Candidate:
    is_sound = True
    try:
        every = list(_records(lines, delimiter, escape, strict=True))
    except csv.Error as error:
        # A sample that is cut may end inside of a quoted value.
        is_sound = not whole and "unexpected end" in str(error)
        every = list(_records(lines, delimiter, escape, strict=False))
    if not whole and len(every) > 1:
        every.pop()
    widths = Counter(len(record) for _, record in every)
    width = max(widths, key=lambda width: (widths[width], width), default=0)
    return _Candidate(delimiter, escape, tuple(every), width, is_sound)


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


def _best(lines: Sequence[str], tabs: bool, whole: bool) -> _Candidate:
    order = ("\t", *(d for d in _COMMON if d != "\t")) if tabs else _COMMON
    present = [d for d in (*order, *_RARE, *_IN_TEXT) if any(d in line for line in lines)]
    candidates = [_read(lines, delimiter, whole) for delimiter in present]
    plausible = [candidate for candidate in candidates if _is_plausible(candidate, lines)]
    if not plausible:
        return _read(lines, order[0], whole)
    best = max(plausible, key=lambda candidate: candidate.fit)
    if all(best.delimiter not in line.replace(best.delimiter * 2, "") for line in lines):
        return _read(lines, best.delimiter * 2, whole)
    return best


def _describe(candidate: _Candidate) -> Dialect:
    start, notes = _header_index(candidate), []
    if start:
        notes.append(f"Lines above the header were left out: {start:,}.")
    skip, first = candidate.records[start]
    rest = [record for _, record in candidate.records[start + 1 :]]
    header = _is_header(first, rest)
    if not header:
        notes.append(
            "The first line holds values, not names, so the columns were numbered; its form is "
            f"{form_of(candidate.delimiter.join(first))}."
        )
        rest = [first, *rest]
    return Dialect(
        delimiter=candidate.delimiter,
        escape=candidate.escape,
        skip=skip,
        header=header,
        names=tuple(first) if header else (None,) * len(first),
        sample=tuple(record for record in rest if len(record) == len(first)),
        notes=tuple(notes),
    )


def _header_index(candidate: _Candidate) -> int:
    """Return where the header is: after titles, which fill one field and are not alone."""
    if candidate.delimiter in (*_RARE, *_IN_TEXT):
        return _names_at(candidate) or candidate.titles
    for index, (_, record) in enumerate(candidate.records):
        filled = sum(1 for field in record if field.strip())
        if len(record) == candidate.width and (filled > 1 or candidate.width == 1):
            below = candidate.records[index + 1 : index + 4]
            return index if not index or below else 0
        if filled > 1 or index >= 20:
            break
    above = candidate.records[: candidate.titles]
    if all(2 * len(record) <= candidate.width for _, record in above):
        return _names_at(candidate) or 0
    return 0


def _is_header(first: Sequence[str], rest: Sequence[Sequence[str]]) -> bool:
    """Return whether a record is names: a word over values is, a value over values is not.

    Years and months over numbers are names of a wide table.
    """
    if _has_names(first, rest):
        return True
    return not any(
        looks_like_value(field) and not re.fullmatch(r"\s*(19|20)\d\d(-\d\d)?\s*", field)
        for field, below in zip(first, _columns(rest, len(first)), strict=True)
        if all(map(looks_like_value, below))
    )


def _has_names(first: Sequence[str], rest: Sequence[Sequence[str]]) -> bool:
    """Return whether a word stands over values."""
    return any(
        bool(below and field.strip())
        and field.strip().lower() not in MISSING_WORDS
        and not looks_like_value(field)
        and all(map(looks_like_value, below))
        for field, below in zip(first, _columns(rest, len(first)), strict=True)
    )


def _columns(rest: Sequence[Sequence[str]], width: int) -> list[list[str]]:
    """Return the first values of each column that are not empty."""
    whole = [record for record in rest if len(record) == width][:50]
    return [[record[n] for record in whole if record[n].strip()] for n in range(width)]


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
