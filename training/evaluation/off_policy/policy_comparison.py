"""heed's choices beside simpler ones: what each would have been worth on the same recorded contacts."""

from dataclasses import dataclass

import numpy as np

from heed.training.evaluation.eval_data import EvalData
from heed.training.evaluation.metrics.estimate import Estimate, Ints, mean
from heed.training.evaluation.off_policy.estimators import (
    LoggedDecisions,
    PolicyValue,
    logging_value,
    policy_value,
    value_difference,
)
from heed.training.evaluation.policy_choices import HOLD_INDEX

LEAST_ROWS = 100
_LEAST_EFFECTIVE = 30
_STEPS = 10


@dataclass(frozen=True, slots=True)
class PolicyComparison:
    """Values per decision, against holding for everybody.

    Attributes
    ----------
    singles : tuple of PolicyValue
        One action for everybody to whom it was open, best first (doubly robust); after them those that fewer than 30
        rows tell of. The first was found on the rows that judge it, so it is flattered.
    better : Estimate
        heed's value less that of the best single action.
    against_hold : bool
        Whether the log has hold rows. Else outcomes count in full, as if none came unasked.
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
    """Acting as heed says in the surest decisions alone, and holding in all others.

    Attributes
    ----------
    share : float
        Of all decisions.
    confidence : float
        The least among them.
    value : Estimate
        Net value per decision of all, held ones included.
    by_chance : float
        The same for as many decisions drawn at random.
    """

    share: float
    confidence: float
    value: Estimate
    by_chance: float


def policies(material: EvalData) -> PolicyComparison | None:
    """Values of heed, of holding, of what was done and of each single action; None where too little was randomised."""
    if len(material.randomised) < LEAST_ROWS:
        return None
    log, chosen = material.log, material.choices.chosen[material.randomised]
    singles = sorted(_singles(material, log), key=lambda one: _rank(one[0]))
    return PolicyComparison(
        rows=len(chosen),
        against_hold=log.against_hold,
        heed=policy_value("heed", log, chosen),
        hold=policy_value("hold", log, np.full_like(chosen, HOLD_INDEX)),
        logging=logging_value("what was done", log),
        singles=tuple(one for one, _ in singles),
        better=value_difference(log, chosen, singles[0][1]),
    )


def surest(material: EvalData) -> tuple[MostConfident, ...]:
    """Value by how many of the surest decisions are taken, tenth by tenth; none where too little was randomised."""
    if len(material.randomised) < LEAST_ROWS:
        return ()
    log, mine = material.log, material.randomised
    scores, confidence = log.scores(material.choices.chosen[mine]), material.choices.confidence[mine]
    edges = np.quantile(confidence, 1.0 - np.arange(1, _STEPS + 1) / _STEPS, method="lower")
    found = []
    for edge in np.unique(edges)[::-1]:
        taken = confidence >= edge
        value = mean(np.where(taken, scores, 0.0)).estimate(log.cluster)
        share = float(taken.mean())
        found.append(MostConfident(share, float(edge), value, share * float(scores.mean())))
    return tuple(found)


def _rank(one: PolicyValue) -> tuple[bool, float, str]:
    return one.effective_rows < _LEAST_EFFECTIVE, -one.value.doubly_robust.value, one.name


def _singles(material: EvalData, log: LoggedDecisions) -> list[tuple[PolicyValue, Ints]]:
    found = []
    for place, action in enumerate(material.choices.actions):
        open_ = np.isfinite(log.propensity[:, place])
        target = np.where(open_, place, HOLD_INDEX).astype(np.int64)
        found.append((policy_value(action.action_id, log, target), target))
    return found
