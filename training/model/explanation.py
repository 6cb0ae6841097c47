"""Explanations: what each feature added to a served probability."""

from collections.abc import Sequence

import numpy as np

from heed.decisioning.score import Contribution, Explanation, Floats
from heed.training.features.feature_schema import FeatureSchema
from heed.training.model.calibrators.curve import Curve
from heed.training.model.log_odds import probability

# Below this the difference of two probabilities is mostly rounding error; the tangent's error is below its square.
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
    """Explain one row; features without effect are left out.

    Contributions in log-odds are SHAP values times the slope of the calibration's secant from the base margin to the
    served margin. Percentage points are these contributions times the slope of the secant from base to served
    probability. Both add up exactly, whatever the shape of the calibration. The action's offset is part of the base.

    Parameters
    ----------
    row : array of float, shape (columns,)
        The encoded features.
    contributions : array of float, shape (columns + 1,)
        SHAP values of the margin, the base value last.
    offset : float
        The calibration's offset of the action, in log-odds.
    log_odds, propensity : float
        The served score.
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
    values = map(schema.describe, [row[column] for column in columns], columns)
    names, words = ([of[column] for column in columns] for of in (schema.names, schema.display_names))
    picked = ([of[column] for column in columns] for of in (effects, points))
    return tuple(map(Contribution, names, values, *picked, words))


def _secant(start: float, at_start: float, end: float, at_end: float, tangent: float) -> float:
    """Slope between two points of a curve; the tangent where they nearly coincide."""
    return tangent if abs(end - start) < _MEETING else (at_end - at_start) / (end - start)


def _by_size(effects: Sequence[float], names: Sequence[str]) -> list[int]:
    """Columns with an effect, the largest first, ties by name."""
    keys = sorted((-abs(effect), names[column], column) for column, effect in enumerate(effects) if effect)
    return [column for _, _, column in keys]
