"""Taking a served probability apart into what each feature added to it."""

from collections.abc import Sequence

import numpy as np

from decisioning.score import Contribution, Explanation, Floats
from training.features.schema import FeatureSchema
from training.model.calibration import Calibration, probability

# Below this the difference of two probabilities is mostly rounding; the tangent is off by less than its square.
_MEETING = 1e-6


def explain_row(
    row: Floats,
    contributions: Floats,
    log_odds: float,
    propensity: float,
    calibration: Calibration,
    schema: FeatureSchema,
) -> Explanation:
    """One explanation; features that changed nothing are left out.

    Contributions in log-odds are SHAP values times the slope of the calibration. Points of probability are the same
    contributions times the slope of the secant from base to served value, so both kinds add up.

    Parameters
    ----------
    row : array of float, shape (columns,)
        The features as numbers.
    contributions : array of float, shape (columns + 1,)
        SHAP values of the margin, the base last.
    log_odds, propensity : float
        What was served.
    """
    base = float(calibration.log_odds(contributions[-1:])[0])
    base_probability = float(probability(np.array([base]))[0])
    effects = calibration.slope * contributions[:-1]
    points = effects * (100.0 * _secant(base, base_probability, log_odds, propensity))
    return Explanation(
        base_log_odds=base,
        base_probability=base_probability,
        log_odds=log_odds,
        probability=propensity,
        contributions=_contributions(row.tolist(), effects.tolist(), points.tolist(), schema),
    )


def _contributions(
    row: list[float], effects: list[float], points: list[float], schema: FeatureSchema
) -> tuple[Contribution, ...]:
    columns = _by_size(effects, schema.names)
    told = map(schema.describe, [row[column] for column in columns], columns)
    names, words = ([of[column] for column in columns] for of in (schema.names, schema.wordings))
    picked = ([of[column] for column in columns] for of in (effects, points))
    return tuple(map(Contribution, names, told, *picked, words))


def _secant(base: float, base_probability: float, log_odds: float, propensity: float) -> float:
    """Probability per log-odds between two points of the logistic curve; its tangent where they all but meet."""
    if abs(log_odds - base) < _MEETING:
        return propensity * (1.0 - propensity)
    return (propensity - base_probability) / (log_odds - base)


def _by_size(effects: Sequence[float], names: Sequence[str]) -> list[int]:
    """Columns with an effect, the largest first, equals by name."""
    keys = sorted((-abs(effect), names[column], column) for column, effect in enumerate(effects) if effect)
    return [column for _, _, column in keys]
