"""Logistic regression on binned rows: sixty thousand rows cost as little as a few hundred."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from heed.decisioning.score import Floats

_FINE_WIDTH = 0.01
_ROUNDS = 50
_HALVINGS = 30
# Stops when another step would gain less than half of this, in nats over all rows.
_TOLERANCE = 1e-9
# Keeps the equations solvable for collinear columns; too small to change a fit.
_RIDGE = 1e-8


@dataclass(frozen=True, eq=False)
class BinnedRows:
    """Rows aggregated by group and by bins of a predictor.

    Attributes
    ----------
    code : array of int, shape (bins,)
        Group of the bin's rows.
    predictor : array of float, shape (bins,)
        Mean predictor of the bin's rows.
    rows, hits : array of float, shape (bins,)
        Number of rows, and of rows with the outcome; `hits` may be a sum of soft targets.
    """

    code: NDArray[np.int64]
    predictor: Floats
    rows: Floats
    hits: Floats


def bin_rows(predictor: Floats, hit: Floats, width: float, code: NDArray[np.int64] | None = None) -> BinnedRows:
    """Aggregate rows into bins of this width, separately for each group.

    The mean predictor stands for all rows of a bin. In log-odds this changes the likelihood of a row by at most 1/100
    of the squared width.

    Parameters
    ----------
    predictor, hit : array of float, shape (n,)
        Predictor and outcome in [0, 1] of each row.
    code : array of int, shape (n,), optional
        Group of each row, at least 0.
    """
    bins = np.floor((predictor - predictor.min()) / width)
    group_count = 1 if code is None else int(code.max()) + 1
    key = bins if code is None else bins * group_count + code
    cell, keys = pd.factorize(key)
    rows = np.bincount(cell).astype(np.float64)
    group = np.round(keys % group_count).astype(np.int64)
    return BinnedRows(group, group_sums(cell, predictor) / rows, rows, group_sums(cell, hit))


def bin_finely(margin: Floats, target: Floats) -> BinnedRows:
    """Fine bins for fitting a curve: 0.01 wide, or narrower where margins vary little.

    Parameters
    ----------
    margin, target : array of float, shape (n,)
        At least one row.
    """
    spread = float(margin.std())
    return bin_rows(margin, target, _FINE_WIDTH * min(1.0, spread) if spread > 0.0 else _FINE_WIDTH)


def group_sums(group: NDArray[np.int64], values: Floats, groups: int = 0) -> Floats:
    """Sum of the values of each group, shape (groups,)."""
    total: Floats = np.bincount(group, values, groups).astype(np.float64, copy=False)
    return total


def fit_logistic(design: Floats, binned: BinnedRows, offset: Floats) -> Floats:
    """Maximum-likelihood coefficients, shape (k,), by Newton's method with step halving.

    Parameters
    ----------
    design : array of float, shape (bins, k)
    offset : array of float, shape (bins,)
        Added to the log-odds.
    """
    weights = np.zeros(design.shape[1])
    for _ in range(_ROUNDS):
        p = expit(design @ weights + offset)
        gradient = design.T @ (binned.hits - binned.rows * p)
        curvature = (design * (binned.rows * p * (1.0 - p))[:, None]).T @ design
        step: Floats = np.linalg.solve(curvature + _RIDGE * np.eye(len(weights)), gradient)
        if float(gradient @ step) < _TOLERANCE:
            break
        weights = _climb(design, binned, offset, weights, step)
    return weights


def log_likelihood(log_odds: Floats, binned: BinnedRows) -> float:
    """Log-likelihood of binned rows, in nats."""
    return float(binned.hits @ log_odds - binned.rows @ np.logaddexp(0.0, log_odds))


def _climb(design: Floats, binned: BinnedRows, offset: Floats, weights: Floats, step: Floats) -> Floats:
    now = log_likelihood(design @ weights + offset, binned)
    for halving in range(_HALVINGS):
        moved: Floats = weights + step * 0.5**halving
        if log_likelihood(design @ moved + offset, binned) >= now:
            return moved
    return weights
