"""The scan: one reading of the data, from which one or several cubes are made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from mirrorbi.data.cube.cube import Array, Axis, Cube
from mirrorbi.data.cube.states import State
from mirrorbi.data.engine.arrow import array_of, floats_of
from mirrorbi.data.engine.embedded import fetch
from mirrorbi.data.periods import Grain
from mirrorbi.data.query import MISSING


def build(
    table: Any,
    columns: Mapping[str, str],
    groups: Sequence[Sequence[str]],
    time: Any | None,
    base: Grain | None,
    states: Iterable[State],
) -> list[Cube]:
    """Read the table and return one cube per group of dimensions.

    The embedded engine reads once: the branches of a union are fed from one shared scan
    (``STREAMING_FANOUT`` in its plan), and nothing is kept in between. Another engine is
    asked once per cube, since it may read, or store, a shared table for each branch.

    Parameters
    ----------
    table
        An ibis table.
    columns
        The column of each dimension.
    groups
        The dimensions of each cube.
    time
        The ibis column of time, or ``None``.
    base
        The step of time, or ``None``.
    states
        What to keep of each cell.
    """
    if len(groups) > 1 and table.get_backend().name != "duckdb":
        return [build(table, columns, [group], time, base, states)[0] for group in groups]
    ordered = sorted(set(states))
    names = sorted({name for group in groups for name in group})
    keys = {f"k{index}": _groupable(table[columns[name]]) for index, name in enumerate(names)}
    key_of = {name: f"k{index}" for index, name in enumerate(names)}
    if base is None or time is None:
        base = None
    else:
        keys["step"] = _step(time, base)
    sets = [[key for key in (*map(key_of.get, group), "step") if key in keys] for group in groups]
    cells = _read(table, keys, sets, ordered, finite=False)
    if any(_not_finite(cells[f"s{index}"]) for index in range(len(ordered))):
        cells = _read(table, keys, sets, ordered, finite=True)
    if len(groups) == 1:
        return [_cube(cells, key_of, groups[0], base, ordered)]
    number, _ = array_of(cells["cube"])
    return [
        _cube(cells.filter(number == i), key_of, group, base, ordered)
        for i, group in enumerate(groups)
    ]


def _read(
    table: Any,
    keys: Mapping[str, Any],
    sets: Sequence[Sequence[str]],
    states: Sequence[State],
    *,
    finite: bool,
) -> Any:
    """Return the cells of every grouping, numbered by ``cube`` where there are several."""
    import ibis
    from ibis.expr.operations import Field

    def aggregates(rows: Any) -> dict[str, Any]:
        values = {f"s{i}": state.expression(rows, finite=finite) for i, state in enumerate(states)}
        return {"rows": rows.count(), **values}

    if len(sets) == 1:
        grouped = table.group_by(**{key: keys[key] for key in sets[0]}) if sets[0] else table
        return fetch(grouped.aggregate(**aggregates(table)))
    fields = {node.name for value in aggregates(table).values() for node in value.op().find(Field)}
    cell = "cell"
    while any(name.startswith(cell) for name in fields):
        cell += "_"
    shared = table.select(*sorted(fields), **{cell + key: value for key, value in keys.items()})
    branches = []
    for number, group in enumerate(sets):
        by = {key: shared[cell + key] for key in group}
        cells = (shared.group_by(**by) if by else shared).aggregate(**aggregates(shared))
        nulls = {key: ibis.null(keys[key].type()) for key in keys if key not in by}
        cells = cells.mutate(cube=ibis.literal(number, type="int32"), **nulls)
        branches.append(cells.select("cube", *keys, "rows", *(f"s{i}" for i in range(len(states)))))
    return fetch(ibis.union(*branches))


def _cube(
    cells: Any,
    key_of: Mapping[str, str],
    names: Sequence[str],
    base: Grain | None,
    states: Sequence[State],
) -> Cube:
    if base is None:
        steps = Axis(
            np.array(["NaT"], dtype="datetime64[us]"), np.zeros(len(cells), dtype=np.int64)
        )
    else:
        steps = Axis(*np.unique(_moments(cells["step"], base), return_inverse=True))
    return Cube(
        base,
        steps,
        {name: axis_of(cells[key_of[name]]) for name in sorted(names)},
        array_of(cells["rows"])[0],
        {state: _numbers(cells[f"s{i}"], state) for i, state in enumerate(states)},
    )


def axis_of(column: Any) -> Axis:
    """Return the members in an Arrow column, as text in order, and where they stand."""
    encoded = column.combine_chunks().dictionary_encode()
    members = [str(member) for member in encoded.dictionary.to_pylist()]
    codes = encoded.indices.fill_null(len(members)).to_numpy(zero_copy_only=False)
    if encoded.null_count:
        members.append(MISSING)
    names = sorted(set(members))
    place = {name: index for index, name in enumerate(names)}
    lookup = np.array([place[name] for name in members], dtype=np.int64)
    return Axis(np.array(names, dtype=object), lookup[codes])


def _step(time: Any, base: Grain) -> Any:
    # A number groups faster than a truncated date: a third less on ten million rows.
    if base is Grain.MONTH:
        return time.year() * 12 + time.month() - 1
    return time.cast("date") if base is Grain.DAY else time.truncate("h")


def _moments(steps: Any, base: Grain) -> Array:
    values, valid = array_of(steps)
    if base is Grain.MONTH:
        values = (values.astype("int64") - 1970 * 12).astype("datetime64[M]")
    moments = values.astype("datetime64[us]")
    return np.where(valid, moments, np.datetime64("NaT"))


def _numbers(column: Any, state: State) -> Array:
    """Return a state as 64-bit integers where it is a sum of integers, else as floats."""
    values, valid = array_of(column)
    if state.merge == "sum" and values.dtype.kind in "iu":
        return np.where(valid, values, 0).astype(np.int64)
    return floats_of(column)


def _not_finite(column: Any) -> bool:
    values, valid = array_of(column)
    return bool(values.dtype.kind == "f" and not np.isfinite(values[valid]).all())


def _groupable(column: Any) -> Any:
    dtype = column.type()
    return column if dtype.is_string() or dtype.is_integer() else column.cast("string")
