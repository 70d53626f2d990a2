"""What a semantic model must fulfil beyond its form: names that exist, columns that fit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mirrorbi.data.model.expression import Arithmetic, Filter
from mirrorbi.data.model.semantic_model import (
    Aggregation,
    DerivedMetric,
    Metric,
    Model,
    Privacy,
    RatioMetric,
    SimpleMetric,
)
from mirrorbi.errors import ModelError, did_you_mean

SHOWN = 5
"""Errors that are reported at once."""

RESERVED = ("period", "complete", "rows", "entities", "step")
"""Columns of every answer: no dimension or metric may take their names (but ``rows`` may
name the plain count of rows, which it is)."""

_WHERE = {"given": "The model given", "draft": "The drafted model"}


class Problems:
    """The errors found in one model, each with its key and line.

    Parameters
    ----------
    where
        The name of the file, or ``given`` or ``draft``.
    lines
        The line of each key, where the model came from a file.
    """

    def __init__(self, where: str, lines: Mapping[tuple[str, ...], int]) -> None:
        self.where = _WHERE.get(where, where)
        self.lines = lines
        self._problems: dict[tuple[str, ...], tuple[int, str, str]] = {}

    def add(self, path: Iterable[object], what: str, hint: str = "") -> None:
        """Add an error at a key; a second one at the same key is left out.

        A text that begins in lower case continues a sentence whose subject is the key.
        """
        keys = tuple(str(part) for part in path)
        at = keys
        while at and at not in self.lines:
            at = at[:-1]
        key = ".".join(_key(part) for part in keys) or "the model"
        text = f"{key}: {what}" if what[:1].isupper() else f"{key} {what}"
        self._problems.setdefault(keys, (self.lines.get(at, 0), text, hint))

    def raise_first(self) -> None:
        """Raise the errors found, if there are any.

        Raises
        ------
        ModelError
            With the first five, by line.
        """
        if not self._problems:
            return
        problems = sorted(self._problems.values(), key=lambda problem: problem[0])
        if len(problems) == 1:
            line, text, hint = problems[0]
            raise ModelError(f"{self.where}{f', line {line}' if line else ''}: {text}", hint=hint)
        shown = [
            f"  {f'line {line}: ' if line else ''}{text} {hint}".rstrip()
            for line, text, hint in problems[:SHOWN]
        ]
        if len(problems) > SHOWN:
            shown.append(f"  and {len(problems) - SHOWN} more.")
        raise ModelError("\n".join([f"{self.where} has {len(problems)} errors:", *shown]))


def check_names(model: Model, problems: Problems) -> None:
    """Find what is wrong in a model by itself: names, filters, expressions, cycles."""
    for name in model.dimensions:
        _check_name(("dimensions", name), name, problems)
        if name == "rows":
            problems.add(("dimensions", name), "has a name that every answer uses for its rows.")
    for name, dimension in model.dimensions.items():
        stated = model.classes.get(dimension.column, Privacy.SAFE)
        if stated is not dimension.privacy and stated is not Privacy.SAFE:
            problems.add(
                ("dimensions", name, "privacy"),
                f"is {dimension.privacy}, but {dimension.column!r} is {stated} under 'privacy'.",
                "State it once, here.",
            )
    for name, metric in model.metrics.items():
        path = ("metrics", name)
        _check_name(path, name, problems)
        if name in model.dimensions:
            problems.add(path, "has the name of a dimension.", "Give one of them another name.")
        if name == "rows" and not _counts_rows(metric):
            problems.add(path, "has a name that every answer uses for its rows.")
        if isinstance(metric, RatioMetric):
            for key in ("numerator", "denominator"):
                _check_ratio_part(model, name, key, getattr(metric, key), problems)
        elif isinstance(metric, DerivedMetric):
            _check_derived(model, name, metric, problems)
        else:
            _check_simple(model, name, metric, problems)
    for name in model.durations:
        _check_name(("durations", name), name, problems)
        if name in model.metrics or name in model.dimensions:
            what = "metric" if name in model.metrics else "dimension"
            problems.add(
                ("durations", name),
                f"has the name of a {what}.",
                "Give one of them another name.",
            )
    _check_cycles(model, problems)


def check_columns(model: Model, schema: Mapping[str, Any], problems: Problems) -> None:
    """Find columns that the data does not have, or that hold another type than needed.

    Parameters
    ----------
    model
        A model without errors of its own.
    schema
        The ibis data type of each column.
    problems
        Where to put what is found.
    """

    def column(path: tuple[str, ...], name: str | None) -> Any | None:
        if name is None:
            return None
        if name not in schema:
            hint = did_you_mean(name, schema, noun="columns")
            problems.add(path, f"names the column {name!r}, which the data does not have.", hint)
            return None
        return schema[name]

    for index, name in enumerate(model.dataset.grain):
        column(("dataset", "grain", str(index)), name)
    column(("dataset", "entity"), model.dataset.entity)
    for name in model.classes:
        column(("privacy", "columns", name), name)
    if model.time is not None:
        dtype = column(("time", "column"), model.time.column)
        if dtype is not None and not (dtype.is_date() or dtype.is_timestamp()):
            times = [name for name, kind in schema.items() if kind.is_date() or kind.is_timestamp()]
            problems.add(
                ("time", "column"),
                f"names {model.time.column!r}, which holds {_plain(dtype)}, not dates.",
                did_you_mean(model.time.column, times, noun="columns with dates")
                if times
                else "Convert it to dates in the data, or leave out 'time'.",
            )
    for name, duration in model.durations.items():
        for key in ("start", "end"):
            path = ("durations", name, key)
            dtype = column(path, getattr(duration, key))
            if dtype is not None and not (dtype.is_date() or dtype.is_timestamp()):
                problems.add(
                    path,
                    f"names {getattr(duration, key)!r}, which holds {_plain(dtype)}, not dates.",
                    "Name a column of dates or times.",
                )
    for name, dimension in model.dimensions.items():
        dtype = column(("dimensions", name, "column"), dimension.column or name)
        if dtype is not None and dtype.is_nested():
            problems.add(
                ("dimensions", name, "column"),
                f"names {dimension.column!r}, which holds {_plain(dtype)}.",
                "A dimension needs single values.",
            )
    for name, metric in model.metrics.items():
        if isinstance(metric, SimpleMetric):
            _check_metric_column(metric, ("metrics", name), column, problems)
            _check_filter_types(metric, ("metrics", name), schema, problems)


def _check_name(path: tuple[str, ...], name: str, problems: Problems) -> None:
    if not name.strip() or name != name.strip() or len(name) > 100 or not name.isprintable():
        problems.add(path, "is not a usable name.", "Use letters, digits and _.")
    elif name in RESERVED and name != "rows":
        problems.add(path, "has a name that every answer uses.", "Choose another name.")


def _check_ratio_part(model: Model, name: str, key: str, part: str, problems: Problems) -> None:
    path = ("metrics", name, key)
    if part not in model.metrics:
        _unknown(path, part, model, name, problems)
        return
    metric = model.metrics[part]
    what = ""
    if isinstance(metric, RatioMetric):
        what = "a ratio"
    elif isinstance(metric, SimpleMetric) and metric.agg not in (
        Aggregation.SUM,
        Aggregation.COUNT,
        Aggregation.COUNT_DISTINCT,
    ):
        what = f"of agg: {metric.agg}"
    if what:
        problems.add(
            path,
            f"names {part!r}, which is {what}; a ratio divides sums and counts.",
            f"Name a sum or count, or use 'type: derived' with 'expression: a / {part}'.",
        )


def _check_derived(model: Model, name: str, metric: DerivedMetric, problems: Problems) -> None:
    path = ("metrics", name, "expression")
    try:
        names = Arithmetic.parse(metric.expression).names
    except ModelError as error:
        problems.add(path, error.what, error.hint)
        return
    for part in sorted(names - set(model.metrics)):
        _unknown(path, part, model, name, problems)


def _check_simple(model: Model, name: str, metric: SimpleMetric, problems: Problems) -> None:
    if metric.filter is not None:
        try:
            Filter.parse(metric.filter)
        except ModelError as error:
            problems.add(("metrics", name, "filter"), error.what, error.hint)
    if metric.non_additive is not None:
        path = ("metrics", name, "additivity")
        if metric.agg not in (Aggregation.SUM, Aggregation.COUNT):
            problems.add(path, f"does not suit agg: {metric.agg}.", "It is for sum and count.")
        elif model.time is None:
            problems.add(path, "needs time.", "Add 'time: {column: ...}' to the model.")


def _check_cycles(model: Model, problems: Problems) -> None:
    done: set[str] = set()
    for start in model.metrics:
        trail: list[str] = []
        stack: list[tuple[str, bool]] = [(start, False)]
        while stack:
            name, leave = stack.pop()
            if leave:
                done.add(trail.pop())
            elif name in trail:
                loop = [*trail[trail.index(name) :], name]
                problems.add(
                    ("metrics", start),
                    f"is computed from itself: {' -> '.join(loop)}.",
                    "Break the circle.",
                )
                return
            elif name in model.metrics and name not in done:
                trail.append(name)
                stack.append((name, True))
                stack += [(part, False) for part in _parts(model.metrics[name])]


def _check_metric_column(
    metric: SimpleMetric,
    path: tuple[str, ...],
    column: Callable[[tuple[str, ...], str | None], Any | None],
    problems: Problems,
) -> None:
    dtype = column((*path, "column"), metric.column)
    if dtype is None or metric.agg in (Aggregation.COUNT, Aggregation.COUNT_DISTINCT):
        return
    countable = dtype.is_boolean() and metric.agg in (Aggregation.SUM, Aggregation.AVG)
    if not dtype.is_numeric() or (dtype.is_boolean() and not countable):
        problems.add(
            (*path, "column"),
            f"names {metric.column!r}, which holds {_plain(dtype)}; "
            f"agg: {metric.agg} needs numbers.",
            "Use count or count_distinct, or name a column of numbers.",
        )


def _check_filter_types(
    metric: SimpleMetric, path: tuple[str, ...], schema: Mapping[str, Any], problems: Problems
) -> None:
    if metric.filter is None:
        return
    import ibis

    parsed = Filter.parse(metric.filter)
    columns = {name: schema[name] for name in parsed.columns if name in schema}
    try:
        if columns.keys() == parsed.columns:
            parsed.apply(ibis.table(columns, name="data"))
        else:
            parsed.apply(ibis.table(dict(schema), name="data"))
    except ModelError as error:
        problems.add((*path, "filter"), error.what, error.hint)


def _parts(metric: Metric) -> tuple[str, ...]:
    if isinstance(metric, RatioMetric):
        return (metric.numerator, metric.denominator)
    if isinstance(metric, DerivedMetric):
        try:
            return tuple(sorted(Arithmetic.parse(metric.expression).names))
        except ModelError:  # reported by _check_derived
            return ()
    return ()


def _unknown(path: tuple[str, ...], part: str, model: Model, name: str, problems: Problems) -> None:
    others = [other for other in model.metrics if other != name]
    hint = did_you_mean(part, others, noun="metrics")
    problems.add(path, f"names {part!r}, which is not a metric of this model.", hint)


def _counts_rows(metric: Metric) -> bool:
    return (
        isinstance(metric, SimpleMetric)
        and metric.agg is Aggregation.COUNT
        and metric.column is None
        and metric.filter is None
    )


def _plain(dtype: Any) -> str:
    if dtype.is_string():
        return "text"
    if dtype.is_boolean():
        return "true or false"
    if dtype.is_numeric():
        return "numbers"
    if dtype.is_temporal():
        return "dates or times"
    return f"values of type {str(dtype).lstrip('!')}"


def _key(part: str) -> str:
    return part if re.fullmatch(r"[\w-]+", part) else repr(part)
