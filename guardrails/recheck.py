"""Whether an act may still happen now: one question, asked at commit, at approval and at delivery.

Time passes between a decision, its commit, a person's approval and the moment a message leaves. Meanwhile a customer
may object or withdraw, night may fall, another tool may use up a cap, an offer may end and the policy may change. Every
condition that does not need the model is therefore checked again each time, by this one function.

======================================  ===========  ==============  ==========  ==========
condition                               commit, act  commit, review  approval    delivery
======================================  ===========  ==============  ==========  ==========
volumes cover the policy's windows      yes          yes             yes         yes
the action is in the catalogue, valid   yes          yes             yes         yes
no objection to marketing               yes          yes             yes         yes
autonomy is at least                    assist       suggest         suggest     (1)
rules judge its contact point alone     no           no              no          yes (3)
at least one rule speaks                yes          yes             yes         yes
no rule suppresses                      yes          yes             yes         yes
no rule asks for review                 yes          no (4)          no (4)      (1)
the contact point is the policy's pick  yes          no (2)          yes         no (3)
======================================  ===========  ==============  ==========  ==========

1. As at its commit: an act that a person approved may be one that needs a person, any other may not.
2. A review case sends nothing. Approval picks the contact point afresh.
3. The message is written and names its contact point. Another one that the policy would now pick first does not make
   it wrong; consent for another one does not make it right.
4. A person is about to look, or has just looked.

What depends on the model (confidence, harm, value) is not asked again: it was settled by the decision, on facts that
the commit requires to be unchanged. Three further conditions need more than facts and stand around this function in
each caller: the clock is not behind the newest record, no order to stop is in force (read in the same transaction), and
at commit the policy and the catalogue are those that the decision was made under.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from heed.decisioning.catalogue import Action, Autonomy, Catalogue
from heed.decisioning.customer import EPOCH, Customer, Facts
from heed.decisioning.decide import Guard
from heed.decisioning.kill_switch import STOP_RULE
from heed.decisioning.marketing_objection import OBJECTION_RULE, eligible_for_scoring
from heed.decisioning.recheck_result import ALLOWED, RecheckResult
from heed.decisioning.verdict import Effect, Verdict
from heed.guardrails.guard import NO_CONSENT_RULE
from heed.guardrails.policy.policy_model import Policy
from heed.guardrails.rules.consent import ConsentRule
from heed.guardrails.rules.objection import ObjectionRule
from heed.guardrails.rules.suppression import SuppressionRule

# What the customer has said, or what was said of them, is not waited out.
_PERMISSION = (ConsentRule, ObjectionRule, SuppressionRule)


class Stage(StrEnum):
    """When the question is asked; see the table above."""

    COMMIT = "commit"
    APPROVAL = "approval"
    DELIVERY = "delivery"


class ActiveRules(Protocol):
    """The policy and the catalogue in force, seen from the recheck."""

    @property
    def catalogue(self) -> Catalogue:
        """The actions on offer."""
        ...

    @property
    def guard(self) -> Guard:
        """The policy, ready to be asked."""
        ...

    @property
    def policy(self) -> Policy:
        """The policy as it was written."""
        ...

    @property
    def windows(self) -> tuple[timedelta, ...] | None:
        """The windows in which the policy's rules ask for volumes, None where none does."""
        ...


@dataclass(frozen=True, slots=True)
class PlannedAct:
    """An act that may be about to happen.

    Attributes
    ----------
    contact_point : str or None
        Where the customer is to be reached; None where the channel needs no contact point.
    by_person : bool
        Whether a person decides or has decided; at commit, whether a review case is to be opened.
    windows : tuple of timedelta or None
        The windows in which the volumes among the facts were counted.
    """

    action_id: str
    contact_point: str | None
    by_person: bool
    windows: tuple[timedelta, ...] | None = None


def recheck(stage: Stage, act: PlannedAct, rules: ActiveRules, facts: Facts) -> RecheckResult:
    """What stands against the act at this stage and moment; the first condition of the table that fails.

    Parameters
    ----------
    facts : Facts
        Fresh facts at the present moment, with what the caller of the decision knew on top. The act's own slot, if it
        has one, must not be among the contacts and volumes.
    """
    if rules.windows != act.windows:
        return RecheckResult("The policy changed at this moment.", "heed-policy", facts.now)
    action = rules.catalogue.by_id.get(act.action_id)
    if action is None or not action.valid_at(facts.now):
        return RecheckResult(f"`{act.action_id}` is no longer on offer.", "heed-offer")
    if not eligible_for_scoring(facts.customer, (action,)):
        return RecheckResult("The customer objected to marketing.", OBJECTION_RULE)
    if not _may_act(rules.guard.autonomy(action), by_person=act.by_person):
        return RecheckResult(f"The policy no longer lets `{act.action_id}` be executed like this.", "heed-autonomy")
    result = _of_rules(stage, act, action, rules, facts)
    if result.allowed and _picks(stage, act) and rules.guard.contact_point(facts, action) != act.contact_point:
        return RecheckResult("The contact point changed at this moment.", "heed-contact-point", facts.now)
    return result


def _may_act(autonomy: Autonomy, *, by_person: bool) -> bool:
    return autonomy is Autonomy.ASSIST or (by_person and autonomy is Autonomy.SUGGEST)


def _picks(stage: Stage, act: PlannedAct) -> bool:
    """Whether the contact point must be the one that the policy picks now."""
    return stage is Stage.APPROVAL or (stage is Stage.COMMIT and not act.by_person)


def _of_rules(stage: Stage, act: PlannedAct, action: Action, rules: ActiveRules, facts: Facts) -> RecheckResult:
    if stage is Stage.DELIVERY and act.contact_point is not None:
        facts = replace(facts, customer=_reached_at(facts.customer, act.contact_point))
    (verdicts,) = rules.guard.verdicts(facts, (action,))
    if not verdicts:
        return _of_verdict(NO_CONSENT_RULE)
    refusing = {Effect.SUPPRESS} if act.by_person else {Effect.SUPPRESS, Effect.REVIEW}
    return _strongest(rules.policy, [verdict for verdict in verdicts if verdict.effect in refusing])


def _reached_at(customer: Customer, point: str) -> Customer:
    """The customer with this contact point alone."""
    return replace(
        customer, contact_points=tuple(known for known in customer.contact_points if known.contact_point == point)
    )


def _strongest(policy: Policy, against: Sequence[Verdict]) -> RecheckResult:
    """The objection that lasts: an order to stop, then the first without an end, then the one that ends last."""
    if not against:
        return ALLOWED
    lasting = {rule.id for rule in policy.rules if isinstance(rule, _PERMISSION)}
    for verdict in against:
        if verdict.rule == STOP_RULE:
            return replace(_of_verdict(verdict), stopped=True)
        if verdict.eligible_at is None or verdict.rule in lasting:
            return replace(_of_verdict(verdict), until=None)
    return _of_verdict(max(against, key=lambda verdict: verdict.eligible_at or EPOCH))


def _of_verdict(verdict: Verdict) -> RecheckResult:
    return RecheckResult(f"rule `{verdict.rule}`: {verdict.reason}", verdict.rule, verdict.eligible_at)
