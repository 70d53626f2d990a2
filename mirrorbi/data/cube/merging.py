"""Merging: cells that belong together become one, by their codes alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

Array = np.ndarray[Any, Any]
Summands = tuple[Array, Array]
"""Floats in two parts that add up to them; see `summands`."""

_ROOM = 4
"""Combinations per cell up to which counting them beats sorting the cells."""


class Coded(Protocol):
    """Something of which each cell has one."""

    @property
    def codes(self) -> Array:
        """Of each cell, a number that orders as what it stands for."""

    def __len__(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Groups:
    """Which cells are merged into which.

    Parameters
    ----------
    places
        Of each cell, the group that it falls into.
    cells
        Of each group, one of its cells.
    """

    places: Array
    cells: Array

    @classmethod
    def of(cls, axes: Sequence[Coded], length: int) -> Groups:
        """Return the groups of cells that agree on all axes, in the order of the axes.

        Without axes, all cells are one group; without cells, there is none.

        Examples
        --------
        >>> from mirrorbi.data.cube.cube import Axis
        >>> axis = Axis(np.array(["a", "b", "c"]), np.array([2, 0, 2]))
        >>> Groups.of([axis], 3).places
        array([1, 0, 1])
        """
        codes, size = np.zeros(length, dtype=np.int64), 1
        for axis in axes:
            codes, size = codes * len(axis) + axis.codes, size * len(axis)
            if size > _ROOM * length + 1024:
                combinations, codes = np.unique(codes, return_inverse=True)
                size = len(combinations)
        cells = np.full(size, -1)
        cells[codes] = np.arange(length)
        occupied = cells >= 0
        if occupied.all():
            return cls(codes, cells)
        return cls((np.cumsum(occupied) - 1)[codes], cells[occupied])

    def total(self, values: Array) -> Array:
        """Return the sums of integers."""
        sums = np.zeros(len(self.cells), dtype=np.int64)
        np.add.at(sums, self.places, values)
        return sums

    def fsum(self, parts: Summands) -> Array:
        """Return the sums of floats, as good as exact: see `summands`."""
        high, low = (np.bincount(self.places, part, len(self.cells)) for part in parts)
        return np.asarray(high + low)

    def extreme(self, values: Array, which: str) -> Array:
        """Return the least (``min``) or greatest (``max``) value; NaN is none."""
        extremes = np.full(len(self.cells), np.nan)
        merge = np.fmin if which == "min" else np.fmax
        merge.at(extremes, self.places, values.astype(float, copy=False))
        return extremes


def summands(values: Array) -> Summands:
    """Split floats so that their sums do not depend on the order in which they are added.

    The first part has so few digits, all of one scale, that adding it makes no error; the
    second is what remains, and too small for its errors to be seen: the vectors of Rump,
    Ogita and Oishi, Accurate Floating-Point Summation Part I, SIAM Journal on Scientific
    Computing 31 (2008). NaN counts as nothing.

    Examples
    --------
    >>> high, low = summands(np.array([1e16, 3.0, -1e16]))
    >>> high.sum() + low.sum()
    np.float64(3.0)
    """
    values = np.where(np.isnan(values), 0.0, values)
    largest = float(np.abs(values).max(initial=0.0))
    digits = math.frexp(largest)[1] + len(values).bit_length() + 1
    if largest == 0.0 or not math.isfinite(largest) or digits > 1023:
        return values, np.zeros(len(values))
    scale = math.ldexp(1.0, digits)
    high = (values + scale) - scale
    return high, values - high
