"""Surprise: how far a change stands out from the earlier changes of the same series."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mirrorbi.facts.sweep.panel import Floats

ENOUGH = 8
"""Earlier changes needed to judge one."""

SEASONS = 3
"""Earlier changes at the same point of the season needed to take the season out."""

_EFFICIENCY = 0.4
"""Worth of one observation to the MAD, against the standard deviation (0.37 for large n).
With it as factor of the degrees of freedom, false alarms stay at or under the nominal 5 %
and 1 % for changes of white noise, AR(0.5), AR(0.7) and random walks, n 8 to 48."""

_CAP = 4.0
"""Standardised size beyond which a change counts as no larger."""


class Surprise(NamedTuple):
    """The judgement of one change.

    Parameters
    ----------
    z
        Distance from the usual change, in robust standard deviations.
    p
        Two-sided probability of one as far, if the change were one like the others.
    n
        Earlier changes that it was judged against.
    seasonal
        Whether the usual change at this point of the season was taken out.
    """

    z: float
    p: float
    n: int
    seasonal: bool

    @property
    def effect(self) -> float:
        """Size of the change, 0 to 1."""
        return min(abs(self.z), _CAP) / _CAP

    @property
    def method(self) -> str:
        """The computation, in words."""
        season = " at the same point of the season" if self.seasonal else ""
        return (
            f"p: against the median of {self.n} earlier changes{season}, in MAD units, "
            "t distribution"
        )


def last_change_surprise(changes: Floats, season: int = 1) -> Surprise | None:
    """Judge the last of a series of changes against those before it.

    The distance from the median of the earlier changes is divided by their median
    absolute deviation (times 1.4826, corrected for small n after Croux and Rousseeuw,
    1992) and referred to Student's t. Positive autocorrelation of the changes lowers the
    number of them that counts. Where at least three earlier changes fell on the same
    point of the season, each change is first taken relative to the median of the others
    at its own point.

    Parameters
    ----------
    changes
        One per step, oldest first, the judged one last; NaN where there is none.
    season
        Steps in one season; 1 for none.

    Returns
    -------
    Surprise or None
        ``None`` with fewer than eight earlier changes, or if they never differed.

    Examples
    --------
    >>> usual = [1.0, -2.0, 0.5, 1.5, -1.0, 0.0, -0.5, 2.0, -1.5]
    >>> last_change_surprise(np.array([*usual, 12.0])).p < 0.05
    True
    """
    if not len(changes) or not np.isfinite(changes[-1]):
        return None
    residuals, seasonal = _without_season(changes, season)
    earlier = residuals[:-1]
    earlier = earlier[np.isfinite(earlier)]
    n = len(earlier)
    if n < ENOUGH or not np.isfinite(residuals[-1]):
        return None
    centre = float(np.median(earlier))
    spread = 1.4826 * float(np.median(np.abs(earlier - centre))) * n / (n - 0.8)
    if spread <= 1e-12 * max(1.0, float(np.abs(changes[np.isfinite(changes)]).max())):
        return None
    counted = max(2.0, n * _independent(earlier - centre))
    z = (float(residuals[-1]) - centre) / (spread * np.sqrt(1 + np.pi / 2 / counted))
    from scipy.special import stdtr

    p = 2 * float(stdtr(max(2.0, _EFFICIENCY * (counted - 1)), -abs(z)))
    return Surprise(float(z), min(1.0, p), n, seasonal)


def _without_season(changes: Floats, season: int) -> tuple[Floats, bool]:
    last = len(changes) - 1
    if season < 2 or last < season * SEASONS:
        return changes, False
    same = np.isfinite(changes[last % season : last : season]).sum()
    if same < SEASONS:
        return changes, False
    residuals = np.full(len(changes), np.nan)
    for phase in range(season):
        places = np.arange(phase, last, season)
        observed = places[np.isfinite(changes[places])]
        if len(observed) > 1:
            residuals[observed] = changes[observed] - _medians_of_others(changes[observed])
        # The judged change does not shape what it is judged against.
        if phase == last % season and len(observed):
            residuals[last] = changes[last] - np.median(changes[observed])
    return residuals, True


def _medians_of_others(values: Floats) -> Floats:
    """Return for each of two or more values the median of all the others."""
    rank = np.empty(len(values), dtype=np.int64)
    rank[np.argsort(values, kind="stable")] = np.arange(len(values))
    ordered, others = np.sort(values), len(values) - 1
    low, high = (others - 1) // 2, others // 2
    means: Floats = (ordered[low + (rank <= low)] + ordered[high + (rank <= high)]) / 2
    return means


def _independent(residuals: Floats) -> float:
    """Return the part of the observations that counts, given their lag-1 autocorrelation."""
    total = float((residuals**2).sum())
    if not total:
        return 1.0
    r = max(0.0, float((residuals[1:] * residuals[:-1]).sum()) / total)
    return (1 - r) / (1 + r)
