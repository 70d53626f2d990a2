"""One writer at a time: threads, processes, and processes that fork."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from mirrorbi.errors import LedgerError

PATIENCE = 30.0
"""Seconds that a writer waits for the others."""

_POLL = 0.0005
"""Seconds between two tries: an entry takes a few milliseconds."""


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
        If the file cannot be made, or its file system knows no locks.
    """
    lock = FileLock(path, patience, mode=0o600, poll_interval=_POLL, fallback_to_soft=False)
    try:
        held = lock.acquire()
    except Timeout:
        raise LedgerError(
            f"Another process has held {str(path)!r} for {patience:g} seconds.",
            hint="End the process that hangs (fuser shows it), then try again.",
        ) from None
    with held:
        yield
