"""A folder on this machine as a store."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mirrorbi.errors import StoreError, did_you_mean
from mirrorbi.storage.store import checked_name

_PART = ".part"


class LocalStore:
    """A folder whose files appear whole or not at all.

    A content is written beside its place under a hidden name, flushed to the disk, and
    renamed: a reader never sees half of it, and what was there before stays until then.

    Parameters
    ----------
    folder
        Made when it is first written to.

    Examples
    --------
    >>> import tempfile
    >>> store = LocalStore(tempfile.mkdtemp())
    >>> path = store.write("2024/note.txt", b"whole")
    >>> store.read("2024/note.txt"), store.list()
    (b'whole', ['2024/note.txt'])
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder).expanduser()

    def __repr__(self) -> str:
        return f"LocalStore({str(self.folder)!r})"

    def write(self, name: str, content: bytes | Path) -> str:
        """Keep a content under a name; return its path.

        Raises
        ------
        StoreError
            If the folder cannot be made or written to, or the disk is full. Nothing is
            left under the name then but what was there before.
        """
        target = self._path(name)
        with _store_errors("written", target):
            target.parent.mkdir(parents=True, exist_ok=True)
            part = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}{_PART}")
            try:
                _write_whole(part, content)
                part.replace(target)
            except BaseException:  # also Ctrl-C
                with suppress(OSError):
                    part.unlink()
                raise
        return str(target)

    def read(self, name: str) -> bytes:
        """Return the content of that name.

        Raises
        ------
        StoreError
            If there is none, or it cannot be read.
        """
        target = self._path(name)
        if not self.exists(name):
            raise StoreError(
                f"There is no {name!r} in {str(self.folder)!r}.",
                hint=did_you_mean(name, self.list(), noun="names"),
            )
        with _store_errors("read", target):
            return target.read_bytes()

    def exists(self, name: str) -> bool:
        """Return whether there is a content of that name."""
        return self._path(name).is_file()

    def list(self, prefix: str = "") -> list[str]:
        """Return the names that begin with the prefix, sorted; no hidden ones.

        Raises
        ------
        StoreError
            If the folder cannot be read.
        """
        if not self.folder.is_dir():
            return []
        with _store_errors("read", self.folder):
            names = [
                path.relative_to(self.folder).as_posix()
                for path in self.folder.rglob("*")
                if path.is_file() and not path.name.startswith(".")
            ]
        return sorted(name for name in names if name.startswith(prefix))

    def _path(self, name: str) -> Path:
        return self.folder / checked_name(name)


def _write_whole(path: Path, content: bytes | Path) -> None:
    # O_EXCL instead of tempfile, so that the file has the permissions that others expect.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags, 0o666), "wb") as file:
        if isinstance(content, Path):
            with content.open("rb") as source:
                shutil.copyfileobj(source, file, 1 << 20)
        else:
            file.write(content)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _store_errors(done: str, target: Path) -> Iterator[None]:
    """Say an `OSError` as a `StoreError` that tells what to do."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"{str(target)!r} could not be {done}: {error.strerror or error}.",
            hint=_HINTS.get(error.errno or 0, "Check the folder, or choose another one."),
        ) from error


_HINTS = {
    errno.ENOSPC: "The disk is full: free some space, or choose a folder on another disk.",
    errno.EDQUOT: "Your quota is used up: free some space, or choose another folder.",
    errno.EFBIG: "The file is larger than is allowed here; choose another folder.",
    errno.EACCES: "This user may not do that here: choose another folder, or ask its owner.",
    errno.EPERM: "This user may not do that here: choose another folder, or ask its owner.",
    errno.EROFS: "The disk is read-only: choose another folder.",
    errno.ENOTDIR: "A part of the path is a file, not a folder: choose another folder.",
    errno.EEXIST: "A file has the name of the folder: choose another folder.",
    errno.EISDIR: "A folder has that name: choose another name.",
    errno.ENAMETOOLONG: "The name is too long: choose a shorter one.",
}
