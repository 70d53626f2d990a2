"""An attacker who has every published fact and all patience: not a line of the product's."""

import itertools
from datetime import timedelta

import numpy as np
from scipy.optimize import linprog

from mirrorbi.data.periods import Period

OTHER = "Other"


class Attacker:
    """Collects equations about counts of rows from facts, and solves them.

    Its unknowns are the rows of every combination of members in every part of a month; it knows
    that none is negative, and which dimension's members lie within another's.
    """

    def __init__(self, frame, dimensions, entity=None):
        late = np.where(frame["day"].dt.day > 28, "b", "a")
        month = frame["day"].dt.strftime("%Y-%m")
        # Months are cut after the 28th, since questions are.
        self.frame = frame.assign(_month=month, _slot=month + late)
        self.dimensions = list(dimensions)
        self.entity = entity
        self.slots = [m + part for m in sorted(month.unique()) for part in "ab"]
        members = [sorted(self.frame[d].unique()) for d in self.dimensions]
        self.atoms = [
            (*combination, slot)
            for combination in itertools.product(*members)
            if self._possible(combination)
            for slot in self.slots
        ]
        counted = self.frame.groupby([*self.dimensions, "_slot"]).size()
        self.truth = np.array([float(counted.get(atom, 0)) for atom in self.atoms])
        self.rows, self.totals = [], []

    def _possible(self, combination):
        """Whether members go together, where one dimension lies within another."""
        pairs = list(zip(self.dimensions, combination, strict=True))
        for (d, m), (e, n) in itertools.permutations(pairs, 2):
            within = self.frame.groupby(d)[e].nunique().max() == 1
            if within and not ((self.frame[d] == m) & (self.frame[e] == n)).any():
                return False
        return True

    def chosen(self, scope, slots):
        """Return which unknowns a cell holds."""
        where = {d: {m} if isinstance(m, str) else set(m) for d, m in dict(scope).items()}
        return np.array(
            [
                atom[-1] in slots
                and all(atom[self.dimensions.index(d)] in m for d, m in where.items())
                for atom in self.atoms
            ],
            dtype=float,
        )

    def learn(self, scope, slots, count):
        """Take in one published count; it must be true."""
        if slots is None:
            return
        row = self.chosen(scope, slots)
        assert row @ self.truth == float(count), (scope, sorted(slots), count, row @ self.truth)
        self.rows.append(row)
        self.totals.append(float(count))

    def slots_of(self, period):
        """Return the parts of months in a period; all, where there is none."""
        if period is None:
            return set(self.slots)
        span = Period.parse(period) if isinstance(period, str) else period
        found, days = set(), 0
        for slot in self.slots:
            month = Period.parse(slot[:-1])
            cut = month.start.replace(day=28) + timedelta(days=1)
            start, end = (month.start, cut) if slot[-1] == "a" else (cut, month.end)
            if span.start <= start and end <= span.end:
                found.add(slot)
                days += (end - start).days
        # What begins or ends between the cuts, or beyond the data, is not written down.
        return found if days == span.days else None

    def read(self, facts, metric="orders", where=()):
        """Learn every count that facts state: values, tables, series, and rows behind them."""
        for fact in facts:
            if fact.terms.get("step", "month") != "month":
                continue
            scope = dict(where) | dict(fact.scope)
            of_data = fact.kind in ("coverage", "late_data", "missing_periods", "incomplete")
            if of_data:
                scope = {}
            if fact.kind in ("value", "share", "rank", "cell") and fact.n:
                self.learn(scope, self.slots_of(fact.period), fact.n)
            compared = fact.kind in ("change", "contribution", "mix_part")
            if compared and fact.n and fact.compare != "average":
                both = self.slots_of(fact.period), self.slots_of(fact.baseline)
                self.learn(scope, None if None in both else both[0] | both[1], fact.n)
            if fact.kind == "coverage":
                self.learn({}, set(self.slots), fact["rows"].value)
            if fact.metric == metric and not of_data:
                if fact.kind in ("value", "share", "rank", "change", "contribution", "cell"):
                    self.learn(scope, self.slots_of(fact.period), fact["value"].value)
                if fact.kind in ("change", "contribution") and fact.compare != "average":
                    self.learn(scope, self.slots_of(fact.baseline), fact["base"].value)
                if fact.kind == "share":
                    self.learn(where, self.slots_of(fact.period), fact["total"].value)
            if fact.table is not None and (fact.metric == metric or of_data):
                self._read_table(fact, scope, where)
            if fact.table is not None and fact.kind == "rank":
                by = fact.table.columns[0][0]
                for member, _, rows in fact.table.rows:
                    self.learn({**dict(where), by: member}, self.slots_of(fact.period), rows)

    def _read_table(self, fact, scope, where):
        names = [name for name, _ in fact.table.columns]
        if names[0] == "period":
            column = "rows" if "rows" in names else "value"
            for line in fact.table.rows:
                value = line[names.index(column)]
                if value is not None:
                    self.learn(scope, self.slots_of(line[0]), value)
            return
        for line in fact.table.rows:
            if line[0] == OTHER:
                continue
            cell = {**dict(where), names[0]: line[0]}
            for column, period in (("value", fact.period), ("base", fact.baseline)):
                if column == "base" and fact.compare == "average":
                    continue
                if column in names and line[names.index(column)] is not None:
                    self.learn(cell, self.slots_of(period), line[names.index(column)])

    def unsafe(self, least):
        """Yield every cell of up to two dimensions and a time that is too small."""
        times = [(m, {m + "a", m + "b"}) for m in sorted(self.frame["_month"].unique())]
        times += [(slot, {slot}) for slot in self.slots]
        for size in (0, 1, 2):
            for dims in itertools.combinations(self.dimensions, size):
                for _, slots in times:
                    part = self.frame[self.frame["_slot"].isin(slots)]
                    for key, lines in part.groupby(list(dims)) if dims else [((), part)]:
                        count = lines[self.entity].nunique() if self.entity else len(lines)
                        if 0 < count < least:
                            yield dict(zip(dims, key, strict=True)), frozenset(slots)

    def solved(self, least):
        """Return the unsafe cells whose count follows from what was published."""
        if not self.rows:
            return []
        known = np.unique(np.array(self.rows), axis=0)
        _, sizes, axes = np.linalg.svd(known, full_matrices=False)
        basis = axes[sizes > 1e-9]
        found = []
        for scope, slots in self.unsafe(least):
            target = self.chosen(scope, slots)
            if np.abs(basis.T @ (basis @ target) - target).max() < 1e-7:
                found.append((scope, sorted(slots)))
        return found

    def narrowed(self, scope, slots):
        """Return between which counts a cell must lie."""
        known, places = np.unique(np.array(self.rows), axis=0, return_index=True)
        totals = np.array(self.totals)[places]
        target = self.chosen(scope, slots)
        ends = [
            linprog(sign * target, A_eq=known, b_eq=totals, bounds=(0, None)).fun * sign
            for sign in (1, -1)
        ]
        return tuple(round(end, 6) for end in ends)
