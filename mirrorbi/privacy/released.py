"""Which facts disclosure control released: known by the objects themselves, not by a claim."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from mirrorbi.data.dataset import Dataset
    from mirrorbi.facts.fact import Fact
    from mirrorbi.facts.factset import FactSet


@dataclass(frozen=True, slots=True)
class Release:
    """The release that a fact is part of.

    Parameters
    ----------
    request
        Of the sweep that found it: what was filtered.
    sweep, sql
        What a report must carry of it, as `FactSet.sweep` gives it, and SQL by query id.
    """

    request: Mapping[str, Any]
    sweep: Mapping[str, Any]
    sql: Mapping[str, str]


_RELEASED: WeakKeyDictionary[Dataset, dict[tuple[str, int], tuple[Fact, Release]]]
_RELEASED = WeakKeyDictionary()


def remember(dataset: Dataset, facts: FactSet, request: Mapping[str, Any]) -> None:
    """Keep in mind that these facts were released. For `mirrorbi.privacy.disclosure_control` alone.

    Parameters
    ----------
    dataset
        What they are about; they are forgotten with it.
    facts
        The facts, under their policy.
    request
        Of the sweep that found them.
    """
    entries = _RELEASED.setdefault(dataset, {})
    release = Release(request, facts.sweep(), facts.sql)
    # The fact is held, so that no other object can have its id.
    entries.update({(facts.policy, id(fact)): (fact, release) for fact in facts})


def released_by(dataset: Dataset, policy: str, fact: Fact) -> Mapping[str, Any] | None:
    """Return the request of the sweep in which this very object was released.

    ``None`` if it was not released for this data set under this policy.
    """
    released_fact, release = _RELEASED.get(dataset, {}).get((policy, id(fact)), (None, None))
    return release.request if release is not None and released_fact is fact else None


def release_of(fact: Fact) -> Release | None:
    """Return the release that this very object is part of; ``None`` if it is of none."""
    for entries in list(_RELEASED.values()):
        for (_, place), (released_fact, release) in entries.items():
            if place == id(fact) and released_fact is fact:
                return release
    return None
