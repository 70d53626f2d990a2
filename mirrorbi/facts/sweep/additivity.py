"""Additivity: which metrics are sums over members."""

from __future__ import annotations

import ast
from collections.abc import Callable

from mirrorbi.data.model.expression import Arithmetic
from mirrorbi.data.model.semantic_model import (
    Aggregation,
    DerivedMetric,
    Metric,
    SimpleMetric,
)

Lookup = Callable[[str], Metric]


def splits(metrics: Lookup, name: str) -> bool:
    """Return whether the metric of the whole is the sum of that of its members.

    True for counts and sums, stocks included (a balance does not add over time, but it
    does over branches), and for sums and differences of such.

    Parameters
    ----------
    metrics
        Gives the metric of a name.
    name
        The metric in question.
    """
    metric = metrics(name)
    if isinstance(metric, SimpleMetric):
        return metric.agg in (Aggregation.SUM, Aggregation.COUNT)
    if isinstance(metric, DerivedMetric):
        parsed = Arithmetic.parse(metric.expression).parsed
        return _linear(parsed.tree, lambda part: splits(metrics, parsed.names.get(part, part)))
    return False


def _linear(node: ast.expr, splits: Callable[[str], bool]) -> bool:
    match node:
        case ast.Name(id=name):
            return splits(name)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=inner):
            return _linear(inner, splits)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
            return _linear(left, splits) and _linear(right, splits)
        case ast.BinOp(left=left, op=ast.Mult(), right=ast.Constant()):
            return _linear(left, splits)
        case ast.BinOp(left=ast.Constant(), op=ast.Mult(), right=right):
            return _linear(right, splits)
        case ast.BinOp(left=left, op=ast.Div(), right=ast.Constant()):
            return _linear(left, splits)
    return False
