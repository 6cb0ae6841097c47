"""The default policy inside a decision."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from heed.decisioning.catalogue import Autonomy, Catalogue
from heed.decisioning.customer import ContactPoint, Suppression
from heed.decisioning.decide import Guard, decide
from heed.decisioning.decision import Disposition
from heed.decisioning.verdict import Effect, combined_effect
from heed.guardrails.guard import load_guard
from heed.guardrails.policy.load import DEFAULT_POLICY
from tests.support.doubles import FixedScorer
from tests.support.guardrail_builders import DAY, NOW, action, contact, facts, granted, withdrawn

MAIL = action("mail", value=50.0)
TEXT = action("text", "sms", value=80.0)
BANNER = action("banner", "web", value=30.0, autonomy=Autonomy.SHADOW)
CATALOGUE = Catalogue("EUR", (MAIL, TEXT, BANNER))
SCORER = FixedScorer({"mail": 0.3, "text": 0.2, "banner": 0.1})
REACHABLE = {
    "contact_points": (ContactPoint("mail-1", "email"), ContactPoint("phone-1", "sms")),
    "consents": (granted(), granted("sms"), granted("web")),
}


@pytest.fixture(scope="module")
def in_force() -> Guard:
    return load_guard(DEFAULT_POLICY, CATALOGUE)


def decided(guard, *actions, now=NOW, scorer=SCORER, **customer):
    return decide(facts(now, **{**REACHABLE, **customer}), actions or (MAIL,), scorer=scorer, guard=guard)


def test_an_ordinary_customer_gets_the_best_action_at_a_contact_point_with_consent(in_force):
    decision = decided(in_force, MAIL, TEXT)
    assert (decision.disposition, decision.action_id, decision.contact_point) == (Disposition.ACT, "text", "phone-1")


HELD = [
    pytest.param({"consents": ()}, "consent", None, id="nobody agreed to anything"),
    pytest.param({"consents": (granted(), withdrawn())}, "consent", None, id="consent was withdrawn"),
    pytest.param({"suppressions": (Suppression("x", NOW, None, NOW + DAY),)}, "suppression-list", NOW + DAY,
                 id="the customer is to be left alone until tomorrow"),
    pytest.param({"now": datetime(2026, 3, 4, 22, tzinfo=UTC)}, "quiet-hours-push-and-email",
                 datetime(2026, 3, 5, 6, tzinfo=UTC), id="it is night where the customer lives"),
    pytest.param({"contacts": (contact(3 * DAY), contact(2 * DAY))}, "cap-email", NOW + 4 * DAY,
                 id="the week's two messages have been sent"),
    pytest.param({"contacts": (contact(DAY / 2, "push"),)}, "cap-marketing-daily", NOW + DAY / 2,
                 id="another channel was used half a day ago"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "rule", "eligible_at"), HELD)
def test_heed_holds_and_names_the_rule_when(in_force, given, rule, eligible_at):
    decision = decided(in_force, **given)
    assert (decision.disposition, decision.action_id) == (Disposition.HOLD, None)
    assert (decision.binding_rule, decision.eligible_at) == (rule, eligible_at)
    assert f"suppressed by rule `{rule}`" in decision.reasons[0]


def test_heed_turns_to_a_channel_that_is_free_when_the_best_is_not(in_force):
    decision = decided(in_force, MAIL, TEXT, contacts=(contact(3 * DAY, "sms"),))
    assert (decision.disposition, decision.action_id) == (Disposition.ACT, "mail")


def test_only_what_the_model_is_not_sure_of_goes_to_a_person(in_force):
    dear = action("dear", value=200.0)
    doubtful = FixedScorer({"mail": 0.30, "text": 0.10, "dear": 0.05}, spread=0.25)
    guard = load_guard(DEFAULT_POLICY, Catalogue("EUR", (MAIL, TEXT, dear)))
    decision = decided(guard, MAIL, TEXT, dear, scorer=doubtful)
    assert (decision.disposition, decision.proposed_action_id) == (Disposition.REVIEW, "mail")
    assert decision.binding_rule == "minimum-confidence"
    assert decided(in_force, MAIL, TEXT).disposition is Disposition.ACT


def test_an_action_in_shadow_is_recorded_and_not_done(in_force):
    decision = decided(in_force, BANNER, contact_points=())
    assert (decision.disposition, decision.proposed_action_id) == (Disposition.HOLD, "banner")


def test_many_threads_get_the_same_verdicts(in_force):
    cases = [facts(**REACHABLE, contacts=(contact(hours * DAY / 24),)) for hours in range(1, 48)]
    alone = [in_force.verdicts(known, CATALOGUE.actions) for known in cases]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda known: in_force.verdicts(known, CATALOGUE.actions), cases * 4))
    assert together == alone * 4


def test_the_verdicts_before_the_act_hold_at_the_act_with_fresh_facts(in_force):
    before = facts(**REACHABLE)
    after = replace(before, customer=replace(before.customer, contacts=(contact(DAY / 24),)))
    assert [combined_effect(in_force.verdicts(known, [MAIL])[0]) for known in (before, after)] == [
        Effect.ALLOW,
        Effect.SUPPRESS,
    ]
