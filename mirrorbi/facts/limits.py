"""Limits: how many lines the tables of facts have, known without what makes them."""

from __future__ import annotations

ROWS = 24
"""Lines of a table of members; what is beyond is folded into "Other" or left out."""

LINES = 12
"""Members in the table of contributions; the others are summed."""

OTHER = "Other"
"""The line of what is beyond."""
