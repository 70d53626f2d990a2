"""Which facts disclosure control released: known by the objects themselves, not by a claim."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from mirrorbi.data.dataset import Dataset
    from mirrorbi.facts.fact import Fact

Request = Mapping[str, Any]

_RELEASED: WeakKeyDictionary[Dataset, dict[tuple[str, int], tuple[Fact, Request]]]
_RELEASED = WeakKeyDictionary()


def remember(dataset: Dataset, policy: str, facts: Iterable[Fact], request: Request) -> None:
    """Keep in mind that these facts were released. For `mirrorbi.privacy.control` alone.

    Parameters
    ----------
    dataset
        What they are about; they are forgotten with it.
    policy
        Hash of the policy under which they were released.
    facts
        The facts.
    request
        Of the sweep that found them: what was filtered.
    """
    known = _RELEASED.setdefault(dataset, {})
    # The fact is held, so that no other object can have its id.
    known.update({(policy, id(fact)): (fact, request) for fact in facts})


def released_by(dataset: Dataset, policy: str, fact: Fact) -> Request | None:
    """Return the request of the sweep in which this very object was released.

    ``None`` if it was not released for this data set under this policy.
    """
    known, request = _RELEASED.get(dataset, {}).get((policy, id(fact)), (None, None))
    return request if known is fact else None
