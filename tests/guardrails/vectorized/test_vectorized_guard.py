"""A policy over many customers at once says what it says of each alone."""

from datetime import datetime
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heed.decisioning.catalogue import Catalogue
from heed.decisioning.customer import Customer, Facts
from heed.decisioning.verdict import Effect, combined_effect, decisive_verdict
from heed.guardrails.policy.load import DEFAULT_POLICY, policy_from_data
from heed.guardrails.vectorized.column_guard import ColumnGuard, ColumnVerdicts, bind_column_policy, load_column_guard
from heed.guardrails.vectorized.customer_batch import CustomerBatch
from tests.support import random_customers
from tests.support.guardrail_builders import CONSENT_RULE, DAY, NOW, action, contact, facts, granted, policy, rule
from tests.support.random_customers import ACTIONS

CATALOGUE = Catalogue("EUR", ACTIONS)
TYPES = {"age": "int", "city": "string", "spent": "float", "vulnerable": "bool"}
DATES = {"valid_from": "2026-03-04T00:00:00Z", "valid_until": "2026-03-05T00:00:00Z"}
WEEK = [{"from": "20:00", "to": "11:00"}]

RULES: list[dict[str, Any]] = [
    rule("consent", "consent-web", addressless=["web", "push"]),
    rule("consent", "consent-service", required=False, scope={"purposes": ["service"]}),
    rule("consent", "consent-opt-out", enforcement="permissive", scope={"jurisdictions": ["US"]}),
    rule("consent", "consent-express", bases=["express", "implied"], expires_after={"implied": "2d"},
         scope={"jurisdictions": ["DE", "US-CA"]}),
    rule("suppression"),
    rule("suppression", "suppression-tried", mode="observe"),
    rule("objection", scope={"channels": ["call"]}),
    rule("quiet_hours", windows=WEEK, scope={"channels": ["email", "sms"]}),
    rule("quiet_hours", "quiet-in-california", windows=WEEK, scope={"jurisdictions": ["US-CA"]}),
    rule("frequency_cap", "cap-email", limit=2, window="7d", scope={"channels": ["email"]}),
    rule("frequency_cap", "cap-per-action", limit=1, window="30d", per="action", effect="review"),
    rule("frequency_cap", "cap-per-category", limit=1, window="24h", per="category"),
    rule("frequency_cap", "cap-none", limit=0, window="24h", scope={"channels": ["call"]}),
    rule("frequency_cap", "cap-dated", limit=1, window="7d", **DATES),
    rule("frequency_cap", "cap-over", limit=0, window="7d", valid_until="2026-03-04T10:00:00Z"),
    rule("frequency_cap", "cap-tried", limit=0, window="7d", mode="observe"),
    rule("frequency_cap", "cap-but-for-california", limit=1, window="7d",
         scope={"message_classes": ["marketing"], "except": {"jurisdictions": ["US-CA"], "channels": ["email"]}}),
    rule("eligibility"),
    rule("eligibility", "eligibility-reviewed", effect="review"),
    rule("condition", "adults", allow_when="customer.age >= 18 || context.campaign == 'kids'"),
    rule("condition", "late", suppress_when="context.campaign == 'late' && customer.spent > 0.0"),
    rule("condition", "precious", review_when="action.value > 5.0 && customer.spent >= 100.0"),
    rule("condition", "patterned", review_when="customer.city.matches('^B')", scope={"channels": ["push"]}),
    rule("condition", "constant", review_when="1 + 1 == 3"),
    rule("cool_down", after=["complaint"], window="5d"),
    rule("identity", at_least=0.5),
]  # fmt: skip


def made(*rules: dict[str, Any]) -> ColumnGuard:
    return bind_column_policy(
        policy_from_data(policy(*rules, context={"context.campaign": "string"})), CATALOGUE, TYPES
    )


def assert_as_one_by_one(said: ColumnVerdicts) -> None:
    for place in range(len(said.population)):
        alone = said.guard.verdicts(said.population.facts(place), said.actions)
        for column, verdicts in enumerate(alone):
            bound = decisive_verdict(verdicts)
            free = None if bound is None else bound.eligible_at
            shown = (said.population.customers[place], said.actions[column].action_id, verdicts)
            assert said.effect(place, column) is combined_effect(verdicts), shown
            assert said.binding(place, column) == (None if bound is None else bound.rule), shown
            assert said.until[place, column] == (np.inf if free is None else free.timestamp()), shown


@settings(max_examples=120, deadline=None)
@given(
    random=st.randoms(use_true_random=True),
    chosen=st.lists(st.sampled_from(range(len(RULES))), max_size=7, unique=True),
    campaign=st.sampled_from(["late", "kids", None]),
)
def test_columns_say_what_the_guard_says_one_by_one(random: Random, chosen: list[int], campaign: str | None) -> None:
    customers = [random_customers.customer(random) for _ in range(8)]
    guard = made(*(RULES[place] for place in chosen))
    assert_as_one_by_one(guard.verdicts(customers, ACTIONS, now=NOW, context={"campaign": campaign}))


@settings(max_examples=40, deadline=None)
@given(random=st.randoms(use_true_random=True), hour=st.integers(0, 23))
def test_the_default_policy_over_columns(random: Random, hour: int) -> None:
    customers = [random_customers.customer(random) for _ in range(12)]
    guard = load_column_guard(DEFAULT_POLICY, CATALOGUE, TYPES)
    assert_as_one_by_one(guard.verdicts(customers, ACTIONS, now=NOW.replace(hour=hour)))


def test_every_rule_at_once() -> None:
    random = Random(7)
    customers = [random_customers.customer(random) for _ in range(60)]
    assert_as_one_by_one(made(*RULES).verdicts(customers, ACTIONS, now=NOW, context={"campaign": "late"}))


def test_an_empty_policy_suppresses_everybody() -> None:
    said = made().verdicts([facts().customer], [action()], now=NOW)
    assert said.effect(0, 0) is Effect.SUPPRESS
    assert said.binding(0, 0) == "heed-no-consent-rule"


def test_no_customers_and_no_actions() -> None:
    guard = made(*RULES)
    assert guard.verdicts([], ACTIONS, now=NOW).effects.shape == (0, len(ACTIONS))
    assert guard.verdicts([facts().customer], [], now=NOW).effects.shape == (1, 0)


def test_an_action_of_no_catalogue_is_judged_too() -> None:
    stranger = action("stranger", eligibility="customer.age > 3")
    customers = [facts().customer, facts(consents=()).customer]
    assert_as_one_by_one(made(CONSENT_RULE, rule("eligibility")).verdicts(customers, [stranger, *ACTIONS], now=NOW))


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(contact(DAY, now=datetime(2026, 3, 4)), id="a time without an offset"),  # noqa: DTZ001
        pytest.param(contact(-365_000 * DAY), id="a time a thousand years ahead"),
    ],
)
def test_a_customer_who_fits_no_column_does_not_disturb_the_others(odd: Any) -> None:
    cap = rule("frequency_cap", limit=1, window="7d")
    customers = [facts().customer, facts(contacts=(odd,)).customer, facts(contacts=(contact(DAY),)).customer]
    said = made(CONSENT_RULE, cap).verdicts(customers, [action()], now=NOW)
    assert [said.effect(place, 0) for place in range(3)] == [Effect.ALLOW, Effect.SUPPRESS, Effect.SUPPRESS]
    assert_as_one_by_one(said)


def test_reasons_are_made_on_demand() -> None:
    said = made(CONSENT_RULE).verdicts([facts(consents=()).customer], [action()], now=NOW)
    (verdict,) = said.verdicts(0, 0)
    assert "No consent for email and marketing is on record" in verdict.reason


def test_a_rule_that_fails_suppresses_all_customers(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("heed.guardrails.rules.suppression.evaluate", broken)
    said = made(CONSENT_RULE, rule("suppression")).verdicts([facts().customer], [action()], now=NOW)
    assert said.binding(0, 0) == "suppression"
    assert "fails suppresses" in said.verdicts(0, 0)[1].reason


def test_the_first_of_equal_statements_stands_as_it_does_one_by_one() -> None:
    at = NOW - DAY
    ended, open_ended = granted(at=at, expires_at=NOW), granted(at=at)
    customers = [
        facts(consents=(ended, open_ended)).customer,
        facts(consents=(open_ended, ended)).customer,
        facts(consents=(granted(at=at, contact_point="mail-1", expires_at=NOW), open_ended)).customer,
        facts(consents=(open_ended, granted(at=at, contact_point="mail-1", expires_at=NOW))).customer,
    ]
    said = made(CONSENT_RULE).verdicts(customers, [action()], now=NOW)
    assert [said.effect(place, 0) for place in range(4)] == [
        Effect.SUPPRESS, Effect.ALLOW, Effect.SUPPRESS, Effect.ALLOW,
    ]  # fmt: skip
    assert_as_one_by_one(said)


def test_one_population_can_be_asked_by_several_policies() -> None:
    random = Random(3)
    population = CustomerBatch([random_customers.customer(random) for _ in range(40)], NOW)
    for chosen in (RULES[:6], RULES[6:14], RULES):
        assert_as_one_by_one(made(*chosen).over(population, ACTIONS))


def test_a_population_that_does_not_reach_back_far_enough_is_refused() -> None:
    cap = made(CONSENT_RULE, rule("frequency_cap", limit=1, window="7d"))
    with pytest.raises(ValueError, match="the policy looks back 7 days"):
        cap.over(CustomerBatch([facts().customer], NOW, window=DAY), [action()])


def test_the_facts_of_one_customer_are_those_that_one_decision_takes() -> None:
    guard = made(CONSENT_RULE)
    said = guard.verdicts([Customer("c1")], [action()], now=NOW, context={"campaign": "late"}, volumes=())
    assert said.population.facts(0) == Facts(Customer("c1"), NOW, {"campaign": "late"}, ())
