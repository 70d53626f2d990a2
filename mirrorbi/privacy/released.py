"""Which facts disclosure control released: known by the objects themselves, not by a claim."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from mirrorbi.data.dataset import Dataset
    from mirrorbi.facts.fact import Fact

_RELEASED: WeakKeyDictionary[Dataset, dict[tuple[str, int], Fact]] = WeakKeyDictionary()


def remember(dataset: Dataset, policy: str, facts: Iterable[Fact]) -> None:
    """Keep in mind that these facts were released. For `mirrorbi.privacy.control` alone.

    Parameters
    ----------
    dataset
        What they are about; they are forgotten with it.
    policy
        Hash of the policy under which they were released.
    facts
        The facts.
    """
    known = _RELEASED.setdefault(dataset, {})
    # The fact is held, so that no other object can have its id.
    known.update({(policy, id(fact)): fact for fact in facts})


def was_released(dataset: Dataset, policy: str, fact: Fact) -> bool:
    """Return whether this very object was released for this data set under this policy."""
    return _RELEASED.get(dataset, {}).get((policy, id(fact))) is fact
