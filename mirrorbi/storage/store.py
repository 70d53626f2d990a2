"""The store: where results go, whatever it is."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Protocol, runtime_checkable

from mirrorbi.errors import StoreError


@runtime_checkable
class Store(Protocol):
    """A place that keeps named contents.

    Names are relative, with ``/`` between their parts, wherever the store is. A content is
    there whole under its name, or not at all. Every method raises `StoreError`.
    """

    def write(self, name: str, content: bytes | Path) -> str:
        """Keep a content (bytes, or those of a file) under a name; return where it is."""
        ...

    def read(self, name: str) -> bytes:
        """Return the content of that name."""
        ...

    def exists(self, name: str) -> bool:
        """Return whether there is a content of that name."""
        ...

    def list(self, prefix: str = "") -> list[str]:
        """Return the names that begin with the prefix, sorted."""
        ...


def checked_name(name: str) -> PurePosixPath:
    """Return a name as a path below a store.

    Raises
    ------
    StoreError
        If the name is empty, absolute or leads out of the store.

    Examples
    --------
    >>> str(checked_name("2024/kpi review.html"))
    '2024/kpi review.html'
    """
    path = PurePosixPath(name)
    outside = path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name[:2]
    if outside or not path.parts or name.endswith("/") or "\0" in name:
        raise StoreError(
            f"{name!r} is no name inside a store.",
            hint="Use a relative name such as 'kpi_review/2024-01.html'.",
        )
    return path
