"""Margins: what follows of cells left open from the totals of their periods and members.

A table of members over time has a total in each period, and where a longer period is shown
too, such as a year beside its months, a total of each member. What is left open in a line
or a column is at least known together, and so must pass together; and a cell that is on no
cycle of such totals follows exactly (see `mirrorbi.privacy.disclosure_control.complement.bridges`).
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence

import numpy as np

from mirrorbi.data.periods import Period
from mirrorbi.privacy.disclosure_control.cells import Bools, Cells, Codes
from mirrorbi.privacy.disclosure_control.complement import bridges

Place = tuple[int, int]


class Margins:
    """The totals that are shown beside cells.

    Parameters
    ----------
    columns
        The periods.
    steps
        Those of them that are steps of history.
    """

    def __init__(self, columns: Sequence[Period | None], steps: Container[Period]) -> None:
        self.spans: list[tuple[int, list[int]]] = []
        """Place of each longer period, and of the steps that make it up."""
        for place, span in enumerate(columns):
            if span is None or span in steps:
                continue
            parts = [
                (j, p)
                for j, p in enumerate(columns)
                if p is not None and p in steps and p.start >= span.start and p.end <= span.end
            ]
            if sum(p.days for _, p in parts) == span.days:
                self.spans.append((place, [j for j, _ in parts]))

    def complements(
        self,
        cells: Cells,
        suppressed: Bools,
        codes: Callable[[Cells], Codes],
        shown: Bools | None = None,
    ) -> list[Place]:
        """Return which cells must be left open besides, or some follow that may not.

        Parameters
        ----------
        cells
            What stands behind each cell.
        suppressed
            Array (members, columns): the cells left open.
        codes
            The rule that cells break.
        shown
            Columns whose total is shown; ``None`` where members have none.
        """
        complements: list[Place | None] = []
        if shown is not None:
            unsafe = (codes(cells.column_totals(suppressed))[0] > 0) & shown
            complements += [
                _in_column(cells, ~suppressed, j) for j in np.flatnonzero(unsafe).tolist()
            ]
        for place, steps in self.spans:
            within = np.zeros(suppressed.shape, dtype=bool)
            within[:, steps] = suppressed[:, steps]
            within[suppressed[:, place]] = False
            unsafe = codes(cells.line_totals(within))[:, 0] > 0
            complements += [
                _in_line(cells, ~suppressed, i, steps) for i in np.flatnonzero(unsafe).tolist()
            ]
        if shown is not None and self.spans:
            complements += self._crossed(cells, suppressed, codes, shown)
        return list(dict.fromkeys(cell for cell in complements if cell is not None))

    def _crossed(
        self, cells: Cells, suppressed: Bools, codes: Callable[[Cells], Codes], shown: Bools
    ) -> list[Place | None]:
        complements: list[Place | None] = []
        unsafe = codes(cells) > 0
        for place, steps in self.spans:
            places = np.argwhere(suppressed & (cells.rows > 0)).tolist()
            edges = [(i, j) for i, j in places if j in steps]
            ends = [
                (("line", -1 if suppressed[i, place] else i), ("column", j if shown[j] else -1))
                for i, j in edges
            ]
            for (i, j), is_bridge in zip(edges, bridges(ends), strict=True):
                if is_bridge and unsafe[i, j]:
                    complement = _in_column(cells, ~suppressed, j)
                    complements.append(complement or _in_line(cells, ~suppressed, i, steps))
        return complements


def _in_column(cells: Cells, published: Bools, column: int) -> Place | None:
    """Return the smallest open cell of a column; ties by name."""
    places = np.flatnonzero(published[:, column] & (cells.rows[:, column] > 0)).tolist()
    if not places:
        return None
    return min(places, key=lambda i: (cells.rows[i, column], cells.members[i])), column


def _in_line(cells: Cells, published: Bools, line: int, steps: Sequence[int]) -> Place | None:
    """Return the smallest open cell of a line among these columns, the earliest of equals."""
    places = [j for j in steps if published[line, j] and cells.rows[line, j] > 0]
    return (line, min(places, key=lambda j: (cells.rows[line, j], j))) if places else None
