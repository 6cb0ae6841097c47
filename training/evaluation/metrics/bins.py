"""Rows binned by predicted probability."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.score import Floats

_Z95 = 1.959963984540054


@dataclass(frozen=True, eq=False)
class Bins:
    """Bins of rows, by rising probability; every array has shape (bins,).

    Attributes
    ----------
    count : array of int
        Rows in the bin, at least 1.
    stated, rate : array of float
        Mean probability, and share of rows with the outcome.
    low, high : array of float
        95 % interval of the rate.
    """

    count: NDArray[np.int64]
    stated: Floats
    rate: Floats
    low: Floats
    high: Floats


def equal_mass_bins(propensity: Floats, label: NDArray[np.bool_], bins: int) -> Bins:
    """At most `bins` bins of about equally many rows; rows of equal probability share a bin."""
    index = bin_indices(propensity, bins)
    count = np.bincount(index)
    stated: Floats = np.bincount(index, propensity) / count
    happened = np.bincount(index, label.astype(np.float64)).astype(np.float64)
    low, high = wilson_interval(happened, count)
    return Bins(count.astype(np.int64), stated, happened / count, low, high)


def bin_indices(propensity: Floats, bins: int) -> NDArray[np.int64]:
    """The bin of each row, shape (n,), from 0 without gaps, by rising probability."""
    edges = np.unique(np.quantile(propensity, np.linspace(0.0, 1.0, bins + 1)[1:-1]))
    bins_of_rows = np.searchsorted(edges, propensity, side="left")
    return np.unique(bins_of_rows, return_inverse=True)[1].astype(np.int64)


def wilson_interval(happened: Floats, count: NDArray[np.integer]) -> tuple[Floats, Floats]:
    """95 % interval of a share: Wilson, "Probable inference", J. Am. Stat. Assoc. 22 (1927). Ends lie in [0, 1].

    Parameters
    ----------
    happened, count : array, same shape
        Successes and trials; at least one trial each.
    """
    square = _Z95**2
    center = (happened + square / 2.0) / (count + square)
    half = _Z95 / (count + square) * np.sqrt(happened * (count - happened) / count + square / 4.0)
    return np.maximum(center - half, 0.0), np.minimum(center + half, 1.0)
