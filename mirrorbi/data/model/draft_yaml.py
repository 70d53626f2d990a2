"""A drafted model as YAML: every guess with its reason as a comment."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

from mirrorbi.data.model.draft import Draft
from mirrorbi.data.model.semantic_model import DerivedMetric, Metric, RatioMetric

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*")
_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}
_HEAD = """\
A draft of what the columns of {name} mean, guessed from the data. Every comment says why.
Read each line, correct it, and delete the line 'draft: true': until then, every report
says that its model is a guess.
"""


def to_yaml(draft: Draft) -> str:
    """Return a draft as the text of a model file, every guess commented.

    `mirrorbi.data.model.model_file.parse_model` reads it back to the same model.
    """
    return "\n".join(_lines(draft)) + "\n"


def scalar(text: str) -> str:
    """Return text as a YAML value that reads back to itself, in quotes where needed.

    Examples
    --------
    >>> print(scalar("Dep delay"), scalar("a: b"), scalar("no"))
    Dep delay "a: b" "no"
    """
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return '"' + "".join(_escaped(char) for char in text) + '"'


def _lines(draft: Draft) -> Iterator[str]:
    model, reasons = draft.model, draft.reasons
    yield from _comment(_HEAD.format(name=model.dataset.label or "the data"))
    yield ""
    if model.draft:
        yield "draft: true"
        yield ""
    yield "dataset:"
    yield f"  name: {scalar(model.dataset.name)}"
    yield f"  label: {scalar(model.dataset.label)}"
    if model.dataset.grain:
        yield from _comment(f"One row is named by this: {reasons['dataset.grain']}.", 2)
        yield f"  grain: [{', '.join(scalar(name) for name in model.dataset.grain)}]"
    else:
        near = f"{reasons['dataset.nearly']}. " if "dataset.nearly" in reasons else ""
        yield from _comment(
            f"No column was found that names one row. {near}If some do: grain: [a, b]", 2
        )
    if model.dataset.entity is not None:
        yield from _comment(f"Who or what is counted: {reasons['dataset.entity']}.", 2)
        yield f"  entity: {scalar(model.dataset.entity)}"
    yield ""
    if model.time is not None:
        yield "time:"
        yield from _comment(f"Chosen: {reasons['time']}.", 2)
        yield f"  column: {scalar(model.time.column)}"
        if model.time.timezone is not None:
            yield from _comment("Where its days begin: the zone that the data names.", 2)
            yield f"  timezone: {scalar(model.time.timezone)}"
    else:
        yield "# No column of dates was found. With one: time: {column: ...}"
    yield ""
    if model.dimensions:
        yield "dimensions:"
        for name, dimension in model.dimensions.items():
            yield f"  {scalar(name)}:"
            yield from _comment(f"{_sentence(reasons[f'dimensions.{name}'])}.", 4)
            yield f"    column: {scalar(dimension.column)}"
            yield f"    label: {scalar(dimension.label)}"
        yield ""
    yield "metrics:"
    for name, metric in model.metrics.items():
        yield f"  {scalar(name)}:"
        if f"metrics.{name}" in reasons:
            yield from _comment(f"{_sentence(reasons[f'metrics.{name}'])}.", 4)
        yield from (f"    {line}" for line in _metric(metric))
    if model.classes:
        yield ""
        yield "privacy:"
        yield "  columns:"
        yield from _comment("No dimension or metric uses these columns.", 4)
        for column, privacy in model.classes.items():
            yield from _comment(f"{_sentence(reasons[f'privacy.{column}'])}.", 4)
            yield f"    {scalar(column)}: {privacy}"
    omitted = {key[8:]: why for key, why in reasons.items() if key.startswith("columns.")}
    if omitted:
        yield ""
        yield "# Columns left out:"
        for column, why in omitted.items():
            yield from _comment(f"- {scalar(column)} {why}")


def _metric(metric: Metric) -> Iterator[str]:
    yield f"label: {scalar(metric.label)}"
    if isinstance(metric, RatioMetric):
        yield "type: ratio"
        yield f"numerator: {scalar(metric.numerator)}"
        yield f"denominator: {scalar(metric.denominator)}"
    elif isinstance(metric, DerivedMetric):
        yield "type: derived"
        yield f"expression: {scalar(metric.expression)}"
    else:
        yield f"agg: {metric.agg}"
        if metric.column is not None:
            yield f"column: {scalar(metric.column)}"
        if metric.filter is not None:
            yield f"filter: {scalar(metric.filter)}"
    if metric.unit:
        yield f"unit: {scalar(metric.unit)}"
    if metric.decimals is not None:
        yield f"decimals: {metric.decimals}"
    if metric.hidden:
        yield "hidden: true"


def _comment(text: str, indent: int = 0) -> Iterator[str]:
    shown = "".join(char if char.isprintable() else " " for char in text)
    for line in textwrap.wrap(shown, 96 - indent, break_long_words=False) or [""]:
        yield f"{' ' * indent}# {line}".rstrip()


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    if char.isprintable():
        return char
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
