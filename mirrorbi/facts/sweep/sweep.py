"""The sweep: everything worth knowing about a data set, computed, tested and ranked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from mirrorbi.data.dataset import Dataset
from mirrorbi.data.periods import Grain, Period
from mirrorbi.errors import FactError, did_you_mean
from mirrorbi.facts.fact import Fact, exact
from mirrorbi.facts.factset import FactSet
from mirrorbi.facts.kinds import FAMILIES, SWEPT, kind_of
from mirrorbi.facts.stats.significance import RARE, false_discovery
from mirrorbi.facts.sweep.ranking import ranked
from mirrorbi.facts.sweep.request import definite, request_of
from mirrorbi.facts.sweep.sweep_context import SweepContext

if TYPE_CHECKING:
    from mirrorbi.facts.sweep.sweep_dataset import SweepDataset


def find_facts(
    dataset: SweepDataset,
    *,
    metrics: str | Iterable[str] | None = None,
    by: str | Iterable[str] | None = None,
    where: Mapping[str, str | Iterable[str]] | None = None,
    grain: Grain | str | None = None,
    period: Period | str | None = None,
    compare: str = "previous",
    kinds: str | Iterable[str] | None = None,
    seed: int = 0,
) -> FactSet:
    """Return what is worth knowing about a data set, best first.

    The data is read by few scans at the start; everything else is rolled up in memory.
    The false discovery rate (Benjamini and Hochberg, 1995) is controlled over every test
    of the sweep. The same data and arguments give the same facts in the same order.

    Parameters
    ----------
    dataset
        What `mirrorbi.open` returned, or what answers in its place.
    metrics
        Names of metrics; by default all that the model does not hide.
    by
        Names of dimensions to look into; by default all whose privacy class is ``safe``.
        An empty list looks at the whole only.
    where
        Members kept, per dimension.
    grain
        Length of one step of time; by default months, if there are three complete ones,
        otherwise the coarsest grain with eight.
    period
        The period reviewed, such as ``2013-12``; by default the last complete one.
    compare
        What it is compared with: ``previous``, ``year_ago``, ``average`` (of the up to 12
        complete periods before), or a period, such as ``2013-06``.
    kinds
        The kinds of facts wanted; by default all but those found on request
        only.
    seed
        Changes the draws of the tests that simulate.

    Returns
    -------
    FactSet
        The facts, with the request that gives them again, the SQL behind them, and the
        number of tests.

    Raises
    ------
    QueryError
        If a metric, dimension, member, grain or period is not known or not in the data.
    FactError
        If a kind is not known.

    Examples
    --------
    >>> import mirrorbi, pandas as pd
    >>> ds = mirrorbi.open(pd.DataFrame({"city": ["Rome", "Oslo"] * 40, "sales": [3, 4] * 40}))
    >>> facts = find_facts(ds, kinds=["share"])
    >>> {fact.kind for fact in facts}
    {'share'}
    """
    selected = _kinds(kinds)
    context = definite(
        dataset,
        metrics=metrics,
        by=by,
        where=where,
        grain=grain,
        period=period,
        compare=compare,
        seed=seed,
    )
    # What is said of the data itself can do without the cubes.
    if any(kind_of(name).subject == "metric" for name in selected):
        dataset.prepare(context.queries())
    facts, tests = _controlled(list(_family_facts(context, selected)))
    ranked_facts = ranked(facts)
    queries = {query.id: query for fact in ranked_facts for query in fact.evidence}
    return FactSet(
        ranked_facts,
        request=request_of(context, None if kinds is None else selected),
        dataset=dataset.describe(),
        tests=tests,
        sql={name: dataset.sql(query) for name, query in sorted(queries.items())},
        origin=dataset if isinstance(dataset, Dataset) else None,
    )


def _kinds(kinds: str | Iterable[str] | None) -> tuple[str, ...]:
    if kinds is None:
        return tuple(name for name in SWEPT if not kind_of(name).on_request)
    selected: set[str] = set()
    for word in [kinds] if isinstance(kinds, str) else kinds:
        if word not in SWEPT and word not in FAMILIES:
            raise FactError(
                f"There is no kind of fact {word!r}.",
                hint=did_you_mean(word, [*SWEPT, *FAMILIES], noun="kinds"),
            )
        selected |= {word} if word in SWEPT else set(FAMILIES[word])
    return tuple(name for name in SWEPT if name in selected)


def _family_facts(context: SweepContext, selected: tuple[str, ...]) -> Iterator[Fact]:
    for family, its_kinds in FAMILIES.items():
        kinds = [kind for kind in its_kinds if kind in selected]
        if not kinds:
            continue
        module = import_module(f"mirrorbi.facts.families.{family}")
        facts = module.find(context, kinds) if family == "quality" else module.find(context)
        yield from (fact for fact in facts if fact.kind in kinds)


def _controlled(facts: list[Fact]) -> tuple[list[Fact], int]:
    """Give every tested fact its q, and drop the claims that may be chance."""
    tested = [fact.p for fact in facts if fact.p is not None]
    rates = iter(float(exact(q)) for q in false_discovery(tested))
    judged = [fact if fact.p is None else fact.replace(q=next(rates)) for fact in facts]
    reported = [
        fact
        for fact in judged
        if not kind_of(fact.kind).tested or (fact.q is not None and fact.q <= RARE)
    ]
    return reported, len(tested)
