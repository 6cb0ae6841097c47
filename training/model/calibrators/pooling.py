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

from decisioning.score import Floats
from training.model.calibrators.curve import LEAST_SLOPE, Curve
from training.model.calibrators.kin import Kin
from training.model.calibrators.laplace import Mixed
from training.model.calibrators.mixed import mixed
from training.model.calibrators.regression import cells

# Width of a cell in log-odds: its rows differ by 5 % of their odds, and by nothing on average.
_WIDTH = 0.1
# With fewer rows of either class, what tells actions apart is chance.
_LEAST_OF_A_KIND = 20
_BY = ("category", "channel", "action")


@dataclass(frozen=True)
class Offsets:
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

    def of_rows(self, kin: Kin) -> Floats:
        """The offset of each row, shape (n,)."""
        each = [
            self.of(kin.actions[action], _name(kin.channels, channel), _name(kin.categories, category))
            for action, channel, category in zip(kin.action, kin.channel, kin.category, strict=True)
        ]
        return np.array(each)[kin.code]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        error = {name: dict(of) for name, of in self.error.items()}
        return {**{name: dict(getattr(self, name)) for name in (*_BY, "spread")}, "error": error}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "Offsets":
        """The offsets written by :meth:`to_dict`."""
        return cls(**{name: stored[name] for name in (*_BY, "spread", "error")})


def fit_offsets(
    curve: Curve, margin: Floats, label: NDArray[np.bool_], kin: Kin, near: Offsets | None = None
) -> tuple[Curve, Offsets]:
    """The offsets of the rows' actions, and the curve stretched to what it is once they are taken out.

    Parameters
    ----------
    curve : Curve
        Fitted on the same rows, all actions together.
    margin, label : array, shape (n,)
    kin : Kin
        Of n rows.
    near : Offsets, optional
        Offsets of a like fit, whose spreads are where the search begins.

    Returns
    -------
    tuple of Curve and Offsets
        The same curve and no offsets where fewer than 20 rows are of either class.
    """
    positives = int(label.sum())
    if min(positives, len(label) - positives) < _LEAST_OF_A_KIND:
        return curve, Offsets()
    log_odds = curve(margin)
    counted = cells(log_odds, label.astype(np.float64), _WIDTH, kin.code)
    spread = (near or Offsets()).spread
    fitted = mixed(counted, kin, np.array([spread[name] for name in _BY]))
    return curve.stretched(max(fitted.slope, LEAST_SLOPE), fitted.intercept), _named(fitted, kin)


def _named(fitted: Mixed, kin: Kin) -> Offsets:
    category = dict(zip(kin.categories, fitted.category_error.tolist(), strict=True))
    channel = dict(zip(kin.channels, fitted.channel_error.tolist(), strict=True))
    # Of an action on several channels, the least certain.
    by_error = np.argsort(fitted.total_error, kind="stable").tolist()
    action = {kin.actions[kin.action[kind]]: float(fitted.total_error[kind]) for kind in by_error}
    return Offsets(
        category=dict(zip(kin.categories, fitted.category.tolist(), strict=True)),
        channel=dict(zip(kin.channels, fitted.channel.tolist(), strict=True)),
        action=dict(zip(kin.actions, fitted.action.tolist(), strict=True)),
        spread=dict(zip(_BY, fitted.spread.tolist(), strict=True)),
        error={"category": category, "channel": channel, "action": dict(sorted(action.items()))},
    )


def _name(names: tuple[str, ...], place: int) -> str | None:
    return names[place] if place >= 0 else None
