"""Offsets by action with partial pooling over category, channel and action.

The log-odds of a row are those of the curve, rescaled, plus offsets of its category, channel and action. The offsets of
each level are drawn from a normal distribution around 0, whose standard deviation is estimated (empirical Bayes): it is
0 where actions do not differ; an action with few rows stays close to its category and channel; an unseen action gets
theirs. See Gelman and Hill, "Data analysis using regression and multilevel/hierarchical models" (2007), chapters 12 and
14. Variances maximise Laplace's approximation of the marginal likelihood, as in Bates and others, "Fitting linear
mixed-effects models using lme4" (2015).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.score import Floats
from heed.training.model.calibrators.curve import MIN_SLOPE, Curve
from heed.training.model.calibrators.laplace import MixedEffects
from heed.training.model.calibrators.logistic_regression import bin_rows
from heed.training.model.calibrators.mixed_effects import fit_mixed_effects
from heed.training.model.calibrators.pooling_groups import PoolingGroups

# Width of a bin in log-odds: rows differ from its mean by at most 5 % of their odds.
_BIN_WIDTH = 0.1
# With fewer rows of a class, differences between actions are noise.
_MIN_CLASS_ROWS = 20
_LEVELS = ("category", "channel", "action")


@dataclass(frozen=True)
class ActionOffsets:
    """Offsets added to the curve's log-odds, with their uncertainty.

    Attributes
    ----------
    category, channel, action : mapping of str to float
        Offsets in log-odds by name. The offset of an action is the sum of its own, its category's and its channel's.
    spread : mapping of str to float
        Estimated standard deviation of the offsets by category, channel and action.
    error : mapping of str to mapping of str to float
        Posterior standard deviations of the offsets of each category and channel, and under ``action`` of each
        action's total offset.
    """

    category: Mapping[str, float] = field(default_factory=dict)
    channel: Mapping[str, float] = field(default_factory=dict)
    action: Mapping[str, float] = field(default_factory=dict)
    spread: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys(_LEVELS, 0.0))
    error: Mapping[str, Mapping[str, float]] = field(default_factory=lambda: {name: {} for name in _LEVELS})

    def of(self, action_id: str, channel: str | None, category: str | None) -> float:
        """Total offset of an action in log-odds; unseen names add nothing."""
        shared = self.category.get(category or "", 0.0) + self.channel.get(channel or "", 0.0)
        return shared + self.action.get(action_id, 0.0)

    def error_of(self, action_id: str, channel: str | None, category: str | None) -> float:
        """Posterior standard deviation of the total offset, in log-odds.

        For an unseen action it combines those of category and channel with the standard deviation between actions.
        """
        if action_id in self.error["action"]:
            return self.error["action"][action_id]
        parts = {"category": category, "channel": channel, "action": action_id}
        known = [self.error[by].get(name, self.spread[by]) for by, name in parts.items() if name]
        return math.hypot(*known)

    def of_rows(self, pooling_groups: PoolingGroups) -> Floats:
        """Total offset of each row, shape (n,)."""
        each = [
            self.of(
                pooling_groups.actions[action],
                _name(pooling_groups.channels, channel),
                _name(pooling_groups.categories, category),
            )
            for action, channel, category in zip(
                pooling_groups.action, pooling_groups.channel, pooling_groups.category, strict=True
            )
        ]
        return np.array(each)[pooling_groups.code]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        error = {name: dict(of) for name, of in self.error.items()}
        return {**{name: dict(getattr(self, name)) for name in (*_LEVELS, "spread")}, "error": error}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "ActionOffsets":
        """The offsets written by :meth:`to_dict`."""
        return cls(**{name: stored[name] for name in (*_LEVELS, "spread", "error")})


def fit_offsets(
    curve: Curve,
    margin: Floats,
    label: NDArray[np.bool_],
    pooling_groups: PoolingGroups,
    warm_start: ActionOffsets | None = None,
) -> tuple[Curve, ActionOffsets]:
    """Fit the offsets of the rows' actions and rescale the curve accordingly.

    Parameters
    ----------
    curve : Curve
        Fitted on the same rows without offsets.
    margin, label : array, shape (n,)
    pooling_groups : PoolingGroups
        Action, channel and category of each row.
    warm_start : ActionOffsets, optional
        Offsets of a similar fit, whose standard deviations start the search.

    Returns
    -------
    tuple of Curve and Offsets
        The same curve and no offsets where a class has fewer than 20 rows.
    """
    positives = int(label.sum())
    if min(positives, len(label) - positives) < _MIN_CLASS_ROWS:
        return curve, ActionOffsets()
    log_odds = curve(margin)
    binned = bin_rows(log_odds, label.astype(np.float64), _BIN_WIDTH, pooling_groups.code)
    spread = (warm_start or ActionOffsets()).spread
    fitted = fit_mixed_effects(binned, pooling_groups, np.array([spread[name] for name in _LEVELS]))
    return curve.rescaled(max(fitted.slope, MIN_SLOPE), fitted.intercept), _offsets(fitted, pooling_groups)


def _offsets(fitted: MixedEffects, pooling_groups: PoolingGroups) -> ActionOffsets:
    category = dict(zip(pooling_groups.categories, fitted.category_error.tolist(), strict=True))
    channel = dict(zip(pooling_groups.channels, fitted.channel_error.tolist(), strict=True))
    # An action on several channels keeps its largest error.
    by_error = np.argsort(fitted.total_error, kind="stable").tolist()
    action = {pooling_groups.actions[pooling_groups.action[kind]]: float(fitted.total_error[kind]) for kind in by_error}
    return ActionOffsets(
        category=dict(zip(pooling_groups.categories, fitted.category.tolist(), strict=True)),
        channel=dict(zip(pooling_groups.channels, fitted.channel.tolist(), strict=True)),
        action=dict(zip(pooling_groups.actions, fitted.action.tolist(), strict=True)),
        spread=dict(zip(_LEVELS, fitted.spread.tolist(), strict=True)),
        error={"category": category, "channel": channel, "action": dict(sorted(action.items()))},
    )


def _name(names: tuple[str, ...], index: int) -> str | None:
    return names[index] if index >= 0 else None
