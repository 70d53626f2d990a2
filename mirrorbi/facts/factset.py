"""The facts of one sweep, with what is needed to compute them again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mirrorbi.facts.fact import Fact

if TYPE_CHECKING:
    from mirrorbi.data.dataset import Dataset


class FactSet(Sequence[Fact]):
    """The facts of one sweep, best first, with what is needed to compute them again.

    Parameters
    ----------
    facts
        Sorted by score, then id.
    request
        The arguments of the sweep, as plain values: the same call gives the same facts.
    dataset
        What the sweep ran on: ``source``, ``label``, ``data_hash``, ``rows``, ``first``
        and ``last`` day, ``model`` (file name, ``draft`` or ``given``), ``model_hash``,
        ``engine``, ``entity``.
    tests
        Number of significance tests over which the false discovery rate was controlled.
    sql
        The SQL of each query, by query id.
    origin
        The data set itself, for those who must ask it more: the gate, a narrator that
        asks. Not part of what the set says.
    withheld
        What disclosure control kept back, with the rule that did; see
        `mirrorbi.privacy.disclosure_control`.
    policy
        Hash of the policy under which the facts were released; empty where they were not.
        A note: whether a fact was released is known of the fact itself, and what is shown or
        sent of it goes by that (`mirrorbi.privacy.released`).
    """

    def __init__(
        self,
        facts: Iterable[Fact],
        *,
        request: Mapping[str, Any] | None = None,
        dataset: Mapping[str, Any] | None = None,
        tests: int = 0,
        sql: Mapping[str, str] | None = None,
        origin: Dataset | None = None,
        withheld: Iterable[Any] = (),
        policy: str = "",
    ) -> None:
        self._facts = tuple(facts)
        self.request = dict(request or {})
        self.dataset = dict(dataset or {})
        self.tests = tests
        self.sql = dict(sql or {})
        self.origin = origin
        self.withheld = tuple(withheld)
        self.policy = policy

    def __len__(self) -> int:
        return len(self._facts)

    def __getitem__(self, index: Any) -> Any:
        return self._facts[index]

    def __repr__(self) -> str:
        control = "" if self.policy else ", not controlled"
        return f"<FactSet of {len(self):,} facts, {self.tests:,} tests{control}>"

    def replace(self, facts: Iterable[Fact] | None = None, **changes: Any) -> FactSet:
        """Return the set with other facts, or with some of what else it holds changed.

        Parameters
        ----------
        facts
            The facts; by default those of this set. With any that is not this set's own,
            the policy is dropped: it says nothing of others.
        **changes
            Other arguments of `FactSet`, by name.

        Examples
        --------
        >>> FactSet([], tests=12).replace(policy="a1").tests
        12
        """
        chosen = self._facts if facts is None else tuple(facts)
        own = {id(fact) for fact in self._facts}
        kept = self.policy if all(id(fact) in own for fact in chosen) else ""
        arguments = {**vars(self), "policy": kept, **changes}
        del arguments["_facts"]
        return FactSet(chosen, **arguments)

    def filter(self, *kinds: str, metric: str | None = None) -> FactSet:
        """Return the facts of these kinds (all, if none is named) and this metric, in order."""
        return self.replace(
            fact
            for fact in self._facts
            if (not kinds or fact.kind in kinds) and metric in (None, fact.metric)
        )

    def top(self, n: int) -> FactSet:
        """Return the best ``n`` facts."""
        return self.replace(self._facts[:n])

    def get(self, fact_id: str) -> Fact | None:
        """Return the fact of that id, or ``None``."""
        return next((fact for fact in self._facts if fact.id == fact_id), None)

    def to_dict(self) -> dict[str, Any]:
        """Return facts, request and provenance as plain values, ready for JSON."""
        return {
            "dataset": self.dataset,
            "request": self.request,
            "tests": self.tests,
            "facts": [fact.to_dict() for fact in self._facts],
            "sql": self.sql,
        }

    def sweep(self) -> dict[str, Any]:
        """Return request and provenance without the facts: what a report must carry."""
        return {
            "dataset": self.dataset,
            "request": self.request,
            "tests": self.tests,
            "policy": self.policy,
        }
