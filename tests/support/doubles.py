"""Test doubles: a scorer and a guard with fixed answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import numpy as np

from heed.decisioning.catalogue import Action, Autonomy
from heed.decisioning.certificate import Certificate
from heed.decisioning.customer import Customer, Facts
from heed.decisioning.decide import Choice
from heed.decisioning.score import Contribution, Explanation, Floats, Scores
from heed.decisioning.value import ValueTerms
from heed.decisioning.verdict import Effect, Verdict

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
LIFTED = ("uplift", "uplift_low", "uplift_high", "uplift_draws")
ALLOWED = (Verdict("consent", Effect.ALLOW, "Consent is live."),)


def action(action_id: str, *, value: float = 10.0, cost: float = 0.0, autonomy: Autonomy = Autonomy.ASSIST) -> Action:
    return Action(
        action_id=action_id,
        channel="email",
        purpose="marketing",
        category="retention",
        value=value,
        cost=cost,
        outcome="conversion",
        window_days=7.0,
        autonomy=autonomy,
    )


def facts(customer_id: str = "c1") -> Facts:
    return Facts(Customer(customer_id), NOW)


@dataclass(frozen=True)
class FixedScorer:
    propensities: Mapping[str, float]
    spread: float = 0.0
    hold: float | None = None
    certificate: Certificate | None = None

    def score(self, facts: Facts, actions: Sequence[Action]) -> Scores:
        del facts
        mean = np.array([self.propensities[one.action_id] for one in actions])
        steps = np.linspace(-self.spread, self.spread, 5)
        # Neighbours move against each other, so that draws disagree on the best.
        signs = np.array([1.0 if place % 2 == 0 else -1.0 for place in range(len(actions))])
        draws = mean[:, None] + signs[:, None] * steps[None, :]
        low, high = mean - self.spread, mean + self.spread
        scores = Scores(mean, low, high, draws, lambda places: _explained(mean, places), certificate=self.certificate)
        if self.hold is None:
            return scores
        lifted = (mean - self.hold, low - self.hold, high - self.hold, draws - self.hold)
        return replace(scores, hold=self.hold, **dict(zip(LIFTED, lifted, strict=True)))


def _explained(mean: Floats, places: Sequence[int]) -> tuple[Explanation, ...]:
    contributions = (Contribution("age", 40, 1.0, 15.0),)
    return tuple(Explanation(-2.0, 0.12, -1.0, float(mean[place]), contributions) for place in places)


@dataclass(frozen=True)
class FixedGuard:
    answers: Mapping[str, tuple[Verdict, ...]] = field(default_factory=dict)
    late: tuple[Verdict, ...] = ()
    levels: Mapping[str, Autonomy] = field(default_factory=dict)
    terms: ValueTerms = field(default_factory=ValueTerms)

    def verdicts(self, facts: Facts, actions: Sequence[Action]) -> tuple[tuple[Verdict, ...], ...]:
        del facts
        return tuple(self.answers.get(one.action_id, ALLOWED) for one in actions)

    def choice_verdicts(self, facts: Facts, choice: Choice) -> tuple[Verdict, ...]:
        del facts, choice
        return self.late

    def autonomy(self, action: Action) -> Autonomy:
        return self.levels.get(action.action_id, action.autonomy)

    def contact_point(self, facts: Facts, action: Action) -> str | None:
        del facts
        return f"point-{action.channel}"
