"""Closeness: how closely a cell is known that does not follow exactly.

That is a linear programme (Hundepool et al., 2012, section 4.4), but most cells can be seen
to be free without one: if two cells in the same line and column of a small one may give up
rows to it and to the fourth cell of the square, so that all that was published stays true,
the small one may be as much larger.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mirrorbi.privacy.disclosure_control.complement import bounds, largest
from mirrorbi.privacy.disclosure_control.system import Cell, System

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Ints = npt.NDArray[np.int_]
Bools = npt.NDArray[np.bool_]

CLOSEST = 12
"""Small cells, the least first, of which it is computed how closely they are bounded."""

LOOKED = 200
"""Small cells at most, the least first, of which it is looked whether they are free."""

AROUND = (0, 2, 8)
"""Stretches of time before and after a cell that are looked at first."""

SQUARES = 20
"""Squares tried from each."""

CORNERS = 6
"""Cells of a small one from which squares are tried."""


def closely_bounded(system: System, cells: Iterable[Cell], width: float) -> list[Cell]:
    """Return the cells that lie between bounds less than a width apart.

    Parameters
    ----------
    system
        What was said.
    cells
        Those of few, the least first.
    width
        How far apart bounds must be.
    """
    squares = Squares(system)
    bound: list[Cell] = []
    for cell in cells:
        if not squares.is_free(cell, width):
            bound.append(cell)
        if len(bound) >= CLOSEST:
            break
    # What may move within its own time may move: the rest need not be looked at.
    while bound:
        remaining = _not_larger(system, bound, width)
        if len(remaining) == len(bound):
            break
        bound = remaining
    return [cell for cell in bound if _narrow(system, cell, width)]


def _not_larger(system: System, cells: list[Cell], width: float) -> list[Cell]:
    """Return the cells that are no larger by a width where all together are the largest."""
    slots = system.slots[np.concatenate([cell.atoms for cell in cells])]
    places, part = _part(system, np.isin(system.slots, slots))
    target = system.indicator(cells)[places]
    most = largest(part, part @ system.rows[places], target.sum(axis=1))
    if most is None:
        return cells
    grown = target.T @ (most - system.rows[places])
    return [cell for cell, more in zip(cells, grown.tolist(), strict=True) if more < width]


def _part(system: System, within: Bools) -> tuple[Ints, csr_array[Any]]:
    """Return some atoms, and what was published of them, each statement once."""
    places = np.flatnonzero(within)
    part = system.published[:, places]
    chance = np.random.default_rng(3).standard_normal((len(places), 2))
    _, indices = np.unique((part @ chance).round(9), axis=0, return_index=True)
    return places, part[np.sort(indices)]


def _narrow(system: System, cell: Cell, width: float) -> bool:
    """Return whether a cell is bounded closely.

    It is not if it is free while all but what is near in time stays as it is; and it is if
    what was published of that time alone bounds it.
    """
    low, high = int(system.slots[cell.atoms].min()), int(system.slots[cell.atoms].max())
    for around in AROUND:
        within = (system.slots >= low - around) & (system.slots <= high + around)
        if within.all():
            break
        if not _bounded(system, cell, width, *_part(system, within)):
            return False
        places = np.flatnonzero(within)
        alone = np.asarray(system.published @ (~within).astype(float)) == 0
        if _bounded(system, cell, width, places, system.published[alone][:, places]):
            return True
    return _bounded(system, cell, width, *_part(system, np.ones(len(system.rows), dtype=bool)))


def _bounded(system: System, cell: Cell, width: float, places: Ints, part: csr_array[Any]) -> bool:
    target = np.isin(places, cell.atoms).astype(float)
    low, high = bounds(part, part @ system.rows[places], target)
    return high - low < width


class Squares:
    """Finds squares of cells by which a cell may be larger than it is.

    Parameters
    ----------
    system
        What was said.
    """

    def __init__(self, system: System) -> None:
        self.system = system
        self.places = np.column_stack([system.codes, system.slots])
        sizes = self.places.max(axis=0, initial=0) + 1
        self.steps = np.concatenate([np.cumprod(sizes[:0:-1])[::-1], [1]]).astype(np.int64)
        keys = self.places @ self.steps
        self.order = np.argsort(keys)
        self.keys = keys[self.order]
        # A column of all that was published is as good as known by the sum of random
        # numbers, one for each statement: four columns of a square cancel out with theirs.
        by_column = system.published.tocsc()
        chance = np.random.default_rng(2).integers(
            0, 2**64, len(system.statements), dtype=np.uint64
        )
        sums = np.concatenate([[np.uint64(0)], np.cumsum(chance[by_column.indices])])
        self.columns = sums[by_column.indptr[1:]] - sums[by_column.indptr[:-1]]

    def is_free(self, cell: Cell, width: float) -> bool:
        """Return whether squares are found by which the cell may be larger by a width."""
        rows, places = self.system.rows.copy(), self.places
        inside = np.zeros(len(rows), dtype=bool)
        inside[cell.atoms] = True
        corners = cell.atoms[np.argsort(-rows[cell.atoms], kind="stable")[:CORNERS]]
        gained = 0.0
        for atom in corners.tolist():
            same = places == places[atom]
            alike = ~inside & (same.sum(axis=1) == places.shape[1] - 1)
            lines = [np.flatnonzero(alike & ~same[:, axis]) for axis in range(places.shape[1])]
            for along, across in combinations(lines, 2):
                for donor, other_donor in self._squares(atom, along, across, inside, width):
                    given = min(rows[donor], rows[other_donor])
                    rows[donor] -= given
                    rows[other_donor] -= given
                    gained += given
                    if gained >= width:
                        return True
        return False

    def _squares(
        self, atom: int, along: Ints, across: Ints, inside: npt.NDArray[np.bool_], width: float
    ) -> list[tuple[int, int]]:
        """Return pairs of cells that may give rows to an atom and to a fourth, largest first."""
        if not len(along) or not len(across):
            return []
        keys = self.places @ self.steps
        fourth = keys[along][:, None] + keys[across][None, :] - keys[atom]
        at = np.minimum(np.searchsorted(self.keys, fourth), len(self.keys) - 1)
        ends, columns = self.order[at], self.columns
        given = columns[along][:, None] + columns[across][None, :]
        fits = (self.keys[at] == fourth) & ~inside[ends] & (columns[atom] + columns[ends] == given)
        pairs = np.argwhere(fits)
        rows = self.system.rows
        size = np.minimum(rows[along[pairs[:, 0]]], rows[across[pairs[:, 1]]])
        best = pairs[np.argsort(-np.minimum(size, width), kind="stable")[:SQUARES]]
        return [(int(along[i]), int(across[j])) for i, j in best.tolist()]
