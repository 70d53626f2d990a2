"""An attacker who lays every grain over every other: weeks beside months, years beside hours."""

import itertools

import numpy as np
from scipy.optimize import linprog

from mirrorbi.data.periods import Period

OTHER = "Other"


class Clockwork:
    """Collects counts of rows of any time and any members, and solves for those of few.

    Its unknowns are the rows of every combination of members between any two moments at which
    anything that was published begins or ends. It knows nothing of the product but how a
    period is written, that no count is negative, and which members lie within another's.

    Parameters
    ----------
    frame
        The rows, with the time in ``day``.
    dimensions
        What they are cut by.
    entity
        The column that is counted; ``None`` for rows.
    calendar
        How periods are written.
    """

    def __init__(self, frame, dimensions, entity=None, calendar=None):
        self.frame = frame
        self.dimensions = list(dimensions)
        self.entity = entity
        self.calendar = calendar or Period.parse("2023").calendar
        self.told = {}

    # -- reading --------------------------------------------------------------------------

    def learn(self, where, period, count):
        """Take in one count that was published."""
        span = Period.parse(period, self.calendar) if isinstance(period, str) else period
        times = (span.start, span.end) if span is not None else None
        key = (tuple(sorted((d, tuple(sorted(m))) for d, m in where.items())), times)
        assert self.told.setdefault(key, float(count)) == float(count), (key, count)

    def read(self, said, metric="orders", where=None):
        """Learn what facts state, given as they are sent (see `as_sent` for others)."""
        whole = {d: (m,) if isinstance(m, str) else tuple(m) for d, m in (where or {}).items()}
        for fact in said:
            period, base = fact.get("period"), fact.get("baseline")
            scope = {**whole, **{d: (m,) for d, m in fact.get("scope", [])}}
            quantities = {n: q["value"] for n, q in fact["quantities"].items()}
            average = fact.get("compare") == "average"
            if fact["kind"] == "coverage":
                self.learn({}, None, quantities["rows"])
            if fact["metric"] == metric:
                if fact["kind"] in ("value", "share", "rank", "change", "contribution", "cell"):
                    self.learn(scope, period, quantities["value"])
                if fact["kind"] in ("change", "contribution") and not average:
                    self.learn(scope, base, quantities["base"])
                if fact["kind"] == "share":
                    self.learn(whole, period, quantities["total"])
            of_data = fact["kind"] in ("coverage", "late_data", "missing_periods", "incomplete")
            if "table" in fact and (of_data or fact["metric"] == metric):
                self._lines(fact, {} if of_data else scope, whole, average)

    def _lines(self, fact, scope, whole, average):
        names = [column["name"] for column in fact["table"]["columns"]]
        for line in fact["table"]["lines"]:
            told = dict(zip(names, line, strict=True))
            if names[0] == "period":
                count = told.get("rows", told.get("value"))
                if count is not None:
                    self.learn(scope, told["period"], count)
            elif names[0] in self.dimensions and line[0] != OTHER:
                cell = {**whole, names[0]: (line[0],)}
                times = {"value": fact.get("period"), "base": fact.get("baseline")}
                if fact["kind"] == "rank":
                    times["rows"] = fact.get("period")
                for name, time in times.items():
                    if told.get(name) is not None and not (name == "base" and average):
                        self.learn(cell, time, told[name])

    # -- solving --------------------------------------------------------------------------

    def lay_out(self):
        """Write everything down as equations in the unknowns, and check that it is true."""
        moments = {t for _, times in self.told if times for t in times}
        first, last = self.frame["day"].min(), self.frame["day"].max()
        self.edges = sorted(moments) or [first]
        stamps = np.array([np.datetime64(t, "us") for t in self.edges])
        day = self.frame["day"].to_numpy().astype("datetime64[us]")
        slot = np.searchsorted(stamps, day, side="right")
        self.slots = len(self.edges) + 1
        members = [sorted(self.frame[d].unique()) for d in self.dimensions]
        together = [c for c in itertools.product(*members) if self._possible(c)]
        self.codes = np.array(
            [[members[i].index(m) for i, m in enumerate(c)] for c in together], dtype=int
        ).reshape(len(together), len(members))
        self.members = members
        place = {c: i for i, c in enumerate(together)}
        lines = [place[c] for c in zip(*(self.frame[d] for d in self.dimensions), strict=True)]
        self.truth = np.zeros((len(together), self.slots))
        np.add.at(self.truth, (np.array(lines), slot), 1.0)
        self.line, self.slot = np.array(lines), slot
        known, totals = [], []
        # The first and the last day of data are no secret: before and after there is nothing.
        for column, empty in ((0, first >= self.edges[0]), (-1, last < self.edges[-1])):
            for line in range(len(together)) if empty else ():
                row = np.zeros(self.truth.shape)
                row[line, column] = 1.0
                known.append(row.ravel())
                totals.append(0.0)
        for (where, times), count in self.told.items():
            row = self._row(dict(where), times)
            assert (row * self.truth).sum() == count, (where, times, count)
            known.append(row.ravel())
            totals.append(count)
        self.known, places = np.unique(np.array(known), axis=0, return_index=True)
        self.totals = np.array(totals)[places]

    def _possible(self, combination):
        pairs = list(zip(self.dimensions, combination, strict=True))
        for (d, m), (e, n) in itertools.permutations(pairs, 2):
            within = self.frame.groupby(d)[e].nunique().max() == 1
            if within and not ((self.frame[d] == m) & (self.frame[e] == n)).any():
                return False
        return True

    def _row(self, where, times):
        inside = np.ones(len(self.codes), dtype=bool)
        for d, wanted in where.items():
            i = self.dimensions.index(d)
            inside &= np.isin(self.codes[:, i], [self.members[i].index(m) for m in wanted])
        row = np.zeros(self.truth.shape)
        low, high = (0, self.slots)
        if times is not None:
            low, high = (self.edges.index(t) + 1 for t in times)
        row[inside, low:high] = 1.0
        return row

    def few(self, least):
        """Yield every cell of up to two dimensions, and of any stretch of time, of too few."""
        names = self.frame[self.entity].to_numpy() if self.entity else np.arange(len(self.frame))
        for size in range(min(len(self.dimensions), 2) + 1):
            for dims in itertools.combinations(range(len(self.dimensions)), size):
                keys = self.codes[:, dims]
                for key in np.unique(keys, axis=0):
                    inside = (keys == key).all(axis=1)
                    mine = inside[self.line]
                    slots, people = self.slot[mine], names[mine]
                    for low in range(self.slots):
                        for high in range(low + 1, self.slots + 1):
                            there = people[(slots >= low) & (slots < high)]
                            count = len(set(there.tolist()))
                            if count >= least:
                                break
                            if count:
                                row = np.zeros(self.truth.shape)
                                row[inside, low:high] = 1.0
                                cell = [
                                    (self.dimensions[d], self.members[d][k])
                                    for d, k in zip(dims, key, strict=True)
                                ]
                                yield cell, low, high, row.ravel()

    def solved(self, least):
        """Return the cells of few whose count follows from what was published."""
        if not self.told:
            return []
        self.lay_out()
        _, sizes, axes = np.linalg.svd(self.known, full_matrices=False)
        basis = axes[sizes > 1e-9]
        cells = list(self.few(least))
        if not cells:
            return []
        rows = np.array([row for *_, row in cells])
        off = np.abs(rows @ basis.T @ basis - rows).max(axis=1)
        at = [str(t) for t in self.edges]
        return [
            (cell, ["", *at][low], [*at, ""][high - 1] if high <= len(at) else "")
            for (cell, low, high, _), far in zip(cells, off, strict=True)
            if far < 1e-7
        ]

    def pinned(self, least, width=1.0, most=60):
        """Return the cells of few that cannot be far from what they are, by linear programme."""
        found = []
        cells = sorted(self.few(least), key=lambda c: c[3] @ self.truth.ravel())
        for cell, low, high, row in cells[:most]:
            ends = [
                linprog(sign * row, A_eq=self.known, b_eq=self.totals, bounds=(0, None)).fun
                for sign in (1, -1)
            ]
            if ends[0] is not None and ends[1] is not None and -ends[1] - ends[0] < width:
                found.append((cell, low, high, ends))
        return found


def as_sent(facts):
    """Return facts of a report in the form in which a payload has them."""
    found = []
    for fact in facts:
        said = {
            "kind": fact.kind,
            "metric": fact.metric,
            "scope": [list(pair) for pair in fact.scope],
            "period": str(fact.period) if fact.period else None,
            "baseline": str(fact.baseline) if fact.baseline else None,
            "compare": fact.compare,
            "quantities": {name: {"value": q.value} for name, q in fact.quantities.items()},
        }
        if fact.table is not None:
            columns = [{"name": name} for name, _ in fact.table.columns]
            said["table"] = {"columns": columns, "lines": [list(r) for r in fact.table.rows]}
        found.append(said)
    return found


__all__ = ["Clockwork", "as_sent"]
