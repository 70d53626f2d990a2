"""Filters and arithmetic as they stand in a model: parsed, checked, never evaluated as code."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from mirrorbi.data.engine.predicate import Predicate, literal, plain_number
from mirrorbi.data.model.grammar import Parsed, parse
from mirrorbi.errors import did_you_mean

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class Filter:
    """Rows that count, as a comparison of columns.

    Comparisons (``== != < <= > >=``, also chained), ``in`` and ``not in`` with a list,
    ``is None`` and ``is not None``, a true-or-false column by itself, joined by ``and``,
    ``or``, ``not`` and parentheses. Text stands in quotes; a date is text such as
    ``'2013-12-24'`` and stands for its first moment where the column has a time of day. A
    column whose name is not a plain word stands in backticks.

    A comparison with a missing value is neither true nor false, as in SQL, so such a row
    does not count; not-a-number is a missing value.

    Parameters
    ----------
    text
        As written.
    columns
        The columns it names.

    Examples
    --------
    >>> sorted(Filter.parse("arr_delay > 15 and `flight no` != 7").columns)
    ['arr_delay', 'flight no']
    """

    text: str
    columns: frozenset[str]
    parsed: Parsed = field(compare=False, repr=False)

    @classmethod
    def parse(cls, text: str) -> Filter:
        """Read a filter.

        Raises
        ------
        ModelError
            If the text is not a filter; the message says what to write instead.
        """
        return _parse_filter(text)

    def apply(self, table: Any) -> Any:
        """Return the filter as an ibis boolean of the table's rows.

        Raises
        ------
        ModelError
            If the table lacks a column, or a comparison does not suit its type.
        """
        return Predicate(self.parsed, table).boolean(self.parsed.tree)


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """A computation over metrics: names, numbers, ``+ - * /``, unary minus, parentheses.

    Parameters
    ----------
    text
        As written.
    names
        The metrics it names.

    Examples
    --------
    >>> import numpy as np
    >>> profit = Arithmetic.parse("(revenue - cost) / revenue")
    >>> profit.evaluate({"revenue": np.array([10.0, 0.0]), "cost": np.array([6.0, 1.0])})
    array([0.4, nan])
    """

    text: str
    names: frozenset[str]
    parsed: Parsed = field(compare=False, repr=False)

    @classmethod
    def parse(cls, text: str) -> Arithmetic:
        """Read an expression.

        Raises
        ------
        ModelError
            If the text is not arithmetic over at least one metric.
        """
        return _parse_arithmetic(text)

    def evaluate(self, values: Mapping[str, np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
        """Return the result cell by cell, as floats.

        Where a value is missing, a divisor is zero or the result is not finite, it is NaN.

        Parameters
        ----------
        values
            The metrics named, as arrays of one shape.

        Raises
        ------
        ModelError
            If a metric is not there.
        """
        import numpy as np

        for name in sorted(self.names - set(values)):
            raise self.parsed.error(
                f"there is no metric {name!r}", did_you_mean(name, values, noun="metrics")
            )
        arrays = {name: np.asarray(values[name], dtype=float) for name in self.names}
        with np.errstate(all="ignore"):
            result = np.asarray(self._value(self.parsed.tree, arrays), dtype=float)
        return np.where(np.isfinite(result), result, np.nan)

    def _value(self, node: ast.expr, values: Mapping[str, Any]) -> Any:
        import numpy as np

        match node:
            case ast.Name():
                return values[self.parsed.name(node)]
            case ast.Constant(value=value):
                return np.float64(float(value))  # type: ignore[arg-type]
            case ast.UnaryOp(op=op, operand=operand):
                value = self._value(operand, values)
                return -value if isinstance(op, ast.USub) else value
            case ast.BinOp(left=left, op=op, right=right):
                a, b = self._value(left, values), self._value(right, values)
                match op:
                    case ast.Add():
                        return a + b
                    case ast.Sub():
                        return a - b
                    case ast.Mult():
                        return a * b
                return np.where(b == 0, np.nan, a / np.where(b == 0, np.nan, b))
        raise self.parsed.refuse(node)


@lru_cache(maxsize=1024)
def _parse_filter(text: str) -> Filter:
    parsed = parse(text, "filter")
    columns: set[str] = set()
    _check_boolean(parsed, parsed.tree, columns)
    return Filter(text, frozenset(columns), parsed)


@lru_cache(maxsize=1024)
def _parse_arithmetic(text: str) -> Arithmetic:
    parsed = parse(text, "expression")
    names: set[str] = set()
    _check_number(parsed, parsed.tree, names)
    if not names:
        raise parsed.error("it names no metric", "Name at least one.")
    return Arithmetic(text, frozenset(names), parsed)


def _check_number(parsed: Parsed, node: ast.expr, names: set[str]) -> None:
    match node:
        case ast.Name() if parsed.is_name(node):
            names.add(parsed.name(node))
        case ast.Constant() if plain_number(node):
            pass
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            _check_number(parsed, operand, names)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div(), right=right):
            _check_number(parsed, left, names)
            _check_number(parsed, right, names)
        case _:
            raise parsed.refuse(node)


def _check_boolean(parsed: Parsed, node: ast.expr, columns: set[str]) -> None:
    match node:
        case ast.BoolOp(values=values):
            for value in values:
                _check_boolean(parsed, value, columns)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            _check_boolean(parsed, operand, columns)
        case ast.Compare(left=left, ops=ops, comparators=rights):
            for a, op, b in zip([left, *rights[:-1]], ops, rights, strict=True):
                _check_compare(parsed, a, op, b, columns)
        case ast.Name() if parsed.is_name(node):
            columns.add(parsed.name(node))
        case _:
            raise parsed.refuse(node)


def _check_compare(
    parsed: Parsed, left: ast.expr, op: ast.cmpop, right: ast.expr, columns: set[str]
) -> None:
    sides = [left] if isinstance(op, (ast.In, ast.NotIn)) else [left, right]
    compared = {parsed.name(side) for side in sides if parsed.is_name(side)}
    columns |= compared
    if isinstance(op, (ast.Is, ast.IsNot)):
        if not compared or not _is_none(right):
            raise parsed.error(
                f"'is' stands only before None, not before {parsed.source(right)}",
                "To compare, write ==.",
            )
        return
    if _is_none(left) or _is_none(right):
        raise parsed.error("None cannot be compared", "Write 'column is None'.")
    if isinstance(op, (ast.In, ast.NotIn)):
        if not isinstance(right, (ast.List, ast.Tuple)):
            raise parsed.error(
                f"after 'in' comes a list, not {parsed.source(right)}",
                "Write column in ['a', 'b'].",
            )
        if not right.elts:
            raise parsed.error("its list is empty, so no row would count", "Name the members.")
        values = list(right.elts)
    else:
        values = []
    values += [side for side in sides if not parsed.is_name(side)]
    for value in values:
        literal(parsed, value)
    if not compared:
        raise parsed.error(
            f"{parsed.source(left)} is a value, not a column",
            "A column comes first: column in ['a', 'b'].",
        )


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
