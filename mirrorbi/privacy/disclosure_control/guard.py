"""The guard: a data set as those may see it who will show what they see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mirrorbi.data.dataset import Dataset
from mirrorbi.data.query import Query, Result
from mirrorbi.errors import RefusedError
from mirrorbi.facts.sweep.panel import HIDDEN
from mirrorbi.facts.sweep.sweep_context import SweepContext
from mirrorbi.facts.tables import OTHER
from mirrorbi.privacy.disclosure_control.cells import ALL, Rules
from mirrorbi.privacy.disclosure_control.plan import Plan, Planner
from mirrorbi.privacy.policy import Policy

if TYPE_CHECKING:
    import pandas as pd


class Guard:
    """A data set whose answers to one scan hold no cell that may not be shown.

    Statistics computed from its answers are statistics over what is shown: shares, ranks
    and concentration over passing cells, series with gaps. It answers to everything that
    a `Dataset` does; what it does not control, it passes on.

    Parameters
    ----------
    dataset
        The data itself.
    policy
        What may leave.
    scan
        What the sweep looks at, made definite on the data itself.
    """

    def __init__(self, dataset: Dataset, policy: Policy, context: SweepContext) -> None:
        self._dataset = dataset
        self.rules = Rules(dataset.model, policy)
        self.context = context
        self._planner = Planner(dataset, context, self.rules)
        self._plans: dict[str | None, Plan] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._dataset, name)

    def prepare(self, queries: Iterable[Query], *, counts: bool = True) -> None:
        """Make the cubes for these questions, and for what stands behind their cells."""
        self._dataset.prepare([*queries, *self._planner.queries()], counts=counts)

    @property
    def plans(self) -> Mapping[str | None, Plan]:
        """What is shown of the whole and of each dimension of the scan."""
        if not self._plans:
            self._plans = self._planner.plans()
        return self._plans

    def query(self, *args: Any, entities: bool = True, **options: Any) -> Result:
        """Answer a question as `Dataset.query` does, without what may not be shown."""
        return self.answer(self._dataset.resolve(*args, **options), entities=entities)

    def answer(self, query: Query, *, entities: bool = True) -> Result:
        """Answer a question as `Dataset.answer` does, without what may not be shown."""
        # Rows per period of all of the data are judged with the facts that name them.
        if query.grain is not None and query.period is None:
            return self._dataset.answer(query, entities=entities)
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

    def _shown(self, query: Query, plan: Plan) -> pd.DataFrame:
        import numpy as np
        import pandas as pd

        frame = self._dataset.answer(query, entities=False).frame
        if plan.by is not None and plan.merged:
            filtered = dict(query.where).get(plan.by)
            members = plan.merged if filtered is None else plan.merged & set(filtered)
            union = replace(
                query,
                by=(),
                where=tuple(sorted({**dict(query.where), plan.by: tuple(sorted(members))}.items())),
            )
            other = self._dataset.answer(union, entities=False).frame.assign(**{plan.by: OTHER})
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
