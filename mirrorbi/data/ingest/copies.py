"""Copies of a source that the engine reads from: unpacked, or in another encoding."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from mirrorbi.data.engine.scratch import scratch_folder

SHARE = 4
"""A copy is held in memory if it takes no more than one part in so many of what is free."""

_FILES = Path("/proc/self/fd")
_GROUP = Path("/sys/fs/cgroup")


class Copies:
    """The copies made while one source is read; `copies` makes it and takes them away.

    On Linux a copy has no name on any disk: it is held in memory, or, where that is short,
    in a file without a name. Either is gone with its process, however that ends. Elsewhere,
    and beyond half as many copies as a process may have files open, they are files in the
    folder of `scratch_folder`.

    Parameters
    ----------
    folder
        For copies that memory does not hold.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._open: list[int] = []
        self._count = 0

    def place(self, size: int) -> Path:
        """Return a path to write a copy to, and to read it from as often as needed.

        Parameters
        ----------
        size
            Bytes that the copy will have, about.
        """
        self._count += 1
        if hasattr(os, "memfd_create") and _FILES.is_dir() and len(self._open) < _most():
            with suppress(OSError):
                self._open.append(self._nameless(size))
                return _FILES / str(self._open[-1])
        return self.folder / f"copy-{self._count}.txt"

    def _nameless(self, size: int) -> int:
        if size * SHARE <= _free():
            return os.memfd_create("mirrorbi", os.MFD_CLOEXEC)
        return os.open(self.folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)

    def close(self) -> None:
        """Take the copies away."""
        while self._open:
            os.close(self._open.pop())


@contextmanager
def copies() -> Iterator[Copies]:
    """Give a place for copies, which go whatever happens.

    Examples
    --------
    >>> with copies() as temporary:
    ...     path = temporary.place(5)
    ...     _ = path.write_bytes(b"sales")
    ...     path.read_text()
    'sales'
    """
    place = scratch_folder()
    with TemporaryDirectory(prefix="copy-", dir=place, ignore_cleanup_errors=True) as folder:
        temporary = Copies(Path(folder))
        try:
            yield temporary
        finally:
            temporary.close()


def _most() -> int:
    """Return how many copies may be open at once: half of the files that a process may."""
    import resource

    return resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2


def _free() -> int:
    """Return how many bytes of memory may be taken, by the machine and by its container."""
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with suppress(OSError, ValueError):
        limit = int((_GROUP / "memory.max").read_text("ascii"))
        free = min(free, limit - int((_GROUP / "memory.current").read_text("ascii")))
    return free
