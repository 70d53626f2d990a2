"""Notices: what may be said to Claude of a sentence or tool call that was wrong.

Nothing of data is in one: keys, codes and words of ours, names that were disclosed before,
small whole numbers. So an error message, which may hold a value, has no way to Claude.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mirrorbi.errors import RefusedError, did_you_mean

_WORDS = (
    # What a notice is about.
    "action allowed answer argument as at budget calls chart choices code codes dimension "
    "dimensions done error errors fact facts fix grain hint index in items kind kinds left "
    "limit metric metrics member members message method missing name names need note of op "
    "operation order paragraph part parts period periods place problem problems query reason "
    "repair result rule section sections sentence sentences slot slots state status step steps "
    "table title todo tool tools turn turns unit units use used value values what where which "
    "why with word words wrong "
    # What can be wrong with a sentence; `mirrorbi.narrative.writer.strict_lint`.
    "cause claim compare direction ever filler form hedge label length letter markup negation "
    "number opener ordinal quantifier role scope sign significance superlative time unused vague "
    "adverse headline lead missing_adverse no_fact no_facts too_few too_many unknown_fact "
    "unknown_slot untold "
    # What can be wrong with a tool call.
    "ambiguous again bad_request baseline by cannot cancelled closed different different_units "
    "duplicate empty expected failed few final finish found given incomplete incompatible "
    "invalid last_turn malformed must no no_baseline no_chart no_data no_members no_metric "
    "no_dimension no_forecast no_cause no_answer not_about_data unclear "
    "no_period no_time none not not_additive not_allowed not_enough not_found not_known "
    "not_possible nothing nothing_found ok out_of_range out_of_time refused repeated repeated_call "
    "same_answer same_call too_late too_long too_much too_short try try_again type unknown "
    "unknown_argument unknown_dimension unknown_grain unknown_kind unknown_member unknown_metric "
    "unknown_operation unknown_period unknown_tool unsupported withheld history other "
    # What may be done about it, and the words of facts.
    "accept choose drop keep remove rewrite shorten split up down flat better worse "
    "count percent pp minutes hours days rank p q n interval share total delta base pct "
    "previous year_ago average given day week month quarter year "
    "diff ratio pct_change sum trend unusual forecast distribution correlate correlation "
    "contribution contributions change changes explain_change members derive narrative ask "
    "min_entities dominance p_ratio complement difference class text true false"
)
WORDS = frozenset(_WORDS.split())
"""Every word that a notice may hold of its own."""

_HANDLE = re.compile(r"(?:f|s|d|c|t)\d{1,4}")
_SLOT = re.compile(r"(?:f\d{1,4}\.)?[a-z][a-z0-9_]*(?:\.[a-z_]+){0,2}")
_PERIOD = re.compile(r"[\dTWQ-]{4,13}(?:/[\dTWQ-]{4,13})?")
_LARGEST = 100_000


def checked_notice(
    codes: Mapping[str, Any] | Iterable[Any],
    slots: Callable[[], set[str]],
    knows: Callable[[str], bool],
) -> Any:
    """Return the notice as plain values, if every text in it may be said.

    Parameters
    ----------
    codes
        Mappings, lists, texts, whole numbers, booleans, ``None``.
    slots
        Gives the slots of facts that were disclosed.
    knows
        Whether a name was disclosed.

    Raises
    ------
    RefusedError
        If a text is no word of ours, handle (``f1``; ``s2`` for a sentence), period, slot
        of a disclosed fact or disclosed name.
    """

    def check(value: Any) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int):
            if abs(value) > _LARGEST:
                raise _refusal(str(value))
            return int(value)
        if isinstance(value, str):
            return _text(value, slots, knows)
        if isinstance(value, Mapping):
            return {_text(key, slots, knows): check(part) for key, part in value.items()}
        if isinstance(value, Iterable):
            return [check(part) for part in value]
        raise _refusal(type(value).__name__)

    return check(codes)


def _text(value: object, slots: Callable[[], set[str]], knows: Callable[[str], bool]) -> str:
    text = str(value)
    if text in WORDS or _HANDLE.fullmatch(text) or _PERIOD.fullmatch(text) or knows(text):
        return text
    if _SLOT.fullmatch(text):
        head, _, slot = text.partition(".")
        if text in slots() or (_HANDLE.fullmatch(head) and slot in slots()):
            return text
    raise _refusal(text)


def _refusal(text: str) -> RefusedError:
    return RefusedError(
        f"A notice may not say {text[:40]!r}: it is no word of ours and was not disclosed.",
        hint=did_you_mean(text[:40], sorted(WORDS), noun="words")
        + " See mirrorbi.privacy.error_notice.WORDS.",
    )
