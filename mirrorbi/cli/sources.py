"""What commands that read data have in common."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mirrorbi.cli.output import ProgressLine, pairs_of

if TYPE_CHECKING:
    from mirrorbi.analysis import Analysis


def open_data(source: str, model: Path | None = None) -> Analysis:
    """Open a data set, and say on a terminal that this is being done."""
    line = ProgressLine()
    line(f"Reading {source}")
    try:
        from mirrorbi import analysis

        return analysis.open(source, model)
    finally:
        line.clear()


def members_of(texts: Sequence[str] | None) -> dict[str, list[str]]:
    """Return ``dimension=member`` texts as members per dimension."""
    members: dict[str, list[str]] = {}
    for text in texts or ():
        for name, member in pairs_of([text], "--where").items():
            members.setdefault(name, []).append(member)
    return members
