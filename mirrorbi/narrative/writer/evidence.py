"""Evidence: what facts of each kind prove by what they are, and how many of them are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mirrorbi.facts.fact import Fact
from mirrorbi.facts.kinds import Without


@dataclass(frozen=True, slots=True)
class Evidence:
    """What facts of one kind are good for in Claude's sentences.

    Whatever follows from a fact's quantities, its rank or its q is proven by any kind; see
    `mirrorbi.narrative.writer.claims`.

    Parameters
    ----------
    proves
        Names of the proofs that such a fact is; ``zero``: that there is none where its
        finding is zero; ``full``: that all are where it is one; ``ends``: that its member
        is the first or the last, as its direction says.
    numerous
        Whether a sweep finds so many that only the best are put before Claude.
    """

    proves: frozenset[str] = frozenset()
    numerous: bool = False


def _proves(*names: str, numerous: bool = False) -> Evidence:
    return Evidence(frozenset(names), numerous)


_FIGURES = Evidence()

EVIDENCE: Mapping[str, Evidence | Without] = {
    "value": _proves(numerous=True),
    "share": _proves("parts", "concentration", "together", numerous=True),
    "rank": _proves("ends", numerous=True),
    "extreme": _proves("record", numerous=True),
    "change": _proves(numerous=True),
    "contribution": _proves("parts", "together", numerous=True),
    "mix": _proves("parts", "mix", "together"),
    "mix_part": _proves("parts", "mix", "together", numerous=True),
    "simpson": _proves("parts", "mix", "reversal"),
    "trend": _proves("trend"),
    "unusual": _proves("unusual", "typical"),
    "break": _proves("unusual", "break", "reversal"),
    "correlation": _proves("correlation"),
    "concentration": _proves("parts", "concentration", "together"),
    "coverage": _proves("quality"),
    "completeness": _proves("quality", "full"),
    "missing_periods": _proves("quality", "zero"),
    "incomplete": _proves("quality"),
    "late_data": _proves("quality"),
    "duplicates": _proves("quality", "zero"),
    "nulls": _proves("quality", "zero"),
    "constant": _FIGURES,
    "infinite": _FIGURES,
    "withheld": _FIGURES,
    "cell": _FIGURES,
    "forecast": _proves("forecast"),
    "distribution": _FIGURES,
    "duration": _FIGURES,
    "derived": _FIGURES,
    "sweep": _FIGURES,
    "extent": _FIGURES,
    "vanished": _proves("quality", "none"),
    "appeared": _FIGURES,
    "breadth": _FIGURES,
}
"""By kind of fact."""

_BY_OPERATION = {
    "share": frozenset({"parts", "concentration", "together"}),
    "sum": frozenset({"together"}),
}
"""What derived facts are proof of, by the operation that made them."""


def is_proof(fact: Fact, name: str) -> bool:
    """Return whether a fact is a proof by its kind, or by how it was derived."""
    evidence = EVIDENCE.get(fact.kind)
    by_kind = isinstance(evidence, Evidence) and name in evidence.proves
    return by_kind or name in _BY_OPERATION.get(fact.terms.get("op", ""), ())


def is_numerous(kind: str) -> bool:
    """Return whether only the best facts of a kind are put before Claude."""
    evidence = EVIDENCE.get(kind)
    return isinstance(evidence, Evidence) and evidence.numerous
