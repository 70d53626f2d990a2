"""Places: where the files of a source are, and what people call them."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from mirrorbi.errors import SourceError

Kind = Literal["csv", "parquet", "jsonl", "excel", "frame", "ibis"]

KINDS: dict[str, Kind] = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".tab": "csv", ".psv": "csv", ".dat": "csv",
    ".parquet": "parquet", ".parq": "parquet", ".pq": "parquet",
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl",
    ".xlsx": "excel", ".xlsm": "excel", ".xltx": "excel", ".xltm": "excel",
    ".xls": "excel", ".xlsb": "excel", ".ods": "excel",
}  # fmt: skip
"""Kind of source by the ending of its name."""

PACKED = (".gz", ".gzip", ".zip")
"""Endings of archives that hold one file of text."""

_ELSEWHERE = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+)://")


def find_source(text: str | Path) -> list[Path]:
    """Return the file, the folder, or the files of a glob that a text names.

    Relative names are looked up in the current folder, then in each folder of the setting
    ``path`` (environment variable ``MIRRORBI_PATH``); the first that has them wins.

    Parameters
    ----------
    text
        A path, or a glob (``*``, ``?``, ``[0-9]``, ``**``). A name that exists is taken as
        it is, whatever signs it holds.

    Returns
    -------
    list of Path
        Resolved; sorted where it is a glob.

    Raises
    ------
    SourceError
        If nothing is there, or the text names something that is not a file.
    """
    words = os.fspath(text)
    scheme = _ELSEWHERE.match(words)
    if scheme:
        raise SourceError(
            f"{scheme['scheme']}:// sources are not read by this version of MirrorBI: {words!r}.",
            hint="Download the files and name them, or pass an ibis table of that connection.",
        )
    if not words.strip():
        raise SourceError("The source is empty text.", hint="Name a file, folder or glob.")
    path_given = Path(words).expanduser()
    for folder in search_folders():
        place = folder / path_given
        if _exists(place):
            return [place.resolve()]
        if glob.has_magic(words):
            names = glob.glob(str(place), recursive=True)  # noqa: PTH207 (takes absolute globs)
            matches = sorted(Path(name).resolve() for name in names)
            files = [path for path in matches if path.is_file() and not _hidden(path.name)]
            if files:
                return files
    raise _not_found(words, path_given)


def search_folders() -> tuple[Path, ...]:
    """Return the folders in which relative names are looked up, first the current one."""
    from mirrorbi.settings import load_settings

    return tuple(dict.fromkeys([Path.cwd(), *load_settings().path]))


def files_in(folder: Path, shown: str) -> list[Path]:
    """Return the data files in a folder and the folders below it, sorted.

    Hidden names and those that begin with ``_`` (markers of Spark and Hive) are no data; a
    folder that is linked into itself is entered once.

    Raises
    ------
    SourceError
        If there is none, or there are several kinds.
    """
    files = sorted(_walk(folder, set()))
    if not files:
        raise SourceError(
            f"The folder {shown!r} holds no data files.",
            hint="It may hold " + ", ".join(sorted(KINDS)) + ", also packed as .gz or .zip.",
        )
    kinds = sorted({kind_by_name(path) or "" for path in files})
    if len(kinds) > 1:
        globs = " or ".join(repr(f"{shown}/*{ending}") for ending in _endings(files))
        raise SourceError(
            f"The folder {shown!r} holds several kinds of data: {', '.join(kinds)}.",
            hint=f"Name the files that are meant, as in {globs}.",
        )
    return files


def kind_by_name(path: Path) -> Kind | None:
    """Return the kind that a name's ending tells: ``csv`` for ``sales.csv.gz``."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in PACKED:
        suffixes.pop()
    return KINDS.get(suffixes[-1]) if suffixes else None


def names_for_people(paths: Iterable[Path]) -> list[str]:
    """Return paths relative to the folders of the search, or their last part; never absolute.

    Such a name leads back to its file through `find_source`, except where the file lies
    outside of every folder of the search.
    """
    folders = [folder.resolve() for folder in search_folders()]
    return [_relative(path, folders) for path in paths]


def engine_path(path: Path) -> str:
    """Return a path as the engine takes it, which reads every name as a glob."""
    return glob.escape(str(path))


def _relative(path: Path, folders: Iterable[Path]) -> str:
    for folder in folders:
        if path != folder and path.is_relative_to(folder):
            return path.relative_to(folder).as_posix()
    return path.name


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        raise SourceError(
            f"{path.name!r} cannot be looked up: {error.strerror}.",
            hint="Check the path and the permissions of its folders.",
        ) from error


def _walk(folder: Path, seen: set[Path]) -> Iterator[Path]:
    real = folder.resolve()
    if real in seen:
        return
    seen.add(real)
    for entry in sorted(folder.iterdir()):
        if _hidden(entry.name):
            continue
        if entry.is_dir():
            yield from _walk(entry, seen)
        elif entry.is_file() and kind_by_name(entry):
            yield entry


def _hidden(name: str) -> bool:
    # "~$" begins the lock file that Excel keeps beside an open workbook.
    return name.startswith((".", "_", "~$"))


def _endings(files: Sequence[Path]) -> list[str]:
    return sorted({path.suffix for path in files})[:3]


def _not_found(words: str, given: Path) -> SourceError:
    if glob.has_magic(words):
        return SourceError(f"No file fits {words!r}.", hint=_looked())
    for folder in search_folders():
        parent = (folder / given).parent
        if parent.is_dir():
            names = [entry.name for entry in parent.iterdir() if not _hidden(entry.name)]
            # Compared without their folder, shown with it: the answer can be pasted.
            near = get_close_matches(given.name.lower(), map(str.lower, names), n=2)
            if near:
                shown = [given.with_name(n).as_posix() for n in names if n.lower() in near]
                hint = f"Did you mean {' or '.join(map(repr, shown[:2]))}?"
                return SourceError(f"There is no file {words!r}.", hint=hint)
    return SourceError(f"There is no file {words!r}.", hint=_looked())


def _looked() -> str:
    extra = len(search_folders()) - 1
    if not extra:
        return "Names are relative to the current folder; set MIRRORBI_PATH to search others."
    return f"The current folder and {extra} of MIRRORBI_PATH were searched."
