"""Uplift: the model's differences, corrected with logged propensities (doubly robust).

The model predicts every customer's outcome with an action and with hold. The difference is biased where the log was
confounded or the booster shrank it. With r the residual of a row and w the inverse of the logging policy's probability,
the mean of w r over an action's rows minus that over hold rows estimates the average error of the uplift, and is
consistent if either the model or the propensities are right (augmented inverse propensity weighting; Robins, Rotnitzky
and Zhao, J. Am. Stat. Assoc. 89, 1994). The slope of these errors on the predicted uplift tells how much of the
predicted heterogeneity is real (best linear predictor of the effect; Chernozhukov, Demirer, Duflo and Fernandez-Val,
"Generic machine learning inference on heterogeneous treatment effects", 2018). Both are shrunk where data are few: an
action's error to the mean over actions (DerSimonian and Laird, 1986), the slope to 1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.catalogue import HOLD, Action
from heed.decisioning.score import Floats
from heed.training.model.probability_head import standard_draws
from heed.training.model.sample import Indices, Sample

# Prior standard deviation of the slope, around 1.
_SLOPE_PRIOR = 0.5
_SLOPE_BOUNDS = (0.0, 2.0)
# Weights are clipped at this multiple of their median, so that a few rows do not dominate.
_MAX_WEIGHT = 50.0


@dataclass(frozen=True)
class UpliftCorrection:
    """Served uplift is ``correction + centre + slope * (difference - centre)``.

    Attributes
    ----------
    slope, slope_error : float
        Share of the predicted heterogeneity that is real, and its standard error.
    centre : float
        Mean predicted difference, the fixed point of the slope.
    overall, overall_error : float
        Correction of an action unseen in training, in probability, and its standard error.
    correction, error : mapping of str to float
        Correction of each action and its standard error.
    propensities : bool
        Whether the log records propensities; otherwise confounding is not corrected.
    """

    slope: float = 1.0
    slope_error: float = 0.0
    centre: float = 0.0
    overall: float = 0.0
    overall_error: float = 0.0
    correction: Mapping[str, float] = field(default_factory=dict)
    error: Mapping[str, float] = field(default_factory=dict)
    propensities: bool = False

    def corrected(self, actions: Sequence[Action], difference: Floats) -> Floats:
        """Uplift for predicted differences, both of shape (n, a)."""
        corrections = np.array([self.correction.get(action.action_id, self.overall) for action in actions])
        line: Floats = corrections + self.centre + self.slope * (difference - self.centre)
        return np.clip(line, -1.0, 1.0)

    def corrected_draws(self, actions: Sequence[Action], difference: Floats, draws: Floats) -> Floats:
        """Draws of the uplift from draws of the predicted differences, both of shape (n, a, K)."""
        count = draws.shape[-1]
        slope = np.clip(self.slope + self.slope_error * standard_draws("uplift slope", count), *_SLOPE_BOUNDS)
        off = np.stack(
            [self._error(action.action_id) * standard_draws(f"uplift {action.action_id}", count) for action in actions]
        )
        turned: Floats = (slope - self.slope) * (difference[..., None] - self.centre)
        moved: Floats = self.corrected(actions, difference)[..., None] + turned + off + (draws - difference[..., None])
        return moved

    def to_dict(self) -> dict[str, object]:
        """JSON-ready form."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    def _error(self, action_id: str) -> float:
        return self.error.get(action_id, self.overall_error)


def fit_uplift_correction(sample: Sample, propensity: Floats, other: Floats) -> UpliftCorrection:
    """Fit the correction on these rows.

    Parameters
    ----------
    sample : Sample
        Contacts and hold rows.
    propensity, other : array of float, shape (n,)
        Out-of-fold predictions of each row, and of its counterfactual: with hold in place of its action, or for hold
        rows with an action drawn at random.
    """
    held, action = sample.is_hold, sample.pooling_groups.action[sample.pooling_groups.code]
    weight = _weights(sample.propensity, action)
    residual = sample.label - propensity
    difference = np.where(held, other - propensity, propensity - other)
    centre = float(np.average(difference[~held], weights=weight[~held]))
    resting, resting_error = _mean(residual[held], weight[held])
    codes = [code for code, name in enumerate(sample.pooling_groups.actions) if name != HOLD and (action == code).any()]
    means = [_mean(residual[action == code], weight[action == code]) for code in codes]
    pooled, pooled_error, overall, spread = _pooled(np.array(means))
    slope, slope_error = _slope(residual, weight, difference - centre, held)
    names = [sample.pooling_groups.actions[code] for code in codes]
    return UpliftCorrection(
        slope=slope,
        slope_error=slope_error,
        centre=centre,
        overall=overall - resting,
        overall_error=float(np.hypot(spread, resting_error)),
        correction=dict(zip(names, (pooled - resting).tolist(), strict=True)),
        error=dict(zip(names, np.hypot(pooled_error, resting_error).tolist(), strict=True)),
        propensities=bool(np.isfinite(sample.propensity).all()),
    )


def _weights(propensity: Floats, action: Indices) -> Floats:
    """Inverse propensities, clipped and normalised to mean 1 within each action."""
    if not np.isfinite(propensity).all():
        return np.ones(len(propensity))
    raw = 1.0 / np.maximum(propensity, 1e-9)
    for code in np.unique(action):
        mine = action == code
        raw[mine] = np.minimum(raw[mine], _MAX_WEIGHT * np.median(raw[mine]))
        raw[mine] /= raw[mine].mean()
    return np.asarray(raw)


def _mean(values: Floats, weight: Floats) -> tuple[float, float]:
    """Weighted mean and its standard error."""
    mean = float(np.average(values, weights=weight))
    error = float(np.sqrt(np.sum((weight * (values - mean)) ** 2)) / weight.sum())
    return mean, max(error, 1e-9)


def _pooled(means: Floats) -> tuple[Floats, Floats, float, float]:
    """Means shrunk to their common mean, their errors, the common mean and the spread (empirical Bayes)."""
    mean, variance = means[:, 0], means[:, 1] ** 2
    weight = 1.0 / variance
    common = float(np.average(mean, weights=weight))
    chance = float(np.sum(weight * (mean - common) ** 2)) - (len(mean) - 1)
    scale = float(weight.sum() - (weight**2).sum() / weight.sum())
    between = max(chance / scale, 0.0) if scale > 0.0 else 0.0
    kept = between / (between + variance)
    common = float(np.average(mean, weights=1.0 / (variance + between)))
    error = np.sqrt(kept * variance + (1.0 - kept) ** 2 / np.sum(1.0 / (variance + between)))
    return common + kept * (mean - common), error, common, float(np.hypot(np.sqrt(between), error.min()))


def _slope(residual: Floats, weight: Floats, off: Floats, held: NDArray[np.bool_]) -> tuple[float, float]:
    """One plus the slope of uplift errors on predicted uplift, shrunk to 1, and its standard error."""
    sides = np.where(held, -1.0 / weight[held].sum(), 1.0 / weight[~held].sum())
    terms = sides * weight * residual * off
    scatter = float(np.average(off**2, weights=weight))
    if scatter < 1e-12:
        return 1.0, 0.0
    estimate, error = float(terms.sum()) / scatter, float(np.sqrt(np.sum(terms**2))) / scatter
    kept = _SLOPE_PRIOR**2 / (_SLOPE_PRIOR**2 + error**2)
    return float(np.clip(1.0 + kept * estimate, *_SLOPE_BOUNDS)), float(np.sqrt(kept) * error)
