"""The opening: from what an analyst names to a data set with its model, or a draft of one.

Who may see a column is judged by the room above, which is handed in as a function: it is
given the sealed table and sees no row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from mirrorbi.data.engine.embedded import connect
from mirrorbi.data.engine.profile import Profile, begin_profile
from mirrorbi.data.engine.sealed_table import SealedTable
from mirrorbi.data.ingest.discovery import search_folders
from mirrorbi.data.ingest.sources import OpenedSource, open_source
from mirrorbi.data.model.model_file import check_model, find_model, load_model, parse_model
from mirrorbi.data.model.semantic_model import Model

if TYPE_CHECKING:
    from mirrorbi.data.dataset import Dataset
    from mirrorbi.data.model.column_roles import ColumnPrivacy
    from mirrorbi.data.model.draft import Draft

D = TypeVar("D", bound="Dataset")

Classifier = Callable[[SealedTable], Mapping[str, "ColumnPrivacy"]]
"""Says who may see each column. The engine profiles the table meanwhile, until it is asked."""


@dataclass(frozen=True, slots=True)
class DraftedSource:
    """A source with a draft of its model.

    Parameters
    ----------
    draft
        The draft, with its reasons.
    paths
        The files of the source, resolved and sorted.
    notes
        Guesses of the reader that people should know.
    """

    draft: Draft
    paths: tuple[Path, ...]
    notes: tuple[str, ...]


def open_dataset(
    source: Any,
    model: Model | Mapping[str, Any] | str | Path | None,
    classify: Classifier,
    make: Callable[[OpenedSource, Model, str, Profile | None], D],
) -> D:
    """Open a source with the model given, that beside it, or a draft.

    Parameters
    ----------
    source, model
        As in `mirrorbi.open`.
    classify
        Who may see each column; asked only where the model is drafted.
    make
        What is made of the opened source, its model, what the model is called, and the
        profile of the data where there is one: `Dataset` or a class of it.

    Raises
    ------
    SourceError
        If the data cannot be found or read.
    ModelError
        If the model is wrong or does not fit the data.

    Examples
    --------
    >>> import pandas as pd
    >>> from mirrorbi.data.dataset import Dataset
    >>> frame = pd.DataFrame({"city": ["Rome", "Oslo"], "sales": [3.0, 4.0]})
    >>> ds = open_dataset(frame, None, lambda table: {}, Dataset)
    >>> ds.model_name, list(ds.model.metrics)
    ('draft', ['rows', 'sales'])
    """
    opened = open_source(source, connect())
    profile = None
    given = _given_model(opened, model)
    if given is None:
        draft, profile = _draft(opened, classify)
        given = draft.model, "draft"
    semantic_model, name = given
    check_model(semantic_model, dict(opened.table.schema().items()), name)
    if semantic_model.time and semantic_model.time.timezone:
        _set_time_zone(opened.table, semantic_model.time.timezone)
    return make(opened, semantic_model, name, profile)


def draft_source(source: Any, classify: Classifier) -> DraftedSource:
    """Open a source and draft its model, whatever model lies beside it.

    Raises
    ------
    SourceError
        If the data cannot be found or read.
    """
    opened = open_source(source, connect())
    draft, _ = _draft(opened, classify)
    return DraftedSource(draft, opened.paths, opened.notes)


def _draft(opened: OpenedSource, classify: Classifier) -> tuple[Draft, Profile]:
    table = SealedTable(opened.table, begin_profile(opened.table))
    from mirrorbi.data.model.draft import draft_model

    column_privacy = classify(table)
    profile, stem = table.profile(), Path(opened.name).stem
    return draft_model(opened.table, profile, stem, column_privacy, opened.zones), profile


def _given_model(
    opened: OpenedSource, model: Model | Mapping[str, Any] | str | Path | None
) -> tuple[Model, str] | None:
    """Return the model given or found beside the data, and what it is called."""
    if isinstance(model, Model):
        return model, "given"
    if isinstance(model, Mapping):
        return parse_model(model), "given"
    path = _located(Path(model)) if model else find_model(opened.paths)
    return None if path is None else (load_model(path), path.name)


def _located(path: Path) -> Path:
    """Return a model's path as found in the folders in which data is looked up."""
    return next((f / path for f in search_folders() if (f / path).is_file()), path)


def _set_time_zone(table: Any, timezone: str) -> None:
    """Make the engine read moments with a time zone as local time of that zone."""
    backend = table.get_backend()
    if backend.name == "duckdb":
        backend.con.execute("SET TimeZone = ?", [timezone])
