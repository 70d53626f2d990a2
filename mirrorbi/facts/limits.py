"""Limits: how many rows, members and lines facts need or show."""

from __future__ import annotations

ROWS = 24
"""Lines of a table of members; what is beyond is folded into "Other" or left out."""

LINES = 12
"""Members in the table of contributions; the others are summed."""

OTHER = "Other"
"""The line of what is beyond."""

SMALL = 30
"""Rows below which a finding carries the caveat ``small_n``."""

TOP_MEMBERS = 12
"""Members per dimension, by rows, whose own history is examined."""
