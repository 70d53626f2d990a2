"""What a sweep asks of a data set, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from mirrorbi.data.engine.profile import Profile
    from mirrorbi.data.model.semantic_model import Dimension, Metric, Model
    from mirrorbi.data.periods import Calendar, Grain, Period
    from mirrorbi.data.query import Query, Result


class SweepDataset(Protocol):
    """What a sweep asks of a data set.

    A `mirrorbi.data.dataset.Dataset` answers all of it; so does the guard of disclosure
    control, in whose answers there are no cells that may not be shown.
    """

    # -- words of the model ------------------------------------------------------------

    @property
    def model(self) -> Model:
        """The semantic model."""

    @property
    def calendar(self) -> Calendar:
        """Where weeks and years begin."""

    @property
    def title(self) -> str:
        """The data set as people call it."""

    def metric(self, name: str) -> Metric:
        """Return a metric by name."""

    def dimension(self, name: str) -> Dimension:
        """Return a dimension by name."""

    def label(self, name: str) -> str:
        """Return a metric or dimension as people call it."""

    def unit(self, name: str) -> str:
        """Return a metric's unit."""

    def decimals(self, name: str) -> int | None:
        """Return the decimals that a metric is shown with."""

    def definition(self, name: str) -> str:
        """Return in one line how a metric is computed."""

    def members(self, dimension: str) -> list[str]:
        """Return a dimension's members."""

    def check_members(
        self, dimension: str, members: Iterable[str], members_of: Callable[[], list[str]]
    ) -> None:
        """Refuse members that a dimension does not have."""

    # -- time --------------------------------------------------------------------------

    @property
    def first(self) -> datetime | None:
        """First day with data."""

    @property
    def last(self) -> datetime | None:
        """Last day with data."""

    def is_complete(self, period: Period) -> bool:
        """Return whether no more data is to be expected for the period."""

    def periods(self, grain: Grain | str) -> list[Period]:
        """Return every period of that grain from the first to the last with data."""

    def last_complete(self, grain: Grain | str) -> Period | None:
        """Return the latest complete period of that grain."""

    # -- questions ---------------------------------------------------------------------

    def prepare(self, queries: Iterable[Query]) -> None:
        """Make the fewest cubes from which all of these questions can be answered."""

    def answer(self, query: Query, *, entities: bool = True) -> Result:
        """Answer a question."""

    def sql(self, query: Query) -> str:
        """Return the SQL that answers the question straight from the data."""

    # -- the data itself, in counts ----------------------------------------------------

    @property
    def rows(self) -> int:
        """Number of rows."""

    @property
    def column_types(self) -> Mapping[str, str]:
        """The type of each column."""

    def profile(self) -> Profile:
        """Return what each column holds."""

    def duplicates(self) -> int | None:
        """Return how many rows repeat the key of another."""

    def describe(self) -> dict[str, Any]:
        """Return what a report must say of its data."""
