"""The guard: a data set as those may see it who will show what they see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mirrorbi.data.dataset import Dataset
from mirrorbi.data.engine.profile import Profile
from mirrorbi.data.model.catalog import Catalog
from mirrorbi.data.periods import Grain, Period
from mirrorbi.data.query import Query, Result
from mirrorbi.errors import RefusedError
from mirrorbi.facts.sweep.panel import HIDDEN
from mirrorbi.facts.sweep.sweep_context import SweepContext
from mirrorbi.facts.tables import OTHER
from mirrorbi.privacy.disclosure_control.cells import ALL
from mirrorbi.privacy.disclosure_control.plan import Plan
from mirrorbi.privacy.disclosure_control.planner import Planner
from mirrorbi.privacy.disclosure_control.safety_rules import Rules
from mirrorbi.privacy.policy import Policy

if TYPE_CHECKING:
    import pandas as pd


class Guard(Catalog):
    """A data set whose answers to one sweep hold no cell that may not be shown.

    Statistics computed from its answers are statistics over what is shown: shares, ranks
    and concentration over passing cells, series with gaps. It answers what a sweep asks
    (`mirrorbi.facts.sweep.sweep_dataset.SweepDataset`) and nothing else.

    Parameters
    ----------
    dataset
        The data itself.
    policy
        What may leave.
    context
        What the sweep looks at, made definite on the data itself.
    """

    def __init__(self, dataset: Dataset, policy: Policy, context: SweepContext) -> None:
        super().__init__(dataset.model)
        self.dataset = dataset
        self.rules = Rules(dataset.model, policy)
        self.context = context
        self._planner = Planner(dataset, context, self.rules)
        self._plans: dict[str | None, Plan] = {}

    def prepare(self, queries: Iterable[Query]) -> None:
        """Make the cubes for these questions, and for what stands behind their cells."""
        self.dataset.prepare([*queries, *self._planner.queries()], counts=True)

    @property
    def plans(self) -> Mapping[str | None, Plan]:
        """What is shown of the whole and of each dimension of the scan."""
        if not self._plans:
            self._plans = self._planner.plans()
        return self._plans

    def answer(self, query: Query, *, entities: bool = True) -> Result:
        """Answer a question as `Dataset.answer` does, without what may not be shown."""
        # Rows per period of all of the data are judged with the facts that name them.
        if query.grain is not None and query.period is None:
            return self.dataset.answer(query, entities=entities)
        cut = query.by[0] if query.by else None
        span = None if query.grain is not None else query.period
        sweep_query = replace(self.context.query(cut, span), metrics=query.metrics)
        if query != sweep_query or cut not in self.plans:
            raise RefusedError(
                f"The question {query.to_dict()} is none of the sweep's, so its cells were not "
                "judged.",
                hint="Ask dataset.facts() for it.",
            )
        plan = self.plans[cut]
        return Result(query, self._shown(query, plan))

    def sql(self, query: Query) -> str:
        """Return the SQL that answers the question straight from the data."""
        return self.dataset.sql(query)

    # What follows tells of no cell, or of all of the data: it is judged with the facts that
    # say it (`mirrorbi.privacy.disclosure_control.quality`).

    @property
    def title(self) -> str:
        """The data set as people call it."""
        return self.dataset.title

    def members(self, dimension: str) -> list[str]:
        """Return a dimension's members, those with the most rows first."""
        return self.dataset.members(dimension)

    @property
    def first(self) -> datetime | None:
        """First day with data."""
        return self.dataset.first

    @property
    def last(self) -> datetime | None:
        """Last day with data."""
        return self.dataset.last

    def is_complete(self, period: Period) -> bool:
        """Return whether no more data is to be expected for the period."""
        return self.dataset.is_complete(period)

    def periods(self, grain: Grain | str) -> list[Period]:
        """Return every period of that grain from the first to the last with data."""
        return self.dataset.periods(grain)

    def last_complete(self, grain: Grain | str) -> Period | None:
        """Return the latest complete period of that grain, or ``None``."""
        return self.dataset.last_complete(grain)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self.dataset.rows

    @property
    def column_types(self) -> Mapping[str, str]:
        """The type of each column."""
        return self.dataset.column_types

    def profile(self) -> Profile:
        """Return what each column holds."""
        return self.dataset.profile()

    def duplicates(self) -> int | None:
        """Return how many rows repeat the key of another; ``None`` if the model names no key."""
        return self.dataset.duplicates()

    def describe(self) -> dict[str, Any]:
        """Return what a report must say of its data."""
        return self.dataset.describe()

    def _shown(self, query: Query, plan: Plan) -> pd.DataFrame:
        import numpy as np
        import pandas as pd

        frame = self.dataset.answer(query, entities=False).frame
        if plan.by is not None and plan.merged:
            filtered = dict(query.where).get(plan.by)
            members = plan.merged if filtered is None else plan.merged & set(filtered)
            union = replace(
                query,
                by=(),
                where=tuple(sorted({**dict(query.where), plan.by: tuple(sorted(members))}.items())),
            )
            other = self.dataset.answer(union, entities=False).frame.assign(**{plan.by: OTHER})
            keys = [name for name in ("period", plan.by) if name in frame.columns]
            frame = pd.concat(
                [frame[~frame[plan.by].isin(plan.merged)], other[frame.columns]],
                ignore_index=True,
            ).sort_values(keys, ignore_index=True)
        lines = {member: i for i, member in enumerate(plan.cells.members)}
        names = frame[plan.by] if plan.by is not None else [ALL] * len(frame)
        at = np.array([lines[name] for name in names], dtype=int)
        columns = self._planner.columns
        if query.grain is None:
            to = np.full(len(frame), columns.index(query.period), dtype=int)
        else:
            starts = {p.start: columns.index(p) for p in self.context.periods}
            codes, moments = pd.factorize(frame["period"], use_na_sentinel=False)
            to = np.array([starts[m.to_pydatetime()] for m in moments], dtype=int)[codes]
        hidden = plan.hidden[at, to]
        # A metric of that name shares its column with the rows of every answer.
        if "rows" in query.metrics:
            hidden = hidden | plan.masked["rows"][at, to]
        frame = frame.assign(**{HIDDEN: hidden})
        frame.loc[hidden, "rows"] = 0
        for name in set(query.metrics) - {"rows"}:
            frame[name] = frame[name].mask(hidden | plan.masked[name][at, to])
        return frame
