"""The answer: what Claude handed in, read as drafts of sentences and wishes for figures."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mirrorbi.errors import AnswerError
from mirrorbi.narrative.rules import SECTIONS
from mirrorbi.wording.sentence import Sentence

if TYPE_CHECKING:
    from mirrorbi.bedrock.request import Reply

TOOL = "narrative"
MOST = 80
"""Sentences of one answer that are read."""

_FENCE = re.compile(r"\A\s*```(?:json)?\s*(.*?)\s*```\s*\Z", re.S)
_ID = re.compile(r"s\d{1,3}")
_NAME = re.compile(r"[fd]\d{1,4}")


@dataclass(frozen=True, slots=True)
class Draft:
    """One sentence as Claude wrote it.

    Parameters
    ----------
    id
        By which it is named in a repair.
    section
        Where it should stand; may be none that there is.
    template
        Its words and slots.
    point
        Whether it is a line of a list.
    compare
        Whether it declares that it sets facts side by side.
    """

    id: str
    section: str
    template: str
    point: bool = False
    compare: bool = False

    def sentence(self, handles: Mapping[str, str]) -> Sentence:
        """Return the sentence with fact ids for the names in its slots."""
        used = dict.fromkeys(name for name, _ in Sentence(self.template).slots)
        cited = {name: handles[name] for name in used if name in handles}
        return Sentence(self.template, cited, self.section)


@dataclass(frozen=True, slots=True)
class Wish:
    """A figure that Claude wants computed: operation, and ``f1.value`` for each parent."""

    name: str
    op: str
    of: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Submission:
    """What one reply handed in."""

    drafts: tuple[Draft, ...] = ()
    wishes: tuple[Wish, ...] = field(default_factory=tuple)


def read_submission(reply: Reply) -> Submission:
    """Return what a reply handed in, by the tool or as JSON.

    Raises
    ------
    AnswerError
        If it is not the object that was asked for.

    Examples
    --------
    >>> from mirrorbi.bedrock.request import Reply
    >>> body = '{"sentences": [{"id": "s1", "section": "checks", "template": "So?"}]}'
    >>> read_submission(Reply(({"text": body},), "end_turn")).drafts[0].template
    'So?'
    """
    value = _value(reply)
    sentences = value.get("sentences") if isinstance(value, Mapping) else None
    if not isinstance(sentences, list):
        raise AnswerError(
            "Claude's answer is no list of sentences.",
            hint="Run again; if it happens often, choose another model.",
        )
    wishes = value.get("derived")
    return Submission(tuple(_drafts(sentences[:MOST])), tuple(_wishes(wishes)))


def _value(reply: Reply) -> Any:
    for use in reply.tool_uses:
        if use.name == TOOL:
            return use.input
    text = reply.text
    fenced = _FENCE.match(text)
    try:
        return json.loads(fenced.group(1) if fenced else text)
    except ValueError:
        return None


def _drafts(values: Iterable[Any]) -> Iterable[Draft]:
    names: set[str] = set()
    for number, value in enumerate(values, start=1):
        if not isinstance(value, Mapping) or not isinstance(value.get("template"), str):
            continue
        name = str(value.get("id", ""))
        if not _ID.fullmatch(name) or name in names:
            name = f"s{number}" if f"s{number}" not in names else f"s{number + 500}"
        names.add(name)
        section = str(value.get("section", ""))
        yield Draft(
            id=name,
            section=section if section in SECTIONS else "",
            template=" ".join(value["template"].split()),
            point=value.get("kind") == "point" or section == "checks",
            compare=value.get("compare") is True,
        )


def _wishes(values: Any) -> Iterable[Wish]:
    for value in values if isinstance(values, list) else ():
        if not isinstance(value, Mapping) or not isinstance(value.get("of"), list):
            continue
        name = str(value.get("name", ""))
        if _NAME.fullmatch(name) and name.startswith("d"):
            yield Wish(name, str(value.get("op", "")), tuple(str(part) for part in value["of"]))
