"""Text files: unpacked, and in UTF-8."""

from __future__ import annotations

import codecs
import errno
import gzip
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mirrorbi.data.ingest.copies import Copies
from mirrorbi.errors import SourceError

_CHUNK = 1 << 20
_RATIO = 8
"""How many times larger than its archive a text is, about."""
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_MAGIC = (
    (b"PAR1", "a Parquet file"),
    (b"%PDF", "a PDF document"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\xd0\xcf\x11\xe0", "an old (.xls) or password-protected Office file"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"Rar!", "a RAR archive"),
    (b"ARROW1", "an Arrow file"),
)
# Names of charset-normalizer for scripts that no Western code page can be taken for.
_FAR = {
    "cp1251": "Windows-1251 (Cyrillic)",
    "koi8_r": "KOI8-R (Cyrillic)",
    "cp1253": "Windows-1253 (Greek)",
    "cp1255": "Windows-1255 (Hebrew)",
    "cp1256": "Windows-1256 (Arabic)",
    "shift_jis": "Shift-JIS (Japanese)",
    "cp932": "Shift-JIS (Japanese)",
    "euc_jp": "EUC-JP (Japanese)",
    "gb18030": "GB18030 (Chinese)",
    "gb2312": "GB2312 (Chinese)",
    "gbk": "GBK (Chinese)",
    "big5": "Big5 (Chinese)",
    "euc_kr": "EUC-KR (Korean)",
    "cp949": "CP949 (Korean)",
}


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file of UTF-8 text: the source itself, or a copy that lives as long as its folder."""

    path: Path
    notes: tuple[str, ...] = ()


def text_file(path: Path, temporary: Copies, shown: str) -> TextFile:
    """Return the file as UTF-8 text, copied into the folder only where it must be.

    Parameters
    ----------
    path
        Plain, gzip or zip (of one file); told by content, not by name.
    temporary
        Where a copy goes.
    shown
        The file's name for messages.

    Raises
    ------
    SourceError
        If the file is empty, damaged, not text, or a zip of several files.
    """
    with reading(shown):
        plain = _unpacked(path, temporary, shown)
        with plain.open("rb") as file:
            head = file.read(_CHUNK)
        if not head.strip(b"\xef\xbb\xbf\x00 \t\r\n\xff\xfe"):
            raise SourceError(
                f"{shown!r} is empty.", hint="Check the export that should have filled it."
            )
        encoding, label = _encoding(plain, head, shown)
        if encoding == "utf-8":
            return TextFile(plain)
        copy = _recoded(plain, encoding, label, temporary, shown)
        note = f"{shown} is not in UTF-8: it was read as {label}."
        return TextFile(copy, (note,) if label.startswith("UTF") else (note + _CHECK,))


_CHECK = " If letters look wrong, save the file as UTF-8."


@contextmanager
def reading(shown: str) -> Iterator[None]:
    """Say an `OSError` of a file as a `SourceError` that names it."""
    try:
        yield
    except FileNotFoundError:
        raise SourceError(f"There is no file {shown!r}.", hint="Check the path.") from None
    except PermissionError:
        raise SourceError(
            f"{shown!r} may not be read by this user.",
            hint="Ask its owner for read permission, or copy it to a folder of yours.",
        ) from None
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise SourceError(
                f"There is no room for a temporary copy of {shown!r}: the disk is full.",
                hint="Free some space, or set TMPDIR to a folder on a larger disk.",
            ) from error
        raise SourceError(
            f"{shown!r} could not be read: {error.strerror or error}.",
            hint="Check that the disk or share is there, then try again.",
        ) from error


def _unpacked(path: Path, temporary: Copies, shown: str) -> Path:
    with path.open("rb") as file:
        magic = file.read(4)
    if magic[:2] == b"\x1f\x8b":
        target = temporary.place(_RATIO * path.stat().st_size)
        try:
            with gzip.open(path) as packed, target.open("wb") as plain:
                shutil.copyfileobj(packed, plain, _CHUNK)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise _damaged(shown, "gzip", error) from error
        return target
    if magic in (b"PK\x03\x04", b"PK\x05\x06"):
        return _unzipped(path, temporary, shown)
    return path


def _unzipped(path: Path, temporary: Copies, shown: str) -> Path:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [
                info
                for info in archive.infolist()
                if not info.is_dir()
                and not info.filename.startswith("__MACOSX/")
                and not Path(info.filename).name.startswith(".")
            ]
            names = [info.filename for info in members]
            if "[Content_Types].xml" in names:
                raise SourceError(
                    f"{shown!r} is an Office file, not text.",
                    hint="If it is a workbook, give it the ending .xlsx.",
                )
            if len(members) != 1:
                raise SourceError(
                    f"{shown!r} holds {len(members)} files"
                    + (f": {', '.join(names[:8])}." if names else "."),
                    hint="Unpack it and open the file, or the folder, that is meant.",
                )
            if members[0].flag_bits & 0x1:
                raise SourceError(f"{shown!r} is protected by a password.", hint="Unpack it first.")
            target = temporary.place(members[0].file_size)
            with archive.open(members[0]) as packed, target.open("wb") as plain:
                shutil.copyfileobj(packed, plain, _CHUNK)
            return target
    except (zipfile.BadZipFile, EOFError, zlib.error, NotImplementedError) as error:
        raise _damaged(shown, "zip", error) from error


def _damaged(shown: str, kind: str, error: Exception) -> SourceError:
    return SourceError(
        f"{shown!r} is a damaged or incomplete {kind} archive ({error}).",
        hint="Copy or download it again.",
    )


def _encoding(path: Path, head: bytes, shown: str) -> tuple[str, str]:
    for bom, codec, label in _BOMS:
        if head.startswith(bom):
            return codec, label
    for magic, what in _MAGIC:
        if head.startswith(magic):
            raise SourceError(
                f"{shown!r} is {what}, not text.",
                hint="Give it the ending that fits, or export it as CSV.",
            )
    even, odd = head[0:4096:2], head[1:4096:2]
    if len(even) > 1 and odd.count(0) > 0.7 * len(odd) and even.count(0) < 0.1 * len(even):
        return "utf-16-le", "UTF-16 without a mark"
    if len(odd) > 1 and even.count(0) > 0.7 * len(even) and odd.count(0) < 0.1 * len(odd):
        return "utf-16-be", "UTF-16 without a mark"
    # Hive separates fields by the control characters 1 and 2.
    odd_ones = sum(head.count(bytes([code])) for code in (*range(3, 9), *range(14, 27)))
    if head.count(0) or odd_ones > 0.01 * len(head):
        raise SourceError(
            f"{shown!r} is not a text file: it holds bytes that no text has.",
            hint="Check that the file is what its name says, and export it again.",
        )
    if _is_utf8(path):
        return "utf-8", "UTF-8"
    return _code_page(path)


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            while chunk := file.read(_CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _code_page(path: Path) -> tuple[str, str]:
    from charset_normalizer import from_bytes

    sample = _foreign_lines(path)
    guess = from_bytes(sample, cp_isolation=[*_FAR, "cp1252", "latin_1"]).best()
    if guess is not None and guess.encoding in _FAR and guess.coherence > 0:
        return guess.encoding, _FAR[guess.encoding]
    with path.open("rb") as file:
        # Bytes 80-9F are letters and signs in cp1252, unused controls in Latin-1; five of
        # them mean nothing in cp1252.
        while chunk := file.read(_CHUNK):
            if any(byte in chunk for byte in b"\x81\x8d\x8f\x90\x9d"):
                return "latin-1", "Latin-1 (Western European)"
    return "cp1252", "Windows-1252 (Western European)"


def _foreign_lines(path: Path, size: int = 1 << 16) -> bytes:
    """Return the lines that are not plain ASCII: they alone tell code pages apart."""
    lines, total = [], 0
    with path.open("rb") as file:
        while total < size and (line := file.readline(_CHUNK)):
            if not line.isascii():
                lines.append(line)
                total += len(line)
    return b"".join(lines)


def _recoded(path: Path, encoding: str, label: str, temporary: Copies, shown: str) -> Path:
    target = temporary.place(2 * path.stat().st_size)
    try:
        with (
            path.open(encoding=encoding, newline="") as source,
            target.open("w", encoding="utf-8", newline="") as copy,
        ):
            shutil.copyfileobj(source, copy, _CHUNK)
    except UnicodeError as error:
        raise SourceError(
            f"{shown!r} looks like {label}, but not all of it can be read so ({error}).",
            hint="The file may be cut off or joined from several; export it again as UTF-8.",
        ) from error
    return target
