"""The ledger in a folder: one file of JSON lines, and its head beside it."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

from mirrorbi.errors import LedgerError
from mirrorbi.privacy.ledger.chain import START, Link, flaw, link_of, seal
from mirrorbi.privacy.ledger.entry import (
    Intent,
    Outcome,
    close_entry,
    heal_entry,
    open_entry,
    start_entry,
)
from mirrorbi.privacy.ledger.head import Head, head_of
from mirrorbi.privacy.ledger.lock import locked

ENTRIES = "ledger.jsonl"
HEAD = "ledger.head"
LOCK = "ledger.lock"
_LOOKS = 5


class FileLedger:
    """A ledger in a folder that only this user may enter.

    Each entry is written and flushed to the disk before anything else happens; then the
    head is written anew. Several processes and threads may write at once. An unfinished last
    line, left by a crash or a full disk, is written over by an entry that says so; nobody
    was ever told that it had been written. Anything else that does not fit stops the
    ledger, and with it the calls.

    Parameters
    ----------
    folder
        Made when it is first written to, for this user alone.

    Examples
    --------
    >>> import tempfile
    >>> from types import SimpleNamespace
    >>> policy = SimpleNamespace(sha256="0" * 64, retention="hash")
    >>> ledger = FileLedger(tempfile.mkdtemp())
    >>> intent = Intent("run-1", "", "ask", "claude", ("eu-west-1",), (), policy)
    >>> entry = ledger.open(intent)
    >>> ledger.close(entry, Outcome(request_id="r-1", input=900, output=80))
    >>> [part["kind"] for part in ledger.entries()]
    ['start', 'open', 'close']
    """

    def __init__(self, folder: str | Path) -> None:
        # Absolute: a notebook may change its folder between two entries.
        self.folder = Path(folder).expanduser().absolute()
        self._open: set[str] = set()
        self._stored: set[str] = set()

    def __repr__(self) -> str:
        return f"FileLedger({str(self.folder)!r})"

    @property
    def place(self) -> str:
        """Where it is, as a person writes it."""
        here = Path.cwd()
        near = self.folder.is_relative_to(here)
        return str(self.folder.relative_to(here) if near else self.folder)

    def open(self, intent: Intent) -> str:
        """Write that a call is about to be made; return the entry's id once that is durable.

        Raises
        ------
        LedgerError
            If it could not be written, or the ledger is damaged. The call must not be made.
        """
        if not (self.folder / ENTRIES).exists():
            self._stored.clear()  # a new ledger holds no payload yet
        content = open_entry(intent, self._stored)
        entry = self._append(content, "The call was not made").id
        self._stored.update(part["sha256"] for part in content["disclosures"] if "body" in part)
        self._open.add(entry)
        return entry

    def close(self, entry: str, outcome: Outcome) -> None:
        """Write what came of the call.

        Raises
        ------
        LedgerError
            If it could not be written, or there is no such entry, or it was closed before.
        """
        if entry not in self._open:
            self._find(entry)
        seq = int(entry.partition("-")[0])
        self._append(close_entry(seq, outcome), f"What came of call {entry} is not in the ledger")
        self._open.discard(entry)

    def entries(self) -> Iterator[dict[str, Any]]:
        """Yield what each entry says, in order; the chain is not checked.

        Raises
        ------
        LedgerError
            If the file cannot be read, or a line is no entry.
        """
        for number, line in enumerate(self.lines(), 1):
            if not line.endswith(b"\n"):
                return
            try:
                yield json.loads(line)
            except ValueError:
                raise LedgerError(
                    f"Line {number} of the ledger in {self.place!r} is no entry.",
                    hint="Run 'mirrorbi ledger verify' to see what else was changed.",
                ) from None

    def lines(self) -> Iterator[bytes]:
        """Yield the lines as they stand in the file, the last one perhaps unfinished.

        No lock is needed: what lies before the head, read first, never changes.

        Raises
        ------
        LedgerError
            If they cannot be read.
        """
        try:
            with (self.folder / ENTRIES).open("rb") as file:
                for line in file:
                    yield line
                    # A file that has grown since goes on in the middle of this line.
                    if not line.endswith(b"\n"):
                        return
        except FileNotFoundError:
            return
        except OSError as error:
            self._refuse(error, "The ledger cannot be read")

    def head(self) -> Head | None:
        """Return where the ledger ended when it was last written, or ``None`` without one.

        Raises
        ------
        LedgerError
            If it cannot be read, or is no head.
        """
        try:
            return self._head()
        except OSError as error:
            self._refuse(error, "The head of the ledger cannot be read")

    def _append(self, content: Mapping[str, Any], without: str) -> Link:
        try:
            self._make()
            with locked(self.folder / LOCK):
                file = os.open(
                    self.folder / ENTRIES,
                    os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0),
                    0o600,
                )
                try:
                    return self._add(file, content)
                finally:
                    os.close(file)
        except OSError as error:
            self._refuse(error, without)

    def _add(self, file: int, content: Mapping[str, Any]) -> Link:
        """Write an entry behind the last one, whatever state the file was left in."""
        last, end, torn = self._last(file)
        if last == START:
            last, end = self._put(file, start_entry(), last, end)
        if torn:
            last, end = self._put(file, heal_entry(torn), last, end)
        return self._put(file, content, last, end)[0]

    def _put(self, file: int, content: Mapping[str, Any], last: Link, end: int) -> tuple[Link, int]:
        """Write a line at a place, over what nobody was told of; return it and its end."""
        line, link = seal(content, last)
        size = os.fstat(file).st_size
        try:
            _write(file, line, end)
            if size > end + len(line):
                os.ftruncate(file, end + len(line))
            _durable(file)
            self._anchor(Head(link, end, end + len(line)))
        except BaseException:  # also Ctrl-C: nobody is told that it was written
            with contextlib.suppress(OSError):
                head = self._head()
                # Over an unfinished line, what is half written is again an unfinished line.
                if size <= end and (head is None or head.link != link):
                    os.ftruncate(file, end)
            raise
        return link, end + len(line)

    def _last(self, file: int) -> tuple[Link, int, bytes]:
        """Return the last entry, where it ends, and the unfinished line behind it."""
        size = os.fstat(file).st_size
        head = self._head()
        link, end = (START, 0) if head is None else (head.link, head.end)
        if head is not None:
            if size < end:
                self._damaged(f"its end was cut off, and entry {link.id} is not there")
            line = _read(file, head.start, end)
            wrong = flaw(line) or ("is another one" if link_of(line) != link else "")
            if wrong:
                self._damaged(f"entry {link.id} {wrong}")
        # Lines behind the head: a process ended between writing the line and the head.
        *behind, torn = _read(file, end, size).split(b"\n")
        if head is None and len(behind) > 1:
            self._damaged(f"its head, {HEAD}, was removed")
        for line in behind:
            if wrong := flaw(line + b"\n", link):
                self._damaged(f"what was added behind entry {link.id} {wrong}")
            link = link_of(line + b"\n")
            end += len(line) + 1
        return link, end, torn

    def _head(self) -> Head | None:
        for _ in range(_LOOKS):
            try:
                text = (self.folder / HEAD).read_bytes()
            except FileNotFoundError:
                return None
            head = head_of(text)
            if head is not None:
                return head
            time.sleep(0.002)  # who reads without the lock may see half of a new one
        self._damaged(f"its head, {HEAD}, was changed")

    def _anchor(self, head: Head) -> None:
        """Write the head over the old one.

        It is not waited for: after a power failure the old head may stand there, and the
        lines behind it are found. In place, so that neither a full disk nor a power
        failure can leave half of one: it is smaller than a sector.
        """
        path = self.folder / HEAD
        new = not path.exists()
        file = os.open(path, os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        try:
            _write(file, head.line(), 0)
            if new:
                _durable(file)
                _durable_folder(self.folder)
        finally:
            os.close(file)

    def _find(self, entry: str) -> None:
        """Refuse an entry that is not open: one written by another object may be."""
        number = entry.partition("-")[0]
        opening = None
        for part in self.entries():
            if part["kind"] == "open" and Link(part["seq"], part["hash"]).id == entry:
                opening = part
            elif part["kind"] == "close" and str(part["of"]) == number:
                raise LedgerError(
                    f"Call {entry} was closed before, by entry {part['seq']}.",
                    hint="Close each call once.",
                )
        if opening is None:
            raise LedgerError(
                f"There is no open call {entry!r} in the ledger in {self.place!r}.",
                hint="Close what open() returned.",
            )

    def _make(self) -> None:
        if self.folder.is_dir():
            return
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        self.folder.mkdir(mode=0o700, exist_ok=True)

    def _damaged(self, why: str) -> NoReturn:
        raise LedgerError(
            f"The ledger in {self.place!r} was changed: {why}. Nothing is added to it.",
            hint="Run 'mirrorbi ledger verify'; keep the folder as it is for whoever audits "
            "it, and set another one:  ledger = ... in mirrorbi.toml.",
        )

    def _refuse(self, error: OSError, without: str) -> NoReturn:
        raise LedgerError(
            f"{without}: the ledger in {self.place!r} failed: {error.strerror or error}.",
            hint=_HINTS.get(error.errno or 0, "Check the folder, or set another one: ledger = ..."),
        ) from error


def _read(file: int, start: int, end: int) -> bytes:
    os.lseek(file, start, os.SEEK_SET)
    parts = []
    while start < end and (part := os.read(file, end - start)):
        parts.append(part)
        start += len(part)
    return b"".join(parts)


def _write(file: int, content: bytes, at: int) -> None:
    os.lseek(file, at, os.SEEK_SET)
    view = memoryview(content)
    while view:
        view = view[os.write(file, view) :]


def _durable_folder(folder: Path) -> None:
    """Wait until the disk has the names of new files."""
    if os.name == "posix":
        file = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)


def _durable(file: int) -> None:
    """Wait until the disk has it, not only the system."""
    if sys.platform == "darwin":
        import fcntl

        fcntl.fcntl(file, fcntl.F_FULLFSYNC)  # fsync there leaves it in the drive's memory
    else:
        os.fsync(file)


_FULL = "Make room on the disk, or set another folder: ledger = ... in mirrorbi.toml."
_CLOSED = "Give this user the right to write there, or set another folder: ledger = ..."
_HINTS = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: _FULL,
    errno.EACCES: _CLOSED,
    errno.EPERM: _CLOSED,
    errno.EROFS: _CLOSED,
    errno.ENOTDIR: "A part of the path is a file: set another folder: ledger = ...",
    errno.EEXIST: "A file has the name of the folder: set another folder: ledger = ...",
}
