"""The sentences that explain a decision. Receipts record them, so their text is stable."""

from collections.abc import Sequence

from heed.decisioning.canonical import Scalar
from heed.decisioning.catalogue import HOLD, Action
from heed.decisioning.customer import Objection
from heed.decisioning.decision import Candidate
from heed.decisioning.score import Contribution
from heed.decisioning.verdict import Verdict

_NAMED_CONTRIBUTIONS = 3


def act(action: Action) -> str:
    """Why heed acts."""
    return f"Act: `{action.action_id}` is worth most among the admissible candidates and more than holding."


def review(action: Action, verdict: Verdict) -> str:
    """Why a person is asked."""
    return f"Review: `{action.action_id}` needs a person because of rule `{verdict.rule}`: {verdict.reason}"


def suggest(action: Action) -> str:
    """Why a person is always asked about this action."""
    return f"Review: `{action.action_id}` is set to suggest, so a person decides each time."


def shadow(action: Action) -> str:
    """Why the action is only recorded."""
    return f"Hold: `{action.action_id}` would have been done, but it is set to shadow and never acts."


def suppressed(action: Action, verdict: Verdict) -> str:
    """Which rule blocked the best action."""
    return f"Hold: `{action.action_id}` is suppressed by rule `{verdict.rule}`: {verdict.reason}"


def no_rule_spoke(action: Action) -> str:
    """Why an action without any verdict is suppressed."""
    return f"Hold: no rule of the policy speaks for `{action.action_id}`, and what no rule allows is suppressed."


def not_worth_it() -> str:
    """Why holding is the best decision."""
    return "Hold: no admissible candidate is expected to be worth more than holding."


def nothing_offered() -> str:
    """Why there was no candidate."""
    return "Hold: no action is valid at this moment."


def objected(objections: Sequence[Objection]) -> str:
    """Why marketing was left out."""
    since = min(objection.recorded_at for objection in objections)
    return f"The customer objected to marketing on {since.date()}: it was neither scored nor considered."


def of_choice(
    action: Action | None, candidates: Sequence[Candidate], confidence: float, currency: str
) -> tuple[str, ...]:
    """The model's expectation for the chosen or proposed action, and the features that contributed most."""
    if action is None:
        return ()
    chosen = next(candidate for candidate in candidates if candidate.action_id == action.action_id)
    return (_expectation(chosen, action, currency), _confidence(confidence), *_features(chosen))


def _expectation(chosen: Candidate, action: Action, currency: str) -> str:
    interval = "" if chosen.low is None or chosen.high is None else f" ({chosen.low:.1%} to {chosen.high:.1%})"
    gain = "" if chosen.uplift is None else f", {100 * chosen.uplift:+.1f} points against {HOLD}"
    worth = f"{chosen.net_value:.2f} {currency}".rstrip()
    return f"The probability of `{action.outcome}` is {chosen.propensity:.1%}{interval}{gain}; net value {worth}."


def _confidence(confidence: float) -> str:
    return f"Confidence that nothing admissible is better by more than the tolerance: {confidence:.0%}."


def _features(chosen: Candidate) -> tuple[str, ...]:
    if chosen.explanation is None:
        return ()
    largest = chosen.explanation.contributions[:_NAMED_CONTRIBUTIONS]
    return tuple(_feature(contribution) for contribution in largest if contribution.points != 0.0)


def _feature(contribution: Contribution) -> str:
    direction = "raises" if contribution.points > 0 else "lowers"
    named = contribution.words or f"`{contribution.feature}`"
    return f"{named} = {_shown(contribution.value)} {direction} it by {abs(contribution.points):.2f} points."


def _shown(value: Scalar) -> str:
    if value is None:
        return "missing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
