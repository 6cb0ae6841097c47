"""How a policy spells a channel, purpose or category never decides whether its rules apply."""

from heed.decisioning.customer import ConsentStatus
from heed.decisioning.verdict import Effect
from heed.guardrails.cases.case import CaseCustomer
from tests.support.guardrail_builders import DAY, action, contact, facts, granted, guard, rule, verdict_of


def capped(**scope):
    return guard(rule("consent"), rule("frequency_cap", "cap", limit=1, window="7d", scope=scope))


def test_a_cap_counts_and_stops_whatever_its_spelling():
    known = facts(contacts=(contact(DAY),))
    for scope in ({"channels": ["Email"]}, {"purposes": [" MARKETING "]}, {"categories": ["Loyalty"]}):
        assert verdict_of(capped(**scope), known, action(), "cap").effect is Effect.SUPPRESS


def test_spelling_is_no_part_of_a_policys_identity():
    assert capped(channels=["Email"]).hash == capped(channels=["email"]).hash
    assert capped(channels=["email"]).hash != capped(categories=["loyalty"]).hash


def test_an_addressless_channel_is_known_in_any_spelling():
    banner = action("banner", "web")
    known = facts(consents=(granted("web"),))
    spelt = guard(rule("consent", addressless=["WEB"]), actions=(banner,))
    assert verdict_of(spelt, known, banner, "consent").effect is Effect.ALLOW
    assert verdict_of(guard(rule("consent"), actions=(banner,)), known, banner, "consent").effect is Effect.SUPPRESS


def test_policy_cases_state_facts_in_the_same_form():
    told = {"channel": "EMail", "purpose": "Marketing", "status": "withdrawn", "recorded_at": "2026-03-01T09:00:00Z"}
    customer = CaseCustomer.model_validate({"contact_points": {"mail-1": "Email"}, "consents": [told]}).customer()
    assert [(one.channel, one.purpose, one.status) for one in customer.consents] == [
        ("email", "marketing", ConsentStatus.WITHDRAWN)
    ]
    assert [one.channel for one in customer.contact_points] == ["email"]
