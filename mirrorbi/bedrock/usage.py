"""Usage: what a run or conversation sent and cost, as the ledger tells it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from mirrorbi.bedrock.request import Usage
from mirrorbi.privacy.ledger import Call


@dataclass(frozen=True, slots=True)
class UsageSummary:
    """What calls to Claude sent and cost together.

    `usage_summary` makes one from the ledger, so that it holds for a conversation that ended
    long ago as well, whoever held it.

    Parameters
    ----------
    calls
        How many there were.
    usage
        Tokens; the cost is the sum of those that are known.
    unpriced
        Calls that have no cost: not answered, or by a model without prices.
    outcomes, models, users
        How many calls had each.
    regions
        Where they may have been processed.
    policies
        SHA-256 of each policy under which something was sent.
    disclosures
        SHA-256 of each payload, in the order in which it was first sent.
    withheld
        The most cells that a call kept back, by rule.
    entries
        Ids of the ledger's entries.
    first, last
        When the first and the last were sent: UTC, ISO 8601; empty without calls.
    """

    calls: int = 0
    usage: Usage = field(default_factory=Usage)
    unpriced: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)
    models: Mapping[str, int] = field(default_factory=dict)
    users: Mapping[str, int] = field(default_factory=dict)
    regions: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    disclosures: tuple[str, ...] = ()
    withheld: Mapping[str, int] = field(default_factory=dict)
    entries: tuple[str, ...] = ()
    first: str = ""
    last: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for the foot of a report."""
        used = self.usage
        return {
            "narrator": "claude" if self.calls else "rules",
            "calls": self.calls,
            "models": dict(self.models),
            "regions": list(self.regions),
            "tokens": {
                "input": used.input,
                "output": used.output,
                "cache_read": used.cache_read,
                "cache_write": used.cache_write,
            },
            "cost": f"{used.cost or Decimal(0):f}",
            "unpriced": self.unpriced,
            "outcomes": dict(self.outcomes),
            "policies": list(self.policies),
            "disclosures": list(self.disclosures),
            "withheld": dict(self.withheld),
            "entries": list(self.entries),
            "first": self.first,
            "last": self.last,
        }


def usage_summary(calls: Iterable[Call], run: str | None = None) -> UsageSummary:
    """Return what calls sent and cost together.

    Parameters
    ----------
    calls
        From `mirrorbi.privacy.ledger.calls_of`, in order.
    run
        Only those of this run or conversation.

    Examples
    --------
    >>> usage_summary([]).to_dict()["narrator"]
    'rules'
    """
    chosen = [call for call in calls if run is None or call.run == run]
    withheld: dict[str, int] = {}
    for call in chosen:
        for rule, count in call.withheld.items():
            withheld[rule] = max(count, withheld.get(rule, 0))
    return UsageSummary(
        calls=len(chosen),
        usage=sum((_usage(call) for call in chosen), Usage()),
        unpriced=sum(call.cost is None for call in chosen),
        outcomes=_counted(call.outcome for call in chosen),
        models=_counted(call.model for call in chosen),
        users=_counted(call.user for call in chosen),
        regions=_once(region for call in chosen for region in call.regions),
        policies=_once(call.policy for call in chosen),
        disclosures=_once(part["sha256"] for call in chosen for part in call.disclosures),
        withheld=withheld,
        entries=tuple(call.entry for call in chosen),
        first=chosen[0].at if chosen else "",
        last=chosen[-1].at if chosen else "",
    )


def _usage(call: Call) -> Usage:
    cost = call.cost or Decimal(0)
    return Usage(call.input, call.output, call.cache_read, call.cache_write, cost)


def _counted(values: Iterable[str]) -> dict[str, int]:
    return {value: count for value, count in Counter(values).most_common() if value}


def _once(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
