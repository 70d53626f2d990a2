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

    def joins(
        self,
        cells: Cells,
        shut: Bools,
        codes: Callable[[Cells], Codes],
        known: Bools | None = None,
    ) -> list[Place]:
        """Return which cells must be left open besides, or some follow that may not.

        Parameters
        ----------
        cells
            What stands behind each cell.
        shut
            Array (members, columns): the cells left open.
        codes
            The rule that cells break.
        known
            Columns whose total is shown; ``None`` where members have none.
        """
        found: list[Place | None] = []
        if known is not None:
            wrong = (codes(cells.together(shut))[0] > 0) & known
            found += [_in_column(cells, ~shut, j) for j in np.flatnonzero(wrong).tolist()]
        for place, steps in self.spans:
            within = np.zeros(shut.shape, dtype=bool)
            within[:, steps] = shut[:, steps]
            within[shut[:, place]] = False
            wrong = codes(cells.turned(within))[:, 0] > 0
            found += [_in_line(cells, ~shut, i, steps) for i in np.flatnonzero(wrong).tolist()]
        if known is not None and self.spans:
            found += self._crossed(cells, shut, codes, known)
        return list(dict.fromkeys(one for one in found if one is not None))

    def _crossed(
        self, cells: Cells, shut: Bools, codes: Callable[[Cells], Codes], known: Bools
    ) -> list[Place | None]:
        found: list[Place | None] = []
        wrong = codes(cells) > 0
        for place, steps in self.spans:
            open_ = np.argwhere(shut & (cells.rows > 0)).tolist()
            edges = [(i, j) for i, j in open_ if j in steps]
            ends = [
                (("line", -1 if shut[i, place] else i), ("column", j if known[j] else -1))
                for i, j in edges
            ]
            for (i, j), alone in zip(edges, bridges(ends), strict=True):
                if alone and wrong[i, j]:
                    join = _in_column(cells, ~shut, j)
                    found.append(join or _in_line(cells, ~shut, i, steps))
        return found


def _in_column(cells: Cells, open_: Bools, column: int) -> Place | None:
    """Return the smallest open cell of a column; ties by name."""
    places = np.flatnonzero(open_[:, column] & (cells.rows[:, column] > 0)).tolist()
    if not places:
        return None
    return min(places, key=lambda i: (cells.rows[i, column], cells.members[i])), column


def _in_line(cells: Cells, open_: Bools, line: int, steps: Sequence[int]) -> Place | None:
    """Return the smallest open cell of a line among these columns, the earliest of equals."""
    places = [j for j in steps if open_[line, j] and cells.rows[line, j] > 0]
    return (line, min(places, key=lambda j: (cells.rows[line, j], j))) if places else None
