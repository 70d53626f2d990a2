"""The fingerprint of a source: the same data, the same text."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mirrorbi.data.engine.embedded import line
from mirrorbi.data.ingest.discovery import names_for_people
from mirrorbi.data.ingest.text_file import reading

if TYPE_CHECKING:
    from mirrorbi.data.ingest.sources import OpenedSource


def fingerprint(opened: OpenedSource) -> str:
    """Return the SHA-256 of a source, as ``sha256:`` and hexadecimal digits.

    Of one file, it is that of its bytes, as ``sha256sum`` prints it. Of several files, that
    of their names below their common folder and their own digests, in order of name. Of a
    frame, that of its columns and its rows in any order. Of an ibis table, that of its
    columns, number of rows, and the least, greatest and summed value of each column: the
    rows stay where they are.

    Parameters
    ----------
    opened
        From `mirrorbi.data.ingest.sources.open_source`.

    Raises
    ------
    SourceError
        If a file can no longer be read.

    Examples
    --------
    >>> import pandas as pd
    >>> from mirrorbi.data.engine.embedded import connect
    >>> from mirrorbi.data.ingest.sources import open_source
    >>> one = open_source(pd.DataFrame({"a": [1, 2]}), connect())
    >>> other = open_source(pd.DataFrame({"a": [2, 1]}), connect())
    >>> fingerprint(one) == fingerprint(other)
    True
    """
    if opened.paths:
        digest = _of_files(opened.paths)
    elif opened.kind == "frame":
        digest = _of_rows(opened.table)
    else:
        digest = _of_aggregates(opened.table)
    return f"sha256:{digest}"


def _of_files(paths: Sequence[Path]) -> str:
    digests = {}
    for path, shown in zip(paths, names_for_people(paths), strict=True):
        with reading(shown), path.open("rb") as file:
            digests[path] = hashlib.file_digest(file, "sha256").hexdigest()
    if len(paths) == 1:
        return digests[paths[0]]
    folders = [path.parent for path in paths]
    shared = next(
        folder
        for folder in (folders[0], *folders[0].parents)
        if all(other.is_relative_to(folder) for other in folders)
    )
    digests_by_name = sorted((path.relative_to(shared).as_posix(), digests[path]) for path in paths)
    return _of_lines(f"{name}\0{digest}" for name, digest in digests_by_name)


def _of_rows(table: Any) -> str:
    import numpy as np
    from pandas.util import hash_pandas_object

    frame = table.to_pyarrow().to_pandas(strings_to_categorical=False)
    rows = np.sort(hash_pandas_object(frame, index=False).to_numpy())
    columns = _of_lines(f"{name}\0{dtype}" for name, dtype in table.schema().items())
    return hashlib.sha256(columns.encode() + rows.astype("<u8").tobytes()).hexdigest()


def _of_aggregates(table: Any) -> str:
    aggregates = {"rows": table.count()}
    schema = table.schema()
    for index, (name, dtype) in enumerate(schema.items()):
        column = table[name]
        aggregates[f"count{index}"] = column.count()
        if dtype.is_string():
            aggregates[f"low{index}"], aggregates[f"high{index}"] = column.min(), column.max()
            aggregates[f"sum{index}"] = column.length().sum()
        elif dtype.is_boolean():
            aggregates[f"sum{index}"] = column.sum()
        elif dtype.is_numeric() or dtype.is_temporal():
            aggregates[f"low{index}"], aggregates[f"high{index}"] = column.min(), column.max()
            if dtype.is_numeric():
                aggregates[f"sum{index}"] = column.cast("float64").sum()
    values = line(table.aggregate(**aggregates))
    columns = [f"{name}\0{dtype}" for name, dtype in schema.items()]
    return _of_lines([*columns, *(f"{key}\0{_steady(value)}" for key, value in values.items())])


def _steady(value: Any) -> str:
    # A parallel engine adds in any order: the last digits of a sum are not its own.
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _of_lines(lines: Any) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
