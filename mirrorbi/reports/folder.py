"""The folder of the reports: files that are whole or not there."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
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

    def write(self, name: str, text: str) -> Path:
        """Write a file whole, or leave the one of that name as it is."""
        target = self.path / name
        temporary = ""
        try:
            with tempfile.NamedTemporaryFile(
                "w", encoding="utf-8", dir=self.path, prefix=".", suffix=".part", delete=False
            ) as file:
                temporary = file.name
                file.write(text)
            Path(temporary).replace(target)
        except OSError as error:
            if temporary:
                Path(temporary).unlink(missing_ok=True)
            raise self._refusal(error) from None
        return target

    @contextmanager
    def scratch(self, name: str) -> Iterator[Path]:
        """Give a working folder for as long as the block runs."""
        try:
            work = Path(tempfile.mkdtemp(dir=self.path, prefix=f".{name}-", suffix=".work"))
        except OSError as error:
            raise self._refusal(error) from None
        try:
            yield work.resolve()
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def keep(self, work: Path, target: Path) -> Path | None:
        """Keep what lies in a working folder under a final name; ``None`` if it is empty."""
        shutil.rmtree(target, ignore_errors=True)
        if not any(work.iterdir()):
            return None
        work.replace(target)
        return target

    def _refusal(self, error: OSError) -> StoreError:
        return StoreError(
            f"The folder '{self.path}' cannot be written: {error.strerror or error}.",
            hint="Make room or change its rights, or give another with -o.",
        )
