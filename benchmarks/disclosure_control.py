"""Secondary suppression of tables, beside the exact optimum and beside tau-ARGUS.

    python benchmarks/disclosure_control.py [--tables 50] [--threshold 10] [--seed 0]
    pip install pytauargus  # for the lines of tau-ARGUS; without it they are left out

Random tables of counts, cut in two and three ways, every margin large enough to be published
and known to an intruder. A cell of fewer than the threshold is sensitive; an empty one is
known to be empty. What is withheld, sensitive cells included, by:

- `ours`: `ds.query`
- `optimum`: the fewest cells that meet what we ask for, by a mixed integer programme (HiGHS):
  each sensitive cell could be larger by half of the threshold, by a tenth of a row where the
  margins allow no more, while no other becomes negative; and what is withheld under each
  margin is, taken together, at least the threshold. Without this last condition it is the
  cell suppression problem of the literature (Fischetti and Salazar 2001) with upper
  protection levels
- `argus`: tau-ARGUS' optimum (`OPT`) for that problem, every cell at the cost of 1 and no
  margin to be withheld. Its intruder also knows that no cell is smaller than the smallest
- `as argus`: our integer programme for the very problem that tau-ARGUS solves: the two must
  withhold equally many, which is how either is known to be right

Each pattern is then audited by linear programmes that know nothing of how it was made: `exact`
counts the sensitive cells that follow exactly, `narrow` those that cannot be as large as asked.
Where the margins alone fix a cell, no table of its inner cells can protect it: it is left out
of that count. Tables that cannot be protected from an intruder who knows the smallest cell are
left out of the last two lines: tau-ARGUS then withholds too little, or ends with an error.

pytauargus is a wheel with the engine of Statistics Netherlands over HiGHS, built for Linux,
macOS and Windows; no other program is needed. It is no dependency of MirrorBI, nor is the
optimum, which takes minutes where tables are large.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from contextlib import chdir
from dataclasses import dataclass
from functools import cached_property, partial
from importlib.util import find_spec
from itertools import combinations, product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import block_array, coo_array, csr_array, diags_array, eye_array, kron

import mirrorbi

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

SHAPES = ((2, 3), (3, 4), (4, 6), (6, 8), (2, 3, 4))
NAMES = "abc"
WIDTH, LEAST = 0.5, 0.1
"""How much larger a sensitive cell must be able to be: part of the threshold; rows, at least."""
EXACT = 1e-6
SECONDS = 60.0
"""How long the optimum of one table may be looked for."""


@dataclass(frozen=True)
class Table:
    """Counts of inner cells, with all their margins."""

    shape: tuple[int, ...]
    counts: Floats
    threshold: int

    @classmethod
    def random(cls, rng: np.random.Generator, shape: tuple[int, ...], threshold: int) -> Table:
        """Return a table with a sensitive cell, all of whose margins may be published."""
        while True:
            means = rng.gamma(1.2, 2.5 * threshold, np.prod(shape))
            table = cls(shape, rng.poisson(means).astype(float), threshold)
            if table.sensitive.any() and (table.margins @ table.counts >= threshold).all():
                return table

    @cached_property
    def places(self) -> npt.NDArray[np.int_]:
        """Array (cells, dimensions): the member of each dimension that a cell is of."""
        return np.array(list(np.ndindex(*self.shape)))

    @cached_property
    def margins(self) -> csr_array:
        """Array (margins, cells): which cells each margin is the sum of."""
        lines = []
        for size in range(len(self.shape)):
            for kept in combinations(range(len(self.shape)), size):
                keys = [tuple(place) for place in self.places[:, kept].tolist()]
                lines += [[float(key == line) for line in keys] for key in dict.fromkeys(keys)]
        return csr_array(np.array(lines))

    @cached_property
    def sensitive(self) -> Bools:
        """Array (cells,): what may not be shown by itself."""
        return (self.counts > 0) & (self.counts < self.threshold)

    @cached_property
    def required(self) -> dict[int, float]:
        """How much larger each sensitive cell must be able to be; 0 where it is fixed anyway."""
        found = {}
        for cell in np.flatnonzero(self.sensitive).tolist():
            room = self.interval(cell, self.counts > 0)[1] - self.counts[cell]
            levels = (WIDTH * self.threshold, LEAST, 0.0)
            found[cell] = next(level for level in levels if room >= level - EXACT)
        return found

    def interval(self, cell: int, withheld: Bools) -> tuple[float, float]:
        """Return the feasibility interval of a cell, if these are withheld and the rest known."""
        open_cells = np.flatnonzero(withheld)
        known = self.margins @ np.where(withheld, self.counts, 0.0)
        cost = (open_cells == cell).astype(float)
        ends = []
        for sign in (1.0, -1.0):
            solved = linprog(sign * cost, A_eq=self.margins[:, open_cells], b_eq=known)
            ends.append(sign * solved.fun if solved.status == 0 else -sign * np.inf)
        return ends[0], ends[1]

    def audit(self, withheld: Bools) -> tuple[int, int]:
        """Return how many sensitive cells follow exactly, and how many are held too closely."""
        exact = narrow = 0
        for cell, required in self.required.items():
            if not withheld[cell]:
                exact += 1
            elif required:
                low, high = self.interval(cell, withheld)
                exact += high - low < EXACT
                narrow += high < self.counts[cell] + required - EXACT
        return exact, narrow


Method = Callable[[Table], Bools | None]


def ours(table: Table) -> Bools:
    """Return what `ds.query` withholds."""
    names = NAMES[: len(table.shape)]
    records = np.repeat(table.places, table.counts.astype(int), axis=0)
    frame = pd.DataFrame(records, columns=list(names)).astype(str)
    model = {"dimensions": {name: {} for name in names}, "metrics": {"rows": {"agg": "count"}}}
    policy = {"min_entities": table.threshold, "columns": dict.fromkeys(names, "safe")}
    shown = mirrorbi.open(frame, model).query("rows", by=list(names), control=policy).shown
    withheld = np.zeros(table.shape, dtype=bool)
    if "withheld" in shown:
        members = shown.loc[shown["withheld"], list(names)].astype(int).to_numpy()
        withheld[tuple(members.T)] = True
    return withheld.reshape(-1)


def optimum(table: Table, *, together: bool, floor: float = 0.0) -> Bools | None:
    """Return the fewest cells that protect the sensitive ones; ``None`` if not found in time.

    Variables are which cells are withheld; for each protected cell a change of all cells that
    leaves the margins as they are; and under which margins anything is withheld.

    Parameters
    ----------
    table
        The table.
    together
        Whether what is withheld under each margin must be at least the threshold in all.
    floor
        What an intruder knows each cell to be at least, unless it is empty.
    """
    margins, counts = table.margins, table.counts
    protected = [cell for cell, required in table.required.items() if required]
    many, cells, sums = len(protected), len(counts), margins @ counts
    # No cell can be larger than the smallest of its margins.
    room = np.array([sums[margins[:, [cell]].nonzero()[0]].min() for cell in range(cells)]) - counts
    each, changes = np.ones((many, 1)), eye_array(many * cells)
    member, inside = margins.nonzero()
    lines = np.arange(len(member))
    ones = np.ones(len(member))
    withheld = coo_array((ones, (lines, inside)), shape=(len(member), cells))
    touched = coo_array((ones, (lines, member)), shape=(len(member), len(sums)))
    blocks = [
        ([None, kron(eye_array(many), margins), None], 0.0, 0.0),
        ([kron(each, diags_array(-room)), changes, None], -np.inf, 0.0),
        ([kron(each, diags_array(counts - floor * (counts > 0))), changes, None], 0.0, np.inf),
        ([withheld, None, -touched], -np.inf, 0.0),
        (
            [margins @ diags_array(counts), None, -table.threshold * eye_array(len(sums))],
            0.0 if together else -np.inf,
            np.inf,
        ),
    ]
    matrix = block_array([line for line, _, _ in blocks], format="csr")
    sizes = [next(part.shape[0] for part in line if part is not None) for line, _, _ in blocks]
    low, high = (np.repeat([block[k] for block in blocks], sizes) for k in (1, 2))
    least = np.concatenate([table.sensitive, np.full(many * cells, -np.inf), np.zeros(len(sums))])
    most = np.concatenate([counts > 0, np.full(many * cells, np.inf), np.ones(len(sums))])
    for k, cell in enumerate(protected):
        least[cells + k * cells + cell] = table.required[cell]
    whole = np.concatenate([np.ones(cells), np.zeros(many * cells), np.ones(len(sums))])
    solved = milp(
        np.concatenate([np.ones(cells), np.zeros(many * cells + len(sums))]),
        integrality=whole,
        bounds=Bounds(least, most),
        constraints=LinearConstraint(matrix, low, high),
        options={"time_limit": SECONDS},
    )
    return solved.x[:cells] > 0.5 if solved.status == 0 else None


def argus(table: Table) -> Bools | None:
    """Return what tau-ARGUS withholds; ``None`` if it found nothing in time."""
    from pytauargus.arb import micro_arb
    from pytauargus.batch import BatchError
    from pytauargus.engine import run_batch
    from pytauargus.micro import micro_asc_rda
    from pytauargus.result import TableResult

    names = list(NAMES[: len(table.shape)])
    records = np.repeat(table.places, table.counts.astype(int), axis=0)
    micro: dict[str, list[Any]] = {
        name: [f"{name}{member}" for member in column]
        for name, column in zip(names, records.T.tolist(), strict=True)
    }
    micro["n"] = [1] * len(records)
    apriori = []
    for kept in product(*(("", *range(size)) for size in table.shape)):
        codes = ",".join("" if m == "" else f"{n}{m}" for n, m in zip(names, kept, strict=True))
        if "" in kept:
            apriori.append(f"{codes},P")
            continue
        cell = int(np.ravel_multi_index(kept, table.shape))
        if not table.counts[cell]:
            continue
        apriori.append(f"{codes},C,1")
        if table.sensitive[cell]:
            apriori += [f"{codes},U", f"{codes},PL,0,{table.required[cell]}"]
    with TemporaryDirectory() as folder:
        at = Path(folder)
        micro_asc_rda(micro, asc_filename=str(at / "a.asc"), rda_filename=str(at / "a.rda"))
        (at / "a.hst").write_text("\n".join(apriori))
        micro_arb(
            arb_filename=str(at / "a.arb"),
            asc_filename=str(at / "a.asc"),
            explanatory_vars=names,
            response_var="n",
            safety_rules="",
            suppress=f"OPT(1,{SECONDS / 60:.0f})",
            output_names=[str(at / "a.tab")],
            output_type="5",
            output_options="SO+",
            apriori=[str(at / "a.hst")],
        )
        try:
            with chdir(folder):  # the engine leaves files where it runs
                run_batch(str(at / "a.arb"))
        except BatchError:
            return None
        result = TableResult(at / "a.tab", names, "n")
    withheld = np.zeros(table.shape, dtype=bool)
    for line in result.rows:
        if line["status"] in "UM":
            withheld[tuple(int(line[name][1:]) for name in names)] = True
    return withheld.reshape(-1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--tables", type=int, default=50, help="of each shape")
    parser.add_argument("--threshold", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    methods: dict[str, Method] = {
        "ours": ours,
        "optimum": partial(optimum, together=True),
    }
    if find_spec("pytauargus"):
        methods["argus"] = argus
        methods["as argus"] = lambda table: optimum(table, together=False, floor=table.counts.min())
    print(f"{options.tables} tables of each shape, threshold {options.threshold}\n")
    print("shape     method    tables  cells  sensitive  withheld  of optimum  exact  narrow    ms")
    for shape in SHAPES:
        rng = np.random.default_rng(options.seed)
        tables = [Table.random(rng, shape, options.threshold) for _ in range(options.tables)]
        report(" x ".join(map(str, shape)), tables, methods)


def report(label: str, tables: list[Table], methods: dict[str, Method]) -> None:
    """Print a line for each method, over the tables that it and the optimum solved."""
    results, milliseconds = {}, {}
    for name, method in methods.items():
        start = time.perf_counter()
        results[name] = [method(table) for table in tables]
        milliseconds[name] = 1000 * (time.perf_counter() - start) / len(tables)
    if "argus" in results:
        results["argus"] = [
            pattern if same is not None else None
            for pattern, same in zip(results["argus"], results["as argus"], strict=True)
        ]
    for name, patterns in results.items():
        lines = [
            (
                (table.counts > 0).sum(),
                table.sensitive.sum(),
                pattern.sum(),
                fewest.sum(),
                *table.audit(pattern),
            )
            for table, pattern, fewest in zip(tables, patterns, results["optimum"], strict=True)
            if pattern is not None and fewest is not None
        ]
        cells, sensitive, withheld, fewest, exact, narrow = np.array(lines).sum(axis=0).tolist()
        print(
            f"{label:<10}{name:<10}{len(lines):>6}{cells:>7}{sensitive:>11}{withheld:>10}"
            f"{withheld / fewest:>12.3f}{exact:>7}{narrow:>8}{milliseconds[name]:>6.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
