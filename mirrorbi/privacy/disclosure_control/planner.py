"""The planner: which members of a dimension are put together, and which cells are left open.

Members of which a cell compared is unsafe are put together as "Other", throughout: what is
never shown by itself in any period cannot be taken from one period and found in the next
(global recoding). If "Other" is unsafe itself, the smallest member joins it until it
passes. Older history is left open cell by cell instead (local suppression), so that a
member is not lost for a small beginning; what is left open in a period passes together,
or the smallest cell shown joins it. See Hundepool et al., 2012, sections 3.3 and 4.3.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import combinations

import numpy as np

from mirrorbi.data.cube.states import simple_metrics
from mirrorbi.data.dataset import Dataset
from mirrorbi.data.periods import Period
from mirrorbi.data.query import Query
from mirrorbi.facts.sweep.sweep_context import SweepContext
from mirrorbi.facts.tables import OTHER
from mirrorbi.privacy.disclosure_control.cells import ALL, Bools, Cells, Codes, Floats, smallest
from mirrorbi.privacy.disclosure_control.crossing import Crossing
from mirrorbi.privacy.disclosure_control.margins import Margins
from mirrorbi.privacy.disclosure_control.plan import Plan
from mirrorbi.privacy.disclosure_control.safety_rules import Rules

Suppression = tuple[str, int, str]
"""Member, column and metric (``""`` for all) of a cell to leave open."""

Where = tuple[tuple[str, tuple[str, ...]], ...]

COMPLEMENT, DIFFERENCE = 4, 5
"""Codes of a cell that would give another away, and of one that its own absence would."""

MOST = 0.5
"""Part of the rows up to which members are put together for the sake of one metric; beyond,
the metric is not split by the dimension."""

_LINE = "line"

TRIES = 3
"""Members that join "Other" for the sake of one metric before it is not split."""


class Planner:
    """Makes the plan of every dimension of a scan.

    Parameters
    ----------
    dataset
        The data itself.
    context
        What the sweep looks at.
    rules
        The rules that cells must pass.
    """

    def __init__(self, dataset: Dataset, context: SweepContext, rules: Rules) -> None:
        self.dataset = dataset
        self.context = context
        self.rules = rules
        self.whole_queries = [query for query in context.queries() if not query.by]
        self.columns: tuple[Period | None, ...] = tuple(
            dict.fromkeys(
                column
                for query in self.whole_queries
                for column in (context.periods if query.grain is not None else [query.period])
            )
        )
        compared = {context.period, context.baseline, *context.averaged}
        self.required = np.array([column in compared for column in self.columns], dtype=bool)
        model, named = dataset.model, self.whole_queries[0].metrics
        merged = (m for m in named if all(s.agg.mergeable for s in simple_metrics(model, m)))
        self.cheap = (next(merged, named[0]),)
        self.margins = Margins(self.columns, context.places)
        self.shown_columns: Bools = np.ones(len(self.columns), dtype=bool)
        """Columns of which the whole is shown, so that parts left open follow from it."""

    def queries(self) -> list[Query]:
        """Return every question whose counts the plans need, beside the scan's own."""
        return [
            replace(q, where=w) for q in self.context.queries() for _, w in self._rests(q.where)
        ]

    def pairs(self) -> list[Query]:
        """Return the questions of which members of two dimensions go together."""
        return [self._pair_query(pair) for pair in combinations(self.context.by, 2)]

    def plans(self) -> dict[str | None, Plan]:
        """Return what is shown of the whole and of each dimension."""
        whole = self.plan(None)
        self.shown_columns = ~whole.hidden[0]
        plans: dict[str | None, Plan] = {by: self.plan(by) for by in self.context.by}
        self.dataset.prepare(self.pairs())
        crossings = [self._crossing(pair) for pair in combinations(self.context.by, 2)]
        more: dict[str, set[Suppression]] = {by: set() for by in self.context.by}
        while True:
            fresh = False
            suppressions = [
                suppression for c in crossings for suppression in c.exposed(plans, self.rules)
            ]
            for by, member, column, metric in suppressions:
                fresh |= (member, column, metric) not in more[by]
                more[by].add((member, column, metric))
            if not fresh:
                return {None: whole, **plans}
            plans |= {by: self.plan(by, more[by]) for by in self.context.by}

    def _crossing(self, pair: tuple[str, str]) -> Crossing:
        """Return which members of two dimensions go together, and how to count their cells."""
        frame = self.dataset.answer(self._pair_query(pair), entities=False).frame
        ordered = frame.sort_values(list(pair))
        ends = tuple(zip(ordered[pair[0]].tolist(), ordered[pair[1]].tolist(), strict=True))
        return Crossing(pair, ends, partial(self._cell_counts, pair, ends))

    def _pair_query(self, pair: tuple[str, str]) -> Query:
        # Over all time: what goes together is a matter of the members, as a city is of its
        # country, and takes no period of each pair.
        return replace(self.whole_queries[0], metrics=self.cheap, by=pair, grain=None, period=None)

    def _cell_counts(
        self, pair: tuple[str, str], ends: tuple[tuple[str, str], ...]
    ) -> Mapping[str, Floats]:
        """Return what stands behind each cell of two dimensions: arrays (ends, columns)."""
        lines = {end: str(i) for i, end in enumerate(ends)}
        frames = []
        for query in (replace(q, by=pair) for q in self.whole_queries):
            frame = self.dataset.counted(query)
            mine = zip(frame[pair[0]].tolist(), frame[pair[1]].tolist(), strict=True)
            line = [lines[end] for end in mine]
            counts = frame.drop(columns=list(pair)).assign(**{_LINE: line})
            frames.append((replace(query, by=(_LINE,)), counts))
        return Cells.of(frames, self.columns, self.context.places, list(lines.values())).counts

    def counted(self, by: str | None, where: dict[str, tuple[str, ...]]) -> Cells:
        """Return what stands behind each cell of one dimension, or of the whole."""
        filters = tuple(sorted((name, tuple(sorted(set(m)))) for name, m in where.items()))
        queries = [replace(q, by=(by,) if by else (), where=filters) for q in self.whole_queries]
        answers = [(q, self.dataset.counted(q)) for q in queries]
        return Cells.of(answers, self.columns, self.context.places, None if by else (ALL,))

    def plan(self, by: str | None, more: Iterable[Suppression] = ()) -> Plan:
        """Return what is shown of one dimension, as far as it can be told by itself.

        Parameters
        ----------
        by
            The dimension; ``None`` for the whole.
        more
            Member, column and metric (``""`` for all) of cells to leave open besides.
        """
        where = dict(self.context.where)
        cells = self.counted(by, where)
        codes = self._codes(by, cells)
        plan = Plan(by, cells)
        if by is not None:
            self._merge(plan, codes, {m for m, j, _ in more if self.required[j]})
            codes = self._codes(by, plan.cells, plan.merged)
        plan.hidden = np.zeros(plan.cells.rows.shape, dtype=bool)
        for i, j in np.argwhere(codes > 0).tolist():
            plan.hide(i, j, int(codes[i, j]))
        for name in self.context.columns_of(by):
            broken = self.rules.metric(plan.cells, name)
            plan.masked[name] = (broken > 0) & ~plan.hidden
            if name in plan.dropped:
                plan.masked[name] |= plan.cells.rows > 0
            else:
                for code in np.unique(broken[plan.masked[name]]).tolist():
                    plan.count(code, int((broken[plan.masked[name]] == code).sum()))
        places = {member: i for i, member in enumerate(plan.cells.members)}
        for member, j, name in more:
            if member in places and not self.required[j]:
                i = places[member]
                if name and not plan.masked[name][i, j]:
                    plan.masked[name][i, j] = True
                    plan.count(COMPLEMENT)
                elif not name:
                    plan.hide(i, j, COMPLEMENT)
        self.suppress_complements(plan)
        lost = self._lost(plan) - set(more)
        # What is compared must be whole: a member that is not there in full joins the others.
        return self.plan(by, {*more, *lost}) if lost else plan

    def suppress_complements(self, plan: Plan) -> None:
        """Leave open what else must be, so that what is open passes together."""
        self._suppress(plan, plan.hidden, self.rules.cells)
        for name, masked in plan.masked.items():
            masked &= ~plan.hidden
            if name not in plan.dropped:
                suppressed = plan.hidden | masked
                self._suppress(plan, suppressed, partial(self.rules.metric, name=name))
                plan.masked[name] = suppressed & ~plan.hidden

    def _suppress(self, plan: Plan, suppressed: Bools, codes: Callable[[Cells], Codes]) -> None:
        shown = None if plan.by is None else self.shown_columns
        while complements := self.margins.complements(plan.cells, suppressed, codes, shown):
            for i, j in complements:
                suppressed[i, j] = True
                plan.count(COMPLEMENT)

    # -- one dimension -------------------------------------------------------------------

    def _rests(self, where: Where) -> Iterator[tuple[str, Where]]:
        """Yield by dimension the filters of what its filter leaves out, while others stay."""
        for name, members in where:
            others = sorted(set(self.dataset.members(name)) - set(members))
            if others:
                yield name, tuple((n, tuple(others) if n == name else m) for n, m in where)

    def _codes(self, by: str | None, cells: Cells, merged: Iterable[str] = ()) -> Codes:
        """Return the rule that each cell breaks, or that what the filter leaves of it does."""
        codes = self.rules.cells(cells)
        excluded = set(merged)
        for name, filters in self._rests(tuple(sorted(self.context.where.items()))):
            if name == by:
                continue
            rest = self.counted(by, dict(filters))
            if excluded and by is not None:
                union = self._union(by, excluded, dict(filters))
                rest = rest.without(excluded).vstack(union)
            lines = {member: i for i, member in enumerate(rest.members)}
            broken = self.rules.cells(rest)
            for i, member in enumerate(cells.members):
                if member in lines:
                    unsafe = (broken[lines[member]] > 0) & (cells.rows[i] > 0) & (codes[i] == 0)
                    codes[i][unsafe] = DIFFERENCE
        return codes

    def _lost(self, plan: Plan) -> set[Suppression]:
        """Return the cells compared that are left open of one member beside others."""
        if plan.by is None or len(plan.cells.members) < 2:
            return set()
        suppressed = plan.hidden.copy()
        for name in set(plan.masked) - plan.dropped:
            suppressed |= plan.masked[name]
        places = np.argwhere(suppressed & self.required & self.shown_columns).tolist()
        names = plan.cells.members
        return {(names[i], j, "") for i, j in places if names[i] != OTHER}

    def _union(self, by: str, members: set[str], where: dict[str, tuple[str, ...]]) -> Cells:
        """Return what stands behind members taken together, counted and not estimated."""
        filtered = where.get(by)
        chosen = members if filtered is None else members & set(filtered)
        whole = self.counted(None, {**where, by: tuple(chosen)})
        return Cells((OTHER,), whole.columns, whole.counts)

    def _merge(self, plan: Plan, codes: Codes, forced: Container[str]) -> None:
        """Decide which members are put together, and which metrics are not split."""
        by, cells, required = plan.by, plan.cells, self.required
        assert by is not None  # noqa: S101 (for the type checker)
        unsafe = codes > 0
        compared = codes[:, required]
        for code in np.unique(compared[compared > 0]).tolist():
            plan.count(code, int((compared == code).sum()))
        chosen = np.asarray(unsafe[:, required].any(axis=1))
        rows = cells.rows[:, required].sum(axis=1)
        metrics = self.context.columns_of(by)
        for name in metrics:
            broken = self.rules.metric(cells, name)[:, required]
            more = np.asarray((broken > 0).any(axis=1) & ~chosen)
            if not more.any():
                continue
            counted = broken[more]
            for code in np.unique(counted[counted > 0]).tolist():
                plan.count(code, int((counted == code).sum()))
            if rows[chosen | more].sum() > MOST * rows.sum():
                plan.dropped.add(name)
            else:
                chosen |= more
        named = {member: i for i, member in enumerate(cells.members)}
        for member, i in named.items():
            if member in forced and not chosen[i]:
                chosen[i] = True
                plan.count(COMPLEMENT, int((cells.rows[i] > 0)[required].sum()))
        # A member that people call so already is the first to join.
        if chosen.any() and OTHER in named:
            chosen[named[OTHER]] = True
        tries = 0
        while chosen.any():
            merged = {member for member, i in named.items() if chosen[i]}
            union = self._union(by, merged, dict(self.context.where))
            wrong = self._codes(by, union, merged)[0] > 0
            for name in [name for name in metrics if name not in plan.dropped]:
                failed: Bools = (self.rules.metric(union, name)[0] > 0) & required & ~wrong
                if failed.any() and tries >= TRIES:
                    plan.dropped.add(name)
                elif failed.any():
                    tries += 1
                    wrong = failed
                    break
            wrong &= required
            if not wrong.any() or chosen.all():
                plan.merged = merged
                plan.cells = cells.without(merged).vstack(union)
                return
            eligible = ~chosen[:, None] & (cells.rows > 0)
            neighbours = [smallest(cells, eligible, j) for j in np.flatnonzero(wrong).tolist()]
            candidates = [i for i in neighbours if i is not None]
            if not candidates:
                chosen[:] = True
                continue
            joining = min(candidates, key=lambda i: (rows[i], cells.members[i]))
            chosen[joining] = True
            plan.count(COMPLEMENT, int((cells.rows[joining] > 0)[required].sum()))


__all__ = ["ALL", "COMPLEMENT", "DIFFERENCE", "Plan", "Planner"]
