"""Dimensions as disclosure control takes them: as somebody classed them, or as they look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, cast
from weakref import WeakKeyDictionary

from mirrorbi.data.engine.profile import is_text, is_whole
from mirrorbi.data.model.semantic_model import Model, Privacy
from mirrorbi.errors import RefusedError
from mirrorbi.privacy.policy import Policy

if TYPE_CHECKING:
    from mirrorbi.data.dataset import Dataset
    from mirrorbi.privacy.pii import Kind

_ORDER = (Privacy.SAFE, Privacy.PERSONAL, Privacy.BLOCKED)


def class_in(dataset: Dataset, policy: Policy, dimension: str) -> Privacy:
    """Return who may see a dimension's members: the strictest of all that is known of it.

    What the model says holds whatever policy is given. A dimension of which neither says
    anything, and whose members look like data of persons, is ``personal``.

    Parameters
    ----------
    dataset
        The data.
    policy
        What may leave.
    dimension
        Its name in the model.

    Examples
    --------
    >>> import mirrorbi, pandas as pd
    >>> frame = pd.DataFrame({"desk": ["ann@x.org", "bo@x.org"] * 40, "city": ["Rome"] * 80})
    >>> spec = {"dimensions": {"desk": {}, "city": {}}, "metrics": {"rows": {"agg": "count"}}}
    >>> ds = mirrorbi.open(frame, spec)
    >>> [str(class_in(ds, Policy(), name)) for name in ("desk", "city")]
    ['personal', 'safe']
    """
    column = dataset.model.dimensions[dimension].column or dimension
    own = Policy.of(None, dataset.model)
    declared = max((p.class_of(n) for p in (policy, own) for n in (dimension, column)),
               key=_ORDER.index)  # fmt: skip
    if declared is Privacy.SAFE and kind_in(dataset, policy, dimension) is not None:
        return Privacy.PERSONAL
    return declared


def kind_in(dataset: Dataset, policy: Policy, dimension: str) -> Kind | None:
    """Return what the members of a dimension look like, where nobody classed it.

    ``None`` where they look like nothing personal, or where model or policy give the
    dimension or its column a class: a person decided.
    """
    column = dataset.model.dimensions[dimension].column or dimension
    declared = _declared(dataset.model) | policy.columns.keys()
    return None if declared & {dimension, column} else _personal_dimensions(dataset).get(dimension)


def noun_of(kind: Kind) -> str:
    """Return what members of a kind are called: ``e-mail addresses``."""
    from mirrorbi.privacy.pii.column_classes import NOUNS

    return NOUNS[kind]


def check_dimensions(dataset: Dataset, policy: Policy, names: Iterable[str]) -> None:
    """Refuse dimensions by which nothing may be shown; names that are not known are passed.

    Raises
    ------
    RefusedError
        If one is personal, blocked, or looks personal; the message says how to declare it.
    """
    for name in names:
        if name not in dataset.model.dimensions:
            continue
        named = class_in(dataset, policy, name)
        if named is Privacy.SAFE:
            continue
        other = "leave it out, or explore with control=False, which cannot be reported."
        kind = kind_in(dataset, policy, name)
        if kind is None:
            raise RefusedError(
                f"The dimension {name!r} is {named}: nothing is shown by it.",
                hint=f"{other[0].upper()}{other[1:]}",
            )
        raise RefusedError(
            f"The dimension {name!r} looks like {noun_of(kind)}: nothing is shown by it.",
            hint=f"If its members are nobody's data, say so in the model: 'privacy: safe' under "
            f"'dimensions: {name}:'. Otherwise {other}",
        )


def _declared(model: Model) -> set[str]:
    """Return the dimensions and columns of which the model itself gives the class.

    A draft says nothing: nobody has confirmed it.
    """
    if model.draft:
        return set()
    given = {n for n, part in model.dimensions.items() if "privacy" in part.model_fields_set}
    return given | set(model.privacy.columns)


# To save time alone: the kinds follow from data and model, of which neither changes.
_PERSONAL: WeakKeyDictionary[Dataset, Mapping[str, Kind]] = WeakKeyDictionary()


def _personal_dimensions(dataset: Dataset) -> Mapping[str, Kind]:
    """Return the dimensions whose members look personal, and like what; looked at once."""
    if dataset not in _PERSONAL:
        _PERSONAL[dataset] = {} if dataset.model_name == "draft" else _member_kinds(dataset)
    return _PERSONAL[dataset]


def _member_kinds(dataset: Dataset) -> dict[str, Kind]:
    from mirrorbi.privacy.pii.column_classes import NOUNS, judge_members

    declared, types = _declared(dataset.model), dataset.column_types
    columns = {name: part.column or name for name, part in dataset.model.dimensions.items()}
    unclassed = {
        name: column
        for name, column in columns.items()
        if not declared & {name, column} and (is_text(types[column]) or is_whole(types[column]))
    }
    judges = {column: partial(judge_members, column) for column in unclassed.values()}
    verdicts = dataset.judge_columns(judges, NOUNS.keys())
    return {
        name: cast("Kind", kind) for name, column in unclassed.items() for kind in verdicts[column]
    }
