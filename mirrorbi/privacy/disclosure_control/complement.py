"""Complements: what hidden cells can be computed to from the totals around them.

A hidden cell is known exactly if its indicator is a combination of what is published (lies
in the row space of the published relations). For tables cut in two ways, whose every cell
stands in two totals, that is a question about a graph: members of one side and of the
other are its nodes, cells its edges, and a cell follows from the totals if and only if its
edge is a bridge, that is, on no cycle (Gusfield, "A graph theoretic approach to statistical
data security", SIAM Journal on Computing 17, 1988). How closely a cell that does not follow
is known is a linear programme (Hundepool et al., 2012, section 4.4).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int_]
Bools = npt.NDArray[np.bool_]


def bridges(edges: Sequence[tuple[Hashable, Hashable]]) -> list[bool]:
    """Return which edges of a graph lie on no cycle.

    Parameters
    ----------
    edges
        The two ends of each. Several edges between the same ends are cycles.

    Examples
    --------
    >>> bridges([("a", "x"), ("a", "y"), ("b", "x"), ("b", "y"), ("c", "y")])
    [False, False, False, False, True]
    """
    near: dict[Hashable, list[tuple[Hashable, int]]] = {}
    for i, (end, other) in enumerate(edges):
        near.setdefault(end, []).append((other, i))
        near.setdefault(other, []).append((end, i))
    order: dict[Hashable, int] = {}
    low: dict[Hashable, int] = {}
    is_bridge = [False] * len(edges)
    for root in near:
        if root in order:
            continue
        order[root] = low[root] = len(order)
        path = [(root, -1, iter(near[root]))]
        while path:
            node, parent_edge, rest = path[-1]
            for other, i in rest:
                if i == parent_edge:
                    continue
                if other in order:
                    low[node] = min(low[node], order[other])
                else:
                    order[other] = low[other] = len(order)
                    path.append((other, i, iter(near[other])))
                    break
            else:
                path.pop()
                if path:
                    before = path[-1][0]
                    low[before] = min(low[before], low[node])
                    is_bridge[parent_edge] = low[node] > order[before]
    return is_bridge


def bridges_between(left: Ints, right: Ints) -> Bools:
    """Return which edges of a graph of two sides lie on no cycle.

    Ends with one edge are cut off first. If then two nodes of one side reach all of the
    other, every edge that is left is on a cycle, and the graph need not be walked: the
    usual case, since most tables have few empty cells.

    Parameters
    ----------
    left, right
        The ends of each edge, as small numbers; no edge twice.

    Examples
    --------
    >>> bridges_between(np.array([0, 0, 1, 1, 2]), np.array([0, 1, 0, 1, 1])).tolist()
    [False, False, False, False, True]
    """
    is_bridge = np.zeros(len(left), dtype=bool)
    inner = np.arange(len(left))
    while len(inner):
        ends = (left[inner], right[inner])
        degrees = [np.bincount(side) for side in ends]
        loose = (degrees[0][ends[0]] == 1) | (degrees[1][ends[1]] == 1)
        if not loose.any():
            whole = [int(np.count_nonzero(degree)) for degree in degrees]
            if any((degrees[k] == whole[1 - k]).sum() > 1 for k in (0, 1)):
                break
            pairs = zip(ends[0].tolist(), (-1 - ends[1]).tolist(), strict=True)
            is_bridge[inner] = bridges(list(pairs))
            break
        is_bridge[inner[loose]] = True
        inner = inner[~loose]
    return is_bridge


def bounds(
    published: Floats | csr_array[Any], totals: Floats, target: Floats
) -> tuple[float, float]:
    """Return between which values a combination of cells must lie, none being negative.

    Parameters
    ----------
    published
        Array (statements, cells): how often each cell counts in each.
    totals
        Array (statements,): what was published of each.
    target
        Array (cells,): the combination.

    Returns
    -------
    tuple of float
        Least and greatest; infinite where nothing bounds it.

    Examples
    --------
    >>> bounds(np.array([[1.0, 1.0]]), np.array([12.0]), np.array([1.0, 0.0]))
    (0.0, 12.0)
    """
    from scipy.optimize import linprog

    ends = []
    for sign in (1.0, -1.0):
        solution = linprog(
            sign * target,
            A_eq=published if len(totals) else None,
            b_eq=totals if len(totals) else None,
            bounds=(0, None),
            method="highs",
        )
        ends.append(sign * float(solution.fun) if solution.status == 0 else -sign * np.inf)
    return ends[0] + 0.0, ends[1] + 0.0


def largest(published: Floats | csr_array[Any], totals: Floats, target: Floats) -> Floats | None:
    """Return cells that fit what is published and make a combination largest, if bounded.

    Parameters are those of `bounds`.

    Examples
    --------
    >>> largest(np.array([[1.0, 1.0]]), np.array([12.0]), np.array([1.0, 0.0])).tolist()
    [12.0, 0.0]
    """
    from scipy.optimize import linprog

    solution = linprog(-target, A_eq=published, b_eq=totals, bounds=(0, None), method="highs")
    return np.asarray(solution.x) if solution.status == 0 else None
