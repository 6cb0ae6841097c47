"""The value of heed's choices and of simpler policies on the same logged contacts."""

from dataclasses import dataclass

import numpy as np

from heed.training.evaluation.eval_data import EvalData
from heed.training.evaluation.metrics.estimate import Estimate, Ints, mean
from heed.training.evaluation.off_policy.estimators import PolicyValue, logging_value, policy_value, value_difference
from heed.training.evaluation.off_policy.logged_decisions import LoggedDecisions, logged_decisions
from heed.training.evaluation.policy_choices import HOLD_INDEX

MIN_ROWS = 100
_MIN_EFFECTIVE_ROWS = 30
_STEPS = 10


@dataclass(frozen=True, slots=True)
class PolicyComparison:
    """Values per decision, against holding for everybody.

    Attributes
    ----------
    singles : tuple of PolicyValue
        One action for everybody who is eligible, best first (doubly robust); then those with an effective sample size
        below 30. The first was selected on the rows that evaluate it, so its value is optimistic.
    better : Estimate
        heed's value minus that of the best single action.
    against_hold : bool
        Whether the log has holds. Otherwise outcomes count in full, as if none happened without contact.
    """

    rows: int
    against_hold: bool
    heed: PolicyValue
    hold: PolicyValue
    logging: PolicyValue
    singles: tuple[PolicyValue, ...]
    better: Estimate


@dataclass(frozen=True, slots=True)
class MostConfident:
    """Acting in the most confident decisions only, and holding in all others.

    Attributes
    ----------
    share : float
        Share of all decisions.
    confidence : float
        The lowest among them.
    value : Estimate
        Net value per decision, over all decisions.
    by_chance : float
        The same for equally many random decisions.
    """

    share: float
    confidence: float
    value: Estimate
    by_chance: float


def compare_policies(eval_data: EvalData) -> PolicyComparison | None:
    """Values of heed, hold, the logging policy and each single action; None where too little was randomized."""
    if len(eval_data.randomized) < MIN_ROWS:
        return None
    log, chosen = logged_decisions(eval_data), eval_data.choices.chosen[eval_data.randomized]
    singles = sorted(_single_actions(eval_data, log), key=lambda single: _rank(single[0]))
    return PolicyComparison(
        rows=len(chosen),
        against_hold=log.against_hold,
        heed=policy_value("heed", log, chosen),
        hold=policy_value("hold", log, np.full_like(chosen, HOLD_INDEX)),
        logging=logging_value("what was done", log),
        singles=tuple(value for value, _ in singles),
        better=value_difference(log, chosen, singles[0][1]),
    )


def most_confident(eval_data: EvalData) -> tuple[MostConfident, ...]:
    """Value by share of the most confident decisions, in tenths; empty where too little was randomized."""
    if len(eval_data.randomized) < MIN_ROWS:
        return ()
    log, mine = logged_decisions(eval_data), eval_data.randomized
    scores, confidence = log.scores(eval_data.choices.chosen[mine]), eval_data.choices.confidence[mine]
    edges = np.quantile(confidence, 1.0 - np.arange(1, _STEPS + 1) / _STEPS, method="lower")
    points = []
    for edge in np.unique(edges)[::-1]:
        taken = confidence >= edge
        value = mean(np.where(taken, scores, 0.0)).estimate(log.cluster)
        share = float(taken.mean())
        points.append(MostConfident(share, float(edge), value, share * float(scores.mean())))
    return tuple(points)


def _rank(policy: PolicyValue) -> tuple[bool, float, str]:
    return policy.effective_rows < _MIN_EFFECTIVE_ROWS, -policy.value.doubly_robust.value, policy.name


def _single_actions(eval_data: EvalData, log: LoggedDecisions) -> list[tuple[PolicyValue, Ints]]:
    singles = []
    for index, action in enumerate(eval_data.choices.actions):
        eligible = np.isfinite(log.propensity[:, index])
        target = np.where(eligible, index, HOLD_INDEX).astype(np.int64)
        singles.append((policy_value(action.action_id, log, target), target))
    return singles
