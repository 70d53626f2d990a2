"""The session: what was released, and what one run says together.

A report is read as a whole. Two sweeps of one notebook, a table beside a chart, and what
Claude is told for the same report may each be safe and differ by few all the same. In a
run, whatever is released of the same data under the same policy is therefore audited
together. Outside of a run, in a notebook that somebody explores, nothing is shown to
anybody else, and each release is judged by itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from mirrorbi.errors import RefusedError
from mirrorbi.privacy.released import Release, release_key, release_of
from mirrorbi.settings import RUN

if TYPE_CHECKING:
    from mirrorbi.data.dataset import Dataset
    from mirrorbi.facts.fact import Fact
    from mirrorbi.facts.factset import FactSet
    from mirrorbi.privacy.disclosure_control.audit import Audit
    from mirrorbi.privacy.disclosure_control.statements import Statement
    from mirrorbi.privacy.policy import Policy


class Session:
    """What data sets opened together have released, and one audit of what they say.

    `mirrorbi.open` makes one for each data set, as ``ds.session``. In a run, every data set
    joins the run's session instead, so that two opens of the same data are audited
    together. An audit is of one data set's content, one model and one policy.

    Parameters
    ----------
    run
        Name of the run; empty outside of one, where nothing is audited together.

    Examples
    --------
    >>> import mirrorbi, pandas as pd
    >>> ds = mirrorbi.open(pd.DataFrame({"city": ["Rome", "Oslo"] * 40}))
    >>> ds.session
    <Session outside of a run>
    >>> mirrorbi.open("notebooks/data/flights.parquet", session=ds.session).session is ds.session
    True
    """

    def __init__(self, run: str = "") -> None:
        self.run = run
        self._audits: dict[tuple[str, str, str], Audit] = {}
        self._releases: WeakSet[Release] = WeakSet()

    def __repr__(self) -> str:
        return f"<Session of run {self.run}>" if self.run else "<Session outside of a run>"

    @classmethod
    def join(cls, session: Session | None = None) -> Session:
        """Return the session of the run that this process is part of.

        Outside of a run, that is the session given, or a new one. This is the one place
        that reads from the environment whether this is a run.

        Parameters
        ----------
        session
            Of data sets opened before.

        Raises
        ------
        RefusedError
            If a run is given another session than its own: what one of them shows would
            not be judged beside what the other does.
        """
        run = os.environ.get(RUN, "")
        if not run:
            return session or cls()
        joined = _OF_RUNS.setdefault(run, cls(run))
        if session not in (None, joined):
            raise RefusedError(
                f"The run {run} has a session of its own; it cannot take part in {session}.",
                hint="Open the data without session=: all data of a run is in one session.",
            )
        return joined

    # -- what is said together ---------------------------------------------------------

    def audit(self, dataset: Dataset, policy: Policy) -> Audit:
        """Return the audit of what the run says of this data under this policy.

        Outside of a run, a new one at each call.
        """
        from mirrorbi.privacy.disclosure_control.audit import Audit

        if not self.run:
            return Audit(dataset, policy)
        key = release_key(dataset, policy)
        if key not in self._audits:
            self._audits[key] = Audit(dataset, policy)
        return self._audits[key]

    def admit(self, facts: FactSet, dataset: Dataset, policy: Policy) -> FactSet:
        """Return the facts of a release that give nothing away beside what was said before.

        They count as said. Outside of a run, that is all of them.
        """
        if not self.run:
            return facts
        from mirrorbi.privacy.disclosure_control.statements import statements

        audit = self.audit(dataset, policy)
        if audit.is_empty:
            audit.record({cell for fact in facts for cell in statements(fact, dataset.model)})
            return facts
        return audit.admit(facts)

    def refused(
        self, cells: Iterable[Statement], dataset: Dataset, policy: Policy
    ) -> set[Statement]:
        """Return the cells of a table that would give a small one away beside what was said.

        The others count as said. Outside of a run, none is refused.
        """
        if not self.run:
            return set()
        audit = self.audit(dataset, policy)
        if audit.is_empty:
            audit.record(cells)
            return set()
        return audit.refused_cells(cells)

    # -- what was released -------------------------------------------------------------

    def remember(
        self,
        facts: FactSet,
        dataset: Dataset,
        policy: Policy,
        request: Mapping[str, Any],
        passing: frozenset[Statement],
    ) -> None:
        """Keep in mind that these facts were released.

        For `mirrorbi.privacy.disclosure_control.release` alone; a test says so.

        Parameters
        ----------
        facts
            The facts.
        dataset, policy
            What they are about, and under which policy they were released.
        request
            Of the sweep that found them.
        passing
            Cells that were counted for them and have as many entities as they must.
        """
        key = release_key(dataset, policy)
        # Copies: who holds the facts may change what their set says of itself.
        sweep, sql = deepcopy(facts.sweep()), dict(facts.sql)
        release = Release(key, deepcopy(dict(request)), sweep, sql, passing)
        release.stamp(facts)
        self._releases.add(release)

    def releases_of(
        self, facts: Iterable[Fact], dataset: Dataset, policy: Policy
    ) -> list[Release | None]:
        """Return the release of each of these very objects.

        ``None`` for what was not released in this session, of this data and model, and
        under this policy.
        """
        key = release_key(dataset, policy)
        releases = (release_of(fact) for fact in facts)
        return [
            release if release and release.key == key and release in self._releases else None
            for release in releases
        ]


_OF_RUNS: dict[str, Session] = {}
"""The sessions of the runs that this process takes part in; a kernel serves one."""


def session_of(dataset: Dataset) -> Session:
    """Return the session of a data set.

    Raises
    ------
    RefusedError
        If it has none: only `mirrorbi.open` gives one.
    """
    session = getattr(dataset, "session", None)
    if not isinstance(session, Session):
        raise RefusedError(
            f"{dataset!r} has no session, so what was shown of it before is not known.",
            hint="Open the data with mirrorbi.open.",
        )
    return session
