"""The folder of the reports: files that are whole or not there."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from mirrorbi.errors import StoreError


class Folder:
    """Where reports go, proven writable.

    Raises
    ------
    StoreError
        If it cannot be made or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._refusal(error) from None

    def write(self, texts: Mapping[str, str]) -> None:
        """Write files, all of them whole, or leave those of these names as they are.

        Parameters
        ----------
        texts
            File name to content.
        """
        mark = uuid.uuid4().hex[:8]
        waiting = {name: self.path / f".{name}.{mark}.part" for name in texts}
        try:
            for name, part in waiting.items():
                part.write_text(texts[name], encoding="utf-8")
            for name, part in waiting.items():
                part.replace(self.path / name)
        except OSError as error:
            raise self._refusal(error) from None
        finally:
            for part in waiting.values():
                part.unlink(missing_ok=True)

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
