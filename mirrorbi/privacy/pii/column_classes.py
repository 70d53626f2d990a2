"""Who may see each column of a table, and why that is thought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from mirrorbi.data.engine.profile import ColumnProfile
from mirrorbi.data.engine.sample import LIMIT
from mirrorbi.data.engine.sealed_table import SealedTable
from mirrorbi.data.model.column_names import kind_of, privacy_of, words
from mirrorbi.data.model.column_roles import (
    FEW_PERSONS,
    FEW_ROWS,
    MAX_MEMBERS,
    Column,
    ColumnPrivacy,
)
from mirrorbi.data.model.semantic_model import Model, Privacy
from mirrorbi.privacy.pii.column_values import (
    Judgement,
    has_shape,
    is_prose,
    judge_values,
    kinds_in_texts,
    looks_like,
)
from mirrorbi.privacy.pii.hit import Kind

if TYPE_CHECKING:
    from mirrorbi.data.dataset import Dataset

NOUNS: dict[str, str] = {
    "email": "e-mail addresses",
    "url": "web addresses of persons",
    "iban": "bank accounts",
    "card": "payment cards",
    "national_id": "numbers of persons",
    "vat": "VAT numbers",
    "phone": "telephone numbers",
    "ip": "IP addresses",
    "date_of_birth": "dates of birth",
    "person_name": "names of persons",
    "address": "addresses",
    "secret": "secrets",
}
"""What each kind is called."""

_VALUES, _JUDGED, _SHAPED, _TEXTS, _PROSE = "values", "judged", "shaped", "personal texts", "prose"
_IN_TEXTS = {kind: f"{kind} in text" for kind in NOUNS}
_WORDS = frozenset({_VALUES, _JUDGED, _SHAPED, _TEXTS, _PROSE, *NOUNS, *_IN_TEXTS.values()})
"""What a verdict on a column may say: how many values were looked at, are of the kind found and
were judged for it; whether any has the form of what the name says; how many tell of persons, and
of what; whether they are words rather than codes."""

_TRAITS = frozenset({"religion", "ethnicity", "race", "diagnosis", "diagnose"})
"""Words of columns that are personal, and whose members are nobody's name."""
_BLOCKED = ("iban", "card", "national_id", "secret", "vat")


@dataclass(frozen=True, slots=True)
class Finding:
    """Who may see a column, and why.

    Parameters
    ----------
    privacy
        The class.
    kind
        What its values are; ``None`` where nothing personal was found.
    reason
        Why, for people.
    count
        Values looked at that are of the kind.
    share
        The part of the values looked at; ``None`` where none was.
    """

    privacy: Privacy
    kind: Kind | None
    reason: str
    count: int = 0
    share: float | None = None

    @property
    def column_privacy(self) -> ColumnPrivacy:
        """The finding as the draft of a model takes it."""
        countable = self.kind in ("identifier", "declared")
        return ColumnPrivacy(self.privacy, self.reason, countable)

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as plain values, ready for JSON."""
        share = None if self.share is None else round(self.share, 4)
        return {
            "class": str(self.privacy),
            "kind": self.kind,
            "reason": self.reason,
            "count": self.count,
            "share": share,
        }


def classify(
    data: Dataset | SealedTable,
    *,
    sample: int = LIMIT,
    model: Model | None = None,
) -> dict[str, Finding]:
    """Return who may see each column, judged by name, type, uniqueness and a sample.

    Where the model gives a column's class, that holds: a person decided. Text that hardly
    repeats and that nobody declared is ``blocked``, whatever it is.

    Parameters
    ----------
    data
        A `Dataset`, or a table that has no model yet.
    sample
        Most values of each column that are looked at; ``0`` judges by name and profile
        alone. They stay here: a finding holds counts, no value.
    model
        The model that counts; that of the data set if not given. A draft declares nothing.

    Examples
    --------
    >>> import pandas as pd
    >>> import mirrorbi
    >>> ds = mirrorbi.open(pd.DataFrame({"who": ["a@x.org", "b@x.org"], "paid": [1.5, 2.5]}))
    >>> {name: str(found.privacy) for name, found in classify(ds).items()}
    {'who': 'personal', 'paid': 'safe'}
    """
    model = getattr(data, "model", None) if model is None else model
    declared = _declared(model) if model is not None and not model.draft else {}
    columns = Column.of(data.profile())
    readable = [column for column in columns if sample and _worth_reading(column)]
    verdicts = data.judge_columns(
        {column.name: partial(_judge, column) for column in readable},
        _WORDS,
        distinct={column.name: column.distinct for column in readable},
        sample=sample,
    )
    return {
        column.name: Finding(declared[column.name], "declared", "the model says so")
        if column.name in declared
        else _finding(column, verdicts.get(column.name))
        for column in columns
    }


def members_are(name: str, members: Sequence[str]) -> Kind | None:
    """Return what members of a dimension are, taken together, if they are personal.

    Judged as the values of a column are, but not by how often they repeat: members do. A
    column's name alone is not enough either, since a person made it a dimension; it counts
    where the members have the form of what it says.

    Parameters
    ----------
    name
        Of the column.
    members
        Different values, as text.

    Examples
    --------
    >>> members_are("desk", ["ann@x.org", "bo@x.org"]), members_are("city", ["Rome", "Oslo"])
    ('email', None)
    """
    by_name = kind_of(name)
    judgement = judge_values(members, by_name)
    if judgement is not None:
        return None if _is_version(name, judgement.kind) else judgement.kind
    if by_name is None or privacy_of(name) is Privacy.SAFE or _TRAITS & set(words(name)):
        return None
    return cast(Kind, by_name) if looks_like(members, by_name) else None


def judge_members(name: str, members: Sequence[str]) -> dict[str, int]:
    """Return what `members_are` does, as the verdict of a judge."""
    kind = members_are(name, members)
    return {} if kind is None else {kind: len(members)}


def _declared(model: Model) -> Mapping[str, Privacy]:
    classes = dict(model.classes)
    for dimension in model.dimensions.values():
        if dimension.privacy is not Privacy.SAFE:
            classes[dimension.column] = dimension.privacy
    return classes


def _worth_reading(column: Column) -> bool:
    """Return whether values may say more of a column than its name and profile do."""
    if column.filled == 0:
        return False
    # Whole numbers may be cards, telephones or numbers of persons, which are long.
    return column.is_text or (column.is_whole and _reaches(column.profile, 10**6))


def _reaches(column: ColumnProfile, size: int) -> bool:
    return column.high is not None and column.high >= size


def _judge(column: Column, values: Sequence[str]) -> dict[str, int]:
    """Return what the values of a column are, as far as `_finding` asks."""
    tally: dict[str, int] = {_VALUES: len(values)}
    judgement = judge_values(values, kind_of(column.name))
    if judgement is not None and not _is_version(column.name, judgement.kind):
        return tally | {judgement.kind: judgement.count, _JUDGED: judgement.total}
    _, kind = _by_name(column)
    if kind is not None:
        return tally | {_SHAPED: int(has_shape(values, kind))}
    if column.is_text and values:
        kinds, texts = kinds_in_texts(values)
        tally |= {_IN_TEXTS[text_kind]: count for text_kind, count in kinds.items()}
        tally |= {_TEXTS: texts, _PROSE: int(is_prose(values))}
    return tally


def _by_name(column: Column) -> tuple[Privacy, str | None]:
    """Return who may see a column by its name, and what it would hold then."""
    privacy = privacy_of(column.name, repeats=column.repeats or column.rows <= FEW_ROWS)
    return privacy, kind_of(column.name) if privacy is not Privacy.SAFE else None


def _finding(column: Column, tally: Mapping[str, int] | None) -> Finding:
    by_name, kind = _by_name(column)
    if column.filled == 0:
        return _named(by_name, kind) if kind else Finding(Privacy.SAFE, None, "has no values")
    judged_kind = next((word for word in tally or () if word in NOUNS), None)
    if tally and judged_kind is not None:
        judgement = Judgement(cast(Kind, judged_kind), tally[judged_kind], tally[_JUDGED])
        privacy = Privacy.BLOCKED if judgement.kind in _BLOCKED else Privacy.PERSONAL
        reason = f"{NOUNS[judgement.kind]}: {judgement.count:,} of {judgement.total:,} values"
        stricter = by_name is Privacy.BLOCKED
        return Finding(
            Privacy.BLOCKED if stricter else privacy,
            judgement.kind,
            reason,
            judgement.count,
            judgement.share,
        )
    if kind is not None and not _could_be(column, kind, tally):
        return Finding(Privacy.SAFE, None, f"named like {NOUNS[kind]}, but its values are none")
    if kind is not None:
        return _named(by_name, kind, tally)
    if column.is_text and tally and tally[_VALUES]:
        return _text(column, tally)
    if column.is_uuid and column.nearly_unique:
        return Finding(Privacy.BLOCKED, "identifier", "codes that hardly repeat")
    return Finding(Privacy.SAFE, None, "nothing personal found")


def _named(privacy: Privacy, kind: str, tally: Mapping[str, int] | None = None) -> Finding:
    share = 0.0 if tally and tally[_VALUES] else None
    return Finding(privacy, cast(Kind, kind), f"{NOUNS[kind]}, by its name", 0, share)


def _could_be(column: Column, kind: str, tally: Mapping[str, int] | None) -> bool:
    """Return whether type and values allow what the name says."""
    if column.is_boolean or column.is_flag:
        return False
    if column.is_number:
        if kind in ("email", "ip", "iban", "person_name"):
            return kind == "ip" and _reaches(column.profile, 2**24)
        least = {"address": 100, "secret": 100, "date_of_birth": 1000}.get(kind, 10**5)
        return _reaches(column.profile, least)
    if column.is_time:
        return kind == "date_of_birth"
    return tally is None or column.distinct > FEW_PERSONS or bool(tally.get(_SHAPED))


def _is_version(name: str, kind: str) -> bool:
    return kind == "ip" and bool({"version", "release", "build", "firmware"} & set(words(name)))


def _text(column: Column, tally: Mapping[str, int]) -> Finding:
    """Return the finding of text that is no kind as a whole."""
    values, texts = tally[_VALUES], tally[_TEXTS]
    if texts >= max(2, 0.01 * values):
        kinds = {kind: tally[word] for kind, word in _IN_TEXTS.items() if word in tally}
        most = sorted(kinds, key=lambda kind: (-kinds[kind], list(tally).index(_IN_TEXTS[kind])))
        named = ", ".join(f"{NOUNS[kind]} {kinds[kind]:,}" for kind in most[:3])
        return Finding(
            Privacy.BLOCKED,
            "free_text",
            f"text that tells of persons: {named} in {values:,} values",
            texts,
            texts / values,
        )
    many = column.distinct > MAX_MEMBERS and column.rows > FEW_ROWS
    if many or column.nearly_unique:
        about = f"about {column.distinct:,} different texts"
        prose = bool(tally[_PROSE])
        why = f"text that hardly repeats, {about}" if prose else f"codes, {about}"
        return Finding(Privacy.BLOCKED, "free_text" if prose else "identifier", why, 0, 0.0)
    return Finding(Privacy.SAFE, None, "nothing personal found", 0, 0.0)
