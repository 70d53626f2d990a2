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

from mirrorbi.data.forms import looks_like_value
from mirrorbi.data.reading import shorten

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
    delimiter = declared[1] if declared else _delimiter(lines, tabs, whole)
    above = 1 if declared else 0
    dialect = _describe(_read(lines[above:], delimiter, whole), delimiter)
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
    escape: str
    records: tuple[tuple[int, tuple[str, ...]], ...]
    width: int
    agreement: float


def _read(lines: Sequence[str], delimiter: str, whole: bool) -> _Found:
    """Return the records, with the number of lines before each, read the way that fits best."""
    escapes = ('"', "\\") if any('\\"' in line for line in lines) else ('"',)
    tries = []
    for escape in escapes:
        source, single = _single(lines, delimiter)
        reader = csv.reader(source, **_options(single, escape))
        found: list[tuple[int, tuple[str, ...]]] = []
        before = 0
        with _long_fields():
            for record in reader:
                if record:
                    found.append((before, tuple(_restored(record, delimiter))))
                before = reader.line_num
        if not whole and len(found) > 1:
            found.pop()  # may be cut in the middle
        widths = Counter(len(record) for _, record in found)
        width, count = max(widths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
        tries.append(_Found(escape, tuple(found), width, count / max(1, len(found))))
    return max(tries, key=lambda found: found.agreement)


def _delimiter(lines: Sequence[str], tabs: bool, whole: bool) -> str:
    order = ("\t", *(d for d in _COMMON if d != "\t")) if tabs else _COMMON
    for choices in (order, _RARE):
        best, score = "", (0.0, 0)
        for delimiter in choices:
            if not any(delimiter in line for line in lines):
                continue
            found = _read(lines, delimiter, whole)
            first = len(found.records[0][1]) if found.records else 0
            if found.width < 2 or (choices is _RARE and (found.agreement < 1 or first < 2)):
                continue
            # A delimiter that cuts the first line as it cuts the rest is the likelier one.
            fit = (found.agreement * (1.0 if first == found.width else 0.6), found.width)
            if fit > score:
                best, score = delimiter, fit
        if best:
            doubled = all(best not in line.replace(best * 2, "") for line in lines)
            return best * 2 if doubled else best
    return order[0]


def _describe(found: _Found, delimiter: str) -> Dialect:
    start, notes = _header_index(found), []
    if start:
        titles = [" ".join(filter(None, record)) for _, record in found.records[:start]]
        shown = ", ".join(shorten(title) for title in titles[:3])
        notes.append(f"Lines above the header were left out: {shown}.")
    skip, first = found.records[start]
    rest = [record for _, record in found.records[start + 1 :]]
    header = _is_header(first, rest)
    if not header:
        notes.append(
            "The first line holds values, not names, so the columns were numbered: "
            f"{shorten(delimiter.join(first))}."
        )
        rest = [first, *rest]
    return Dialect(
        delimiter=delimiter,
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
    """Return whether a record is names: none of it is a value of the kind below it.

    Years and months over numbers are names of a wide table, so they do not count.
    """
    rest = [record for record in rest if len(record) == len(first)][:50]
    for index, field in enumerate(first):
        if not looks_like_value(field) or re.fullmatch(r"\s*(19|20)\d\d(-\d\d)?\s*", field):
            continue
        below = [record[index] for record in rest if record[index].strip()]
        if all(looks_like_value(value) for value in below):
            return False
    return True


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
