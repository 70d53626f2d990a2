"""The folder of the reports: files that are whole or not there."""

from __future__ import annotations

import re
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mirrorbi.errors import StoreError
from mirrorbi.privacy.ledger.presence import is_alive, this_process
from mirrorbi.storage.local import LocalStore

_WORK = ".work"
_MARK = re.compile(r"\.(?P<process>\d+(?:@(?P<boot>[^.]*)\.\d+)?)\.[0-9a-f]{8}\.work$")
_LONGEST = 120
_DAYS = 7
"""After so long the working folder of another machine is taken for forgotten."""


class OutputFolder(LocalStore):
    """Where reports go, proven writable.

    Raises
    ------
    StoreError
        If it cannot be made or written.
    """

    def __init__(self, folder: str | Path) -> None:
        super().__init__(folder)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._refusal(error) from None

    def remove(self, *names: str) -> None:
        """Remove files that may be there."""
        for name in names:
            (self.folder / name).unlink(missing_ok=True)

    @contextmanager
    def scratch(self, name: str) -> Iterator[Path]:
        """Give a working folder for as long as the block runs; nobody else may look into it.

        That of a run that was killed is removed by the next run here.
        """
        self._sweep()
        mark = f"{this_process()}.{uuid.uuid4().hex[:8]}"
        work = self.folder / f".{name[:_LONGEST]}.{mark}{_WORK}"
        try:
            work.mkdir(mode=0o700)
        except OSError as error:
            raise self._refusal(error) from None
        try:
            yield work.resolve()
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def keep(self, work: Path, name: str) -> Path | None:
        """Keep what lies in a working folder under a final name; ``None`` if it is empty."""
        target = self.folder / name
        try:
            shutil.rmtree(target, ignore_errors=True)
            if not any(work.iterdir()):
                return None
            work.replace(target)
            target.chmod(self.folder.stat().st_mode & 0o777)
            return target
        except OSError as error:
            raise self._refusal(error) from None

    def _sweep(self) -> None:
        """Remove the working folders of runs that are no more."""
        here = this_process().partition("@")[2].partition(".")[0]
        for work in self.folder.glob(f".*{_WORK}"):
            if (match := _MARK.search(work.name)) is None:
                continue
            with suppress(OSError):
                # Another machine may work in the same folder.
                is_local = (match["boot"] or "") == here
                is_stale = work.stat().st_mtime < time.time() - _DAYS * 86_400
                if not is_alive(match["process"]) if is_local else is_stale:
                    shutil.rmtree(work, ignore_errors=True)

    def _refusal(self, error: OSError) -> StoreError:
        return StoreError(
            f"The folder '{self.folder}' cannot be written: {error.strerror or error}.",
            hint="Make room or change its rights, or give another with -o.",
        )
