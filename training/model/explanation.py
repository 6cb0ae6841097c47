"""Taking a served probability apart into what each feature added to it."""

from collections.abc import Sequence

import numpy as np

from heed.decisioning.score import Contribution, Explanation, Floats
from heed.training.features.feature_schema import FeatureSchema
from heed.training.model.calibrators.curve import Curve
from heed.training.model.log_odds import probability

# Below this the difference of two probabilities is mostly rounding; the tangent is off by less than its square.
_MEETING = 1e-6


def explain_row(
    row: Floats,
    contributions: Floats,
    offset: float,
    log_odds: float,
    propensity: float,
    curve: Curve,
    schema: FeatureSchema,
) -> Explanation:
    """One explanation; features that changed nothing are left out.

    Contributions in log-odds are SHAP values times the slope of the calibration's secant from base to served margin.
    Points of probability are the same contributions times the slope of the secant from base to served value. So both
    kinds add up, whatever the shape of the calibration. What it adds for the action is part of the base.

    Parameters
    ----------
    row : array of float, shape (columns,)
        The features as numbers.
    contributions : array of float, shape (columns + 1,)
        SHAP values of the margin, the base last.
    offset : float
        What the calibration adds for the action, in log-odds.
    log_odds, propensity : float
        What was served.
    """
    margins = np.array([contributions[-1], contributions.sum()])
    base = float(curve(margins[:1])[0]) + offset
    base_probability = float(probability(np.array([base]))[0])
    effects = contributions[:-1] * _secant(margins[0], base, margins[1], log_odds, float(curve.slope(margins[1:])[0]))
    tangent = propensity * (1.0 - propensity)
    points = effects * (100.0 * _secant(base, base_probability, log_odds, propensity, tangent))
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
    names, words = ([of[column] for column in columns] for of in (schema.names, schema.display_names))
    picked = ([of[column] for column in columns] for of in (effects, points))
    return tuple(map(Contribution, names, told, *picked, words))


def _secant(start: float, at_start: float, end: float, at_end: float, tangent: float) -> float:
    """Slope of a curve between two of its points; its tangent where they all but meet."""
    return tangent if abs(end - start) < _MEETING else (at_end - at_start) / (end - start)


def _by_size(effects: Sequence[float], names: Sequence[str]) -> list[int]:
    """Columns with an effect, the largest first, equals by name."""
    keys = sorted((-abs(effect), names[column], column) for column, effect in enumerate(effects) if effect)
    return [column for _, _, column in keys]
