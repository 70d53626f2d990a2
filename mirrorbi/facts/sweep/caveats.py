"""Caveats that families share: what weakens a statement, by code."""

from __future__ import annotations

from mirrorbi.facts.limits import SMALL
from mirrorbi.facts.sweep.panel import Cells
from mirrorbi.facts.tables import OTHER


def hidden_members_caveat(cells: Cells) -> tuple[str, ...]:
    """Return the caveat of a comparison of members of which some are put together."""
    return ("some_hidden",) if OTHER in cells.members else ()


def small_sample_caveat(*rows: int) -> tuple[str, ...]:
    """Return the caveat of a finding that rests on few rows, if it does."""
    return ("small_n",) if min(rows) < SMALL else ()
