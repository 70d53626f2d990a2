"""Safety rules: which cells may not be shown by themselves (primary suppression)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from mirrorbi.data.cube.states import simple_metrics
from mirrorbi.data.model.semantic_model import (
    Aggregation,
    Metric,
    Model,
    Privacy,
    RatioMetric,
    SimpleMetric,
)
from mirrorbi.privacy.disclosure_control.cells import Bools, Cells, Codes, Floats
from mirrorbi.privacy.policy import Policy

RULES = ("", "min_entities", "dominance", "p_ratio", "complement", "difference")
"""Why a cell may not be shown, by code; 0 is a cell that may."""

_MIN_FREQUENCY, _DOMINANCE, _P_RATIO = 1, 2, 3

_PARTS = ("first", "second", "total")


@dataclass(frozen=True)
class Rules:
    """The rules that a cell must pass, after Hundepool et al., 2012.

    A cell without rows passes: nobody is in it.

    - Minimum frequency: a cell has at least ``min_entities`` distinct entities; rows,
      where the model names no entity. The same holds for the rows that a metric is
      computed from, if there are any: the mean of three known values among a thousand
      rows is that of three. The denominator of a ratio is such a metric.
    - Where the model names an entity that may be a person (its column is not classed
      ``safe`` by anybody), counts of some of the rows are cells of their own: who left, who
      was late. They have at least ``min_entities`` entities or none, and of a part of a
      count the rest too. So are sums and means: they are of those who add something other
      than zero. Where rows or entities are no persons, only what they are counted
      of is checked. All or none is shown either way.
    - Dominance: of a sum, the two largest entities hold at most ``dominance``.
    - p %: of a sum, the rest without the two largest is at least ``p_ratio`` of the
      largest. Both where the model names an entity, and on amounts without their sign.

    Parameters
    ----------
    model
        What the metrics are.
    policy
        The thresholds.
    """

    model: Model
    policy: Policy

    @property
    def entity(self) -> str | None:
        """The column that is counted; ``None`` for rows."""
        return self.model.dataset.entity

    @property
    def persons(self) -> bool:
        """Whether the entity may be a person: nobody said that its column is safe."""
        columns = self.policy.columns
        return self.entity is not None and columns.get(self.entity) is not Privacy.SAFE

    def cells(self, cells: Cells) -> Codes:
        """Return the code of the rule that each cell breaks, as (members, columns)."""
        counts = cells.counts["entities"] if self.entity else cells.rows
        return np.where(self._below_threshold(cells.rows, counts), _MIN_FREQUENCY, 0).astype(
            np.int8
        )

    def metric(self, cells: Cells, name: str) -> Codes:
        """Return the code of the rule that each cell breaks if this metric of it is shown."""
        codes = self.cells(cells)
        metrics = list(simple_metrics(self.model, name))
        for metric in metrics:
            for code, broken in self._simple(cells, metric):
                codes = np.where((codes == 0) & broken, code, codes).astype(np.int8)
        rest = self._rest(cells, self.model.metrics[name])
        return np.where((codes == 0) & rest, _MIN_FREQUENCY, codes).astype(np.int8)

    def uses(self, name: str, counts: Iterable[str]) -> list[str]:
        """Return which counts are looked at for a metric; ``""`` for cells as such."""
        parts = {m.name for m in simple_metrics(self.model, name)} if name else set()
        return [c for c in counts if ":" not in c or c.partition(":")[2] in parts]

    def is_single_record(self, name: str) -> bool:
        """Whether a metric is one record's value, however many rows there are: min and max."""
        extremes = (Aggregation.MIN, Aggregation.MAX)
        return any(metric.agg in extremes for metric in simple_metrics(self.model, name))

    def _below_threshold(self, rows: Floats, counts: Floats) -> Bools:
        # Rows whose entity is unknown are somebody's too.
        below: Bools = (rows > 0) & (counts < self.policy.min_entities)
        return below

    def _simple(self, cells: Cells, metric: SimpleMetric) -> Iterable[tuple[int, Bools]]:
        name, counts = metric.name, cells.counts
        rows = counts[f"count:{name}"]
        if self.persons or metric.agg is not Aggregation.COUNT:
            entities = rows if self.entity is None else counts[f"entities:{name}"]
            yield _MIN_FREQUENCY, self._below_threshold(rows, entities)
        if self.persons and f"entities_not_zero:{name}" in counts:
            # A sum of noughts and ones is a count of some: of all who add to it, or of none.
            nonzero_entities = counts[f"entities_not_zero:{name}"]
            yield _MIN_FREQUENCY, self._below_threshold(nonzero_entities, nonzero_entities)
        if f"total:{name}" in counts:
            largest, second_largest, total = (counts[f"{word}:{name}"] for word in _PARTS)
            # What rounding leaves of a sum is nothing.
            rest = np.maximum(total - largest - second_largest, 0.0)
            positive = total > 0
            yield _DOMINANCE, positive & (largest + second_largest > self.policy.dominance * total)
            yield _P_RATIO, positive & (rest < self.policy.p_ratio * largest)

    def _rest(self, cells: Cells, metric: Metric) -> Bools:
        """Return where a part of a count leaves few of the whole."""
        none = np.zeros(cells.rows.shape, dtype=bool)
        if not self.persons or not isinstance(metric, RatioMetric):
            return none
        pair = [self.model.metrics[name] for name in (metric.numerator, metric.denominator)]
        if not all(isinstance(m, SimpleMetric) and m.agg is Aggregation.COUNT for m in pair):
            return none
        top, bottom = (cells.counts[f"count:{m.name}"] for m in pair)
        return self._below_threshold(bottom - top, bottom - top)
