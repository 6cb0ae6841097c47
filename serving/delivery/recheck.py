"""Whether a message may be handed over at this moment: every rule that can be asked again is asked again.

Between the commit of an act and the coming of the executor a customer may withdraw, object or complain, night may
fall, another tool may have made the contact that was still allowed, an offer may end and a policy may change. What
forbids for a while makes the message wait, an order to stop keeps it where it is, and anything else withdraws it. What
only the model can say (confidence, harm, value) was said when the decision was made.
"""

from collections.abc import Sequence
from dataclasses import replace

import orjson

from heed.decisioning.catalogue import Autonomy
from heed.decisioning.customer import EPOCH, Customer, Facts
from heed.decisioning.kill_switch import STOP_RULE
from heed.decisioning.marketing_objection import OBJECTION_RULE, eligible_for_scoring
from heed.decisioning.verdict import Effect, Verdict
from heed.guardrails.guard import NO_CONSENT_RULE
from heed.guardrails.rules.consent import ConsentRule
from heed.guardrails.rules.objection import ObjectionRule
from heed.guardrails.rules.suppression import SuppressionRule
from heed.serving.deployment.active_versions import ActiveVersions
from heed.serving.ledger.outbox.delivery import GO, DeliveryContext, RecheckResult
from heed.serving.replay.receipt import unpack
from heed.serving.reviews.service import with_request
from heed.serving.schemas.decision_requests import DecideRequest

# What the customer has said, or what was said of them, is not waited out.
_PERMISSION = (ConsentRule, ObjectionRule, SuppressionRule)


def recheck(in_force: ActiveVersions, release: DeliveryContext) -> RecheckResult:
    """What stands against handing a message over at this moment."""
    action_id = release.message.action_id
    action = in_force.catalogue.by_id.get(action_id)
    if action is None or not action.valid_at(release.now):
        return RecheckResult(f"`{action_id}` is no longer on offer.", "heed-offer")
    facts = _facts(release)
    if not eligible_for_scoring(facts.customer, [action]):
        return RecheckResult("The customer objected to marketing.", OBJECTION_RULE)
    if not _free_to_act(in_force.guard.autonomy(action), by_person=release.by_person):
        return RecheckResult(f"The policy no longer lets `{action_id}` be executed like this.", "heed-autonomy")
    verdicts = in_force.guard.verdicts(facts, (action,))[0]
    # As at the commit: what asks for a person is against an act, and in order where one decided.
    refusing = {Effect.SUPPRESS} if release.by_person else {Effect.SUPPRESS, Effect.REVIEW}
    against = [one for one in verdicts if one.effect in refusing]
    return _of_verdicts(in_force, against) if verdicts else _of_verdict(NO_CONSENT_RULE)


def _of_verdicts(in_force: ActiveVersions, against: Sequence[Verdict]) -> RecheckResult:
    if not against:
        return GO
    lasting = {rule.id for rule in in_force.policy.rules if isinstance(rule, _PERMISSION)}
    for verdict in against:
        if verdict.rule == STOP_RULE:
            return replace(_of_verdict(verdict), stopped=True)
        if verdict.eligible_at is None or verdict.rule in lasting:
            return replace(_of_verdict(verdict), until=None)
    return _of_verdict(max(against, key=lambda one: one.eligible_at or EPOCH))


def _of_verdict(verdict: Verdict) -> RecheckResult:
    return RecheckResult(f"rule `{verdict.rule}`: {verdict.reason}", verdict.rule, verdict.eligible_at)


def _free_to_act(autonomy: Autonomy, *, by_person: bool) -> bool:
    return autonomy is Autonomy.ASSIST or (by_person and autonomy is Autonomy.SUGGEST)


def _facts(release: DeliveryContext) -> Facts:
    """Fresh facts with what the caller of the decision knew on top, and the message's contact point alone."""
    point = orjson.loads(release.message.payload)["contact_point"]
    asked = DecideRequest.model_validate_json(orjson.dumps(unpack(release.receipt).request))
    customer = release.customer if point is None else _reached_at(release.customer, point)
    return with_request(Facts(customer, release.now, volumes=release.volumes), asked)


def _reached_at(customer: Customer, point: str) -> Customer:
    """The customer with this contact point alone, since consent for another does not cover it."""
    return replace(customer, contact_points=tuple(one for one in customer.contact_points if one.contact_point == point))
