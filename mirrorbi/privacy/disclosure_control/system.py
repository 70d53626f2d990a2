"""The system: what was said, as sums of the cells that it tells apart."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import combinations, pairwise
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mirrorbi.data.periods import Period
from mirrorbi.privacy.disclosure_control.statements import Statement, Where

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from mirrorbi.privacy.disclosure_control.counts import Counts

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int_]
Hashes = npt.NDArray[np.uint64]

_NONE = np.zeros(1, dtype=np.uint64)

REST = 0
"""The part of a dimension's members that nobody named."""


@dataclass(frozen=True)
class Cell:
    """Some members through some stretch of time.

    Parameters
    ----------
    atoms
        Which cells of the system it is made of.
    rows
        How many rows it has.
    parts
        The part of each dimension that is cut; the others are taken whole.
    span
        The time, as far as it is known; ``None`` where it is not, or for all of it.
    sign
        A number that two cells share only if they are made of the same.
    """

    atoms: Ints
    rows: float
    parts: tuple[tuple[str, int], ...]
    span: Period | None
    sign: int


@dataclass(frozen=True)
class System:
    """What was said, and the cells that it tells apart: its atoms.

    Parameters
    ----------
    statements
        The statements.
    dimensions
        Those that are cut.
    parts
        Per dimension, the members of each part that is told apart.
    spans
        Stretches of time that are told apart, in order; ``None`` for all of it or, at the
        end, for rows whose time is not known.
    codes
        Array (atoms, dimensions): the part in which each atom lies.
    slots
        The stretch of time in which each lies; ascending.
    rows
        How many rows each has; none is empty.
    passing
        Cells that are known to have as many entities as they must.
    """

    statements: Sequence[Statement]
    dimensions: tuple[str, ...]
    parts: tuple[tuple[tuple[str, ...], ...], ...]
    spans: tuple[Period | None, ...]
    codes: Ints
    slots: Ints
    rows: Floats
    passing: Collection[Statement] = ()

    @classmethod
    def of(
        cls,
        counts: Counts,
        dimensions: tuple[str, ...],
        statements: Sequence[Statement],
        passing: Collection[Statement] = (),
    ) -> System | None:
        """Return the system of these statements; ``None`` if it would have too many cells.

        Parameters
        ----------
        counts
            What stands behind cells.
        dimensions
            Those that are cut: at least all that statements name.
        statements
            The statements.
        passing
            Cells that are known to have as many entities as they must.
        """
        places = [_parts(counts.members(name), name, statements) for name in dimensions]
        spans = _spans(statements, counts)
        sizes = [int(place.max(initial=0)) + 1 for place in places]
        if not counts.bearable(len(spans) * prod(sizes)):
            return None
        keys, rows = [], []
        for k, span in enumerate(spans):
            members, cell_rows = counts.rows(dimensions, span, spans)
            key = np.full(len(cell_rows), k, dtype=np.int64)
            for j, size in enumerate(sizes):
                key = key * size + places[j][members[:, j]]
            keys.append(key)
            rows.append(cell_rows)
        distinct, inverse = np.unique(np.concatenate(keys), return_inverse=True)
        total: Floats = np.bincount(
            inverse.reshape(-1), np.concatenate(rows), len(distinct)
        ).astype(float)
        nonempty = np.flatnonzero(total > 0)
        rest, codes = distinct[nonempty], list[Ints]()
        for size in reversed(sizes):
            rest, code = np.divmod(rest, size)
            codes.insert(0, code)
        parts = tuple(
            tuple(tuple(np.array(counts.members(n), dtype=object)[p == i]) for i in range(s))
            for n, p, s in zip(dimensions, places, sizes, strict=True)
        )
        cut = np.array(codes, dtype=np.int64).reshape(len(dimensions), len(nonempty)).T
        return cls(statements, dimensions, parts, spans, cut, rest, total[nonempty], passing)

    @cached_property
    def published(self) -> csr_array[Any]:
        """Array (statements, atoms): which atoms each statement counts."""
        from scipy.sparse import csr_array

        chosen = list(self._atoms(self.statements))
        edges = np.cumsum([0, *(len(atoms) for atoms in chosen)])
        places = np.concatenate(chosen) if chosen else np.zeros(0, dtype=np.int64)
        return csr_array((np.ones(len(places)), places, edges), shape=(len(chosen), len(self.rows)))

    def _atoms(self, statements: Iterable[Statement]) -> Iterator[Ints]:
        """Yield the atoms of each statement, of those that are made of whole ones."""
        starts = {span.start: k for k, span in enumerate(self.spans) if span is not None}
        ends = {span.end: k + 1 for k, span in enumerate(self.spans) if span is not None}
        by_where: dict[Where, tuple[Ints, Ints] | None] = {}
        for where, period in statements:
            if where not in by_where:
                inside = self._inside(where)
                by_where[where] = None if inside is None else (inside, self.slots[inside])
            entry = by_where[where]
            if entry is None:
                continue
            atoms, slots = entry
            if period is None:
                yield atoms
            elif period.start in starts and period.end in ends:
                low, high = np.searchsorted(slots, (starts[period.start], ends[period.end]))
                yield atoms[low:high]

    @cached_property
    def totals(self) -> Floats:
        """Rows of each statement."""
        return np.asarray(self.published @ self.rows)

    @cached_property
    def signs(self) -> Hashes:
        """The signs of what was said, and of what is known to have passed."""
        passing = [
            cell for cell in self.passing if {n for n, _ in cell.where} <= set(self.dimensions)
        ]
        chosen = [*self._atoms(self.statements), *self._atoms(passing)]
        return np.unique([self._hashes[atoms].sum(dtype=np.uint64) for atoms in chosen])

    @cached_property
    def _hashes(self) -> Hashes:
        return np.random.default_rng(1).integers(0, 2**64, len(self.rows), dtype=np.uint64)

    def _inside(self, where: Where) -> Ints | None:
        """Return the atoms of some members; ``None`` if those are not whole parts."""
        inside = np.ones(len(self.rows), dtype=bool)
        for name, members in where:
            j, member_set = self.dimensions.index(name), set(members)
            shared = [len(member_set.intersection(part)) for part in self.parts[j]]
            if any(0 < n < len(part) for n, part in zip(shared, self.parts[j], strict=True)):
                return None
            inside &= np.array(shared, dtype=bool)[self.codes[:, j]]
        return np.flatnonzero(inside)

    # -- cells ---------------------------------------------------------------------------

    def disclosed_cells(
        self, directions: Floats, near: float, threshold: float, *, people: bool
    ) -> Iterator[Cell]:
        """Yield the smallest cells that follow: of any members, and of any stretch of time.

        Of members taken together through a stretch of time, the rows up to a moment
        and the rows up to another follow by their difference if both leave as much free.
        What is larger holds one of these, and has as many entities or more.

        Parameters
        ----------
        directions
            Array (atoms, directions): what is free; see
            `mirrorbi.privacy.disclosure_control.nullspace`.
        near
            How far apart numbers are that are the same.
        threshold
            Rows below which cells are wanted.
        people
            Whether others are wanted too, since their rows may be of few entities; but not
            those that were said themselves, or are known to have passed.
        """
        for chosen, order, group in self._groups:
            # A point before each stretch of time of a line, and one after its last.
            first = np.flatnonzero(np.diff(group, prepend=-1))
            start = self._starts(order, group)
            upto = np.concatenate([start, np.append(first[1:], len(order))])
            line = np.concatenate([group[start], np.arange(len(first))])
            label = line
            for direction in directions.T:
                sums = np.concatenate([[0.0], np.cumsum(direction[order])])
                label = _same(label, sums[upto] - sums[first[line]], near)
            rank = np.lexsort((upto, label))
            pairs = np.flatnonzero(label[rank[1:]] == label[rank[:-1]])
            low, high = upto[rank[pairs]], upto[rank[pairs + 1]]
            rows = np.concatenate([[0.0], np.cumsum(self.rows[order])])
            selected = rows[high] - rows[low] < threshold
            if people:
                signs = np.concatenate([_NONE, np.cumsum(self._hashes[order])])
                selected |= ~np.isin(signs[high] - signs[low], self.signs)
            for i in np.flatnonzero(selected).tolist():
                yield self._cell(chosen, order[low[i] : high[i]])

    def small_cells(self, threshold: float, most: int) -> list[Cell]:
        """Return cells of fewer rows within one stretch of time, those of least first.

        Parameters
        ----------
        threshold
            Rows below which cells are wanted.
        most
            How many are wanted.
        """
        cells: dict[int, Cell] = {}
        for chosen, order, group in self._groups:
            low = self._starts(order, group)
            high = np.append(low[1:], len(order))
            rows = np.add.reduceat(self.rows[order], low)
            small = np.flatnonzero(rows < threshold)
            for i in small[np.argsort(rows[small], kind="stable")[:most]].tolist():
                cell = self._cell(chosen, order[low[i] : high[i]])
                cells.setdefault(cell.sign, cell)
        return sorted(cells.values(), key=lambda cell: cell.rows)[:most]

    def _starts(self, order: Ints, group: Ints) -> Ints:
        """Return where atoms in this order are of other parts or another time than before."""
        slots = np.diff(self.slots[order], prepend=-1)
        return np.flatnonzero((np.diff(group, prepend=-1) != 0) | (slots != 0))

    @cached_property
    def _groups(self) -> list[tuple[tuple[int, ...], Ints, Ints]]:
        """Dimensions that are cut, the atoms by their parts and time, and those parts."""
        groups = []
        for size in range(len(self.dimensions) + 1):
            for chosen in combinations(range(len(self.dimensions)), size):
                key = np.zeros(len(self.rows), dtype=np.int64)
                for j in chosen:
                    key = key * len(self.parts[j]) + self.codes[:, j]
                order = np.lexsort((self.slots, key))
                part = np.cumsum(np.diff(key[order], prepend=-1) != 0) - 1
                groups.append((chosen, order, part))
        return groups

    def _cell(self, chosen: tuple[int, ...], atoms: Ints) -> Cell:
        first = atoms[0]
        parts = tuple((self.dimensions[j], int(self.codes[first, j])) for j in chosen)
        spans = [span for k in self.slots[atoms[[0, -1]]] if (span := self.spans[k]) is not None]
        span = Period(spans[0].start, spans[-1].end, None) if spans else None
        with np.errstate(over="ignore"):
            sign = int(self._hashes[atoms].sum(dtype=np.uint64))
        return Cell(atoms, float(self.rows[atoms].sum()), parts, span, sign)

    def where(self, cell: Cell) -> dict[str, tuple[str, ...]]:
        """Return the members of a cell, per dimension."""
        return {n: self.parts[self.dimensions.index(n)][p] for n, p in cell.parts}

    def indicator(self, cells: Sequence[Cell]) -> Floats:
        """Return cells as sums of atoms: array (atoms, cells)."""
        array = np.zeros((len(self.rows), len(cells)))
        for i, cell in enumerate(cells):
            array[cell.atoms, i] = 1.0
        return array


def _same(label: Ints, values: Floats, near: float) -> Ints:
    """Return labels that are split where values are not near each other."""
    order = np.lexsort((values, label))
    new = np.ones(len(order), dtype=bool)
    new[1:] = (np.diff(label[order]) != 0) | (np.diff(values[order]) > near)
    labels = np.empty(len(order), dtype=np.int64)
    labels[order] = np.cumsum(new) - 1
    return labels


def _parts(members: Sequence[str], name: str, statements: Iterable[Statement]) -> Ints:
    """Return the part of each member; those always named together share one."""
    sets = list(
        dict.fromkeys(m for statement in statements for n, m in statement.where if n == name)
    )
    named: dict[str, list[int]] = {}
    for i, named_members in enumerate(sets):
        for member in named_members:
            named.setdefault(member, []).append(i)
    numbers: dict[tuple[int, ...], int] = {(): REST}
    parts = [tuple(named.get(member, ())) for member in members]
    return np.array([numbers.setdefault(part, len(numbers)) for part in parts], dtype=np.int64)


def _spans(statements: Iterable[Statement], counts: Counts) -> tuple[Period | None, ...]:
    """Return the stretches of time that statements tell apart."""
    edges: set[datetime] = set()
    whole = False
    for statement in statements:
        if statement.period is None:
            whole = True
        else:
            edges |= {statement.period.start, statement.period.end}
    if not edges:
        return (None,)
    if whole:
        edges |= counts.reach
    spans: list[Period | None] = [Period(a, b, None) for a, b in pairwise(sorted(edges))]
    return (*spans, None) if whole else tuple(spans)
