"""Authorship: who wrote a narrative, from what, and what it cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mirrorbi.bedrock.request import Reply
    from mirrorbi.privacy.disclosure import Disclosure


def authorship(
    replies: Iterable[Reply],
    disclosures: Iterable[Disclosure],
    *,
    regions: Iterable[str] = (),
    policy: str = "",
    entries: Iterable[str] = (),
    counts: Mapping[str, int] | None = None,
    reasons: Iterable[str] = (),
) -> dict[str, Any]:
    """Return what a report says of who wrote its text, as plain values.

    Parameters
    ----------
    replies
        Of every call, those from the answer cache too.
    disclosures
        Everything of data that was sent.
    regions
        In which the calls may have been served.
    policy
        SHA-256 of the policy.
    entries
        Ids of the ledger's entries.
    counts
        ``sentences``, ``by_rules``, ``replaced``, ``dropped``.
    reasons
        Why the narrative is not checked; none if it is.
    """
    all_replies = list(replies)
    usage = [reply.usage for reply in all_replies]
    prices = [use.cost for use in usage]
    cost = None if None in prices else sum((p for p in prices if p is not None), Decimal(0))
    tokens = {
        name: sum(getattr(use, name) for use in usage)
        for name in ("input", "output", "cache_read", "cache_write")
    }
    return {
        "narrator": "claude",
        "model": next((reply.model for reply in all_replies if reply.model), ""),
        "regions": sorted(set(regions) | {reply.region for reply in all_replies if reply.region}),
        "policy": policy,
        "calls": sum(1 for reply in all_replies if not reply.cached),
        "cached": sum(1 for reply in all_replies if reply.cached),
        "tokens": tokens,
        "cost": None if cost is None else format(cost, "f"),
        "disclosures": list(dict.fromkeys(part.sha256 for part in disclosures)),
        "entries": list(dict.fromkeys(entries)),
        **dict(counts or {}),
        "checked": not list(reasons),
        "reasons": list(reasons),
    }


def merged_authorship(parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the authorship of a report of several texts: a narrative, and answers.

    Counts, tokens and cost add up; models, regions, disclosures and entries are named once.
    Parts that are the same are one: each section of a narrative carries it whole.

    Examples
    --------
    >>> one = {"model": "m", "calls": 1, "tokens": {"input": 5}, "cost": "0.1", "checked": True}
    >>> both = merged_authorship([one, one, {**one, "calls": 2}])
    >>> both["calls"], both["tokens"]["input"], both["cost"], both["model"]
    (3, 10, '0.2', 'm')
    """
    distinct = _each_once(parts)
    if len(distinct) <= 1:
        return dict(distinct[0]) if distinct else {}
    names = dict.fromkeys(name for part in distinct for name in part)
    return {
        name: _joined(name, [part[name] for part in distinct if name in part]) for name in names
    }


def _joined(name: str, values: list[Any]) -> Any:
    if name == "cost":
        return None if None in values else format(sum(map(Decimal, values), Decimal(0)), "f")
    if name == "tokens":
        kinds = dict.fromkeys(kind for value in values for kind in value)
        return {kind: sum(value.get(kind, 0) for value in values) for kind in kinds}
    if name == "checked":
        return all(values)
    if isinstance(values[0], list):
        return _each_once(item for value in values for item in value)
    if isinstance(values[0], int):
        return sum(values)
    return ", ".join(dict.fromkeys(map(str, values)))


def _each_once(items: Iterable[Any]) -> list[Any]:
    distinct: list[Any] = []
    for item in items:
        if item not in distinct:
            distinct.append(item)
    return distinct


def authorship_lines(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return authorship as label and text, for the foot of a report.

    Examples
    --------
    >>> authorship_lines({"model": "m", "sentences": 31, "by_rules": 2, "tokens": {}})[0]
    ('Text', 'Claude (m) chose words and facts; code filled every figure; 2 of 31 sentences by the \
rules')
    """
    by_rules, sentences = record.get("by_rules", 0), record.get("sentences", 0)
    text = f"Claude ({record.get('model')}) chose words and facts; code filled every figure"
    text += f"; {by_rules} of {sentences} sentences by the rules"
    tokens = record.get("tokens", {})
    read = tokens.get("input", 0) + tokens.get("cache_read", 0) + tokens.get("cache_write", 0)
    spent = f"{read:,} tokens read, {tokens.get('output', 0):,} written"
    if record.get("cost") is not None:
        spent += f", ${Decimal(str(record['cost'])):.4f}"
    if record.get("cached"):
        spent += f"; {record['cached']} answered from the cache of earlier answers"
    lines = [("Text", text), ("Calls", f"{record.get('calls', 0)}: {spent}")]
    for label, name in (
        ("Regions", "regions"),
        ("Disclosed", "disclosures"),
        ("Ledger", "entries"),
    ):
        if record.get(name):
            lines.append((label, ", ".join(map(str, record[name]))))
    if record.get("policy"):
        lines.append(("Policy", f"sha256:{record['policy']}"))
    return lines
