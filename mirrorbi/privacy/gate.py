"""The gate: the only way from data to Claude."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from mirrorbi.errors import RefusedError
from mirrorbi.facts.derive import derive_again
from mirrorbi.facts.fact import Fact
from mirrorbi.facts.factset import FactSet
from mirrorbi.privacy.approval import Approval, Approve
from mirrorbi.privacy.disclosure import Disclosure, Kind, _sealed, canonical
from mirrorbi.privacy.disclosure_control import release
from mirrorbi.privacy.error_notice import checked_notice
from mirrorbi.privacy.identifiers import of_persons
from mirrorbi.privacy.names import Names
from mirrorbi.privacy.payload import fact_payload
from mirrorbi.privacy.policy import Policy, policy_for
from mirrorbi.privacy.preview import Preview
from mirrorbi.privacy.question import checked_question
from mirrorbi.privacy.session import session_of
from mirrorbi.privacy.vocabulary import names_in, vocabulary_of
from mirrorbi.privacy.withheld import Withheld
from mirrorbi.wording.slots import slots_of

if TYPE_CHECKING:
    from mirrorbi.data.dataset import Dataset


class Gate:
    """The gate of one conversation: what it lets through may be sent to Claude.

    Every fact passes disclosure control here, whether or not it did before; every name
    passes the rules for text; and what follows from all that was let through earlier in
    the conversation counts too.

    Parameters
    ----------
    dataset
        What the facts are about.
    policy
        What may leave; by default that of settings and model (`policy_for`).
    approve
        Asked before each disclosure of data, or once, as the policy says. By default a
        person at the terminal or notebook, where the policy wants one.

    Examples
    --------
    >>> import mirrorbi, pandas as pd
    >>> ds = mirrorbi.open(pd.DataFrame({"city": ["Rome", "Oslo"] * 40, "sales": [3, 4] * 40}))
    >>> gate = Gate(ds)
    >>> disclosure = gate.disclose(ds.facts(kinds=["share"]))
    >>> disclosure.kind, sorted(disclosure.handles) == sorted(gate.facts)
    ('facts', True)
    """

    def __init__(
        self,
        dataset: Dataset,
        policy: Policy | None = None,
        *,
        approve: Approve | None = None,
    ) -> None:
        self.dataset = dataset
        self.policy = policy if policy is not None else policy_for(dataset)
        self.facts: dict[str, Fact] = {}
        """Everything disclosed, as released, by the name under which Claude sees it."""
        self._handles: dict[str, str] = {}
        self._vocabulary: Disclosure | None = None
        self._approval = Approval(self.policy.approve, approve)
        self._audit = session_of(dataset).audit(dataset, self.policy)
        self._names = Names(
            alias=self.policy.labels == "alias",
            seed=self._seed(),
            hidden=_persons(dataset, self.policy),
        )

    # -- out ---------------------------------------------------------------------------

    def disclose(self, facts: Iterable[Fact], *, tables: bool = False) -> Disclosure:
        """Return facts as Claude may see them.

        A fact that was disclosed before keeps its name.

        Parameters
        ----------
        facts
            A `FactSet`, or facts of this data set.
        tables
            Whether the lines of the facts' tables are sent too.

        Raises
        ------
        RefusedError
            If the facts are of another data set, or a person denied them.
        """
        passed, withheld = self._admitted(facts)
        facts_by_id = {fact.id: fact for fact in passed}
        handle_of = dict(self._handles)
        for id_ in facts_by_id:
            handle_of.setdefault(id_, f"f{len(handle_of) + 1}")
        handles = {handle_of[id_]: id_ for id_ in facts_by_id}
        named = {handle_of[id_]: fact for id_, fact in facts_by_id.items()}
        before = len(self._names.withheld)
        model, names = self.dataset.model, self._names
        facts_by_handle = {**self.facts, **named}
        parents = {id_: (handle, facts_by_handle[handle]) for id_, handle in handle_of.items()}
        value = {
            "facts": [
                fact_payload(handle, fact, names, model, table=tables, parents=parents)
                for handle, fact in named.items()
            ],
            "withheld": sum(part.cells for part in withheld),
        }
        withheld += tuple(names.withheld[before:])
        disclosure = self._disclosure("facts", value, handles, withheld)
        self._handles = handle_of
        self.facts.update(named)
        return disclosure

    def vocabulary(self) -> Disclosure:
        """Return the names that Claude may ask for.

        A JSON object with ``metrics``, ``dimensions``, ``grains``, ``periods`` and
        ``members``, each a list of objects with a ``name``. It is the same throughout a
        conversation.
        """
        if self._vocabulary is not None:
            return self._vocabulary
        before = len(self._names.withheld)
        value, withheld = vocabulary_of(self.dataset, self.policy, self._names)
        withheld += tuple(self._names.withheld[before:])
        self._vocabulary = self._disclosure("vocabulary", value, {}, withheld)
        return self._vocabulary

    def question(self, text: str) -> Disclosure:
        """Return what a person typed, if it holds nobody's data.

        Raises
        ------
        RefusedError
            If it is empty, too long, or holds personal data; the message says what kind.
        """
        question = checked_question(text, self.dataset, self.policy, self._names)
        return self._disclosure("question", {"question": question})

    def notice(self, codes: Mapping[str, Any] | Iterable[Any]) -> Disclosure:
        """Return a notice in closed words: what was wrong with a sentence or tool call.

        Parameters
        ----------
        codes
            Plain values whose texts are words of `mirrorbi.privacy.error_notice`, handles of
            disclosed facts, slots of theirs, or names shown before.

        Raises
        ------
        RefusedError
            If a text is none of these.
        """
        return self._disclosure("notice", checked_notice(codes, self._slots, self._names.knows))

    def preview(self, facts: Iterable[Fact], *, tables: bool = False) -> Preview:
        """Return what `disclose` would let through, without letting it: nothing is asked."""
        trial = copy.copy(self)
        trial._audit = self._audit.copy()
        trial._names = self._names.copy()
        trial._approval = Approval("policy")
        trial.facts = dict(self.facts)
        return trial.disclose(facts, tables=tables).preview()

    # -- back --------------------------------------------------------------------------

    def resolve(self, name: str, of: str | None = None) -> str:
        """Return the metric, dimension or member that Claude means.

        Parameters
        ----------
        name
            As disclosed.
        of
            The dimension of a member, by either of its names.

        Raises
        ------
        QueryError
            If nothing was disclosed under that name.
        """
        return self._names.resolve(name, of)

    # -- how ---------------------------------------------------------------------------

    def _admitted(self, facts: Iterable[Fact]) -> tuple[list[Fact], tuple[Withheld, ...]]:
        """Return what may go of the facts, and what may not."""
        given = facts if isinstance(facts, FactSet) else FactSet(facts)
        if given.origin not in (None, self.dataset):
            raise RefusedError(
                "The facts are of another data set than the gate.",
                hint="Make a gate for each: Gate(facts.origin).disclose(facts).",
            )
        candidates = [fact for fact in given if fact.kind != "derived"]
        withheld = given.withheld
        # A hash can be written by anyone: what counts is whether these very facts were
        # released. Others are found again, of what may be shown.
        if None in self._requests(candidates):
            again = release(FactSet(candidates, request=given.request), self.dataset, self.policy)
            candidates, withheld = list(again), again.withheld
        passed, refused = self._audited(candidates)
        return [*passed, *self._derived(given, passed)], withheld + refused

    def _requests(self, facts: Iterable[Fact]) -> list[Mapping[str, Any] | None]:
        releases = session_of(self.dataset).releases_of(facts, self.dataset, self.policy)
        return [release.request if release else None for release in releases]

    def _audited(self, facts: list[Fact]) -> tuple[list[Fact], tuple[Withheld, ...]]:
        """Return the facts that give nothing away beside all that went before."""
        sweeps: dict[bytes, tuple[dict[str, Any], list[Fact]]] = {}
        # The facts of a sweep share what they were asked for: it is written out once.
        keys: dict[int, bytes] = {}
        requests = self._requests(facts)
        for fact, request in zip(facts, requests, strict=True):
            arguments = dict(request or {})
            if id(request) not in keys:
                keys[id(request)] = canonical(arguments)
            sweeps.setdefault(keys[id(request)], (arguments, []))[1].append(fact)
        admitted_ids: set[int] = set()
        refused: list[Withheld] = []
        for arguments, group in sweeps.values():
            sweep = FactSet(
                group, request=arguments, origin=self.dataset, policy=self.policy.sha256
            )
            admitted = self._audit.admit(sweep)
            admitted_ids |= {id(fact) for fact in admitted}
            refused += admitted.withheld
        return [fact for fact in facts if id(fact) in admitted_ids], tuple(refused)

    def _derived(self, given: Iterable[Fact], admitted: Iterable[Fact]) -> list[Fact]:
        """Return derived facts, computed again from what goes or went."""
        derived = [fact for fact in given if fact.kind == "derived"]
        if not derived:
            return []
        facts_by_id = {fact.id: fact for fact in (*self.facts.values(), *admitted)}
        again = []
        for fact in derived:
            same = derive_again(fact, facts_by_id, self.dataset.metric)
            if same is None:
                raise RefusedError(
                    f"A figure derived from what was not disclosed may not go: {fact.label}.",
                    hint="Disclose the facts that it is derived from first.",
                )
            again.append(same)
        return again

    def _disclosure(
        self,
        kind: Kind,
        value: Any,
        handles: Mapping[str, str] | None = None,
        withheld: tuple[Withheld, ...] = (),
    ) -> Disclosure:
        body, policy = canonical(value), self.policy.sha256
        seal = _sealed(kind, body, policy)
        disclosure = Disclosure(kind, body, policy, dict(handles or {}), withheld, seal)
        self._approval.check(disclosure)
        return disclosure

    def _slots(self) -> set[str]:
        return {slot for fact in self.facts.values() for slot in slots_of(fact)}

    def _seed(self) -> bytes:
        # The same data gives the same aliases, so that an answer can be found again in the
        # cache; who has not the data cannot work them out.
        text = f"{self.dataset.data_hash}\n{self.policy.sha256}"
        return hashlib.sha256(text.encode()).digest()


# To save time alone: the names follow from data, model and policy, of which none changes.
_PERSONS: WeakKeyDictionary[Dataset, dict[str, frozenset[str]]] = WeakKeyDictionary()


def _persons(dataset: Dataset, policy: Policy) -> frozenset[str]:
    """Return the names of a data set that name a person, looked up once."""
    by_policy = _PERSONS.setdefault(dataset, {})
    if policy.sha256 not in by_policy:
        by_policy[policy.sha256] = of_persons(names_in(dataset, policy), dataset, policy)
    return by_policy[policy.sha256]


def disclose(facts: FactSet, policy: Policy | None = None) -> Disclosure:
    """Return the facts of one sweep as Claude may see them, in a conversation of their own.

    Raises
    ------
    RefusedError
        If the facts do not know their data set, or a person denied them.
    """
    if facts.origin is None:
        raise RefusedError(
            "The facts do not know their data set, so they cannot be checked.",
            hint="Pass what Analysis.facts() returned, or use Gate(dataset).disclose(facts).",
        )
    return Gate(facts.origin, policy).disclose(facts)
