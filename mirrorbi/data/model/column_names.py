"""What a column's name says: persons, identifiers, measures and their units.

Words are English, German, French and Spanish. A name is weak evidence: every guess made
from it is written down as a guess, for a person to confirm.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from mirrorbi.data.model import column_words as lexicon
from mirrorbi.data.model.semantic_model import Aggregation, Privacy

_SIGNS = {"%": " pct ", "€": " eur ", "$": " usd ", "£": " gbp ", "№": " nr ", "#": " nr "}


def words(name: str) -> tuple[str, ...]:
    """Return the words of a column's name: lower case, without accents.

    Examples
    --------
    >>> words("NetAmountEUR"), words("Straße/Nr."), words("e-mail"), words("discount %")
    (('net', 'amount', 'eur'), ('strasse', 'nr'), ('e', 'mail'), ('discount', 'pct'))
    """
    for sign, word in _SIGNS.items():
        name = name.replace(sign, word)
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    plain = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return tuple(re.findall(r"[^\W\d_]+|\d+", plain))


def privacy_of(name: str, *, repeats: bool = True) -> Privacy:
    """Return who may see a column, judged by its name.

    Parameters
    ----------
    name
        The column.
    repeats
        Whether values repeat much. A column of names of nobody knows what is of persons
        if nearly every row has another.

    Examples
    --------
    >>> [str(privacy_of(n)) for n in ("customer_email", "IBAN", "Geburtsdatum", "city")]
    ['personal', 'blocked', 'personal', 'safe']
    """
    parts = words(name)
    joined = "".join(parts)
    last = parts[-1] if parts else ""
    if last in lexicon.ABOUT:
        return Privacy.SAFE
    if lexicon.BLOCKED & set(parts) or _any_in(lexicon.BLOCKED_STEMS, joined):
        return Privacy.BLOCKED
    if last == "id":
        return Privacy.SAFE
    if lexicon.PERSONAL & set(parts) or _any_in(lexicon.PERSONAL_STEMS, joined):
        of_a_place = lexicon.PLACES & set(parts) and kind_of(name) == "address"
        return Privacy.SAFE if of_a_place else Privacy.PERSONAL
    named = bool(lexicon.NAMES & set(parts)) or joined.endswith("name")
    if named and (is_person(name) or (len(parts) == 1 and not repeats)):
        return Privacy.PERSONAL
    return Privacy.SAFE


def kind_of(name: str) -> str | None:
    """Return which kind of personal data a column's name speaks of, or ``None``.

    Examples
    --------
    >>> [kind_of(n) for n in ("customer_email", "Geburtsdatum", "Plz", "user name", "city")]
    ['email', 'date_of_birth', 'address', 'person_name', None]
    """
    parts = words(name)
    joined = "".join(parts)
    for kind, (whole, stems) in lexicon.KINDS.items():
        if whole & set(parts) or _any_in(stems, joined):
            return kind
    named = (lexicon.PERSONAL | lexicon.NAMES) & set(parts) or joined.endswith("name")
    return "person_name" if named or _any_in(lexicon.PERSONAL_STEMS, joined) else None


def is_identifier(name: str) -> bool:
    """Return whether a column's name is that of an identifier: ``order_id``, ``Kundennummer``."""
    parts = words(name)
    if not parts or (parts[0] in lexicon.COUNTED and len(parts) > 1):
        return False
    # German joins words: "Kundennr".
    number = parts[-1].endswith("nr") and len(parts[-1]) > len("nr")
    return number or parts[-1] in lexicon.IDS or _any_in(lexicon.ID_STEMS, "".join(parts))


def is_person(name: str) -> bool:
    """Return whether a column's name speaks of persons or clients: ``customer_id``."""
    joined = "".join(words(name))
    return bool(lexicon.PERSONS & set(words(name))) or _any_in(lexicon.PERSON_STEMS, joined)


def names_persons(name: str) -> bool:
    """Return whether a column's name says that its values are persons or clients: ``customer``.

    ``customer segment`` does not.
    """
    parts = words(name)
    return bool(parts) and (
        parts[-1] in lexicon.PERSONS or parts[-1].endswith(tuple(lexicon.PERSON_STEMS))
    )


def is_calendar(name: str) -> bool:
    """Return whether a column's name is a part of a date: ``year``, ``month``, ``hour``."""
    parts = words(name)
    return bool(parts) and parts[-1] in lexicon.CALENDAR and len(parts) <= 2


def is_cycle(name: str) -> bool:
    """Return whether a column's name is a part of a day or week, worth grouping by."""
    return is_calendar(name) and words(name)[-1] in lexicon.CYCLES


def aggregation_of(name: str) -> Aggregation | None:
    """Return how a measure is aggregated, judged by its name; ``None`` if it does not say.

    Examples
    --------
    >>> [aggregation_of(n) for n in ("unit_price", "Umsatz netto", "x7")]
    [<Aggregation.AVG: 'avg'>, <Aggregation.SUM: 'sum'>, None]
    """
    parts = words(name)
    joined = "".join(parts)
    if len(parts) > 1 and parts[0] in lexicon.COUNTED:
        return Aggregation.SUM
    if lexicon.AVERAGES & set(parts) or _any_in(lexicon.AVERAGE_STEMS, joined):
        return Aggregation.AVG
    if lexicon.SUMS & set(parts) or _any_in(lexicon.SUM_STEMS, joined):
        return Aggregation.SUM
    if parts and lexicon.UNITS.get(parts[-1], "").startswith("currency"):
        return Aggregation.SUM
    return None


def unit_of(name: str, low: float | None, high: float | None) -> str:
    """Return a measure's unit, judged by its name and range; ``""`` if it does not say.

    A share is ``percent`` only if its values are fractions of one; if they run to a
    hundred, the sign ``%`` is a text after the number.
    """
    parts = words(name)
    for part in reversed(parts):
        if part in lexicon.UNITS:
            return lexicon.UNITS[part]
    if len(parts) > 1 and parts[-1] == "min":
        return "minutes"
    if lexicon.SHARES & set(parts):
        if low is not None and high is not None and low >= -1 and high <= 1:
            return "percent"
        if lexicon.PERCENTS & set(parts):
            return "%"
    return ""


def time_rank(name: str) -> int:
    """Return how well a column's name suits the time of the data; less is better."""
    parts, joined = set(words(name)), "".join(words(name))
    if parts & lexicon.BIRTHS or "geburt" in joined:
        return 9
    if parts & lexicon.LATER:
        return 5
    if joined in lexicon.TIMES:
        return 0
    if parts & lexicon.EVENTS:
        return 1
    return 2 if parts & lexicon.STARTS or "datum" in joined else 3


def _any_in(stems: Iterable[str], text: str) -> bool:
    return any(stem in text for stem in stems)
