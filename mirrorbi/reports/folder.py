"""The folder of the reports: files that are whole or not there."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mirrorbi.errors import StoreError
from mirrorbi.storage.local import LocalStore


class Folder:
    """Where reports go, proven writable.

    Raises
    ------
    StoreError
        If it cannot be made or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.store = LocalStore(path)
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._refusal(error) from None

    def write(self, name: str, text: str) -> None:
        """Write a file whole, or leave the one of that name as it is."""
        self.store.write(name, text.encode())

    def remove(self, *names: str) -> None:
        """Remove files that may be there."""
        for name in names:
            (self.path / name).unlink(missing_ok=True)

    @contextmanager
    def scratch(self, name: str) -> Iterator[Path]:
        """Give a working folder for as long as the block runs."""
        work = self.path / f".{name}.{uuid.uuid4().hex[:8]}.work"
        try:
            work.mkdir()
        except OSError as error:
            raise self._refusal(error) from None
        try:
            yield work.resolve()
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def keep(self, work: Path, name: str) -> Path | None:
        """Keep what lies in a working folder under a final name; ``None`` if it is empty."""
        target = self.path / name
        try:
            shutil.rmtree(target, ignore_errors=True)
            if not any(work.iterdir()):
                return None
            work.replace(target)
            return target
        except OSError as error:
            raise self._refusal(error) from None

    def _refusal(self, error: OSError) -> StoreError:
        return StoreError(
            f"The folder '{self.path}' cannot be written: {error.strerror or error}.",
            hint="Make room or change its rights, or give another with -o.",
        )
