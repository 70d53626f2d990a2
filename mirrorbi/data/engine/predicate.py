"""A checked filter as an ibis expression over one table: types of values against columns."""

from __future__ import annotations

import ast
import math
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cached_property
from typing import Any

from mirrorbi.data.model.grammar import Parsed
from mirrorbi.errors import did_you_mean

_COMPARE: dict[type[ast.cmpop], str] = {
    ast.Eq: "__eq__",
    ast.NotEq: "__ne__",
    ast.Lt: "__lt__",
    ast.LtE: "__le__",
    ast.Gt: "__gt__",
    ast.GtE: "__ge__",
}
_KINDS = {
    "number": "numbers",
    "boolean": "true or false",
    "text": "text",
    "date": "dates",
    "moment": "dates with time",
    "time": "times of day",
}


@dataclass(frozen=True)
class Predicate:
    """Turns the tree of a filter into an ibis expression.

    Parameters
    ----------
    parsed
        A filter whose form was checked.
    table
        An ibis table; only its columns and their types are looked at.
    """

    parsed: Parsed
    table: Any

    @cached_property
    def _schema(self) -> Any:
        return self.table.schema()

    def boolean(self, node: ast.expr) -> Any:
        """Return what a part of the tree says of each row: true, false or missing.

        Raises
        ------
        ModelError
            If a column is not there or a value does not suit its type.
        """
        match node:
            case ast.BoolOp(op=op, values=values):
                return _balanced([self.boolean(v) for v in values], isinstance(op, ast.And))
            case ast.UnaryOp(operand=operand):
                return ~self.boolean(operand)
            case ast.Compare(left=left, ops=ops, comparators=rights):
                pairs = zip([left, *rights[:-1]], ops, rights, strict=True)
                return _balanced([self._compare(a, op, b) for a, op, b in pairs], True)
        name, column, kind = self._column(node)
        if kind != "boolean":
            raise self.parsed.error(
                f"{name} holds {_KINDS.get(kind, kind)}, which is neither true nor false",
                f"Compare it with a value: {name} == ...",
            )
        return column

    def _compare(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Any:
        if isinstance(op, (ast.Is, ast.IsNot)):
            _, column, _ = self._column(left)
            return column.isnull() if isinstance(op, ast.Is) else column.notnull()
        if isinstance(op, (ast.In, ast.NotIn)):
            assert isinstance(right, (ast.List, ast.Tuple))  # noqa: S101 (checked at parsing)
            name, column, kind = self._column(left)
            members = [self._value(name, kind, element) for element in right.elts]
            is_member = column.isin(members)
            return is_member if isinstance(op, ast.In) else ~is_member
        method = _COMPARE[type(op)]
        if not self.parsed.is_name(right):
            name, column, kind = self._column(left)
            return getattr(column, method)(self._value(name, kind, right, order=method))
        name, column, kind = self._column(right, right=True)
        if not self.parsed.is_name(left):
            mirrored = method.translate(str.maketrans("lg", "gl")) if method[2] in "lg" else method
            return getattr(column, mirrored)(self._value(name, kind, left, order=method))
        other_name, other, other_kind = self._column(left)
        if kind != other_kind and {kind, other_kind} != {"date", "moment"}:
            raise self.parsed.error(
                f"{other_name} holds {_KINDS.get(other_kind, other_kind)} "
                f"and {name} holds {_KINDS.get(kind, kind)}",
                "Compare columns of one type.",
            )
        return getattr(other, method)(column)

    def _column(self, node: ast.expr, right: bool = False) -> tuple[str, Any, str]:
        """Return name, ibis column and kind of values of a column in the tree."""
        name = self.parsed.name(node)
        if name not in self._schema:
            hint = did_you_mean(name, self._schema, noun="columns")
            if right:
                hint += f" Text stands in quotes: '{name}'."
            raise self.parsed.error(f"there is no column {name!r}", hint)
        column, dtype = self.table[name], self._schema[name]
        if dtype.is_boolean():
            return name, column, "boolean"
        if dtype.is_numeric():
            if dtype.is_floating():
                column = column.isnan().ifelse(None, column)
            return name, column, "number"
        if dtype.is_string():
            return name, column, "text"
        if dtype.is_uuid():
            return name, column.cast("string"), "text"
        if dtype.is_date():
            return name, column, "date"
        if dtype.is_timestamp():
            return name, column.cast("timestamp") if dtype.timezone else column, "moment"
        if dtype.is_time():
            return name, column, "time"
        return name, column, f"values of type {dtype}"

    def _value(self, name: str, kind: str, node: ast.expr, order: str = "__eq__") -> Any:
        """Return the ibis literal of a value that is compared with a column."""
        import ibis

        value = literal(self.parsed, node)
        match kind, value:
            case "boolean", bool() | 0 | 1 if order in ("__eq__", "__ne__"):
                return ibis.literal(bool(value))
            case "number", int() | float() if not isinstance(value, bool):
                return ibis.literal(value)
            case "text", str():
                return ibis.literal(value)
            case (("date" | "moment" | "time"), str()):
                return self._moment(name, kind, value)
        hint = {
            "number": f"Write a number, without quotes: {name} == 15.",
            "text": f"Write text in quotes: {name} == 'JFK'.",
            "boolean": f"Write {name} or not {name}.",
            "date": f"Write a date in quotes: {name} == '2013-12-24'.",
            "moment": f"Write a date in quotes: {name} >= '2013-12-24'.",
            "time": f"Write a time in quotes: {name} >= '14:30'.",
        }.get(kind, "Such a column can only be compared with None.")
        raise self.parsed.error(
            f"{name} holds {_KINDS.get(kind, kind)}, and {value!r} does not suit", hint
        )

    def _moment(self, name: str, kind: str, text: str) -> Any:
        import ibis

        example = {"date": "2013-12-24", "moment": "2013-12-24 14:30", "time": "14:30"}[kind]
        try:
            if kind == "time":
                return ibis.literal(time.fromisoformat(text), type="time")
            if kind == "date":
                return ibis.literal(date.fromisoformat(text), type="date")
            when = datetime.fromisoformat(text)
        except ValueError:
            raise self.parsed.error(
                f"{name} holds {_KINDS[kind]}, and {text!r} is none", f"Write '{example}'."
            ) from None
        if when.tzinfo is not None:
            raise self.parsed.error(
                f"{text!r} names a time zone", "Write local time of the model's time zone."
            )
        return ibis.literal(when, type="timestamp")


def _balanced(parts: list[Any], both: bool) -> Any:
    """Join booleans in a tree whose depth grows with the logarithm of their number."""
    while len(parts) > 1:
        pairs = [parts[i : i + 2] for i in range(0, len(parts), 2)]
        parts = [(p[0] & p[1] if both else p[0] | p[1]) if len(p) == 2 else p[0] for p in pairs]
    return parts[0]


def literal(parsed: Parsed, node: ast.expr) -> Any:
    """Return the number, text or truth value that a node stands for."""
    match node:
        case ast.Name(id=name) if name in parsed.texts:
            return parsed.texts[name]
        case ast.Constant(value=bool() as value):
            return value
        case ast.Constant() if plain_number(node):
            return node.value
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as op, operand=ast.Constant() as inner) if (
            plain_number(inner)
        ):
            number: Any = inner.value
            return -number if isinstance(op, ast.USub) else number
    raise parsed.refuse(node)


def plain_number(node: ast.Constant) -> bool:
    """Return whether a constant is a finite number that every engine can hold."""
    value = node.value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return abs(value) < 2**63 if isinstance(value, int) else math.isfinite(value)
