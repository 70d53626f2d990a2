"""Units of differences."""

from __future__ import annotations

POINTS = "percentage points"
"""Of two percentages that are written as such, not as fractions; ``pp`` is of fractions."""


def unit_of_change(unit: str) -> str:
    """Return the unit of a difference of two quantities of a unit.

    Examples
    --------
    >>> unit_of_change("percent"), unit_of_change("%"), unit_of_change("km")
    ('pp', 'percentage points', 'km')
    """
    return {"percent": "pp", "%": POINTS}.get(unit, unit)
