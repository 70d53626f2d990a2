"""What was released: which release a fact is part of, known by the object, not by a claim."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import ref

if TYPE_CHECKING:
    from mirrorbi.data.dataset import Dataset
    from mirrorbi.facts.fact import Fact
    from mirrorbi.facts.factset import FactSet
    from mirrorbi.privacy.disclosure_control.statements import Statement
    from mirrorbi.privacy.policy import Policy


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class Release:
    """One release: facts that disclosure control let through together.

    A fact refers to its release and the release to its facts: that the two agree is what
    makes a fact released. What is built by hand, copied, replaced or unpickled is another
    object, to which no release refers. So a lone fact knows its release without any list
    of all facts, and `mirrorbi.chart` carries it into a report; the gate also asks the
    session of its data set whether it made that release (`Session.releases_of`).

    Parameters
    ----------
    key
        What it is a release of; see `release_key`.
    request
        Of the sweep that found the facts: what was filtered.
    sweep, sql
        What a report must carry of it, as `FactSet.sweep` gives it, and SQL by query id.
    passing
        Cells that were counted for it and have as many entities as they must.
    """

    key: tuple[str, str, str]
    request: Mapping[str, Any]
    sweep: Mapping[str, Any]
    sql: Mapping[str, str]
    passing: frozenset[Statement] = field(default_factory=frozenset, repr=False)
    _facts: dict[int, ref[Fact]] = field(default_factory=dict, init=False, repr=False)

    def stamp(self, facts: Iterable[Fact]) -> None:
        """Make these facts part of the release. For `Session.remember` alone."""
        for fact in facts:
            self._facts[id(fact)] = ref(fact)
            object.__setattr__(fact, "_release", self)

    def holds(self, fact: Fact) -> bool:
        """Return whether this very object is part of the release."""
        known_fact = self._facts.get(id(fact))
        return known_fact is not None and known_fact() is fact


def release_key(dataset: Dataset, policy: Policy) -> tuple[str, str, str]:
    """Return what releases and audits are of: hashes of data, semantic model and policy."""
    return dataset.data_hash, dataset.model_hash, policy.sha256


def release_of(fact: Fact) -> Release | None:
    """Return the release that this very object is part of; ``None`` if it is of none.

    Examples
    --------
    >>> import copy, mirrorbi, pandas as pd
    >>> ds = mirrorbi.open(pd.DataFrame({"city": ["Rome", "Oslo"] * 40}))
    >>> fact = ds.facts(kinds="share")[0]
    >>> release_of(fact).request["kinds"], release_of(copy.copy(fact))
    (['share'], None)
    """
    release = getattr(fact, "_release", None)
    return release if isinstance(release, Release) and release.holds(fact) else None


def policy_of(facts: Iterable[Fact]) -> str:
    """Return the hash of the policy under which all of these very objects were released.

    Empty if one was not released, if they were under several, or if there are none.

    Examples
    --------
    >>> import mirrorbi, pandas as pd
    >>> ds = mirrorbi.open(pd.DataFrame({"city": ["Rome", "Oslo"] * 40}))
    >>> facts = ds.facts(kinds="share")
    >>> policy_of(facts) == facts.policy, policy_of(ds.facts(kinds="share", control=False))
    (True, '')
    """
    releases = [release_of(fact) for fact in facts]
    policies = {release.key[2] if release else "" for release in releases}
    return policies.pop() if len(policies) == 1 else ""


def released_sweep(facts: FactSet) -> dict[str, Any]:
    """Return a set's request and provenance, with the policy under which its facts were released.

    A set that holds no fact says what it was made with: it shows nothing.
    """
    return {**facts.sweep(), "policy": policy_of(facts) if len(facts) else facts.policy}
