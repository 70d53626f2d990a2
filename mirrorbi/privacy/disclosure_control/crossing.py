"""Crossings: cells of two dimensions that follow from the totals of each.

A city lies in one country. If a city is left open but its country and every other city of
it are shown, the city follows. The same holds wherever few members of one dimension go
with a member of another; see `mirrorbi.privacy.disclosure_control.complement.bridges`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import numpy.typing as npt

from mirrorbi.facts.tables import OTHER
from mirrorbi.privacy.disclosure_control.cells import Bools, Cells, Codes, Floats
from mirrorbi.privacy.disclosure_control.complement import bridges_between
from mirrorbi.privacy.disclosure_control.plan import Plan
from mirrorbi.privacy.disclosure_control.safety_rules import Rules

Ints = npt.NDArray[np.int_]

_REST = -1

Suppression = tuple[str, str, int, str]
"""Dimension, member and column of a cell to be left open, and the metric; ``""`` for all."""


@dataclass(frozen=True)
class Crossing:
    """What stands behind the cells of two dimensions.

    Parameters
    ----------
    pair
        The two dimensions.
    ends
        The two members of each line.
    count
        Gives what stands behind each cell, as in `Cells`: arrays (lines, columns). Asked
        only where a cell follows from the totals, which in dense tables is nowhere.
    """

    pair: tuple[str, str]
    ends: tuple[tuple[str, str], ...]
    count: Callable[[], Mapping[str, Floats]]

    @cached_property
    def counts(self) -> Mapping[str, Floats]:
        """What stands behind each cell: arrays (lines, columns)."""
        return self.count()

    def exposed(self, plans: Mapping[str | None, Plan], rules: Rules) -> Iterator[Suppression]:
        """Yield what else must be left open, so that no unsafe cell of both follows."""
        sides = [_Side(plans[by], [ends[k] for ends in self.ends])
                 for k, by in enumerate(self.pair)]  # fmt: skip
        graphs: dict[tuple[bytes, bytes], _Graph] = {}
        metrics = dict.fromkeys((*plans[self.pair[0]].masked, *plans[self.pair[1]].masked))
        for metric in ("", *metrics):
            if metric and any(metric in side.plan.dropped for side in sides):
                continue
            codes = partial(rules.metric, name=metric) if metric else rules.cells
            suppressed = [side.suppressed(metric) for side in sides]
            alike: dict[tuple[bytes, bytes], list[int]] = {}
            for column in range(suppressed[0].shape[1]):
                key = (suppressed[0][:, column].tobytes(), suppressed[1][:, column].tobytes())
                alike.setdefault(key, []).append(column)
            for key, columns in alike.items():
                if key not in graphs:
                    nodes = [
                        s.nodes(mask[:, columns[0]])
                        for s, mask in zip(sides, suppressed, strict=True)
                    ]
                    graphs[key] = _Graph.of(nodes[0], nodes[1])
                graph = graphs[key]
                if len(graph.bridges):
                    names = rules.uses(metric, self.counts)
                    cells = graph.cells({name: self.counts[name] for name in names}, columns)
                    yield from self._suppressions(graph, codes(cells), columns, sides, metric)

    def _suppressions(
        self,
        graph: _Graph,
        codes: Codes,
        columns: list[int],
        sides: list[_Side],
        metric: str,
    ) -> Iterator[Suppression]:
        for line, place in np.argwhere(codes > 0).tolist():
            complement = self._complement(graph, graph.bridges[line], columns[place], sides, metric)
            if complement is not None:
                yield complement

    def _complement(
        self, graph: _Graph, edge: int, column: int, sides: list[_Side], metric: str
    ) -> Suppression | None:
        """Return the cell to leave open next: the smallest that hides the edge."""
        ends = graph.edges[edge]
        rows = [side.plan.cells.rows[:, column] for side in sides]
        candidates: list[tuple[float, str, int, int]] = []
        for k, (end, other) in enumerate((ends, ends[::-1])):
            if sides[k].named(end):
                # A member that is shown may be left open itself,
                candidates.append((float(rows[k][end]), sides[k].members[end], k, end))
                continue
            # or a neighbour may join what is left open already.
            near = {pair[k] for pair in graph.edges if pair[1 - k] == other}
            candidates += [
                (float(rows[k][i]), sides[k].members[i], k, i) for i in near if sides[k].named(i)
            ]
        # Neighbours first: they hide the edge itself, and only themselves.
        rest = [
            candidate
            for candidate in candidates
            if not sides[candidate[2]].named(ends[candidate[2]])
        ]
        if not (rest or candidates):
            candidates = [
                (float(rows[k][i]), side.members[i], k, i)
                for k, side in enumerate(sides)
                for i in {pair[k] for pair in graph.edges}
                if side.named(i)
            ]
        if not (rest or candidates):
            return None
        _, member, k, _ = min(rest or candidates)
        return (self.pair[k], member, column, metric)


class _Side:
    """One dimension of a crossing: which group each line belongs to, and what is shown."""

    def __init__(self, plan: Plan, names: list[str]) -> None:
        self.plan = plan
        self.members = plan.cells.members
        places = {member: i for i, member in enumerate(self.members)}
        self.other = places.get(OTHER, _REST) if plan.merged else _REST
        self.group = np.array(
            [self.other if name in plan.merged else places.get(name, _REST) for name in names],
            dtype=int,
        )

    def suppressed(self, metric: str) -> Bools:
        """Return the groups that are left open in each column."""
        hidden = self.plan.hidden
        return hidden | self.plan.masked[metric] if metric else hidden

    def nodes(self, suppressed: Bools) -> Ints:
        """Return the node of each line where these groups are left open."""
        return np.where(np.append(suppressed, True)[self.group], _REST, self.group)

    def named(self, node: int) -> bool:
        """Whether a node is a member that is shown by itself."""
        return node not in (_REST, self.other)


@dataclass(frozen=True)
class _Graph:
    """The nodes that go together, which edges are bridges, and the lines of those."""

    edges: tuple[tuple[int, int], ...]
    bridges: tuple[int, ...]
    lines: Ints
    starts: Ints

    @classmethod
    def of(cls, left: Ints, right: Ints) -> _Graph:
        width = int(right.max(initial=0)) + 2
        keys, inverse = np.unique((left + 1) * width + right + 1, return_inverse=True)
        edges = tuple((key // width - 1, key % width - 1) for key in keys.tolist())
        bridges = tuple(np.flatnonzero(bridges_between(keys // width, keys % width)).tolist())
        order = np.argsort(inverse, axis=None, kind="stable")
        mine = order[np.isin(inverse.reshape(-1)[order], bridges)]
        starts = np.searchsorted(inverse.reshape(-1)[mine], np.array(bridges, dtype=int))
        return cls(edges, bridges, mine, starts)

    def cells(self, counts: Mapping[str, Floats], columns: list[int]) -> Cells:
        """Return what stands behind each bridge, in these columns."""
        sums = {}
        at = np.ix_(self.lines, np.array(columns, dtype=int))
        for name, array in counts.items():
            merge = np.maximum if name.startswith("entities") else np.add
            sums[name] = merge.reduceat(array[at], self.starts, axis=0)
        names = tuple(str(i) for i in self.bridges)
        return Cells(names, (None,) * len(columns), sums)
