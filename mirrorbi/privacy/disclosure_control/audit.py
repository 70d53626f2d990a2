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
from datetime import datetime
from functools import cached_property
from itertools import combinations
from math import prod

import numpy as np
import numpy.typing as npt

from mirrorbi.data.dataset import Dataset
from mirrorbi.data.periods import Period
from mirrorbi.data.query import Query
from mirrorbi.facts.fact import Fact
from mirrorbi.facts.factset import FactSet
from mirrorbi.privacy.dimensions import class_in
from mirrorbi.privacy.disclosure import Withheld
from mirrorbi.privacy.disclosure_control.closeness import LOOKED, close
from mirrorbi.privacy.disclosure_control.counts import counts_of
from mirrorbi.privacy.disclosure_control.nullspace import FOLLOWS, free, taken_out
from mirrorbi.privacy.disclosure_control.release import release
from mirrorbi.privacy.disclosure_control.statements import (
    ALL_DATA,
    Statement,
    essential,
    spoken,
    tiled,
)
from mirrorbi.privacy.disclosure_control.system import System
from mirrorbi.privacy.policy import Policy, policy_for

Floats = npt.NDArray[np.float64]

JOINT = 100_000
"""Cells up to which all dimensions that were spoken of are looked at together."""

TOGETHER = 40
"""Small cells of which it is computed at once what gives them away."""

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
        self._clean: set[tuple[tuple[str, ...], frozenset[Statement]]] = set()
        self._counts = counts_of(dataset)

    def copy(self) -> Audit:
        """Return an audit that goes on from here without changing this one."""
        twin = Audit(self.dataset, self.policy)
        twin._said = dict(self._said)
        twin._clean = set(self._clean)
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
        self._counts.questions = 0
        cells = {fact.id: spoken(fact) for fact in kept}
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
        self._counts.questions = 0
        new, refused = set(cells) - set(self._said), set[Statement]()
        while blamed := self._blamed(sorted(new, key=str)):
            refused |= blamed
            new -= blamed
        self.note(new)
        return refused

    def _new(
        self, facts: Iterable[Fact], cells: dict[str, frozenset[Statement]]
    ) -> list[Statement]:
        sets = {id(cells[fact.id]): cells[fact.id] for fact in facts}
        return sorted(set().union(*sets.values()) - self._said.keys(), key=str)

    def _blamed(self, new: list[Statement]) -> set[Statement]:
        """Return which new cells give a small one away; none if nothing does."""
        fresh = set(new)
        blamed: set[Statement] = set()
        for dimensions in self._scopes(new):
            told = [
                one for one in (*self._said, *new) if {name for name, _ in one.where} <= dimensions
            ]
            for block in _blocks(essential(self._but_the_whole(told))):
                # Cells of one time in one release are safe by themselves.
                alone = not self._said and len({one.period for one in block}) == 1
                if alone or fresh.isdisjoint(block):
                    continue
                names = tuple(sorted({name for one in block for name, _ in one.where}))
                key = names, frozenset(block)
                if key in self._clean:
                    continue
                found = self._blamed_in(block, names, fresh)
                blamed |= found
                if not found:
                    self._clean.add(key)
        return blamed

    def _but_the_whole(self, said: list[Statement]) -> list[Statement]:
        """Return statements without the rows of all data, where they tell nothing more.

        They do not where they follow from all times, nor where they tell of the times of
        which nobody spoke, taken together, and those are enough.
        """
        timed = [one.period for one in said if one.period is not None]
        if ALL_DATA not in said or not timed:
            return said
        counts, least = self._counts, self.policy.min_entities
        first, last = min(p.start for p in timed), max(p.end for p in timed)
        ends = sorted(counts.reach)
        outside = [
            Period(a, b, None)
            for a, b in ((ends[0], first), (last, ends[-1]))
            if a < b and len(counts.rows((), Period(a, b, None))[1])
        ] if ends else []  # fmt: skip
        unknown = counts.rows((), None, [Period(ends[0], ends[-1], None)] if ends else [])[1].sum()
        follows = not outside and not unknown and tiled(p for w, p in said if not w and p)
        enough = any(counts.at_least(least, {}, span) for span in outside)
        return [one for one in said if one != ALL_DATA] if follows or enough else said

    def _scopes(self, new: list[Statement]) -> list[set[str]]:
        """Return the dimensions that are looked at together.

        Those of what is asked with all that lies within them, or they within it; and each of
        them with each other dimension that was spoken of, since members of few may stand
        alone in one of the other. All together where that is not too much.
        """
        named = {name for one in new for name, _ in one.where}
        near = named | {n for pair in self._within for n in pair if set(pair) & named}
        spoken = {name for one in self._said for name, _ in one.where}
        counts, times = self._counts, len(_edges((*self._said, *new)))
        members = prod(len(counts.members(name)) for name in near | spoken)
        if counts.bearable(times * members, JOINT):
            return [near | spoken]
        return [near, *({one, other} for one in sorted(named) for other in sorted(spoken - near))]

    def _blamed_in(
        self, block: list[Statement], dimensions: tuple[str, ...], fresh: set[Statement]
    ) -> set[Statement]:
        mine = {one for one in block if one in fresh}
        system = System.of(
            self._counts, dimensions, block, self._counts.passed.get(self.policy.min_entities, ())
        )
        if system is None:
            return mine
        if not len(system.rows):
            return set()
        directions = free(system.published)
        if directions is None:
            return mine
        least = self.policy.min_entities
        people = self.dataset.model.dataset.entity is not None
        found = system.told(directions, FOLLOWS, least, people=people)
        # The same cell may be found under several names: that of fewest dimensions is first.
        cells = {cell.sign: cell for cell in reversed(list(found))}
        told = [
            cell
            for cell in cells.values()
            if cell.rows < least or not self._counts.at_least(least, system.where(cell), cell.span)
        ]
        for start in range(0, len(told), TOGETHER):
            some = told[start : start + TOGETHER]
            made = taken_out(system.published, system.indicator(some))
            if made is None:
                return mine
            blamed = _heaviest(block, np.abs(made[0]).max(axis=1), mine)
            if blamed:
                return blamed
        narrow = close(system, system.few(least, LOOKED), WIDTH * least)
        touched = (system.published @ system.indicator(narrow) > 0).any(axis=1)
        return _heaviest(block, touched.astype(float), mine)

    @cached_property
    def _within(self) -> list[tuple[str, str]]:
        """Pairs of dimensions of which one's members lie within the other's."""
        found = []
        asked = self._counts.asked
        safe = [
            n
            for n in self.dataset.model.dimensions
            if class_in(self.dataset, self.policy, n) == "safe"
        ]
        for pair in combinations(safe, 2):
            query = Query.of(asked, by=pair)
            frame = self.dataset.answer(query, entities=False).frame
            if any(not frame[name].duplicated().any() for name in pair):
                found.append(pair)
        return found


def _edges(said: Iterable[Statement]) -> set[datetime]:
    return {t for one in said if one.period for t in (one.period.start, one.period.end)}


def _heaviest(block: list[Statement], weights: Floats, fresh: set[Statement]) -> set[Statement]:
    """Return the new cells that count most in what gives a small one away."""
    mine = {c: w for c, w in zip(block, weights.tolist(), strict=True) if c in fresh}
    largest = max(mine.values(), default=0.0)
    if largest < FOLLOWS:
        return set()
    blamed = [cell for cell, weight in mine.items() if weight >= largest / 4]
    # What is said of the fewest goes first; a total is in everything.
    narrowest = max(len(cell.where) for cell in blamed)
    return {cell for cell in blamed if len(cell.where) == narrowest}


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
