"""The cubes made so far, and which to make for the questions to come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

import numpy as np

from mirrorbi.data.cube.cube import Cube
from mirrorbi.data.cube.cube_builder import build
from mirrorbi.data.cube.states import State
from mirrorbi.data.engine.embedded import line
from mirrorbi.data.engine.profile import profile
from mirrorbi.data.periods import Grain

CELLS = 20_000
"""Cells that one cube may be expected to have; beyond, several smaller cubes serve.

About what a core's cache holds: a row is added to a cell of 72,000 in five times the time
that it takes with 14,400 (DuckDB 2.0, six states).
"""
SAMPLE = 500_000
"""Rows of which the members of a dimension are counted, where a table has many more."""
NARROW = 2_000
"""Cells from which a narrower cube is worth making and keeping."""


class CubeCache:
    """Cubes of one table, each made in one scan.

    Parameters
    ----------
    table
        An ibis table.
    time
        The ibis column of time, or ``None``.
    columns
        The column of each dimension.
    """

    def __init__(self, table: Any, time: Any | None, columns: dict[str, str]) -> None:
        self.table = table
        self.time = time
        self.columns = columns
        self.cubes: list[Cube] = []
        self.scans = 0

    def get(self, dimensions: Iterable[str], base: Grain | None, states: set[State]) -> Cube:
        """Return a cube with these dimensions, step of time and states; make it if need be."""
        names = sorted(dimensions)
        fitting = [cube for cube in self.cubes if cube.covers(names, base, states)]
        if not fitting:
            return self._make([names], base, states)[0]
        best = min(fitting, key=len)
        if len(best.axes) > len(names) and len(best) > NARROW:
            best = best.narrow(names)
            self.cubes.append(best)
        return best

    def days(self) -> list[date]:
        """Return the days that have rows, ascending; none without time.

        The rows of each are kept, since they answer questions too.
        """
        if self.time is None:
            return []
        rows = {State("count")}
        fitting = [cube for cube in self.cubes if cube.covers((), Grain.DAY, rows)]
        if not fitting:
            fitting = build(self.table, self.columns, [[]], self.time, Grain.DAY, rows)
            self.cubes += fitting
        moments = min(fitting, key=len).steps.members
        return sorted({m.date() for m in moments[~np.isnat(moments)].tolist()})

    def prepare(
        self,
        questions: Sequence[frozenset[str]],
        base: Grain | None,
        states: set[State],
        steps: Callable[[], int],
    ) -> None:
        """Make cubes that answer questions by these sets of dimensions, all in one scan.

        Parameters
        ----------
        questions
            The dimensions of each question.
        base, states
            The step of time and the states that all of them need together.
        steps
            How many steps of time there are; called only if it matters.
        """
        groups = [
            sorted(group)
            for group in self._groups(questions, steps)
            if not any(cube.covers(group, base, states) for cube in self.cubes)
        ]
        if groups:
            self._make(groups, base, states)

    def _make(
        self, groups: Sequence[Sequence[str]], base: Grain | None, states: set[State]
    ) -> list[Cube]:
        cubes = build(self.table, self.columns, groups, self.time, base, states)
        self.cubes += cubes
        self.scans += 1
        return cubes

    def _sizes(self, names: Iterable[str]) -> tuple[int, dict[str, int]]:
        """Return how many rows there are, and about how many members of each dimension.

        Of a large table a tenth or less is looked at, in blocks from all over it: the
        numbers decide only which dimensions share a cube.
        """
        columns = {name: self.columns[name] for name in names}
        rows, table = int(line(self.table.aggregate(n=self.table.count()))["n"]), self.table
        if rows >= 10 * SAMPLE and table.get_backend().name == "duckdb":
            table = table.sample(SAMPLE / rows, method="block")
        estimate = profile(table, sorted(set(columns.values())), distinct_only=True)
        return rows, {name: estimate.columns[c].distinct + 1 for name, c in columns.items()}

    def _groups(
        self, questions: Sequence[frozenset[str]], steps: Callable[[], int]
    ) -> list[set[str]]:
        """Return the sets of dimensions that get one cube each, covering every question."""
        dimensions = set[str]().union(*questions)
        if len(dimensions) < 2:
            return [dimensions]
        rows, size = self._sizes(dimensions)
        slices = max(steps(), 1)

        def cells(names: Iterable[str]) -> int:
            product = slices
            for name in names:
                product *= size[name]
            return min(product, rows)

        groups: list[set[str]] = []
        # Widest questions first: what must be together shapes the groups that others join.
        # Then those of few cells: together they are a cube that is still small.
        for question in sorted(set(questions), key=lambda q: (-len(q), cells(q), sorted(q))):
            if any(question <= group for group in groups):
                continue
            for group in groups:
                if cells(group | question) <= CELLS:
                    group |= question
                    break
            else:
                groups.append(set(question))
        return groups
