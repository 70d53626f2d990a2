"""Whether many points are a series over time, which is a summary however long it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any


def is_series(places: Sequence[Any]) -> bool:
    """Return whether places are moments at regular steps, each later than the one before.

    At least every other step is there, and none is finer than an hour: a log of what
    happened when, which is one row for each thing, is no series.

    Parameters
    ----------
    places
        Where the points stand, such as dates in ISO 8601.

    Examples
    --------
    >>> is_series(["2013-01-01", "2013-01-02", "2013-01-04"])
    True
    >>> is_series(["2013-01-01T08:31:05", "2013-01-01T08:44:10"])
    False
    >>> is_series(["2013-01-01", "2013-01-02", "2013-05-06"])
    False
    """
    try:
        moments = [_moment(place) for place in places]
    except (TypeError, ValueError):
        return False
    if len(moments) < 2 or any(m.minute or m.second or m.microsecond for m in moments):
        return False
    least = min(after - before for before, after in pairwise(moments))
    return bool(least) and least.days >= 0 and moments[-1] - moments[0] <= 2 * len(moments) * least


def _moment(place: str) -> datetime:
    whole = f"{place}-01" if len(place) == len("2013-01") else place
    return datetime.fromisoformat(whole).replace(tzinfo=None)
