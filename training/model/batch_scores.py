"""Scores of many decisions that share the same candidates."""

from dataclasses import dataclass

from heed.decisioning.score import Floats


@dataclass(frozen=True, eq=False)
class BatchScores:
    """Scores of `a` candidates for n decisions, with K joint draws each; see :class:`heed.decisioning.score.Scores`.

    Attributes
    ----------
    propensity, low, high : array of float, shape (n, a)
    propensity_draws : array of float, shape (n, a, K)
    hold : array of float, shape (n,), or None
    uplift, uplift_low, uplift_high, harm : array of float, shape (n, a), or None
    uplift_draws, harm_draws : array of float, shape (n, a, K), or None
    """

    propensity: Floats
    low: Floats
    high: Floats
    propensity_draws: Floats
    hold: Floats | None = None
    uplift: Floats | None = None
    uplift_low: Floats | None = None
    uplift_high: Floats | None = None
    uplift_draws: Floats | None = None
    harm: Floats | None = None
    harm_draws: Floats | None = None
