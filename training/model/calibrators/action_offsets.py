"""Offsets by action that borrow from kin: partial pooling over category, channel and action.

The log-odds of a row are those of the curve, stretched a little where that helps, plus an offset of its category, one
of its channel and one of its action. Offsets of one kind are draws from a normal distribution around 0, whose spread is
estimated from the data (empirical Bayes): where actions do not differ the spread is 0 and so are they; an action with
few rows stays close to its category and channel; one never seen gets theirs. Gelman and Hill, "Data analysis using
regression and multilevel/hierarchical models" (2007), chapters 12 and 14; the spread by Laplace's approximation of the
marginal likelihood, as in Bates and others, "Fitting linear mixed-effects models using lme4" (2015), for counts.
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

# Width of a cell in log-odds: its rows differ by 5 % of their odds, and by nothing on average.
_WIDTH = 0.1
# With fewer rows of either class, what tells actions apart is chance.
_LEAST_OF_A_KIND = 20
_BY = ("category", "channel", "action")


@dataclass(frozen=True)
class ActionOffsets:
    """What is added to the curve's log-odds for an action, and how sure that is.

    Attributes
    ----------
    category, channel, action : mapping of str to float
        In log-odds, by name. An action's own comes on top of those of its category and channel.
    spread : mapping of str to float
        Standard deviation of the offsets by category, channel and action, as estimated: 0 where the data show no
        difference.
    error : mapping of str to mapping of str to float
        Posterior standard deviations: of the offsets of each category and channel, and under ``action`` of each
        action's whole offset.
    """

    category: Mapping[str, float] = field(default_factory=dict)
    channel: Mapping[str, float] = field(default_factory=dict)
    action: Mapping[str, float] = field(default_factory=dict)
    spread: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys(_BY, 0.0))
    error: Mapping[str, Mapping[str, float]] = field(default_factory=lambda: {name: {} for name in _BY})

    def of(self, action_id: str, channel: str | None, category: str | None) -> float:
        """The offset of an action in log-odds; what was never seen adds nothing."""
        shared = self.category.get(category or "", 0.0) + self.channel.get(channel or "", 0.0)
        return shared + self.action.get(action_id, 0.0)

    def error_of(self, action_id: str, channel: str | None, category: str | None) -> float:
        """How far off the offset may be: its posterior standard deviation, in log-odds.

        An action never seen is as uncertain as its category and channel are, and as actions vary among their kin.
        """
        if action_id in self.error["action"]:
            return self.error["action"][action_id]
        parts = {"category": category, "channel": channel, "action": action_id}
        known = [self.error[by].get(name, self.spread[by]) for by, name in parts.items() if name]
        return math.hypot(*known)

    def of_rows(self, pooling_groups: PoolingGroups) -> Floats:
        """The offset of each row, shape (n,)."""
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
        return {**{name: dict(getattr(self, name)) for name in (*_BY, "spread")}, "error": error}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "ActionOffsets":
        """The offsets written by :meth:`to_dict`."""
        return cls(**{name: stored[name] for name in (*_BY, "spread", "error")})


def fit_offsets(
    curve: Curve,
    margin: Floats,
    label: NDArray[np.bool_],
    pooling_groups: PoolingGroups,
    near: ActionOffsets | None = None,
) -> tuple[Curve, ActionOffsets]:
    """The offsets of the rows' actions, and the curve stretched to what it is once they are taken out.

    Parameters
    ----------
    curve : Curve
        Fitted on the same rows, all actions together.
    margin, label : array, shape (n,)
    pooling_groups : PoolingGroups
        Of n rows.
    near : ActionOffsets, optional
        Offsets of a like fit, whose spreads are where the search begins.

    Returns
    -------
    tuple of Curve and Offsets
        The same curve and no offsets where fewer than 20 rows are of either class.
    """
    positives = int(label.sum())
    if min(positives, len(label) - positives) < _LEAST_OF_A_KIND:
        return curve, ActionOffsets()
    log_odds = curve(margin)
    counted = bin_rows(log_odds, label.astype(np.float64), _WIDTH, pooling_groups.code)
    spread = (near or ActionOffsets()).spread
    fitted = fit_mixed_effects(counted, pooling_groups, np.array([spread[name] for name in _BY]))
    return curve.stretched(max(fitted.slope, MIN_SLOPE), fitted.intercept), _named(fitted, pooling_groups)


def _named(fitted: MixedEffects, pooling_groups: PoolingGroups) -> ActionOffsets:
    category = dict(zip(pooling_groups.categories, fitted.category_error.tolist(), strict=True))
    channel = dict(zip(pooling_groups.channels, fitted.channel_error.tolist(), strict=True))
    # Of an action on several channels, the least certain.
    by_error = np.argsort(fitted.total_error, kind="stable").tolist()
    action = {pooling_groups.actions[pooling_groups.action[kind]]: float(fitted.total_error[kind]) for kind in by_error}
    return ActionOffsets(
        category=dict(zip(pooling_groups.categories, fitted.category.tolist(), strict=True)),
        channel=dict(zip(pooling_groups.channels, fitted.channel.tolist(), strict=True)),
        action=dict(zip(pooling_groups.actions, fitted.action.tolist(), strict=True)),
        spread=dict(zip(_BY, fitted.spread.tolist(), strict=True)),
        error={"category": category, "channel": channel, "action": dict(sorted(action.items()))},
    )


def _name(names: tuple[str, ...], place: int) -> str | None:
    return names[place] if place >= 0 else None
