"""One writer at a time: threads, processes, and processes that fork."""

from __future__ import annotations

import contextlib
import os
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from mirrorbi.errors import LedgerError

PATIENCE = 30.0
"""Seconds that a writer waits for the others."""


@contextlib.contextmanager
def locked(path: Path, patience: float = PATIENCE) -> Iterator[None]:
    """Hold the lock of a file as long as the block runs.

    The lock belongs to the open file: it keeps out other threads too, and the system lets
    go of it when a process ends, however it ends.

    Parameters
    ----------
    path
        The lock file; made if it is not there.
    patience
        Seconds to wait.

    Raises
    ------
    LedgerError
        If others held it for longer.
    OSError
        If the file cannot be made.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        until = time.monotonic() + patience
        while not _taken(file):
            if time.monotonic() > until:
                raise LedgerError(
                    f"Another process has held {str(path)!r} for {patience:g} seconds.",
                    hint="End the process that hangs (fuser shows it), then try again.",
                )
            time.sleep(random.uniform(0.0002, 0.001))  # noqa: S311
        try:
            yield
        finally:
            _released(file)
    finally:
        os.close(file)


if sys.platform == "win32":
    import msvcrt

    def _taken(file: int) -> bool:
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _released(file: int) -> None:
        os.lseek(file, 0, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _taken(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _released(file: int) -> None:
        # Said, not left to close(): a process forked meanwhile holds the same open file.
        fcntl.flock(file, fcntl.LOCK_UN)
