"""The lattice: the cells of a table cut in any number of ways, and the totals they stand in.

A cell that is left open follows from a total beside it if all other cells of the total are
shown; so what is left open under each total must pass the rules together, or another cell
is left open too. Where totals cross, more can follow than from each by itself: a small cell
is safe only if it could be larger while every total stays as it is. The cheapest cells that
must move with it are found by a linear programme, and left open with it (Kelly, Golden and
Assad, "Cell suppression: disclosure protection for sensitive tabular data", Networks 22,
1992; Hundepool et al., Statistical Disclosure Control, 2012, section 4.4).

Every total that could be shown is taken for known, whether it stands beside the table or not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from mirrorbi.errors import RefusedError
from mirrorbi.privacy.disclosure_control.cells import Bools, Cells, Codes, Floats

Ints = npt.NDArray[np.int_]

WORK = 200_000
"""Small cells times all cells, beyond which a table is refused rather than worked through."""

WIDTH = 0.5
"""How much larger a small cell must be able to be, as a part of the fewest entities."""

_LITTLE = 0.1
"""How much larger it must be able to be where the totals allow no more."""

_MOVED = 1e-7


class Lattice:
    """Cells and their totals.

    Parameters
    ----------
    counts
        What stands behind each cell, as in `Cells`: arrays (cells,) by name.
    fixed
        Array (cells,): those that are not part of the table, and never shown.
    totals
        One array (cells,) for each way to add up: the number of the total that a cell is
        part of; -1 where it is part of none.
    least
        Fewest entities of a cell.
    """

    def __init__(
        self, counts: Mapping[str, Floats], fixed: Bools, totals: Sequence[Ints], threshold: int
    ) -> None:
        self.counts = counts
        self.fixed = fixed
        self.threshold = threshold
        self.rows = counts["rows"]
        self.filled = self.rows > 0
        self.totals = [self._publishable(total) for total in totals]

    def cells(self) -> Cells:
        """Return every cell as a line of one column."""
        names = tuple(map(str, range(len(self.rows))))
        return Cells(names, (None,), {name: a[:, None] for name, a in self.counts.items()})

    def suppress(self, suppressed: Bools, codes: Callable[[Cells], Codes]) -> Bools:
        """Return the cells to leave open, so that none follows that may not be shown.

        Parameters
        ----------
        suppressed
            Array (cells,): those that are left open at any rate.
        codes
            The rule that cells break.

        Raises
        ------
        RefusedError
            If there are too many small cells to tell what follows from the others.
        """
        primary = (codes(self.cells())[:, 0] > 0) & self.filled
        suppressed = (suppressed | primary | self.fixed) & self.filled
        self._suppress_complements(suppressed, codes)
        self._protect(np.flatnonzero(primary), suppressed)
        self._suppress_complements(suppressed, codes)
        return suppressed

    def _publishable(self, total: Ints) -> Ints:
        """Return the totals, without those that are of too few to be shown themselves."""
        who = self.counts.get("entities", self.rows)
        inside = total >= 0
        # At most so many entities as all cells together have: no total is taken for unknown
        # that might be shown.
        sums = np.bincount(total[inside], who[inside], minlength=1)
        return np.where(inside & (sums[np.maximum(total, 0)] >= self.threshold), total, -1)

    def _suppress_complements(self, suppressed: Bools, codes: Callable[[Cells], Codes]) -> None:
        """Leave open what else must be, so that what is open under each total passes."""
        while True:
            complements = [
                at for total in self.totals for at in self._complements(total, suppressed, codes)
            ]
            if not complements:
                return
            suppressed[complements] = True

    def _complements(
        self, total: Ints, suppressed: Bools, codes: Callable[[Cells], Codes]
    ) -> list[int]:
        places = np.flatnonzero(suppressed & (total >= 0))
        if not len(places):
            return []
        numbers, place = np.unique(total[places], return_inverse=True)
        sums: dict[str, Floats] = {}
        for name, array in self.counts.items():
            added = np.zeros(len(numbers))
            # Entities may be the same in several cells: at least those of the largest.
            merge = np.maximum if name.startswith("entities") else np.add
            merge.at(added, place.reshape(-1), array[places])
            sums[name] = added[:, None]
        names = tuple(map(str, numbers.tolist()))
        wrong = numbers[codes(Cells(names, (None,), sums))[:, 0] > 0]
        near = np.flatnonzero(np.isin(total, wrong) & ~suppressed & self.filled)
        order = near[np.lexsort((near, self.rows[near], total[near]))]
        _, first = np.unique(total[order], return_index=True)
        return [int(at) for at in order[first]]

    def _protect(self, primary: Ints, suppressed: Bools) -> None:
        """Leave open what must move with each small cell if it were larger."""
        if not len(primary) or not any((total >= 0).any() for total in self.totals):
            return
        if len(primary) * int(self.filled.sum()) > WORK:
            raise RefusedError(
                f"This table may not be shown: {len(primary):,} of its {int(self.filled.sum()):,} "
                "cells are of few, and what would give those away is too much to work through.",
                hint="Ask by fewer dimensions, by a coarser grain or for larger groups.",
            )
        for cell in primary[np.argsort(self.rows[primary], kind="stable")].tolist():
            suppressed |= self._moved(cell, suppressed)

    def _moved(self, cell: int, suppressed: Bools) -> Bools:
        """Return the cells that change in the cheapest table in which this one is larger.

        None, where the totals alone fix it: then it is not the table that tells.
        """
        # What is open already costs nothing; a large cell costs more than a small one.
        cost = np.where(suppressed, 0.0, 1.0 + np.log1p(self.rows))
        for more in (WIDTH * self.threshold, _LITTLE):
            for movable in (suppressed, self.filled):
                moved = self._larger(cell, more, np.flatnonzero(movable), cost)
                if moved is not None:
                    return moved
        return np.zeros(len(suppressed), dtype=bool)

    def _larger(self, cell: int, more: float, movable: Ints, cost: Floats) -> Bools | None:
        """Return what changes at the least cost if only these may; ``None`` if nothing can."""
        from scipy.optimize import linprog
        from scipy.sparse import hstack

        count, place = len(movable), int(np.searchsorted(movable, cell))
        inside = self._sums[:, movable]
        touched = inside[np.diff(inside.indptr) > 0]
        lower, upper = np.zeros(2 * count), np.full(2 * count, np.inf)
        upper[count:] = self.rows[movable]
        lower[place] = upper[place] = more
        upper[count + place] = 0.0
        solution: Any = linprog(
            np.tile(cost[movable], 2),
            A_eq=hstack([touched, -touched]),
            b_eq=np.zeros(touched.shape[0]),
            bounds=np.column_stack([lower, upper]),
            method="highs",
        )
        if solution.status != 0:
            return None
        moved = np.zeros(len(cost), dtype=bool)
        moved[movable] = np.abs(solution.x[:count] - solution.x[count:]) > _MOVED
        return moved

    @cached_property
    def _sums(self) -> Any:
        """Array (totals, cells): which cells each total is made up of."""
        from scipy.sparse import coo_array

        lines, columns, offset = [], [], 0
        for total in self.totals:
            part = np.flatnonzero((total >= 0) & self.filled)
            _, number = np.unique(total[part], return_inverse=True)
            lines.append(number.reshape(-1) + offset)
            columns.append(part)
            offset += int(number.max(initial=-1)) + 1
        line, column = np.concatenate(lines), np.concatenate(columns)
        shape = (offset, len(self.filled))
        return coo_array((np.ones(len(line)), (line, column)), shape=shape).tocsr()
