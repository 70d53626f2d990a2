"""Column headings: made usable and different, and compared between files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mirrorbi.data.ingest.message_text import listed
from mirrorbi.errors import SourceError


def tidy_names(names: Sequence[object]) -> tuple[list[str], list[str]]:
    """Return usable column names, all different, and notes on what was changed.

    Names differ if they differ without regard to case, as in SQL. The text of a name is
    kept whatever it holds; only outer white space goes.

    Examples
    --------
    >>> tidy_names(["id", "ID ", None])
    (['id', 'ID_2', 'column_3'], ["Two columns were named 'id': the later became 'ID_2'.", \
'Column 3 has no name: it became column_3.'])
    """
    given = ["" if name is None else str(name).strip() for name in names]
    reserved = {name.lower() for name in given}
    by_lower: dict[str, str] = {}
    tidy, again, unnamed = [], [], []
    for position, name in enumerate(given, 1):
        fresh = name or f"column_{position}"
        count = 1
        while fresh.lower() in by_lower or (fresh != name and fresh.lower() in reserved):
            count += 1
            fresh = f"{name or f'column_{position}'}_{count}"
        if not name:
            unnamed.append((position, fresh))
        elif fresh != name:
            again.append((by_lower[name.lower()], fresh))
        by_lower[fresh.lower()] = fresh
        tidy.append(fresh)
    notes = []
    if len(again) == 1:
        notes.append(f"Two columns were named {again[0][0]!r}: the later became {again[0][1]!r}.")
    elif again:
        notes.append(f"Column names occur twice; renamed: {listed(new for _, new in again)}.")
    if len(unnamed) == 1:
        notes.append(f"Column {unnamed[0][0]} has no name: it became {unnamed[0][1]}.")
    elif unnamed:
        notes.append(f"Columns have no name; named: {listed(new for _, new in unnamed)}.")
    return tidy, notes


def same_columns(columns: Mapping[str, Sequence[str]]) -> None:
    """Refuse files whose columns differ: filling up would invent rows without values.

    Raises
    ------
    SourceError
        If a file lacks a column of the first, or has another.
    """
    (first, expected), *rest = columns.items()
    for name, names in rest:
        if set(names) == set(expected):
            continue
        missing = [column for column in expected if column not in names]
        added = [column for column in names if column not in expected]
        raise SourceError(
            f"{name!r} does not have the columns of {first!r}:"
            + (f" it lacks {listed(map(repr, missing))}" if missing else "")
            + (" and" if missing and added else "")
            + (f" it adds {listed(map(repr, added))}" if added else "")
            + ".",
            hint="Open the files that belong together, or bring them to the same columns.",
        )
