"""A folder for what does not fit into memory: private, and gone with its process."""

from __future__ import annotations

import atexit
import contextlib
import getpass
import os
import re
import shutil
import stat
import tempfile
from pathlib import Path

from filelock import FileLock

from mirrorbi.errors import SourceError

LOCK = "lock"
"""File in a scratch folder that its process holds locked for as long as it lives."""

_mine: dict[int, tuple[Path, FileLock]] = {}


def scratch_folder() -> Path:
    """Return this process's folder for temporary data, made at the first call.

    Nobody but this user may look into it (0700), whatever the umask. It is removed when the
    process ends; that of a process that was killed is removed by the next one to ask.

    Raises
    ------
    SourceError
        If no such folder can be made, or another user has set one up in its place.

    Examples
    --------
    >>> oct(scratch_folder().stat().st_mode & 0o777)
    '0o700'
    """
    process = os.getpid()
    if process not in _mine or not _mine[process][0].is_dir():
        place = _place()
        _sweep(place)
        folder = Path(tempfile.mkdtemp(prefix=f"{process}-", dir=place))
        lock = _lock(folder)
        with contextlib.suppress(OSError):  # a file system without locks
            lock.acquire()
        _mine[process] = (folder, lock)
        atexit.register(_remove, process)
    return _mine[process][0]


def _place() -> Path:
    """Return the folder of this user's scratch folders, which is this user's alone."""
    user = re.sub(r"\W+", "_", str(os.getuid()) if hasattr(os, "getuid") else getpass.getuser())
    place = Path(tempfile.gettempdir()) / f"mirrorbi-{user}"
    try:
        place.mkdir(mode=0o700, exist_ok=True)
        status = place.lstat()
    except OSError as error:
        raise SourceError(
            f"No folder for temporary data can be made: {error}.",
            hint="Point TMPDIR to a folder in which you may write.",
        ) from error
    is_ours = not hasattr(os, "getuid") or status.st_uid == os.getuid()
    if not is_ours or not stat.S_ISDIR(status.st_mode):
        raise SourceError(
            f"The folder for temporary data '{place}' belongs to somebody else.",
            hint="Remove it, or point TMPDIR to a folder of your own.",
        )
    place.chmod(0o700)
    return place


def _sweep(place: Path) -> None:
    """Remove the folders of processes that no longer live."""
    for folder in place.iterdir():
        if any(folder == own for own, _ in _mine.values()):
            continue
        # One that is being made has no lock yet: its process is asked for instead.
        if (folder / LOCK).exists():
            with contextlib.suppress(OSError), _lock(folder):
                shutil.rmtree(folder, ignore_errors=True)
        elif not _lives(folder.name):
            shutil.rmtree(folder, ignore_errors=True)


def _lock(folder: Path) -> FileLock:
    """Return the lock of a scratch folder, for whichever thread comes to it; not waited for."""
    return FileLock(folder / LOCK, blocking=False, thread_local=False, fallback_to_soft=False)


def _lives(name: str) -> bool:
    process = name.partition("-")[0]
    if not process.isdecimal():
        return True
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _remove(process: int) -> None:
    """Remove the folder of this process; a fork of it leaves that to its parent."""
    if process == os.getpid() and process in _mine:
        folder, lock = _mine.pop(process)
        lock.release()
        shutil.rmtree(folder, ignore_errors=True)
