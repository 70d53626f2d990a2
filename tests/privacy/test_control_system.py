"""The fast ways of the audit against dense linear algebra and whole linear programmes."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.linalg import orth
from scipy.sparse import csr_array

import mirrorbi
from mirrorbi.data.periods import Period
from mirrorbi.privacy.disclosure_control import Audit, controlled
from mirrorbi.privacy.disclosure_control.closeness import LOOKED, Squares, closely_bounded
from mirrorbi.privacy.disclosure_control.complement import bounds
from mirrorbi.privacy.disclosure_control.counts import Counts
from mirrorbi.privacy.disclosure_control.nullspace import FOLLOWS, least_squares, null_directions
from mirrorbi.privacy.disclosure_control.statements import Statement
from mirrorbi.privacy.disclosure_control.system import System
from mirrorbi.privacy.policy import Policy

LEAST = 5
QUICK = settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow], derandomize=True)


def shop(seed, rows):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "day": pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 60, rows), "D"),
            "a": rng.choice(["a0", "a1", "a2"], rows, p=rng.dirichlet(np.full(3, 0.8))),
            "b": rng.choice(["b0", "b1", "b2", "b3"], rows, p=rng.dirichlet(np.full(4, 0.8))),
        }
    )
    model = {
        "time": {"column": "day", "complete_through": "2023-03-01"},
        "dimensions": {"a": {}, "b": {}},
        "metrics": {"orders": {"agg": "count"}},
    }
    return mirrorbi.open(frame, model)


def said(seed, data, many):
    """Return statements of any members in any of a few stretches of time, or in all."""
    rng = np.random.default_rng(seed)
    edges = pd.date_range("2023-01-01", periods=7, freq="10D").to_pydatetime()
    found = {}
    for _ in range(many):
        where = []
        for name in ("a", "b"):
            members = data.members(name)
            if rng.random() < 0.6:
                some = rng.choice(members, rng.integers(1, min(3, len(members)) + 1), False)
                where.append((name, tuple(sorted(map(str, some)))))
        low, high = sorted(rng.choice(len(edges), 2, False).tolist())
        period = None if rng.random() < 0.05 else Period(edges[low], edges[high], None)
        found[Statement(tuple(where), period)] = None
    return list(found)


def cells(system):
    """Yield every cell of any parts and any stretch of time: parts, slots, its atoms."""
    names = range(len(system.dimensions))
    for size in range(len(system.dimensions) + 1):
        for chosen in itertools.combinations(names, size):
            for key in {tuple(line) for line in system.codes[:, chosen].tolist()}:
                mine = (system.codes[:, chosen] == key).all(axis=1)
                for low, high in itertools.combinations(range(len(system.spans) + 1), 2):
                    yield mine & (system.slots >= low) & (system.slots < high)


def is_determined(published, target):
    """Whether a combination of cells follows exactly from what is published."""
    solution = np.linalg.lstsq(published.T, target, rcond=None)[0]
    return bool(np.abs(published.T @ solution - target).max() < 1e-8)


@QUICK
@given(seed=st.integers(0, 10**6), many=st.integers(1, 30), wide=st.integers(1, 30))
def test_what_follows_has_no_part_in_what_is_free(seed, many, wide):
    rng = np.random.default_rng(seed)
    published = (rng.random((many, wide)) < 0.4).astype(float)
    directions = null_directions(csr_array(published))
    targets = (rng.random((20, wide)) < 0.4).astype(float)
    made = rng.integers(-2, 3, (20, many)) @ published
    for target in (*targets, *made, *published):
        fast = bool((np.abs(target @ directions) < FOLLOWS).all())
        assert fast == is_determined(published, target)


@QUICK
@given(seed=st.integers(0, 10**6), many=st.integers(1, 25), wide=st.integers(1, 25))
def test_the_weights_make_the_target_where_it_follows(seed, many, wide):
    rng = np.random.default_rng(seed)
    published = (rng.random((many, wide)) < 0.4).astype(float)
    target = (rng.integers(-1, 2, many) @ published)[:, None]
    weights, left = least_squares(csr_array(published), target)
    assert np.abs(left).max() < FOLLOWS
    assert np.abs(published.T @ weights - target).max() < FOLLOWS


@QUICK
@given(seed=st.integers(0, 10**6), rows=st.integers(20, 200), many=st.integers(1, 40))
def test_every_small_cell_that_follows_is_found(seed, rows, many):
    data = shop(seed, rows)
    system = System.of(Counts(data), ("a", "b"), said(seed, data, many))
    assert system.rows.sum() <= rows
    basis = orth(system.published.toarray().T)
    told = list(
        system.disclosed_cells(null_directions(system.published), FOLLOWS, LEAST, people=False)
    )
    fast = {cell.sign for cell in told}
    smallest = [set(cell.atoms.tolist()) for cell in told]
    for inside in cells(system):
        target = inside.astype(float)
        if not 0 < system.rows[inside].sum() < LEAST:
            continue
        if np.abs(basis @ (basis.T @ target) - target).max() < FOLLOWS:
            mine = set(np.flatnonzero(inside).tolist())
            assert any(small <= mine for small in smallest)
    for cell in told:
        target = system.indicator([cell])[:, 0]
        assert is_determined(system.published.toarray(), target)
        assert cell.rows == system.rows[cell.atoms].sum() < LEAST
    assert len(fast) <= len(told)


@QUICK
@given(seed=st.integers(0, 10**6), rows=st.integers(20, 200), many=st.integers(1, 30))
def test_every_cell_that_a_whole_programme_bounds_closely_is_found(seed, rows, many):
    data = shop(seed, rows)
    system = System.of(Counts(data), ("a", "b"), said(seed, data, many))
    width = LEAST / 2
    squares = Squares(system)
    for cell in system.small_cells(LEAST, LOOKED)[:8]:
        low, high = bounds(
            system.published.toarray(), system.totals, system.indicator([cell])[:, 0]
        )
        assert low - 1e-6 <= cell.rows <= high + 1e-6
        assert bool(closely_bounded(system, [cell], width)) == (high - low < width)
        assert not (squares.is_free(cell, width) and high - low < width)


def test_rows_are_those_of_the_data():
    data = shop(5, 150)
    frame = data._table.to_pandas()
    system = System.of(Counts(data), ("a", "b"), said(5, data, 30))
    for (where, period), total in zip(system.statements, system.totals, strict=True):
        mine = np.ones(len(frame), dtype=bool)
        for name, members in where:
            mine &= frame[name].isin(members)
        if period is not None:
            mine &= (frame["day"] >= period.start) & (frame["day"] < period.end)
        assert total == mine.sum()


def test_a_conversation_of_too_many_cells_is_refused():
    rng = np.random.default_rng(0)
    rows, members = 420_000, 700
    names = np.array([f"m{i}" for i in range(members)])
    frame = pd.DataFrame({"a": rng.choice(names, rows), "b": rng.choice(names, rows)})
    model = {"dimensions": {"a": {}, "b": {}}, "metrics": {"orders": {"agg": "count"}}}
    data, policy = mirrorbi.open(frame, model), Policy(min_entities=LEAST)
    fact = next(f for f in controlled(data, policy, by="a") if f.kind == "share" and f.scope)
    one, other = (
        [fact.replace(scope=((by, str(name)),), table=None) for name in names] for by in "ab"
    )
    audit = Audit(data, policy)
    assert audit.examine(one) == (one, [])
    assert audit.examine(other[:20]) == (other[:20], [])
    assert audit.examine(other) == (other[:20], other[20:])
    assert Audit(data, policy).examine(other) == (other, [])


@pytest.mark.parametrize("size", [50, 700])
def test_directions_are_told_exactly_enough_or_not_at_all(size):
    rng = np.random.default_rng(size)
    published = csr_array((rng.random((size, size + 20)) < 0.05).astype(float))
    directions = null_directions(published)
    assert np.abs(published @ directions).max() < FOLLOWS / 1000
    assert np.abs(directions).max() > 1e-3
