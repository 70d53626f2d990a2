"""The audit: whether successive answers, taken together, give a small cell away.

Each release is safe by itself and against the whole that it filters. Two may still differ
by few: all airports and all but one, a month and the same month without its last day. The
audit of one conversation keeps every cell that was spoken of, writes them as sums of the
finest cells that anybody could tell apart, and refuses what would make the count of a small
cell follow from them (Denning and Schlörer, "Inference controls for statistical databases",
Computer 16, 1983), or bound it closely (Hundepool et al., 2012, section 4.4).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import combinations, pairwise

import numpy as np
import numpy.typing as npt

from mirrorbi.data.dataset import Dataset
from mirrorbi.data.model import SimpleMetric
from mirrorbi.data.periods import Period
from mirrorbi.data.query import Query
from mirrorbi.facts.fact import Fact
from mirrorbi.facts.factset import FactSet
from mirrorbi.privacy.control.complement import bounds, combined, row_space
from mirrorbi.privacy.control.release import release
from mirrorbi.privacy.control.statements import Statement, essential, statements
from mirrorbi.privacy.disclosure import Withheld
from mirrorbi.privacy.policy import Policy, policy_for

Floats = npt.NDArray[np.float64]

CLOSEST = 12
"""Small cells, the least first, of which it is computed how closely they are bounded."""

WIDTH = 0.5
"""How wide the bounds of a small cell must be, as a part of the fewest entities."""


class Audit:
    """What was said in one conversation, and what may still be.

    Parameters
    ----------
    dataset
        The data.
    policy
        What may leave; by default that of settings and model.

    Examples
    --------
    >>> import mirrorbi, pandas as pd
    >>> ds = mirrorbi.open(pd.DataFrame({"city": ["Rome", "Oslo"] * 40, "sales": [3, 4] * 40}))
    >>> audit = Audit(ds)
    >>> len(audit.admit(ds.facts(kinds=["share"]))) > 0
    True
    """

    def __init__(self, dataset: Dataset, policy: Policy | None = None) -> None:
        self.dataset = dataset
        self.policy = policy or policy_for(dataset)
        self._said: dict[Statement, None] = {}

    def copy(self) -> Audit:
        """Return an audit that goes on from here without changing this one."""
        twin = Audit(self.dataset, self.policy)
        twin._said = dict(self._said)
        return twin

    def admit(self, facts: FactSet) -> FactSet:
        """Return the facts that give nothing away beside what was admitted before.

        Facts that were not released under the policy are released first. What is
        returned counts as said.

        Parameters
        ----------
        facts
            Of one sweep.
        """
        released = release(facts, self.dataset, self.policy)
        kept, refused = self.examine(released)
        if not refused:
            return released
        why = Withheld("difference", "would give a small cell away beside earlier answers",
                       len(refused))  # fmt: skip
        return FactSet(
            kept,
            request=released.request,
            dataset=released.dataset,
            tests=released.tests,
            sql=released.sql,
            origin=released.origin,
            withheld=(*released.withheld, why),
            policy=released.policy,
        )

    def examine(self, facts: Iterable[Fact]) -> tuple[list[Fact], list[Fact]]:
        """Return the released facts that may be said beside those before, and the others.

        The first count as said.
        """
        kept, refused = list(facts), list[Fact]()
        cells = {fact.id: statements(fact) for fact in kept}
        new = self._new(kept, cells)
        while new:
            blamed = self._blamed(new)
            if not blamed:
                break
            refused += [fact for fact in kept if cells[fact.id] & blamed]
            kept = [fact for fact in kept if not cells[fact.id] & blamed]
            new = self._new(kept, cells)
        self._said |= dict.fromkeys(new)
        return kept, refused

    @property
    def silent(self) -> bool:
        """Whether nothing was said yet."""
        return not self._said

    def note(self, cells: Iterable[Statement]) -> None:
        """Count cells as said that were released by themselves."""
        self._said |= dict.fromkeys(sorted(cells, key=str))

    def refused(self, cells: Iterable[Statement]) -> set[Statement]:
        """Return which cells would give a small one away; the others count as said."""
        new, refused = set(cells) - set(self._said), set[Statement]()
        while blamed := self._blamed(sorted(new, key=str)):
            refused |= blamed
            new -= blamed
        self.note(new)
        return refused

    def _new(self, facts: Iterable[Fact], cells: dict[str, set[Statement]]) -> list[Statement]:
        found = {cell for fact in facts for cell in cells[fact.id]} - set(self._said)
        return sorted(found, key=str)

    def _blamed(self, new: list[Statement]) -> set[Statement]:
        """Return which new cells give a small one away; none if nothing does."""
        # What is of other dimensions only, and no part of what is asked, tells nothing of it.
        named = {name for one in new for name, _ in one.where}
        near = named | {n for pair in self._within for n in pair if set(pair) & named}
        said = [one for one in self._said if {name for name, _ in one.where} <= near]
        fresh = set(new)
        blamed: set[Statement] = set()
        for block in _blocks(essential([*said, *new])):
            # Cells of one time in one release are safe by themselves.
            alone = not self._said and len({one.period for one in block}) == 1
            if alone or fresh.isdisjoint(block):
                continue
            blamed |= self._blamed_in(block, fresh)
        return blamed

    def _blamed_in(self, block: list[Statement], fresh: set[Statement]) -> set[Statement]:
        system = _System.of(self.dataset, block)
        if system is None:
            return set()
        least = self.policy.min_entities
        targets, who = system.small(least)
        if not len(targets):
            return set()
        space = row_space(system.published)
        told = np.abs(targets @ space.T @ space - targets).max(axis=1) < _EXACT
        weights = np.zeros(len(block))
        for target in targets[told]:
            weights = np.maximum(weights, np.abs(combined(system.published, target)))
        if not told.any():
            for i in np.argsort(who, kind="stable")[:CLOSEST].tolist():
                low, high = bounds(system.published, system.totals, targets[i])
                if high - low < WIDTH * least:
                    touched = np.abs(system.published @ targets[i]) > 0
                    weights = np.maximum(weights, touched.astype(float))
        mine = {c: w for c, w in zip(block, weights.tolist(), strict=True) if c in fresh}
        largest = max(mine.values(), default=0.0)
        if largest < _EXACT:
            return set()
        blamed = [cell for cell, weight in mine.items() if weight >= largest / 4]
        # What is said of the fewest goes first; a total is in everything.
        narrowest = max(len(cell.where) for cell in blamed)
        return {cell for cell in blamed if len(cell.where) == narrowest}

    @cached_property
    def _within(self) -> list[tuple[str, str]]:
        """Pairs of dimensions of which one's members lie within the other's."""
        found = []
        asked = _cheapest(self.dataset)
        safe = [n for n in self.dataset.model.dimensions if self.policy.class_of(n) == "safe"]
        for pair in combinations(safe, 2):
            query = Query.of(asked, by=pair)
            frame = self.dataset.answer(query, entities=False).frame
            if any(not frame[name].duplicated().any() for name in pair):
                found.append(pair)
        return found


def _blocks(said: list[Statement]) -> Iterator[list[Statement]]:
    """Yield statements that have no time in common with those of other blocks."""
    timed = sorted((one for one in said if one.period), key=lambda one: _key(one))
    if len(timed) < len(said):
        yield said
        return
    block: list[Statement] = []
    end = datetime.min
    for one in timed:
        assert one.period is not None  # noqa: S101 (for the type checker)
        if block and one.period.start >= end:
            yield block
            block = []
        block.append(one)
        end = max(end, one.period.end)
    if block:
        yield block


def _key(one: Statement) -> tuple[datetime, datetime, str]:
    assert one.period is not None  # noqa: S101 (for the type checker)
    return one.period.start, one.period.end, str(one.where)


_EXACT = 1e-6


@dataclass(frozen=True)
class _System:
    """What was said, as sums of the cells that it tells apart.

    Parameters
    ----------
    published
        Array (statements, cells).
    totals
        Rows of each statement.
    keys
        Per dimension and for the time, the part that each cell lies in.
    rows, entities
        What stands behind each cell.
    """

    published: Floats
    totals: Floats
    keys: tuple[npt.NDArray[np.int_], ...]
    rows: Floats
    entities: Floats

    @classmethod
    def of(cls, dataset: Dataset, said: list[Statement]) -> _System | None:
        dimensions = tuple(sorted({name for one in said for name, _ in one.where}))
        parts = {name: _parts(name, said) for name in dimensions}
        edges = sorted({edge for one in said if one.period for edge in _ends(one.period)})
        asked = _cheapest(dataset)
        found: dict[tuple[int, ...], list[float]] = {}
        for k, span in enumerate(_spans(edges)):
            query = Query.of(asked, by=dimensions, period=span)
            frame = dataset.counted(query)
            names = [[parts[name].get(member, -1) for member in frame[name]] for name in dimensions]
            people = frame.get("entities", frame["rows"])
            for *key, rows, entities in zip(*names, frame["rows"], people, strict=True):
                cell = found.setdefault((*key, k), [0.0, 0.0])
                cell[0] += float(rows)
                cell[1] = max(cell[1], float(entities)) if "entities" in frame else cell[0]
        if not found:
            return None
        keys = np.array(list(found), dtype=int)
        counts = np.array(list(found.values()))
        published = np.zeros((len(said), len(keys)))
        for i, one in enumerate(said):
            inside = np.ones(len(keys), dtype=bool)
            for name, members in one.where:
                wanted = [parts[name][member] for member in members if member in parts[name]]
                inside &= np.isin(keys[:, dimensions.index(name)], wanted)
            if one.period is not None and edges:
                low, high = (edges.index(edge) for edge in _ends(one.period))
                inside &= (keys[:, -1] >= low) & (keys[:, -1] < high)
            published[i] = inside
        columns = tuple(keys[:, j] for j in range(keys.shape[1]))
        return cls(published, published @ counts[:, 0], columns, counts[:, 0], counts[:, 1])

    def small(self, least: int) -> tuple[Floats, Floats]:
        """Return the cells of any dimensions and times with too few, and how many each has."""
        targets: dict[bytes, tuple[Floats, float]] = {}
        time, dimensions = self.keys[-1], self.keys[:-1]
        for size in range(len(dimensions) + 1):
            for chosen in combinations(dimensions, size):
                for inside in _cells((*chosen, time)):
                    who = float(self.entities[inside].max()) if self._persons else 0.0
                    who = who or float(self.rows[inside].sum())
                    if self.rows[inside].any() and who < least:
                        target = inside.astype(float)
                        targets.setdefault(target.tobytes(), (target, who))
        if not targets:
            return np.zeros((0, len(self.rows))), np.zeros(0)
        found, who_of = zip(*targets.values(), strict=True)
        return np.array(found), np.array(who_of)

    @property
    def _persons(self) -> bool:
        return bool((self.entities != self.rows).any())


def _cells(keys: tuple[npt.NDArray[np.int_], ...]) -> Iterator[npt.NDArray[np.bool_]]:
    lines, inverse = np.unique(np.column_stack(keys), axis=0, return_inverse=True)
    for i in range(len(lines)):
        yield inverse.reshape(-1) == i


def _parts(name: str, said: list[Statement]) -> dict[str, int]:
    """Return a number for each member that was named; those named together share one."""
    sets = list(dict.fromkeys(m for one in said for n, m in one.where if n == name))
    signature: dict[str, list[int]] = {}
    for i, members in enumerate(sets):
        for member in members:
            signature.setdefault(member, []).append(i)
    numbers: dict[tuple[int, ...], int] = {}
    return {m: numbers.setdefault(tuple(s), len(numbers)) for m, s in signature.items()}


def _ends(period: Period) -> tuple[datetime, datetime]:
    return period.start, period.end


def _spans(edges: list[datetime]) -> list[Period | None]:
    if not edges:
        return [None]
    return [Period(a, b, None) for a, b in pairwise(edges)]


def _cheapest(dataset: Dataset) -> str:
    """Return the metric that costs least to ask for: the rows come with every answer."""
    for name, metric in dataset.model.metrics.items():
        if isinstance(metric, SimpleMetric) and metric.agg.mergeable:
            return name
    return next(iter(dataset.model.metrics))
