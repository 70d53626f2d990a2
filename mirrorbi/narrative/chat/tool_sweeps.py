"""Lookups: what each tool asks of the data, as narrow sweeps that can be asked again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mirrorbi.errors import FactError, QueryError, RefusedError
from mirrorbi.facts.factset import FactSet
from mirrorbi.facts.kinds import Without
from mirrorbi.facts.sweep.request import COMPARISONS
from mirrorbi.narrative.chat import tool_arguments as arguments
from mirrorbi.narrative.chat.tool_arguments import Mistake
from mirrorbi.privacy.disclosure_control import controlled
from mirrorbi.privacy.vocabulary import is_safe

if TYPE_CHECKING:
    from mirrorbi.data.dataset import Dataset
    from mirrorbi.privacy.gate import Gate
    from mirrorbi.privacy.policy import Policy

Scope = tuple[tuple[str, str], ...]

_OF_DATA = Without("what is wrong with the data is told in every report, and asked by no tool")
_NOT_SWEPT = Without("no sweep finds it")

TOOLS: Mapping[str, tuple[str, ...] | Without] = {
    "value": ("query",),
    "cell": ("query", "members"),
    "share": ("query", "members"),
    "rank": ("query",),
    "change": ("compare", "explain_change"),
    "contribution": ("explain_change",),
    "mix": ("explain_change",),
    "mix_part": ("explain_change",),
    "simpson": ("explain_change",),
    "trend": ("trend",),
    "break": ("trend", "unusual"),
    "unusual": ("unusual",),
    "extreme": ("unusual",),
    "forecast": ("forecast",),
    "distribution": ("distribution",),
    "correlation": ("correlate",),
    "duration": Without("a duration is no metric that a tool could be asked for by name"),
    "concentration": ("members",),
    "coverage": _OF_DATA,
    "completeness": _OF_DATA,
    "missing_periods": _OF_DATA,
    "incomplete": _OF_DATA,
    "late_data": _OF_DATA,
    "duplicates": _OF_DATA,
    "nulls": _OF_DATA,
    "constant": _OF_DATA,
    "infinite": _OF_DATA,
    "withheld": _OF_DATA,
    "derived": Without("the tool derive makes it of facts that were found before"),
    "sweep": _NOT_SWEPT,
    "extent": _NOT_SWEPT,
    "vanished": _NOT_SWEPT,
    "appeared": _NOT_SWEPT,
    "breadth": _NOT_SWEPT,
}
"""By kind of fact, the tools that look for it."""

KINDS: Mapping[str, tuple[str, ...]] = {
    tool: tuple(kind for kind, its in TOOLS.items() if isinstance(its, tuple) and tool in its)
    for tools in TOOLS.values()
    if isinstance(tools, tuple)
    for tool in tools
}
"""The kinds of facts that each tool looks for."""

MOST = 24
"""Facts that one call returns, best first."""

_CHOICES = 40


@dataclass(frozen=True, slots=True)
class Lookup:
    """What one call asks of the data.

    Parameters
    ----------
    tool
        Name of the tool.
    requests
        Arguments of a sweep each; the first that finds anything is the answer.
    scopes
        Per request, the scope that its facts must have; ``None`` takes all.
    """

    tool: str
    requests: tuple[Mapping[str, Any], ...]
    scopes: tuple[Scope | None, ...] = field(default=(None,))


def lookup_for(call: arguments.Arguments, tool: str, gate: Gate) -> Lookup | Mistake:
    """Return what a call asks of the data, its names made real, or what is wrong with it.

    Names are those that the gate disclosed: nothing else is known here, so that a guess
    learns nothing.

    Parameters
    ----------
    call
        The arguments, as `mirrorbi.narrative.chat.tool_arguments.parse` returned them.
    tool
        Name of the tool.
    gate
        Of the conversation.
    """
    names = _Names(gate)
    metrics = names.metrics(_metrics(call, gate))
    by = names.dimensions(_dimensions(call))
    where = names.where(getattr(call, "where", ()))
    for argument in (metrics, by, where):
        if isinstance(argument, Mistake):
            return argument
    assert not isinstance(metrics, Mistake)  # noqa: S101 (for the type checker)
    assert not isinstance(by, Mistake)  # noqa: S101
    assert not isinstance(where, Mistake)  # noqa: S101
    request: dict[str, Any] = {
        "metrics": metrics,
        "by": by,
        "where": {name: [member] for name, member in where},
        "grain": getattr(call, "grain", None),
        "period": getattr(call, "period", None),
        "compare": getattr(call, "baseline", "previous"),
        "kinds": list(_kinds(call, tool)),
    }
    if isinstance(call, arguments.ExplainChange) and not by:
        request["by"] = [name for name in _safe_dimensions(gate) if name not in dict(where)]
    if len(where) == 1 and not by and not isinstance(call, arguments.ExplainChange):
        # A member's own fact names the member; the filtered one can only say so in a term.
        member_request = {**request, "by": [where[0][0]], "where": {}}
        return Lookup(tool, (member_request, request), (where, None))
    return Lookup(tool, (request,))


def run_lookup(lookup: Lookup, dataset: Dataset, policy: Policy) -> FactSet | Mistake:
    """Return the facts that answer a lookup, best first, or why it cannot be answered.

    Only what disclosure control lets through is found.
    """
    best: FactSet | None = None
    for request, scope in zip(lookup.requests, lookup.scopes, strict=True):
        try:
            facts = controlled(dataset, policy, **request)
        except RefusedError:
            return Mistake("not_allowed")
        except QueryError:
            # What is wrong can only be the time: all names were disclosed.
            argument = "baseline" if request["compare"] not in COMPARISONS else "period"
            return Mistake("unknown_period", argument)
        except FactError:
            return Mistake("not_possible")
        matches = [fact for fact in facts if scope is None or fact.scope == scope]
        if lookup.tool == "explain_change":
            # What each member gave is its part; its own change would say it again.
            matches = [fact for fact in matches if fact.kind != "change" or not fact.scope]
        best = facts.replace(matches[:MOST])
        if matches:
            return best
    assert best is not None  # noqa: S101 (for the type checker: a lookup has a request)
    return best


def _kinds(call: arguments.Arguments, tool: str) -> tuple[str, ...]:
    if isinstance(call, arguments.Query) and not call.by:
        return ("value", "cell") if call.history else ("value",)
    return KINDS[tool]


def _metrics(call: arguments.Arguments, gate: Gate) -> Sequence[str] | None:
    """Return the metrics of a call as they were said; ``None`` for the first of the model."""
    if isinstance(call, arguments.Correlate):
        return (call.metric, call.other)
    if isinstance(call, arguments.Query | arguments.Compare | arguments.Unusual):
        return call.metrics
    metric: str | None = getattr(call, "metric", None)
    return None if metric is None else (metric,)


def _dimensions(call: arguments.Arguments) -> Sequence[str]:
    if isinstance(call, arguments.Members):
        return (call.dimension,)
    by = getattr(call, "by", None)
    if by is None:
        return ()
    return (by,) if isinstance(by, str) else tuple(by)


def _safe_dimensions(gate: Gate) -> list[str]:
    dimensions = gate.dataset.model.dimensions
    return [name for name in dimensions if is_safe(gate.dataset, gate.policy, name)]


class _Names:
    """Names as disclosed, made real."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.model = gate.dataset.model

    def metrics(self, names: Sequence[str] | None) -> list[str] | Mistake:
        if names is None:
            default = next((n for n, m in self.model.metrics.items() if not m.hidden), None)
            return [default] if default else Mistake("missing", "metric")
        return self._resolve_all(names, self.model.metrics, "metrics")

    def dimensions(self, names: Sequence[str]) -> list[str] | Mistake:
        return self._resolve_all(names, self.model.dimensions, "dimensions")

    def where(self, filters: Sequence[arguments.Filter]) -> Scope | Mistake:
        pairs: list[tuple[str, str]] = []
        for part in filters:
            dimension = self._resolve(part.dimension, self.model.dimensions)
            if dimension is None:
                return Mistake("unknown_dimension", "where", choices(self.gate, "dimensions"))
            try:
                pairs.append((dimension, self.gate.resolve(part.member, dimension)))
            except QueryError:
                members = choices(self.gate, "members", of=part.dimension)
                return Mistake("unknown_member", "where", members)
        if len({name for name, _ in pairs}) < len(pairs):
            return Mistake("ambiguous", "where")
        return tuple(sorted(pairs))

    def _resolve_all(
        self, names: Sequence[str], declared: Mapping[str, Any], kind: str
    ) -> list[str] | Mistake:
        resolved = [self._resolve(name, declared) for name in names]
        if any(name is None for name in resolved):
            return Mistake(f"unknown_{kind[:-1]}", kind, choices(self.gate, kind))
        return list(dict.fromkeys(name for name in resolved if name is not None))

    def _resolve(self, label: str, declared: Mapping[str, Any]) -> str | None:
        try:
            name = self.gate.resolve(label)
        except QueryError:
            return None
        return name if name in declared else None


def choices(gate: Gate, kind: str, of: str = "") -> tuple[str, ...]:
    """Return the names of a kind that were disclosed; of members, those of a dimension."""
    parts = gate.vocabulary().value.get(kind, ())
    return tuple(str(p["name"]) for p in parts if not of or p.get("dimension") == of)[:_CHOICES]
