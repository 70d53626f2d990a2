"""What a file exposes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

What = Literal[
    "personal_data",
    "row_values",
    "small_counts",
    "secret",
    "path",
    "address",
    "parameter",
    "hidden",
    "formula",
]
"""Personal data; values of single rows; counts of few; secrets; paths of a machine;
addresses outside the file; parameters of a run; what is there but not shown; cells that a
spreadsheet computes."""

SHOWN = 3
"""Examples of one exposure."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """One thing that a file gives away.

    Parameters
    ----------
    what
        Its kind.
    detail
        What it is, for people.
    where
        Where in the file.
    count
        How often.
    examples
        A few of them, masked where they are personal or secret.
    """

    what: What
    detail: str
    where: str
    count: int = 1
    examples: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the exposure as plain values, ready for JSON."""
        return {
            "what": self.what,
            "detail": self.detail,
            "where": self.where,
            "count": self.count,
            "examples": list(self.examples),
        }


def examples_of(texts: list[str]) -> tuple[str, ...]:
    """Return the first few different texts."""
    return tuple(dict.fromkeys(texts))[:SHOWN]
