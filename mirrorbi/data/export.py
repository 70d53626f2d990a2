"""Answers as files for spreadsheets: text that no spreadsheet takes for a formula."""

from __future__ import annotations

import contextlib
import csv
import io
import secrets
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from mirrorbi.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

_FORMULA = tuple("=+-@\t\r\n|＝＋－＠")


def without_formula(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula; numbers stay numbers.

    A quote goes before text that begins with ``= + - @``, a tab or a line end, also after
    blanks and in full width, as OWASP advises
    (https://owasp.org/www-community/attacks/CSV_Injection).

    Examples
    --------
    >>> without_formula("=1+1"), without_formula(-1.5), without_formula("a=1")
    ("'=1+1", -1.5, 'a=1')
    """
    if isinstance(value, str) and value.lstrip(" \u00a0\ufeff").startswith(_FORMULA):
        return f"'{value}"
    return value


def write_csv(out: TextIO, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    r"""Write a table as CSV, its headings and text neutralised.

    Examples
    --------
    >>> import io
    >>> out = io.StringIO()
    >>> write_csv(out, ["who", "paid"], [["@SUM(A1)", -1.5], ["Ann", None]])
    >>> print(out.getvalue().replace("\r", ""), end="")
    who,paid
    '@SUM(A1),-1.5
    Ann,
    """
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([without_formula(name) for name in columns])
    for row in rows:
        writer.writerow([without_formula(value) for value in row])


def to_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame as CSV in UTF-8 with a mark, as Excel wants it; all or nothing.

    Raises
    ------
    StoreError
        If it cannot be written.
    """
    out = io.StringIO()
    write_csv(out, [str(name) for name in frame.columns], _rows(frame))
    _write(path, b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "replace"))


def to_excel(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame as an Excel workbook of one sheet; all or nothing.

    Text is stored as text, and neutralised all the same: it may be saved as CSV from there.

    Raises
    ------
    StoreError
        If it cannot be written.
    """
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Result")

    def cell(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        text = WriteOnlyCell(sheet, without_formula(ILLEGAL_CHARACTERS_RE.sub(" ", value)))
        text.data_type = "s"
        return text

    sheet.append([cell(str(name)) for name in frame.columns])
    for row in _rows(frame):
        sheet.append([cell(value) for value in row])
    out = io.BytesIO()
    book.save(out)
    _write(path, out.getvalue())


def _rows(frame: pd.DataFrame) -> Iterable[list[Any]]:
    import pandas as pd

    for line in frame.itertuples(index=False, name=None):
        yield [_plain(value) if not pd.isna(value) else None for value in line]


def _plain(value: Any) -> Any:
    if hasattr(value, "to_pydatetime"):
        moment = value.to_pydatetime()
        return moment.date() if moment.time() == moment.min.time() else moment
    return value.item() if hasattr(value, "item") else value


def _write(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        raise StoreError(
            f"'{path}' could not be written: {error}.",
            hint="Choose a folder that is there and in which you may write.",
        ) from error
