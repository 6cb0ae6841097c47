"""The inner loop of scoring: from leaf indices to probabilities with intervals and draws."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from heed.decisioning.score import Floats
from heed.training.model.calibrators.curve import interpolate
from heed.training.model.log_odds import MAX_LOG_ODDS

LeafScores = tuple[Floats, Floats, Floats, Floats, Floats]


@njit(nogil=True, cache=True)
def _sigmoid(log_odds: float) -> float:
    bounded = min(max(log_odds, -MAX_LOG_ODDS), MAX_LOG_ODDS)
    return 1.0 / (1.0 + math.exp(-bounded))


@njit(nogil=True, cache=True)
def score_leaves(
    leaves: Floats,
    offsets: NDArray[np.int64],
    values: Floats,
    deviations: NDArray[np.float32],
    xs: Floats,
    ys: Floats,
    shift: Floats,
    hidden: Floats,
    hidden_draws: Floats,
    novel: Floats,
    novel_draws: Floats,
    tilt: float,
    skews: Floats,
    reaches: Floats,
) -> LeafScores:
    """Calibrated log-odds, probability, interval and draws of n rows, m candidates after m candidates.

    Each row is summed on its own, tree after tree, so its result does not depend on the rest of the batch.

    Parameters
    ----------
    leaves : array of float, shape (n, trees)
        Leaf index within each tree.
    offsets, values
        See :class:`heed.training.model.trees.Trees`.
    deviations : array of float32, shape (known, K)
        Joint posterior draws of the errors of the first `known` leaf values, in log-odds; the others have none.
    xs, ys : array of float, shape (knots,)
        The calibration curve.
    shift : array of float, shape (m,)
        Calibration offset of each candidate's action, in log-odds.
    hidden, hidden_draws : array of float, shapes (m,), (m, K)
        Unobserved heterogeneity for each candidate: variance and draws, in log-odds.
    novel, novel_draws : array of float, shapes (n,), (K,)
        Out-of-distribution variance of each row, and standard draws shared by rows.
    tilt : float
        1 for the shortest interval, 0 for one with equal tails.
    skews, reaches : array of float, shape (knots,)
        Length of the interval's longer side in standard deviations, tabulated by skew; see
        :func:`heed.training.model.uncertainty.highest_density_reach`.

    Returns
    -------
    log_odds, propensity, low, high : array of float, shape (n,)
    draws : array of float, shape (n, K)
        Joint draws of the propensity.
    """
    rows, trees = leaves.shape
    known, samples = deviations.shape
    log_odds, propensity = np.empty(rows), np.empty(rows)
    low, high = np.empty(rows), np.empty(rows)
    draws = np.empty((rows, samples))
    off = np.empty(samples, dtype=np.float32)
    for row in range(rows):
        margin = 0.0
        off[:] = 0.0
        for tree in range(trees):
            index = offsets[tree] + np.int64(leaves[row, tree])
            margin += values[index]
            if index < known:
                for sample in range(samples):
                    off[sample] += deviations[index, sample]
        candidate = row % len(shift)
        curve = interpolate(margin, xs, ys)
        centre = curve + shift[candidate]
        stated = _sigmoid(centre)
        unseen = math.sqrt(novel[row])
        variance = hidden[candidate] + novel[row]
        middle = centre - 0.5 * variance * (1.0 - 2.0 * stated)
        square = 0.0
        for sample in range(samples):
            moved = interpolate(margin + np.float64(off[sample]), xs, ys) - curve
            square += moved * moved
            draws[row, sample] = _sigmoid(
                middle + moved + hidden_draws[candidate, sample] + unseen * novel_draws[sample]
            )
        spread = math.sqrt(square / samples + variance)
        skew = tilt * spread * (1.0 - 2.0 * stated)
        far = interpolate(abs(skew), skews, reaches)
        near = far - 2.0 * abs(skew)
        log_odds[row] = centre
        propensity[row] = stated
        low[row] = _sigmoid(middle - (far if skew >= 0.0 else near) * spread)
        high[row] = _sigmoid(middle + (near if skew >= 0.0 else far) * spread)
        if tilt > 0.0:
            low[row], high[row] = min(low[row], stated), max(high[row], stated)
    return log_odds, propensity, low, high, draws


@njit(nogil=True, cache=True)
def sum_deviations(indices: NDArray[np.int32], deviations: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sum of the deviations of each row's leaves, shape (n, K); leaves beyond the last have none."""
    rows, trees = indices.shape
    total = np.zeros((rows, deviations.shape[1]), dtype=np.float32)
    for row in range(rows):
        for tree in range(trees):
            if indices[row, tree] < len(deviations):
                for sample in range(deviations.shape[1]):
                    total[row, sample] += deviations[indices[row, tree], sample]
    return total


@njit(nogil=True, cache=True)
def gram_matrix(indices: NDArray[np.int32], weights: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Weighted Gram matrix of leaf indicators: entry (i, j) is the weight of rows in both leaves, shape (size, size).

    Only the lower triangle is filled. Leaf indices grow along a row.
    """
    matrix = np.zeros((size, size), dtype=np.float32)
    for row in range(indices.shape[0]):
        weight = weights[row]
        for tree in range(indices.shape[1]):
            line = matrix[indices[row, tree]]
            for other in range(tree + 1):
                line[indices[row, other]] += weight
    return matrix
