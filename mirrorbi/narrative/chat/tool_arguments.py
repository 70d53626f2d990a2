"""Arguments of the tools: what Claude may say in a call, checked before anything is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mirrorbi.privacy.error_notice import WORDS

Cannot = Literal[
    "no_metric",
    "no_dimension",
    "no_period",
    "too_few",
    "no_forecast",
    "no_cause",
    "not_about_data",
    "unclear",
]
"""Why the data cannot answer, as Claude may say it."""

Name = Annotated[str, Field(min_length=1, max_length=200)]
Names = Annotated[tuple[Name, ...], Field(min_length=1, max_length=4)]


class Arguments(BaseModel):
    """What every tool's arguments have in common: nothing that is not named is taken."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Filter(Arguments):
    """A member that is looked at alone."""

    dimension: Name
    member: Name


class _SweepArguments(Arguments):
    where: Annotated[tuple[Filter, ...], Field(max_length=3)] = ()
    period: Name | None = None
    grain: Literal["hour", "day", "week", "month", "quarter", "year"] | None = None


class Query(_SweepArguments):
    """Plain values of one period, of its members, or of each period before."""

    metrics: Names
    by: Name | None = None
    history: bool = False


class Compare(_SweepArguments):
    """The change of a period against another."""

    metrics: Names
    by: Name | None = None
    baseline: Name = "previous"


class ExplainChange(_SweepArguments):
    """Where a change came from."""

    metric: Name
    by: Annotated[tuple[Name, ...], Field(max_length=3)] = ()
    baseline: Name = "previous"


class Trend(_SweepArguments):
    """Whether a metric rises or falls, or moved to another level."""

    metric: Name
    by: Name | None = None


class Unusual(_SweepArguments):
    """What is out of the ordinary."""

    metrics: Names
    by: Name | None = None


class Forecast(_SweepArguments):
    """The periods to come."""

    metric: Name


class Distribution(_SweepArguments):
    """How a metric is spread over members, or over periods."""

    metric: Name
    by: Name | None = None


class Correlate(_SweepArguments):
    """Whether two metrics move together."""

    metric: Name
    other: Name


class Members(_SweepArguments):
    """The members of a dimension, those with the most rows first."""

    dimension: Name
    metric: Name | None = None


class Derive(Arguments):
    """Arithmetic over facts."""

    op: Literal["diff", "ratio", "pct_change", "share", "sum", "rank"]
    facts: Annotated[tuple[Name, ...], Field(min_length=2, max_length=12)]
    of: Name | None = None


class Chart(Arguments):
    """A fact to be drawn beside the answer."""

    fact: Name


class SentenceArguments(Arguments):
    """A sentence with slots."""

    text: Annotated[str, Field(min_length=1, max_length=2000)]
    compare: bool = False


class Answer(Arguments):
    """The answer, or why there is none."""

    sentences: Annotated[tuple[SentenceArguments, ...], Field(max_length=8)] = ()
    charts: Annotated[tuple[Name, ...], Field(max_length=3)] = ()
    cannot: Cannot | None = None


TOOLS: Mapping[str, type[Arguments]] = {
    "query": Query,
    "compare": Compare,
    "explain_change": ExplainChange,
    "trend": Trend,
    "unusual": Unusual,
    "forecast": Forecast,
    "distribution": Distribution,
    "correlate": Correlate,
    "members": Members,
    "derive": Derive,
    "chart": Chart,
    "answer": Answer,
}
"""The tools, by the names under which Claude calls them."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with a call, in closed words.

    Parameters
    ----------
    code
        A word of `mirrorbi.privacy.error_notice`: ``unknown_tool``, ``unknown_metric``,
        ``unknown_argument``, ``missing``, ``invalid``, ``unknown_period``,
        ``unknown_fact``, ``no_chart``, ``not_possible`` ...
    argument
        Which argument; empty where it is the call as a whole.
    choices
        What may be said instead: names disclosed before, or words of ours.
    """

    code: str
    argument: str = ""
    choices: tuple[str, ...] = ()

    def to_notice(self) -> dict[str, Any]:
        """Return the mistake as it goes back to Claude."""
        argument = self.argument if self.argument in WORDS else ""
        notice = {"error": self.code, "argument": argument, "choices": list(self.choices)}
        return {key: value for key, value in notice.items() if value}


def parse(tool: str, values: Any) -> Arguments | Mistake:
    """Return the arguments of a call, or what is wrong with them.

    Parameters
    ----------
    tool
        Name of the tool.
    values
        What Claude said: any value that JSON can hold.

    Examples
    --------
    >>> parse("chart", {"fact": "f1"})
    Chart(fact='f1')
    >>> parse("chart", {"figure": "f1"}).code
    'missing'
    """
    kind = TOOLS.get(tool)
    if kind is None:
        return Mistake("unknown_tool", choices=tuple(TOOLS))
    if not isinstance(values, Mapping):
        return Mistake("invalid", choices=tuple(n for n in kind.model_fields if n in WORDS))
    try:
        return kind.model_validate(dict(values))
    except ValidationError as error:
        return _mistake(kind, error)


def _mistake(kind: type[Arguments], error: ValidationError) -> Mistake:
    problem = error.errors(include_url=False, include_input=False)[0]
    path = [str(part) for part in problem["loc"] if isinstance(part, str)]
    argument = path[0] if path and path[0] in kind.model_fields else ""
    # Only words that a notice may say: an argument's name is Claude's own, not ours.
    fields = tuple(name for name in kind.model_fields if name in WORDS)
    if problem["type"] == "missing":
        return Mistake("missing", argument, fields)
    if problem["type"] == "extra_forbidden":
        return Mistake("unknown_argument", argument, fields)
    if problem["type"] == "literal_error":
        return Mistake("invalid", argument, _literals(kind, argument))
    return Mistake("invalid", argument)


def _literals(kind: type[Arguments], argument: str) -> tuple[str, ...]:
    field = kind.model_fields.get(argument)
    parts = get_args(field.annotation) if field is not None else ()
    words = [word for part in parts for word in (get_args(part) or (part,))]
    return tuple(word for word in words if isinstance(word, str) and word in WORDS)
