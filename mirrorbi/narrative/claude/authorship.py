"""Authorship: who wrote a narrative, from what, and what it cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mirrorbi.claude.message import Reply
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
    answered = list(replies)
    usage = [reply.usage for reply in answered]
    prices = [use.cost for use in usage]
    cost = None if None in prices else sum((p for p in prices if p is not None), Decimal(0))
    tokens = {
        name: sum(getattr(use, name) for use in usage)
        for name in ("input", "output", "cache_read", "cache_write")
    }
    return {
        "narrator": "claude",
        "model": next((reply.model for reply in answered if reply.model), ""),
        "regions": sorted(set(regions) | {reply.region for reply in answered if reply.region}),
        "policy": policy,
        "calls": sum(1 for reply in answered if not reply.cached),
        "cached": sum(1 for reply in answered if reply.cached),
        "tokens": tokens,
        "cost": None if cost is None else format(cost, "f"),
        "disclosures": list(dict.fromkeys(part.sha256 for part in disclosures)),
        "entries": list(dict.fromkeys(entries)),
        **dict(counts or {}),
        "checked": not list(reasons),
        "reasons": list(reasons),
    }


def told(said: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return authorship as label and text, for the foot of a report.

    Examples
    --------
    >>> told({"model": "m", "sentences": 31, "by_rules": 2, "tokens": {}})[0]
    ('Text', 'Claude (m) chose words and facts; code filled every figure; 2 of 31 sentences by the \
rules')
    """
    by_rules, every = said.get("by_rules", 0), said.get("sentences", 0)
    text = f"Claude ({said.get('model')}) chose words and facts; code filled every figure"
    text += f"; {by_rules} of {every} sentences by the rules"
    tokens = said.get("tokens", {})
    read = tokens.get("input", 0) + tokens.get("cache_read", 0) + tokens.get("cache_write", 0)
    spent = f"{read:,} tokens read, {tokens.get('output', 0):,} written"
    if said.get("cost") is not None:
        spent += f", ${Decimal(str(said['cost'])):.4f}"
    if said.get("cached"):
        spent += f"; {said['cached']} answered from the cache of earlier answers"
    lines = [("Text", text), ("Calls", f"{said.get('calls', 0)}: {spent}")]
    for label, name in (
        ("Regions", "regions"),
        ("Disclosed", "disclosures"),
        ("Ledger", "entries"),
    ):
        if said.get(name):
            lines.append((label, ", ".join(map(str, said[name]))))
    if said.get("policy"):
        lines.append(("Policy", f"sha256:{said['policy']}"))
    return lines
