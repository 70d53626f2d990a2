"""The vocabulary: what Claude may ask for, of metrics, dimensions, members and periods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mirrorbi.data.cube.states import simple_metrics
from mirrorbi.data.model.semantic_model import Privacy
from mirrorbi.data.periods import Grain
from mirrorbi.data.query import Query
from mirrorbi.privacy.dimensions import class_in
from mirrorbi.privacy.payload import unit_of
from mirrorbi.privacy.untrusted_text import tidy, unfit
from mirrorbi.privacy.withheld import Withheld

if TYPE_CHECKING:
    from mirrorbi.data.dataset import Dataset
    from mirrorbi.privacy.names import Names
    from mirrorbi.privacy.policy import Policy

MEMBERS = 100
"""Members listed of one dimension: those with the most rows, in the order of their names."""
PERIODS = 60
"""Periods listed of one grain, the latest."""

_GRAINS = (Grain.YEAR, Grain.QUARTER, Grain.MONTH)


def vocabulary_of(
    dataset: Dataset, policy: Policy, names: Names
) -> tuple[dict[str, Any], tuple[Withheld, ...]]:
    """Return the names that may be asked for, and what was left out.

    Left out are hidden metrics, metrics of a blocked column, dimensions that are personal
    or blocked, and members with too few entities.
    """
    withheld: list[Withheld] = []
    metrics = [_metric(dataset, name, names) for name in metrics_of(dataset, policy, withheld)]
    dimensions: list[dict[str, Any]] = []
    members: list[dict[str, Any]] = []
    for name, part in dataset.model.dimensions.items():
        if not is_safe(dataset, policy, name):
            label = part.label or name
            withheld.append(Withheld("class", f"{label}: no names of its members", 0))
            continue
        shown = names.dimension(name)
        dimensions.append({"name": shown, **_label(part.label, shown, names)})
        large, small = members_of(dataset, policy, name)
        if small:
            what = f"members of {part.label or name}, not named"
            withheld.append(Withheld("min_entities", what, small))
        listed = [names.member(name, member) for member in large[:MEMBERS]]
        members += [{"name": member, "dimension": shown} for member in sorted(listed)]
    value = {
        "metrics": metrics,
        "dimensions": dimensions,
        "members": members,
        **_times(dataset),
    }
    return value, tuple(withheld)


def is_safe(dataset: Dataset, policy: Policy, dimension: str) -> bool:
    """Return whether a dimension's members may be named at all."""
    return class_in(dataset, policy, dimension) is Privacy.SAFE


def metrics_of(
    dataset: Dataset, policy: Policy, withheld: list[Withheld] | None = None
) -> list[str]:
    """Return the metrics that may be asked for."""
    metrics = []
    for name, metric in dataset.model.metrics.items():
        if metric.hidden:
            continue
        columns = {part.column for part in simple_metrics(dataset.model, name) if part.column}
        if any(policy.class_of(column) is Privacy.BLOCKED for column in columns):
            if withheld is not None:
                withheld.append(Withheld("class", f"{dataset.label(name)}: of a blocked column", 0))
            continue
        metrics.append(name)
    return metrics


def members_of(dataset: Dataset, policy: Policy, dimension: str) -> tuple[list[str], int]:
    """Return the members with enough entities, largest first, and how many have not."""
    metric = next(iter(dataset.model.metrics))
    frame = dataset.counted(Query.of(metric, by=dimension))
    counts = frame["entities" if "entities" in frame else "rows"]
    order = frame.assign(counts=counts).sort_values(["counts", dimension], ascending=[False, True])
    enough = order[order["counts"] >= policy.min_entities]
    return [str(member) for member in enough[dimension]], len(order) - len(enough)


def names_in(dataset: Dataset, policy: Policy) -> list[str]:
    """Return every name and label that may come up, but for those of large dimensions."""
    parts = {**dataset.model.metrics, **dataset.model.dimensions}
    names = [text for name, part in parts.items() for text in (name, part.label) if text]
    for name in dataset.model.dimensions:
        if is_safe(dataset, policy, name):
            members = dataset.members(name)
            names += members if len(members) <= 2 * MEMBERS else []
    return list(dict.fromkeys(names))


def _metric(dataset: Dataset, name: str, names: Names) -> dict[str, Any]:
    metric = dataset.model.metrics[name]
    shown = names.metric(name)
    entry = {
        "name": shown,
        **_label(metric.label, shown, names),
        "unit": unit_of(dataset.unit(name)),
        "better": metric.better,
    }
    return {key: value for key, value in entry.items() if value is not None}


def _label(label: str, shown: str, names: Names) -> dict[str, str]:
    """Return a label beside a name that is shown as it is, if it may be shown too."""
    hidden = names.alias or names.is_alias(shown) or label in names.hidden
    hidden = hidden or not label or unfit(label) is not None
    return {} if hidden else {"label": tidy(label)}


def _times(dataset: Dataset) -> dict[str, Any]:
    time = dataset.model.time
    if time is None or dataset.first is None:
        return {"grains": [], "periods": []}
    grains = [grain for grain in Grain if grain in time.grains]
    periods = [
        {"name": str(period), "grain": str(grain), "complete": dataset.is_complete(period)}
        for grain in _GRAINS
        if grain in grains
        for period in dataset.periods(grain)[-PERIODS:]
    ]
    return {"grains": [{"name": str(grain)} for grain in grains], "periods": periods}
