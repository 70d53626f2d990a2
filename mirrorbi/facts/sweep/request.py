"""What a sweep is asked, made definite: defaults chosen, names checked, periods resolved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from mirrorbi.data.model.semantic_model import Privacy
from mirrorbi.data.periods import Grain, Period
from mirrorbi.errors import QueryError, did_you_mean
from mirrorbi.facts.sweep.sweep_context import SweepContext

if TYPE_CHECKING:
    from mirrorbi.facts.sweep.sweep_dataset import SweepDataset

COMPARISONS = ("previous", "year_ago", "average")

MONTHS = 3
"""Complete months from which months are the grain, where nobody says."""

STEPS = 8
"""Complete periods from which any other grain is, coarsest first."""

AVERAGED = 12
"""Complete periods at most whose mean is the average."""


def definite(
    dataset: SweepDataset,
    *,
    metrics: str | Iterable[str] | None = None,
    by: str | Iterable[str] | None = None,
    where: Mapping[str, str | Iterable[str]] | None = None,
    grain: Grain | str | None = None,
    period: Period | str | None = None,
    compare: str = "previous",
    seed: int = 0,
) -> SweepContext:
    """Return the scan that these arguments ask for.

    Raises
    ------
    QueryError
        If a name is not known, a period lies outside the data or is not complete, or the
        data does not reach back to what is compared with; the message says what is there.
    """
    model = dataset.model
    names = _words(metrics) if metrics is not None else _shown(dataset)
    dimensions = (
        _words(by)
        if by is not None
        else tuple(name for name, d in model.dimensions.items() if d.privacy is Privacy.SAFE)
    )
    if not names:
        raise QueryError(
            "The sweep names no metric.", hint=did_you_mean("", model.metrics, noun="metrics")
        )
    for name in names:
        dataset.metric(name)
    for name in dimensions:
        dataset.dimension(name)
    filters = {name: tuple(sorted(set(_words(m)))) for name, m in sorted((where or {}).items())}
    for name, members in filters.items():
        dataset.dimension(name)
        dataset.check_members(name, members, partial(dataset.members, name))
    if model.time is None:
        _refuse_time(grain, period, compare)
        return SweepContext(dataset, names, dimensions, filters, seed=seed)
    requested_period = Period.parse(period, dataset.calendar) if isinstance(period, str) else period
    step = _grain(dataset, grain, requested_period)
    if requested_period is not None:
        _check(dataset, requested_period, step)
    reviewed = requested_period or (dataset.last_complete(step) if step else None)
    if reviewed is None:
        return SweepContext(dataset, names, dimensions, filters, seed=seed)
    word, baseline = _baseline(dataset, reviewed, step, compare)
    return SweepContext(dataset, names, dimensions, filters, step, reviewed, baseline, word, seed)


def request_of(context: SweepContext, kinds: Iterable[str] | None) -> dict[str, Any]:
    """Return the arguments that give the same sweep again, as plain values.

    Every choice that was left to the sweep is written down, so that data added later does
    not change what is asked.
    """
    is_given = context.compare == "given" and context.baseline is not None
    return {
        "metrics": list(context.metrics),
        "by": list(context.by),
        "where": {name: list(members) for name, members in context.where.items()},
        "grain": str(context.grain) if context.grain else None,
        "period": str(context.period) if context.period else None,
        "compare": str(context.baseline) if is_given else context.compare,
        "kinds": sorted(kinds) if kinds is not None else None,
        "seed": context.seed,
    }


def _shown(dataset: SweepDataset) -> tuple[str, ...]:
    metrics = dataset.model.metrics
    return tuple(name for name, m in metrics.items() if not m.hidden) or tuple(metrics)


def _words(value: str | Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([value] if isinstance(value, str) else value))


def _refuse_time(grain: Any, period: Any, compare: str) -> None:
    if grain or period or compare != "previous":
        raise QueryError(
            "This data has no time: its model names no time column.",
            hint="Leave out grain, period and compare, or add 'time: {column: ...}' to the model.",
        )


def _grain(dataset: SweepDataset, grain: Grain | str | None, period: Period | None) -> Grain | None:
    time = dataset.model.time
    grains = time.grains if time else ()
    if grain is not None:
        step = Grain.parse(grain)
        if step not in grains:
            raise QueryError(
                f"The model has no grain {step.value!r}.",
                hint=did_you_mean(step.value, grains, noun="grains"),
            )
        return step
    if period is not None and period.grain in grains:
        return period.grain
    coarse_first = [g for g in reversed(Grain) if g in grains]
    if Grain.MONTH in grains and _complete(dataset, Grain.MONTH, MONTHS):
        return Grain.MONTH
    for enough in (STEPS, 2, 1):
        for step in coarse_first:
            if _complete(dataset, step, enough):
                return step
    return None


def _complete(dataset: SweepDataset, grain: Grain, needed: int) -> bool:
    complete = 0
    for period in dataset.periods(grain):
        complete += dataset.is_complete(period)
        if complete >= needed:
            return True
    return False


def _check(dataset: SweepDataset, period: Period, step: Grain | None) -> None:
    first, last = dataset.first, dataset.last
    if first is None or last is None:
        raise QueryError(
            f"There is no data in {period}: no row has a time.", hint="Leave out the period."
        )
    if period.end <= first or period.start > last:
        raise QueryError(f"There is no data in {period}.", hint=_reach(dataset, period, step))
    if not dataset.is_complete(period):
        raise QueryError(
            f"The period {period} is not complete.", hint=_reach(dataset, period, step)
        )


def _reach(dataset: SweepDataset, period: Period, step: Grain | None) -> str:
    """Return a hint that names the first and the last complete period of the same grain."""
    first, last = dataset.first, dataset.last
    days = f"The data covers {first:%Y-%m-%d} to {last:%Y-%m-%d}"
    grain = period.grain or step
    complete = [p for p in dataset.periods(grain) if dataset.is_complete(p)] if grain else []
    if not complete or grain is None:
        return f"{days}."
    if len(complete) == 1:
        return f"{days}; its one complete {grain.value} is {complete[0]}."
    return f"{days}; complete {grain.value}s are {complete[0]} to {complete[-1]}."


def _baseline(
    dataset: SweepDataset, reviewed: Period, step: Grain | None, compare: str
) -> tuple[str, Period | None]:
    if compare == "previous":
        before = reviewed.previous()
        return compare, before if dataset.is_complete(before) else None
    if compare == "year_ago":
        before = reviewed.year_ago()
        _check_baseline(dataset, before, reviewed, step)
        return compare, before
    if compare == "average":
        steps = dataset.periods(step) if step else []
        earlier = [p for p in steps if p.end <= reviewed.start and dataset.is_complete(p)]
        if step is None or reviewed.grain is not step or not earlier:
            raise QueryError(
                f"There is no average to compare {reviewed} with.",
                hint=f"It needs complete periods of one grain before it. "
                f"{_reach(dataset, reviewed, step)}",
            )
        first, last = earlier[-AVERAGED:][0], earlier[-1]
        return compare, Period(first.start, last.end, None, dataset.calendar)
    try:
        baseline = Period.parse(compare, dataset.calendar)
    except QueryError:
        raise QueryError(
            f"{compare!r} is neither a comparison nor a period.",
            hint=f"{did_you_mean(compare, COMPARISONS, noun='comparisons')} "
            "Or name a period, such as 2013-11.",
        ) from None
    if baseline.start < reviewed.end and reviewed.start < baseline.end:
        raise QueryError(
            f"The period {baseline} overlaps {reviewed}, with which it is to be compared.",
            hint="Name one that does not.",
        )
    _check_baseline(dataset, baseline, reviewed, step)
    return "given", baseline


def _check_baseline(
    dataset: SweepDataset, before: Period, reviewed: Period, step: Grain | None
) -> None:
    if not dataset.is_complete(before):
        raise QueryError(
            f"{reviewed} cannot be compared with {before}, which is not all in the data.",
            hint=_reach(dataset, before, step),
        )
