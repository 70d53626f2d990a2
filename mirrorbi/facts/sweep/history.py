"""A history: the values of a series that statistics may use, in a form that they can."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from mirrorbi.facts.sweep.panel import Floats

ENOUGH = 12
"""Values from which a history is tested: with fewer, no test holds its rate on noise with
memory and finds anything."""

WINDOW, SEASONS = 120, 3
"""The latest steps that are looked at: this many, or this many seasons if that is more."""

_PRESENT = 0.6
_CLEARLY = 0.9
_LUMP = 0.3
_FAR = 6.0
_NEAREST = 5
_CONSTANT = 1e-10


@dataclass(frozen=True, slots=True)
class History:
    """The usable stretch of a series.

    Parameters
    ----------
    first
        Position in the series of the first step.
    values
        From the first to the last value, about 0 and at most of the order of 1; NaN in
        gaps.
    centre, scale
        A value of the series is ``centre + scale * value``.
    season
        Steps in a season, if it has a pattern that shows; otherwise 1.
    """

    first: int
    values: Floats
    centre: float
    scale: float
    season: int

    @property
    def present(self) -> tuple[bool, ...]:
        """Which steps have a value."""
        return tuple(np.isfinite(self.values).tolist())

    @property
    def n(self) -> int:
        """Number of values."""
        return int(np.isfinite(self.values).sum())

    @property
    def winsorized(self) -> Floats:
        """The values, with those far from the median of their five nearest drawn in to it.

        Far are 6 robust standard deviations of such distances. So one wild period neither
        makes nor hides a pattern of many, and trends and steps stay as they are.
        """
        mask = np.isfinite(self.values)
        observed = self.values[mask]
        inner = middle(np.lib.stride_tricks.sliding_window_view(observed, _NEAREST).T)
        edge = _NEAREST // 2
        local = np.pad(inner, edge, mode="edge")
        distance = observed - local
        reach = _FAR * 1.4826 * float(middle(np.abs(distance)))
        out = self.values.copy()
        if reach:
            wild = np.abs(distance) > reach
            out[mask] = np.where(wild, local + np.sign(distance) * reach, observed)
        return out

    @property
    def lumpy(self) -> bool:
        """Whether one value makes up three in ten or more, as in counts of rare events."""
        observed = self.values[np.isfinite(self.values)]
        return bool(np.unique(observed, return_counts=True)[1].max() >= _LUMP * len(observed))

    def shifted(self, steps: int) -> History:
        """Return the same stretch of a series that begins that many steps earlier."""
        return replace(self, first=self.first + steps)


def history(values: Floats, season: int = 1, *, least: int = ENOUGH) -> History | None:
    """Return the usable stretch of a series.

    Parameters
    ----------
    values
        One per step, oldest first. Infinities count as missing.
    season
        Steps in a season that the series may have; 1 for none.
    least
        Values needed.

    Returns
    -------
    History or None
        ``None`` if the last step has no value, there are too few, more than two in five
        are missing, or they never differ.

    Examples
    --------
    >>> history(np.arange(20.0)).n
    20
    >>> history(np.ones(20)) is None
    True
    """
    finite = np.where(np.isfinite(values), values, np.nan)
    window = max(WINDOW, SEASONS * season)
    places = np.flatnonzero(np.isfinite(finite[-window:])) + max(0, len(finite) - window)
    if len(places) < least or places[-1] != len(finite) - 1:
        return None
    first = int(places[0])
    cut = finite[first:]
    if len(places) < _PRESENT * len(cut):
        return None
    # By halves: the difference of two huge values is no number.
    largest = float(np.nanmax(np.abs(cut)))
    if largest == 0:
        return None
    unit = cut / largest
    centre = float(np.nanmedian(unit))
    spread = float(np.nanmax(np.abs(unit - centre)))
    if spread <= _CONSTANT:
        return None
    scaled = (unit - centre) / spread
    return History(first, scaled, centre * largest, spread * largest, season_in(scaled, season))


def grouped_by_steps(
    histories: Sequence[History | None],
) -> Iterator[tuple[list[int], list[History]]]:
    """Group histories with values at the same steps and the same season.

    What is judged together shares its simulations.

    Yields
    ------
    (list of int, list of History)
        Positions in what was given, and the histories there.
    """
    groups: dict[tuple[tuple[bool, ...], int], list[int]] = {}
    for i, stretch in enumerate(histories):
        if stretch is not None:
            groups.setdefault((stretch.present, stretch.season), []).append(i)
    for places in groups.values():
        yield places, [stretch for i in places if (stretch := histories[i]) is not None]


def season_in(values: Floats, season: int) -> int:
    """Return the season if the values have a pattern of that length that shows, else 1.

    Every value is predicted without itself, once from a line and once from a line and its
    place in the season (PRESS, Allen, 1974). The season shows if that is a tenth nearer.

    Parameters
    ----------
    values
        One per step; NaN in gaps.
    season
        Steps in a season; two whole ones are needed.

    Examples
    --------
    >>> weeks = np.tile([5.0, 5, 5, 5, 5, 1, 0], 4)
    >>> season_in(weeks + np.arange(28.0), 7), season_in(np.arange(28.0) % 5, 7)
    (7, 1)
    """
    if season < 2 or len(values) < 2 * season:
        return 1
    mask = np.isfinite(values)
    present = tuple(mask.tolist())
    observed = values[mask]
    plain = _leave_one_out_error(observed, *_basis(present, 1))
    seasonal = _leave_one_out_error(observed, *_basis(present, season))
    return season if seasonal < _CLEARLY * plain else 1


def middle(values: Floats) -> Floats:
    """Return the median of each column; sorting many short ones beats selecting in them."""
    ordered = np.sort(values, axis=0)
    half = len(values) // 2
    if len(values) % 2:
        return np.asarray(ordered[half])
    return np.asarray((ordered[half - 1] + ordered[half]) / 2)


def pattern(values: Floats, present: tuple[bool, ...], season: int) -> Floats:
    """Return the pattern of the season: the medians at each of its points, about 0.

    Parameters
    ----------
    values
        (n, series), without trend or steps.
    present
        Which steps have a value.
    season
        Steps in a season; with 1 the pattern is 0.

    Returns
    -------
    array
        (n, series); 0 at points of the season without any value.
    """
    seasonal = np.zeros(values.shape)
    if season < 2:
        return seasonal
    points = np.arange(len(values)) % season
    mask = np.array(present, dtype=bool)
    medians = np.zeros((season, *values.shape[1:]))
    has_values = np.zeros(season, dtype=bool)
    for point in range(season):
        here = mask & (points == point)
        if here.any():
            medians[point] = middle(values[here])
            has_values[point] = True
    medians[has_values] -= medians[has_values].mean(axis=0)
    seasonal[:] = medians[points]
    return seasonal


@lru_cache(maxsize=512)
def _basis(present: tuple[bool, ...], season: int) -> tuple[Floats, Floats]:
    steps = np.flatnonzero(present)
    phases = (steps[:, None] % season == np.arange(season)).astype(float)
    columns = np.column_stack([phases[:, phases.any(axis=0)], steps - steps.mean()])
    basis, _ = np.linalg.qr(columns)
    # Shared by all callers: an array that one of them changed would change others' answers.
    basis.setflags(write=False)
    return basis, 1 - (basis**2).sum(axis=1)


def _leave_one_out_error(observed: Floats, basis: Floats, free: Floats) -> float:
    residual = observed - basis @ (basis.T @ observed)
    # A value alone in its place of the season cannot be predicted from the others.
    own = np.abs(residual) / np.where(free > _CONSTANT, free, 1.0)
    return float(np.where(free > _CONSTANT, own, np.abs(observed)).mean())
