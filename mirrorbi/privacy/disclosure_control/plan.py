"""The plan: what is shown of one dimension, or of the whole."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mirrorbi.privacy.disclosure_control.cells import Bools, Cells


@dataclass
class Plan:
    """What is shown of one dimension, or of the whole.

    Parameters
    ----------
    by
        The dimension; ``None`` for the whole.
    cells
        What stands behind each cell of the members shown.
    merged
        The members put together as "Other".
    hidden
        Array (members, columns): cells that are not shown at all.
    masked
        Per metric an array (members, columns): cells of which it is not shown.
    dropped
        Metrics that are not split by the dimension.
    causes
        How many cells each rule kept back, by code.
    """

    by: str | None
    cells: Cells
    merged: set[str] = field(default_factory=set)
    hidden: Bools = field(default_factory=lambda: np.zeros((0, 0), dtype=bool))
    masked: dict[str, Bools] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)
    causes: dict[int, int] = field(default_factory=dict)

    def count(self, code: int, cells: int = 1) -> None:
        """Note that a rule kept cells back."""
        if cells:
            self.causes[code] = self.causes.get(code, 0) + cells

    def hide(self, member: int, column: int, code: int) -> None:
        """Leave a cell open."""
        if not self.hidden[member, column]:
            self.hidden[member, column] = True
            self.count(code)
