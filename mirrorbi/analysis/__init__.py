"""What `mirrorbi.open` returns: a data set with everything that can be asked of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mirrorbi.analysis.displays import register_displays
from mirrorbi.data.dataset import Dataset
from mirrorbi.data.periods import Grain, Period
from mirrorbi.privacy.session import Session

if TYPE_CHECKING:
    from mirrorbi.analysis.table import ResultTable
    from mirrorbi.data.engine.profile import Profile
    from mirrorbi.data.engine.sealed_table import SealedTable
    from mirrorbi.data.ingest.sources import OpenedSource
    from mirrorbi.data.model.column_roles import ColumnPrivacy
    from mirrorbi.data.model.semantic_model import Model
    from mirrorbi.data.query import Query
    from mirrorbi.facts.factset import FactSet
    from mirrorbi.narrative.chat import Answer, Conversation
    from mirrorbi.privacy.policy import Policy

FOR_ANALYSTS = (
    *("query", "facts", "ask", "sql", "session"),
    *("title", "rows", "first", "last", "members", "periods", "is_complete", "last_complete"),
    *("model", "model_name", "metric", "dimension", "label", "unit", "definition"),
    *("describe", "profile", "duplicates", "data_hash", "model_hash"),
)
"""What ``dir(ds)`` and completion offer: what is asked of data, not what its answers are
made of."""


class Analysis(Dataset):
    """A `Dataset` whose facts can be asked for.

    `Dataset` itself knows nothing of facts, since data is below facts in the house; this
    class is where the two meet.

    Parameters
    ----------
    opened, model, model_name, draft_profile
        As for `Dataset`.
    session
        What was released before, and what is audited together; see `Session.join`.
    """

    def __init__(
        self,
        opened: OpenedSource,
        model: Model,
        model_name: str = "given",
        draft_profile: Profile | None = None,
        session: Session | None = None,
    ) -> None:
        super().__init__(opened, model, model_name, draft_profile)
        self.session = Session.join(session)
        register_displays(self.session)

    def __dir__(self) -> list[str]:
        return sorted(FOR_ANALYSTS)

    def query(
        self,
        metrics: Query | str | Iterable[str],
        by: str | Iterable[str] = (),
        where: Mapping[str, str | Iterable[str]] | None = None,
        grain: Grain | str | None = None,
        period: Period | str | None = None,
        *,
        entities: bool = True,
        control: bool | Policy | Mapping[str, Any] = True,
        locale: str = "en_GB",
    ) -> ResultTable:
        """Answer a question as a table.

        See `Dataset.query` for the other arguments. The ``frame`` of the answer is whole, to
        compute with; what is displayed or exported is what may be shown.

        Parameters
        ----------
        control
            Whether lines of few are held back, with those from which they would follow: by
            default under the policy of settings and model, or under the one given. With
            ``False`` nothing is: to explore, since such a table is refused in a report.
        locale
            Of numbers and dates.

        Raises
        ------
        QueryError
            As `Dataset.query` does.
        RefusedError
            If the question is cut by a personal or blocked column.

        Examples
        --------
        >>> import pandas as pd
        >>> ds = open(pd.DataFrame({"city": ["Rome"] * 30 + ["Oslo"] * 20 + ["Nice"] * 2}))
        >>> ds.query("rows", by="city")
        City      Rows
        Nice  withheld
        Oslo  withheld
        Rome        30
        2 cells are withheld: 1 of fewer than 10 rows, 1 from which those would follow.
        """
        from mirrorbi.analysis.table import ResultTable
        from mirrorbi.privacy.disclosure_control.table import check_query

        question = self.resolve(metrics, by, where, grain, period)
        self.check(question)
        policy = self._policy(control)
        if policy is not None:
            check_query(self, question, policy)
        columns = self.answer(question, entities=entities).columns
        return ResultTable(question, columns, dataset=self, policy=policy, locale=locale)

    def facts(
        self,
        *,
        metrics: str | Iterable[str] | None = None,
        by: str | Iterable[str] | None = None,
        where: Mapping[str, str | Iterable[str]] | None = None,
        grain: Grain | str | None = None,
        period: Period | str | None = None,
        compare: str = "previous",
        kinds: str | Iterable[str] | None = None,
        seed: int = 0,
        control: bool | Policy | Mapping[str, Any] = True,
    ) -> FactSet:
        """Return what is worth knowing and may be shown, best first.

        See `mirrorbi.facts.find_facts` for the other arguments.

        Parameters
        ----------
        control
            Whether disclosure control holds back small cells and what would give them
            away: by default under the policy of settings and model, or under the one
            given. With ``False`` nothing is held back: to explore, since such facts reach
            neither a report nor Claude.

        Raises
        ------
        RefusedError
            If a personal or blocked column, or a metric that is one record's value, is
            asked for by name.
        """
        from mirrorbi.facts import find_facts
        from mirrorbi.privacy.disclosure_control import controlled

        request: dict[str, Any] = {
            "metrics": metrics,
            "by": by,
            "where": where,
            "grain": grain,
            "period": period,
            "compare": compare,
            "kinds": kinds,
            "seed": seed,
        }
        policy = self._policy(control)
        if policy is None:
            return find_facts(self, **request)
        return self.session.admit(controlled(self, policy, **request), self, policy)

    def _policy(self, control: bool | Policy | Mapping[str, Any]) -> Policy | None:
        """Return the policy that an argument means; ``None`` where nothing is held back."""
        from mirrorbi.privacy.policy import Policy, policy_for

        if control is False:
            return None
        if control is True:
            return policy_for(self)
        return control if isinstance(control, Policy) else Policy.from_dict(control)

    def ask(
        self,
        question: str,
        conversation: Conversation | None = None,
        *,
        model: str | None = None,
        budget: Decimal | float | str | None = None,
        cache: bool | None = None,
        locale: str | None = None,
    ) -> Answer:
        """Answer a question with Claude; every figure is filled from a computed fact.

        See `mirrorbi.narrative.chat.ask`, which this calls with the same arguments.
        """
        from mirrorbi.narrative.chat import ask

        return ask(
            self, question, conversation, model=model, budget=budget, cache=cache, locale=locale
        )


def open(  # noqa: A001 (the public name, as in io.open)
    source: Any,
    model: Model | Mapping[str, Any] | str | Path | None = None,
    *,
    session: Session | None = None,
) -> Analysis:
    """Open a data set.

    Parameters
    ----------
    source
        A path, glob or folder (CSV, TSV, Parquet, JSON lines, .xlsx, .xls, .xlsb, .ods; text
        also as gzip or zip), a pandas DataFrame, or an ibis table.
    model
        The semantic model: a YAML file, a `Model`, or a mapping of the same shape.
        Without one, a file beside the data is used (``sales.csv``, ``sales.model.yaml``);
        without that, a draft is made from the data, and every report says so.
    session
        ``session`` of a data set opened before, to remember releases together. By default
        that of the run, where a notebook is run; a new one otherwise.

    Raises
    ------
    SourceError
        If the data cannot be found or read.
    ModelError
        If the model is wrong or does not fit the data.
    RefusedError
        If a run is given another session than its own.

    Examples
    --------
    >>> import pandas as pd
    >>> ds = open(pd.DataFrame({"city": ["Rome", "Oslo", "Rome"], "sales": [3.0, 4.0, 5.0]}))
    >>> ds.query("rows", by="city").frame["rows"].tolist()
    [1, 2]
    """
    from mirrorbi.data.opening import open_dataset

    return open_dataset(source, model, _classify, partial(Analysis, session=session))


def _classify(table: SealedTable) -> Mapping[str, ColumnPrivacy]:
    """Return who may see each column of a table that has no model."""
    # The engine reads the data while this is imported, also what facts will need.
    import mirrorbi.facts.families.quality
    import mirrorbi.privacy.disclosure_control  # noqa: F401
    from mirrorbi.privacy.pii import classify

    return {column: finding.column_privacy for column, finding in classify(table).items()}
