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
from mirrorbi.errors import RefusedError
from mirrorbi.facts.fact import Fact
from mirrorbi.facts.factset import FactSet
from mirrorbi.privacy.dimensions import class_in
from mirrorbi.privacy.disclosure_control.closeness import LOOKED, closely_bounded
from mirrorbi.privacy.disclosure_control.counts import Threshold, counts_of
from mirrorbi.privacy.disclosure_control.nullspace import FOLLOWS, least_squares, null_directions
from mirrorbi.privacy.disclosure_control.statements import (
    ALL_DATA,
    Statement,
    essential_statements,
    is_contiguous,
    statements,
)
from mirrorbi.privacy.disclosure_control.system import System
from mirrorbi.privacy.policy import Policy, policy_for
from mirrorbi.privacy.released import release_key, release_of
from mirrorbi.privacy.withheld import Withheld

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
    passing
        Cells that were counted and have as many entities as they must; those of the
        releases that are examined are added.

    Examples
    --------
    >>> import mirrorbi, pandas as pd
    >>> ds = mirrorbi.open(pd.DataFrame({"city": ["Rome", "Oslo"] * 40, "sales": [3, 4] * 40}))
    >>> audit = Audit(ds)
    >>> len(audit.admit(ds.facts(kinds=["share"]))) > 0
    True
    """

    def __init__(
        self,
        dataset: Dataset,
        policy: Policy | None = None,
        passing: Iterable[Statement] = (),
    ) -> None:
        self.dataset = dataset
        self.policy = policy or policy_for(dataset)
        self._statements: dict[Statement, None] = {}
        self._clean: set[tuple[tuple[str, ...], frozenset[Statement]]] = set()
        self._counts = counts_of(dataset)
        self._passing = set(passing)
        self._threshold = self._begun()

    def copy(self) -> Audit:
        """Return an audit that goes on from here without changing this one."""
        twin = Audit(self.dataset, self.policy, self._passing)
        twin._statements = dict(self._statements)
        twin._clean = set(self._clean)
        return twin

    def admit(self, facts: FactSet) -> FactSet:
        """Return the facts that give nothing away beside what was admitted before.

        What is returned counts as said.

        Parameters
        ----------
        facts
            Of one sweep, released under the policy.

        Raises
        ------
        RefusedError
            If they do not say that they were.
        """
        if facts.policy != self.policy.sha256:
            raise RefusedError(
                "These facts were not released under the policy of the audit.",
                hint="Pass release(facts, dataset, policy) of them.",
            )
        admitted, refused = self.examine(facts)
        if not refused:
            return facts
        why = Withheld("difference", "would give a small cell away beside earlier answers",
                       len(refused))  # fmt: skip
        return facts.replace(admitted, withheld=(*facts.withheld, why))

    def examine(self, facts: Iterable[Fact]) -> tuple[list[Fact], list[Fact]]:
        """Return the released facts that may be said beside those before, and the others.

        The first count as said.
        """
        admitted, refused = list(facts), list[Fact]()
        releases = {release for fact in admitted if (release := release_of(fact))}
        key = release_key(self.dataset, self.policy)
        self._passing.update(*(release.passing for release in releases if release.key == key))
        self._threshold = self._begun()
        cells = {fact.id: statements(fact, self.dataset.model) for fact in admitted}
        new = self._new_statements(admitted, cells)
        while new:
            disclosing = self._disclosing(new)
            if not disclosing:
                break
            refused += [fact for fact in admitted if cells[fact.id] & disclosing]
            admitted = [fact for fact in admitted if not cells[fact.id] & disclosing]
            new = self._new_statements(admitted, cells)
        self._statements |= dict.fromkeys(new)
        return admitted, refused

    @property
    def is_empty(self) -> bool:
        """Whether nothing was said yet."""
        return not self._statements

    def record(self, cells: Iterable[Statement]) -> None:
        """Count cells as said that were released by themselves."""
        self._statements |= dict.fromkeys(sorted(cells, key=str))

    def refused_cells(self, cells: Iterable[Statement]) -> set[Statement]:
        """Return which cells would give a small one away; the others count as said."""
        self._threshold = self._begun()
        new, refused = set(cells) - set(self._statements), set[Statement]()
        while disclosing := self._disclosing(sorted(new, key=str)):
            refused |= disclosing
            new -= disclosing
        self.record(new)
        return refused

    def _begun(self) -> Threshold:
        return Threshold(self._counts, self.policy.min_entities, self._passing)

    def _new_statements(
        self, facts: Iterable[Fact], cells: dict[str, frozenset[Statement]]
    ) -> list[Statement]:
        sets = {id(cells[fact.id]): cells[fact.id] for fact in facts}
        return sorted(set().union(*sets.values()) - self._statements.keys(), key=str)

    def _disclosing(self, new: list[Statement]) -> set[Statement]:
        """Return which new cells give a small one away; none if nothing does."""
        fresh = set(new)
        disclosing: set[Statement] = set()
        for dimensions in self._scopes(new):
            in_scope = [
                statement
                for statement in (*self._statements, *new)
                if {name for name, _ in statement.where} <= dimensions
            ]
            for block in _blocks(essential_statements(self._without_redundant_total(in_scope))):
                # Cells of one time in one release are safe by themselves.
                alone = not self._statements and len({statement.period for statement in block}) == 1
                if alone or fresh.isdisjoint(block):
                    continue
                names = tuple(sorted({name for statement in block for name, _ in statement.where}))
                key = names, frozenset(block)
                if key in self._clean:
                    continue
                block_disclosing = self._disclosing_in(block, names, fresh)
                disclosing |= block_disclosing
                if not block_disclosing:
                    self._clean.add(key)
        return disclosing

    def _without_redundant_total(self, statements: list[Statement]) -> list[Statement]:
        """Return statements without the rows of all data, where they tell nothing more.

        They do not where they follow from all times, nor where they tell of the times of
        which nobody spoke, taken together, and those are enough.
        """
        timed = [statement.period for statement in statements if statement.period is not None]
        if ALL_DATA not in statements or not timed:
            return statements
        counts = self._counts
        first, last = min(p.start for p in timed), max(p.end for p in timed)
        ends = sorted(counts.reach)
        outside = [
            Period(a, b, None)
            for a, b in ((ends[0], first), (last, ends[-1]))
            if a < b and len(counts.rows((), Period(a, b, None))[1])
        ] if ends else []  # fmt: skip
        unknown = counts.rows((), None, [Period(ends[0], ends[-1], None)] if ends else [])[1].sum()
        follows = (
            not outside and not unknown and is_contiguous(p for w, p in statements if not w and p)
        )
        enough = any(self._threshold.passes({}, span) for span in outside)
        return (
            [statement for statement in statements if statement != ALL_DATA]
            if follows or enough
            else statements
        )

    def _scopes(self, new: list[Statement]) -> list[set[str]]:
        """Return the dimensions that are looked at together.

        Those of what is asked with all that lies within them, or they within it; and each of
        them with each other dimension that was spoken of, since members of few may stand
        alone in one of the other. All together where that is not too much.
        """
        named = {name for statement in new for name, _ in statement.where}
        near = named | {n for pair in self._nested_pairs for n in pair if set(pair) & named}
        earlier = {name for statement in self._statements for name, _ in statement.where}
        counts, times = self._counts, len(_edges((*self._statements, *new)))
        members = prod(len(counts.members(name)) for name in near | earlier)
        if counts.bearable(times * members, JOINT):
            return [near | earlier]
        return [
            near,
            *({name, other} for name in sorted(named) for other in sorted(earlier - near)),
        ]

    def _disclosing_in(
        self, block: list[Statement], dimensions: tuple[str, ...], fresh: set[Statement]
    ) -> set[Statement]:
        mine = {statement for statement in block if statement in fresh}
        system = System.of(self._counts, dimensions, block, self._threshold.passing)
        if system is None:
            return mine
        if not len(system.rows):
            return set()
        directions = null_directions(system.published)
        if directions is None:
            return mine
        least = self.policy.min_entities
        people = self.dataset.model.dataset.entity is not None
        derived = system.disclosed_cells(directions, FOLLOWS, least, people=people)
        # The same cell may be found under several names: that of fewest dimensions is first.
        cells = {cell.sign: cell for cell in reversed(list(derived))}
        small = [
            cell
            for cell in cells.values()
            if cell.rows < least or not self._threshold.passes(system.where(cell), cell.span)
        ]
        for start in range(0, len(small), TOGETHER):
            batch = small[start : start + TOGETHER]
            solution = least_squares(system.published, system.indicator(batch))
            if solution is None:
                return mine
            disclosing = _heaviest(block, np.abs(solution[0]).max(axis=1), mine)
            if disclosing:
                return disclosing
        narrow = closely_bounded(system, system.small_cells(least, LOOKED), WIDTH * least)
        touched = (system.published @ system.indicator(narrow) > 0).any(axis=1)
        return _heaviest(block, touched.astype(float), mine)

    @cached_property
    def _nested_pairs(self) -> list[tuple[str, str]]:
        """Pairs of dimensions of which one's members lie within the other's."""
        pairs = []
        metric = self._counts.metric
        safe = [
            n
            for n in self.dataset.model.dimensions
            if class_in(self.dataset, self.policy, n) == "safe"
        ]
        for pair in combinations(safe, 2):
            query = Query.of(metric, by=pair)
            frame = self.dataset.answer(query, entities=False).frame
            if any(not frame[name].duplicated().any() for name in pair):
                pairs.append(pair)
        return pairs


def _edges(statements: Iterable[Statement]) -> set[datetime]:
    return {
        t
        for statement in statements
        if statement.period
        for t in (statement.period.start, statement.period.end)
    }


def _heaviest(block: list[Statement], weights: Floats, fresh: set[Statement]) -> set[Statement]:
    """Return the new cells that count most in what gives a small one away."""
    mine = {c: w for c, w in zip(block, weights.tolist(), strict=True) if c in fresh}
    largest = max(mine.values(), default=0.0)
    if largest < FOLLOWS:
        return set()
    heaviest = [cell for cell, weight in mine.items() if weight >= largest / 4]
    # What is said of the fewest goes first; a total is in everything.
    narrowest = max(len(cell.where) for cell in heaviest)
    return {cell for cell in heaviest if len(cell.where) == narrowest}


def _blocks(statements: list[Statement]) -> Iterator[list[Statement]]:
    """Yield statements that have no time in common with those of other blocks."""
    timed = sorted(
        (statement for statement in statements if statement.period),
        key=lambda statement: _key(statement),
    )
    if len(timed) < len(statements):
        yield statements
        return
    block: list[Statement] = []
    end = datetime.min
    for statement in timed:
        assert statement.period is not None  # noqa: S101 (for the type checker)
        if block and statement.period.start >= end:
            yield block
            block = []
        block.append(statement)
        end = max(end, statement.period.end)
    if block:
        yield block


def _key(statement: Statement) -> tuple[datetime, datetime, str]:
    assert statement.period is not None  # noqa: S101 (for the type checker)
    return statement.period.start, statement.period.end, str(statement.where)
