"""The proof of an answer: its text read back, and its first figures counted a second way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from mirrorbi.bedrock.request import Reply
from mirrorbi.facts.fact import Fact
from mirrorbi.narrative.chat.answer import Answer
from mirrorbi.narrative.checks.number_spans import spans_of
from mirrorbi.narrative.writer.authorship import authorship
from mirrorbi.narrative.writer.recount import Recount, recount

if TYPE_CHECKING:
    from mirrorbi.bedrock.client import Claude
    from mirrorbi.data.dataset import Dataset
    from mirrorbi.privacy.disclosure import Disclosure


def proven(answer: Answer, dataset: Dataset) -> tuple[Answer, list[Recount]]:
    """Return the answer if every number in it is a fact's, else that there is none.

    The filled text is read like a stranger's: each number in it must be what its fact
    gives. The figures of the first sentence are counted again in the data itself, past
    the cube.

    Parameters
    ----------
    answer
        Filled.
    dataset
        What it is about.
    """
    facts = answer.context.facts
    spans = spans_of(answer.html, facts, answer.context.locale)
    lead_facts = [
        facts[key] for sentence in answer.sentences[:1] for key in sentence.facts.values()
    ]
    recounts = [
        part for fact in lead_facts if _countable(fact, dataset) for part in recount(fact, dataset)
    ]
    if all(span.proven for span in spans) and not any(part.reason for part in recounts):
        return answer, recounts
    return replace(answer, sentences=(), drawn=(), reason="unproven"), recounts


def with_authorship(
    answer: Answer,
    claude: Claude,
    policy: str,
    replies: Iterable[Reply],
    disclosures: Iterable[Disclosure],
    entries: Iterable[str],
    recounts: Iterable[Recount],
) -> Answer:
    """Return the answer with who wrote it, from what, and what it cost: for a report's foot.

    Parameters
    ----------
    answer
        Proven.
    claude
        The client.
    policy
        SHA-256 of the policy.
    replies, disclosures, entries
        What was answered, disclosed, and written down in the ledger.
    recounts
        Figures counted a second way.
    """
    record = authorship(
        replies,
        disclosures,
        regions=claude.regions,
        policy=policy,
        entries=entries,
        counts={
            "sentences": len(answer.sentences),
            "by_rules": answer.replaced,
            "replaced": answer.replaced,
            "dropped": 0,
        },
    )
    record["recounted"] = [part.to_dict() for part in recounts]
    return replace(answer, context=replace(answer.context, authorship=record))


def _countable(fact: Fact, dataset: Dataset) -> bool:
    """Return whether a fact's members are the data's own, not several put together."""
    scope: Mapping[str, str] = dict(fact.scope)
    return all(member in dataset.members(name) for name, member in scope.items())
