"""The decision as a pure function: facts and actions in, a decision with its reasons out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from heed.decisioning import reasons
from heed.decisioning.arbitration import choose, confidence, ranking, shortfall
from heed.decisioning.candidates import Verdicts, hold_candidate, rank_candidates
from heed.decisioning.catalogue import Action, Autonomy
from heed.decisioning.certificate import Certificate
from heed.decisioning.customer import Facts
from heed.decisioning.decision import Decision, Disposition, Explain
from heed.decisioning.kill_switch import add_stop_verdicts
from heed.decisioning.marketing_objection import OBJECTION_RULE, eligible_for_scoring
from heed.decisioning.score import Explanation, Floats, Scorer, Scores
from heed.decisioning.value import ValueTerms, net_value_draws, net_values
from heed.decisioning.verdict import Effect, Verdict, combined_effect, decisive_verdict


@dataclass(frozen=True, slots=True)
class Choice:
    """The action that arbitration chose, for the rules that evaluate the choice rather than a candidate.

    Attributes
    ----------
    harm : float or None
        Probability in [0, 1] of opt-out, complaint or unsubscribe. None where the model has no estimate.
    """

    action: Action
    propensity: float
    net_value: float
    confidence: float
    certificate: Certificate | None = None
    harm: float | None = None


class Guard(Protocol):
    """An active policy, seen from the decision: pure, and the same verdicts for the same facts."""

    @property
    def terms(self) -> ValueTerms:
        """How the policy weighs outcomes."""
        ...

    def verdicts(self, facts: Facts, actions: Sequence[Action]) -> tuple[Verdicts, ...]:
        """Every rule's verdict on every action, in the order of the actions."""
        ...

    def choice_verdicts(self, facts: Facts, choice: Choice) -> Verdicts:
        """Verdicts of the rules that need the choice: confidence, value floor."""
        ...

    def autonomy(self, action: Action) -> Autonomy:
        """How far heed may go with this action under this policy."""
        ...

    def contact_point(self, facts: Facts, action: Action) -> str | None:
        """Where the customer may be reached for this action, None where no contact point is named."""
        ...


@dataclass(frozen=True, slots=True)
class _Weighed:
    """The candidates with their scores, net values and verdicts."""

    actions: tuple[Action, ...]
    scores: Scores
    values: Floats
    verdicts: tuple[Verdicts, ...]
    order: tuple[int, ...]
    chosen: int | None
    confidence: float
    shortfall: float

    @property
    def effects(self) -> tuple[Effect, ...]:
        return tuple(combined_effect(verdicts) for verdicts in self.verdicts)


@dataclass(frozen=True, slots=True)
class _Ending:
    disposition: Disposition
    binding: Verdict | None
    reason: str


def decide(
    facts: Facts,
    actions: Sequence[Action],
    *,
    scorer: Scorer,
    guard: Guard,
    currency: str = "",
    explain: Explain = Explain.CHOSEN,
) -> Decision:
    """Decide whether to act, how, or to hold.

    Parameters
    ----------
    facts : Facts
        All that the decision may look at.
    actions : sequence of Action
        The candidates. Hold competes without being named.
    scorer : Scorer
        The trained model.
    guard : Guard
        The active policy.
    currency : str
        Shown in the reasons.
    explain : Explain
        Which candidates are explained.

    Returns
    -------
    Decision
        The same for the same arguments, to the last bit.
    """
    if not actions:
        return _nothing_offered()
    left = eligible_for_scoring(facts.customer, actions)
    objected = (reasons.objected(facts.customer.objections),) if len(left) < len(actions) else ()
    if not left:
        return _unconsidered(objected, OBJECTION_RULE)
    weighed = _weigh(facts, left, scorer, guard)
    ending = _end(weighed, guard)
    explained = _explained(weighed, explain)
    made = _decision(facts, weighed, ending, explained, guard, currency)
    return replace(made, reasons=made.reasons + objected)


def _weigh(facts: Facts, actions: tuple[Action, ...], scorer: Scorer, guard: Guard) -> _Weighed:
    scores = scorer.score(facts, actions)
    values = net_values(actions, scores, guard.terms)
    verdicts = add_stop_verdicts(facts.stops, actions, guard.verdicts(facts, actions))
    admissible = [combined_effect(candidate_verdicts) is not Effect.SUPPRESS for candidate_verdicts in verdicts]
    order = ranking(actions, values)
    chosen = choose(order, values, admissible)
    draws = net_value_draws(actions, scores, guard.terms)
    sure = confidence(draws, chosen, admissible, guard.terms.tolerance, scores.trust)
    if chosen is not None:
        candidate_verdicts = float(scores.propensity[chosen]), float(values[chosen])
        harm = None if scores.harm is None else float(scores.harm[chosen])
        choice = Choice(actions[chosen], *candidate_verdicts, sure, scores.certificate, harm)
        looked = verdicts[chosen] + guard.choice_verdicts(facts, choice)
        verdicts = (*verdicts[:chosen], looked, *verdicts[chosen + 1 :])
    return _Weighed(actions, scores, values, verdicts, order, chosen, sure, shortfall(draws, chosen, admissible))


def _end(weighed: _Weighed, guard: Guard) -> _Ending:
    """The disposition: the first condition that holds.

    Shadow comes before review: a shadow action must never act, and an approved review case would.
    """
    if weighed.chosen is None:
        return _held(weighed)
    action = weighed.actions[weighed.chosen]
    verdict = decisive_verdict(weighed.verdicts[weighed.chosen])
    if verdict is not None and verdict.effect is Effect.SUPPRESS:
        return _Ending(Disposition.HOLD, verdict, reasons.suppressed(action, verdict))
    autonomy = guard.autonomy(action)
    if autonomy is Autonomy.SHADOW:
        return _Ending(Disposition.HOLD, None, reasons.shadow(action))
    if verdict is not None:
        return _Ending(Disposition.REVIEW, verdict, reasons.review(action, verdict))
    if autonomy is Autonomy.SUGGEST:
        return _Ending(Disposition.REVIEW, None, reasons.suggest(action))
    return _Ending(Disposition.ACT, None, reasons.act(action))


def _held(weighed: _Weighed) -> _Ending:
    """Hold, with the rule that blocked the best action, if one did."""
    effects = weighed.effects
    nothing_admissible = all(effect is Effect.SUPPRESS for effect in effects)
    stopped = [
        index
        for index in weighed.order
        if effects[index] is Effect.SUPPRESS and (nothing_admissible or weighed.values[index] > 0.0)
    ]
    if not stopped:
        return _Ending(Disposition.HOLD, None, reasons.not_worth_it())
    verdict = decisive_verdict(weighed.verdicts[stopped[0]])
    action = weighed.actions[stopped[0]]
    if verdict is None:
        return _Ending(Disposition.HOLD, None, reasons.no_rule_spoke(action))
    return _Ending(Disposition.HOLD, verdict, reasons.suppressed(action, verdict))


def _explained(weighed: _Weighed, explain: Explain) -> dict[int, Explanation]:
    wanted: tuple[int, ...] = ()
    if explain is Explain.ALL:
        wanted = tuple(range(len(weighed.actions)))
    elif explain is Explain.CHOSEN and weighed.chosen is not None:
        wanted = (weighed.chosen,)
    return dict(zip(wanted, weighed.scores.explain(wanted), strict=True)) if wanted else {}


def _decision(
    facts: Facts,
    weighed: _Weighed,
    ending: _Ending,
    explained: dict[int, Explanation],
    guard: Guard,
    currency: str,
) -> Decision:
    action = None if weighed.chosen is None else weighed.actions[weighed.chosen]
    acts = ending.disposition is Disposition.ACT
    stopped = ending.binding is not None and ending.binding.effect is Effect.SUPPRESS
    proposed = None if action is None or acts or stopped else action.action_id
    named = action if acts or proposed else None
    candidates = rank_candidates(weighed.actions, weighed.scores, weighed.values, weighed.verdicts, explained)
    return Decision(
        disposition=ending.disposition,
        action_id=action.action_id if action is not None and acts else None,
        proposed_action_id=proposed,
        contact_point=None if named is None else guard.contact_point(facts, named),
        confidence=weighed.confidence,
        reasons=(ending.reason, *reasons.of_choice(named, candidates, weighed.confidence, currency)),
        binding_rule=None if ending.binding is None else ending.binding.rule,
        eligible_at=None if ending.binding is None else ending.binding.eligible_at,
        candidates=candidates,
        shortfall=weighed.shortfall,
    )


def _nothing_offered() -> Decision:
    return _unconsidered((reasons.nothing_offered(),), None)


def _unconsidered(why: tuple[str, ...], rule: str | None) -> Decision:
    return Decision(Disposition.HOLD, None, None, None, 1.0, why, rule, None, (hold_candidate(None, 1),), 0.0)
