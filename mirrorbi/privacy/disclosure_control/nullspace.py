"""What follows from sums that were published, for systems too large for dense algebra.

A combination of cells follows from what is published if and only if it is orthogonal to all
that the published leaves free (the null space). So two random directions of that space do
for every question at once: what follows has no part in them, and what does not follow has
none with probability zero. The directions are what is left of random numbers when all that
is published is taken out of them (least squares by conjugate gradients: Björck, "Numerical
Methods for Least Squares Problems", 1996, section 7.4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Floats = npt.NDArray[np.float64]

DIRECTIONS = 2
"""Random directions; one would do but for numbers that happen to be close."""

FOLLOWS = 1e-6
"""How far from a direction a combination may be that follows."""

_SOLVED = 1e-10
_TURNS = 2_000
_RIDGE = 1e-7
_CORRECTED = 12
_DENSE = 3_000
"""Statements up to which a system that does not converge is solved densely."""


def least_squares(published: csr_array[Any], target: Floats) -> tuple[Floats, Floats] | None:
    """Return how much each statement counts in the nearest combination, and what is left.

    Parameters
    ----------
    published
        Array (statements, cells): how often each cell counts in each.
    target
        Array (cells, columns): what is to be combined.

    Returns
    -------
    tuple of arrays or None
        (statements, columns) and (cells, columns). ``None`` if it could not be told
        exactly enough; whoever asks must then take it that anything may follow.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> weights, left = least_squares(csr_array([[1.0, 1.0], [1.0, 0.0]]), np.array([[0.0], [1.0]]))
    >>> weights.round(6).ravel().tolist(), bool(abs(left).max() < 1e-6)
    ([1.0, -1.0], True)
    """
    from scipy.sparse import csr_array

    sizes = np.sqrt(np.asarray(published.multiply(published).sum(axis=1), dtype=float).ravel())
    scale = np.divide(1.0, sizes, out=np.zeros_like(sizes), where=sizes > 0)
    scaled = csr_array(published.multiply(scale[:, None]))
    transposed = csr_array(scaled.T)
    weights = _factored(scaled, transposed, target)
    if weights is None:
        weights = _by_gradients(scaled, transposed, target)
    if weights is None:
        return _dense(published, target)
    return weights * scale[:, None], target - transposed @ weights


def _factored(scaled: csr_array[Any], transposed: csr_array[Any], target: Floats) -> Floats | None:
    """Return the weights by sparse factors of the system, made regular and then corrected."""
    from scipy.sparse import csc_array, eye_array
    from scipy.sparse.linalg import splu

    square = csc_array(scaled @ transposed + _RIDGE * eye_array(scaled.shape[0]))
    # Symmetric and, with the ridge, positive definite: no pivots are needed.
    factors = splu(
        square,
        permc_spec="MMD_AT_PLUS_A",
        diag_pivot_thresh=0.0,
        options={"SymmetricMode": True},
    )
    weights = np.zeros((scaled.shape[0], target.shape[1]))
    for _ in range(_CORRECTED):
        slope = scaled @ (target - transposed @ weights)
        if np.abs(slope).max(initial=0.0) < _SOLVED:
            return weights
        weights += factors.solve(slope)
    return None


def _by_gradients(
    scaled: csr_array[Any], transposed: csr_array[Any], target: Floats
) -> Floats | None:
    """Return the weights by conjugate gradients."""
    weights = np.zeros((scaled.shape[0], target.shape[1]))
    residual = np.array(target, dtype=float)
    slope = scaled @ residual
    way = slope.copy()
    steep = (slope**2).sum(axis=0)
    for turn in range(_TURNS):
        # What is left is found anew at times, since its rounding errors add up.
        if turn % 50 == 49 or np.abs(slope).max(initial=0.0) < _SOLVED:
            residual = target - transposed @ weights
            slope = scaled @ residual
            if np.abs(slope).max(initial=0.0) < _SOLVED:
                return weights
            way = slope.copy()
            steep = (slope**2).sum(axis=0)
        move = transposed @ way
        size = (move**2).sum(axis=0)
        length = np.divide(steep, size, out=np.zeros_like(steep), where=size > 0)
        weights += length * way
        residual -= length * move
        slope = scaled @ residual
        before, steep = steep, (slope**2).sum(axis=0)
        turn_by = np.divide(steep, before, out=np.zeros_like(steep), where=before > 0)
        way = slope + turn_by * way
    return None


def _dense(published: csr_array[Any], target: Floats) -> tuple[Floats, Floats] | None:
    if published.shape[0] > _DENSE:
        return None
    solid = published.toarray()
    weights = np.linalg.lstsq(solid.T, target, rcond=None)[0]
    residual = target - solid.T @ weights
    return (
        (weights, residual) if np.abs(solid @ residual).max(initial=0.0) < FOLLOWS / 100 else None
    )


def null_directions(published: csr_array[Any]) -> Floats | None:
    """Return random directions that what is published leaves free: array (cells, 2).

    A combination of cells follows exactly if its sum over each is nothing (`FOLLOWS`).
    ``None`` as in `least_squares`.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> directions = null_directions(csr_array([[1.0, 1.0, 0.0]]))
    >>> bool(abs(directions[:2].sum(axis=0)).max() < FOLLOWS), bool(directions[2].all())
    (True, True)
    """
    random = np.random.default_rng(0).standard_normal((published.shape[1], DIRECTIONS))
    solution = least_squares(published, random)
    return None if solution is None else solution[1]
