"""Any finished file, looked through for what it exposes."""

from __future__ import annotations

from pathlib import Path

from mirrorbi.errors import SourceError
from mirrorbi.privacy.exposure.exposure import Exposure
from mirrorbi.privacy.exposure.notebook import notebook_exposes
from mirrorbi.privacy.exposure.page import page_exposes
from mirrorbi.privacy.exposure.plain_text import texts_expose
from mirrorbi.privacy.exposure.sheets import csv_exposes, workbook_exposes

KINDS = (".html", ".htm", ".ipynb", ".csv", ".tsv", ".xlsx", ".xlsm", ".txt", ".md", ".json")


def check_file(path: str | Path) -> list[Exposure]:
    """Return what a finished file exposes, ours or another's; nothing, if nothing was found.

    What is found is what has a form: personal data as `mirrorbi.privacy.pii` knows it,
    tables and figures of single rows, counts of few, secrets, paths, addresses outside the
    file, parameters of a run, and what is there without being shown. A person must still
    read the file: no program knows what a sentence gives away.

    Parameters
    ----------
    path
        An HTML page, a notebook, a CSV file, an Excel workbook or a text.

    Raises
    ------
    SourceError
        If the file is not there, cannot be read, or is of another kind.
    """
    file = Path(path)
    kind = file.suffix.lower()
    if kind not in KINDS:
        raise SourceError(
            f"'{file}' is no file that can be checked.", hint=f"Kinds: {', '.join(KINDS)}."
        )
    if not file.is_file():
        raise SourceError(f"There is no file '{file}'.", hint="Check the path.")
    if kind in (".xlsx", ".xlsm"):
        return list(dict.fromkeys(workbook_exposes(file)))
    text = _read(file)
    if kind in (".html", ".htm"):
        exposures = page_exposes(text)
    elif kind == ".ipynb":
        exposures = notebook_exposes(text, file.name)
    elif kind in (".csv", ".tsv"):
        exposures = csv_exposes(text)
    else:
        exposures = texts_expose([text], "the text")
    return list(dict.fromkeys(exposures))


def _read(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig", "replace")
    except OSError as error:
        raise SourceError(
            f"'{file}' could not be read: {error}.", hint="Check that this user may read it."
        ) from error
