"""Logistic regression on rows counted into cells, which makes sixty thousand as cheap as a few hundred."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from heed.decisioning.score import Floats

_FINE = 0.01
_ROUNDS = 50
_HALVINGS = 30
# Twice the loss that one more step could win, in nats over all rows: far below what any row's noise means.
_WON = 1e-9
# Keeps the equations solvable where columns say the same; too weak to be seen in a fit.
_RIDGE = 1e-8


@dataclass(frozen=True, eq=False)
class BinnedRows:
    """Rows of about equal place, counted together.

    Attributes
    ----------
    code : array of int, shape (cells,)
        Which kind the cell's rows are of.
    place : array of float, shape (cells,)
        Mean place of the cell's rows.
    rows, hits : array of float, shape (cells,)
        How many, and how many with the outcome; `hits` may be a sum of shares.
    """

    code: NDArray[np.int64]
    place: Floats
    rows: Floats
    hits: Floats


def bin_rows(place: Floats, hit: Floats, width: float, code: NDArray[np.int64] | None = None) -> BinnedRows:
    """Counts rows into cells of this width, each kind for itself.

    Within a cell the mean place stands for all. In log-odds that moves a row's likelihood by the square of the width
    times at most 1/100.

    Parameters
    ----------
    place, hit : array of float, shape (n,)
        Where each row lies, and its outcome in [0, 1].
    code : array of int, shape (n,), optional
        The row's kind, at least 0.
    """
    bins = np.floor((place - place.min()) / width)
    several = 1 if code is None else int(code.max()) + 1
    key = bins if code is None else bins * several + code
    cell, keys = pd.factorize(key)
    rows = np.bincount(cell).astype(np.float64)
    kinds = np.round(keys % several).astype(np.int64)
    return BinnedRows(kinds, group_sums(cell, place) / rows, rows, group_sums(cell, hit))


def bin_finely(margin: Floats, target: Floats) -> BinnedRows:
    """Cells for a curve: a hundredth of a margin wide, narrower where margins hardly spread.

    Parameters
    ----------
    margin, target : array of float, shape (n,)
        At least one row.
    """
    spread = float(margin.std())
    return bin_rows(margin, target, _FINE * min(1.0, spread) if spread > 0.0 else _FINE)


def group_sums(group: NDArray[np.int64], values: Floats, groups: int = 0) -> Floats:
    """Sum of the values of each group, shape (groups,)."""
    total: Floats = np.bincount(group, values, groups).astype(np.float64, copy=False)
    return total


def fit_logistic(design: Floats, counted: BinnedRows, offset: Floats) -> Floats:
    """Maximum-likelihood coefficients, shape (k,), by Newton's method with halved steps where a whole one overshoots.

    Parameters
    ----------
    design : array of float, shape (cells, k)
    offset : array of float, shape (cells,)
        Added to the log-odds with weight 1.
    """
    weights = np.zeros(design.shape[1])
    for _ in range(_ROUNDS):
        p = expit(design @ weights + offset)
        gradient = design.T @ (counted.hits - counted.rows * p)
        curvature = (design * (counted.rows * p * (1.0 - p))[:, None]).T @ design
        step: Floats = np.linalg.solve(curvature + _RIDGE * np.eye(len(weights)), gradient)
        if float(gradient @ step) < _WON:
            break
        weights = _climb(design, counted, offset, weights, step)
    return weights


def log_likelihood(log_odds: Floats, counted: BinnedRows) -> float:
    """Log-likelihood of the cells, in nats."""
    return float(counted.hits @ log_odds - counted.rows @ np.logaddexp(0.0, log_odds))


def _climb(design: Floats, counted: BinnedRows, offset: Floats, weights: Floats, step: Floats) -> Floats:
    now = log_likelihood(design @ weights + offset, counted)
    for halving in range(_HALVINGS):
        moved: Floats = weights + step * 0.5**halving
        if log_likelihood(design @ moved + offset, counted) >= now:
            return moved
    return weights
