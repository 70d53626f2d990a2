"""What one run says together: each answer is judged beside those before it.

A report is read as a whole. Two sweeps of one notebook, a table beside a chart, and what
Claude is told for the same report may each be safe and differ by few all the same. In a
run, whatever is released of the same data under the same policy is therefore audited
together. Outside of a run, in a notebook that somebody explores, nothing is shown to
anybody else, and each release is judged by itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from mirrorbi.data.dataset import Dataset
from mirrorbi.facts.factset import FactSet
from mirrorbi.privacy.disclosure_control.audit import Audit
from mirrorbi.privacy.disclosure_control.statements import Statement, statements
from mirrorbi.privacy.policy import Policy
from mirrorbi.settings import RUN

_AUDITS: dict[tuple[str, str, str, str], Audit] = {}


def audit_of(dataset: Dataset, policy: Policy) -> Audit:
    """Return the audit of the run that this process is part of; a new one outside of a run."""
    run = os.environ.get(RUN, "")
    if not run:
        return Audit(dataset, policy)
    key = (run, dataset.data_hash, dataset.model_hash, policy.sha256)
    if key not in _AUDITS:
        _AUDITS[key] = Audit(dataset, policy)
    return _AUDITS[key]


def audited_facts(facts: FactSet, dataset: Dataset, policy: Policy) -> FactSet:
    """Return the facts of a release that give nothing away beside what the run said before."""
    if not os.environ.get(RUN):
        return facts
    audit = audit_of(dataset, policy)
    if audit.is_empty:
        audit.record(cell for fact in facts for cell in statements(fact))
        return facts
    return audit.admit(facts)


def disclosing_cells(
    cells: Iterable[Statement], dataset: Dataset, policy: Policy
) -> set[Statement]:
    """Return the cells of a table that would give a small one away beside what was said.

    The others count as said.
    """
    if not os.environ.get(RUN):
        return set()
    audit = audit_of(dataset, policy)
    if audit.is_empty:
        audit.record(cells)
        return set()
    return audit.refused_cells(cells)
