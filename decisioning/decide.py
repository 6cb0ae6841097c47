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
class _Evaluated:
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
        return _no_candidates()
    eligible = eligible_for_scoring(facts.customer, actions)
    objection_reasons = (reasons.objected(facts.customer.objections),) if len(eligible) < len(actions) else ()
    if not eligible:
        return _hold_decision(objection_reasons, OBJECTION_RULE)
    evaluated = _evaluate(facts, eligible, scorer, guard)
    ending = _ending(evaluated, guard)
    explained = _explained(evaluated, explain)
    decision = _decision(facts, evaluated, ending, explained, guard, currency)
    return replace(decision, reasons=decision.reasons + objection_reasons)


def _evaluate(facts: Facts, actions: tuple[Action, ...], scorer: Scorer, guard: Guard) -> _Evaluated:
    scores = scorer.score(facts, actions)
    values = net_values(actions, scores, guard.terms)
    verdicts = add_stop_verdicts(facts.stops, actions, guard.verdicts(facts, actions))
    admissible = [combined_effect(candidate_verdicts) is not Effect.SUPPRESS for candidate_verdicts in verdicts]
    order = ranking(actions, values)
    chosen = choose(order, values, admissible)
    draws = net_value_draws(actions, scores, guard.terms)
    confidence_of_choice = confidence(draws, chosen, admissible, guard.terms.tolerance, scores.trust)
    if chosen is not None:
        candidate_verdicts = float(scores.propensity[chosen]), float(values[chosen])
        harm = None if scores.harm is None else float(scores.harm[chosen])
        choice = Choice(actions[chosen], *candidate_verdicts, confidence_of_choice, scores.certificate, harm)
        all_verdicts = verdicts[chosen] + guard.choice_verdicts(facts, choice)
        verdicts = (*verdicts[:chosen], all_verdicts, *verdicts[chosen + 1 :])
    return _Evaluated(
        actions, scores, values, verdicts, order, chosen, confidence_of_choice, shortfall(draws, chosen, admissible)
    )


def _ending(evaluated: _Evaluated, guard: Guard) -> _Ending:
    """The disposition: the first condition that holds.

    Shadow comes before review: a shadow action must never act, and an approved review case would.
    """
    if evaluated.chosen is None:
        return _hold_ending(evaluated)
    action = evaluated.actions[evaluated.chosen]
    verdict = decisive_verdict(evaluated.verdicts[evaluated.chosen])
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


def _hold_ending(evaluated: _Evaluated) -> _Ending:
    """Hold, with the rule that blocked the best action, if one did."""
    effects = evaluated.effects
    nothing_admissible = all(effect is Effect.SUPPRESS for effect in effects)
    stopped = [
        index
        for index in evaluated.order
        if effects[index] is Effect.SUPPRESS and (nothing_admissible or evaluated.values[index] > 0.0)
    ]
    if not stopped:
        return _Ending(Disposition.HOLD, None, reasons.not_worth_it())
    verdict = decisive_verdict(evaluated.verdicts[stopped[0]])
    action = evaluated.actions[stopped[0]]
    if verdict is None:
        return _Ending(Disposition.HOLD, None, reasons.no_rule_spoke(action))
    return _Ending(Disposition.HOLD, verdict, reasons.suppressed(action, verdict))


def _explained(evaluated: _Evaluated, explain: Explain) -> dict[int, Explanation]:
    wanted: tuple[int, ...] = ()
    if explain is Explain.ALL:
        wanted = tuple(range(len(evaluated.actions)))
    elif explain is Explain.CHOSEN and evaluated.chosen is not None:
        wanted = (evaluated.chosen,)
    return dict(zip(wanted, evaluated.scores.explain(wanted), strict=True)) if wanted else {}


def _decision(
    facts: Facts,
    evaluated: _Evaluated,
    ending: _Ending,
    explained: dict[int, Explanation],
    guard: Guard,
    currency: str,
) -> Decision:
    action = None if evaluated.chosen is None else evaluated.actions[evaluated.chosen]
    acts = ending.disposition is Disposition.ACT
    stopped = ending.binding is not None and ending.binding.effect is Effect.SUPPRESS
    proposed = None if action is None or acts or stopped else action.action_id
    named = action if acts or proposed else None
    candidates = rank_candidates(evaluated.actions, evaluated.scores, evaluated.values, evaluated.verdicts, explained)
    return Decision(
        disposition=ending.disposition,
        action_id=action.action_id if action is not None and acts else None,
        proposed_action_id=proposed,
        contact_point=None if named is None else guard.contact_point(facts, named),
        confidence=evaluated.confidence,
        reasons=(ending.reason, *reasons.of_choice(named, candidates, evaluated.confidence, currency)),
        binding_rule=None if ending.binding is None else ending.binding.rule,
        eligible_at=None if ending.binding is None else ending.binding.eligible_at,
        candidates=candidates,
        shortfall=evaluated.shortfall,
    )


def _no_candidates() -> Decision:
    return _hold_decision((reasons.nothing_offered(),), None)


def _hold_decision(why: tuple[str, ...], rule: str | None) -> Decision:
    return Decision(Disposition.HOLD, None, None, None, 1.0, why, rule, None, (hold_candidate(None, 1),), 0.0)
