from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heed.decisioning.catalogue import Autonomy
from heed.decisioning.customer import ContactPoint, Suppression
from heed.decisioning.value import ValueTerms
from heed.decisioning.verdict import Effect, combined_effect, decisive_verdict
from heed.guardrails.policy.compile import compile_candidate_rule
from heed.guardrails.rules import suppression
from tests.support.guardrail_builders import (
    CONSENT_RULE,
    DAY,
    NOW,
    action,
    contact,
    facts,
    granted,
    guard,
    rule,
    verdict_of,
)

CAP = rule("frequency_cap", "cap", limit=1, window="7d")
QUIET = rule("quiet_hours", "quiet", windows=[{"from": "21:00", "to": "07:00"}])
LISTED = rule("suppression")
REVIEW = rule("frequency_cap", "look", limit=0, window="7d", effect="review")
NIGHT = NOW.replace(hour=23)


def effect_of(one, known=None, about=None):
    (verdicts,) = one.verdicts(known or facts(), [about or action()])
    return combined_effect(verdicts)


def test_an_empty_policy_suppresses_everything():
    actions = (action(), action("bill", purpose="service", message_class="service"), action("banner", "web"))
    assert [combined_effect(said) for said in guard(actions=actions).verdicts(facts(), actions)] == [
        Effect.SUPPRESS
    ] * 3


def test_every_rule_that_concerns_a_candidate_is_listed_in_the_order_of_the_policy():
    (verdicts,) = guard(CAP, CONSENT_RULE, LISTED, QUIET).verdicts(facts(), [action()])
    assert [one.rule for one in verdicts] == ["cap", "consent", "suppression", "quiet"]
    assert {one.effect for one in verdicts} == {Effect.ALLOW}


def test_no_candidates_get_no_verdicts():
    assert guard(CONSENT_RULE).verdicts(facts(), []) == ()


@pytest.mark.parametrize(
    ("rules", "known", "effect"),
    [
        pytest.param((CONSENT_RULE, CAP), facts(), Effect.ALLOW, id="all allow"),
        pytest.param((CONSENT_RULE, REVIEW), facts(), Effect.REVIEW, id="review beats allow"),
        pytest.param((CONSENT_RULE, CAP, REVIEW), facts(contacts=(contact(DAY),)), Effect.SUPPRESS,
                     id="suppress beats review"),
    ],
)  # fmt: skip
def test_the_strongest_effect_holds(rules, known, effect):
    assert effect_of(guard(*rules), known) is effect
    assert effect_of(guard(*reversed(rules)), known) is effect


def test_the_rule_that_frees_the_customer_last_binds():
    one = guard(CONSENT_RULE, QUIET, CAP)
    (verdicts,) = one.verdicts(facts(NIGHT, contacts=(contact(DAY, now=NIGHT),)), [action()])
    bound = decisive_verdict(verdicts)
    assert (bound.rule, bound.eligible_at) == ("cap", NIGHT + 6 * DAY)


class TestARuleThatFails:
    known = facts(contacts=(contact(DAY),))

    @pytest.fixture
    def broken(self, monkeypatch):
        def fail(*_):
            raise ZeroDivisionError("customer c1 divides by nothing")

        monkeypatch.setattr(suppression, "evaluate", fail)

    @pytest.mark.usefixtures("broken")
    def test_suppresses_and_says_so_without_the_error_s_text(self):
        verdict = verdict_of(guard(CONSENT_RULE, LISTED), facts(), action(), "suppression")
        assert verdict.effect is Effect.SUPPRESS
        assert verdict.reason == "The rule failed (ZeroDivisionError), and a rule that fails suppresses."

    @pytest.mark.usefixtures("broken")
    def test_does_not_keep_the_others_from_being_heard(self):
        (verdicts,) = guard(LISTED, CONSENT_RULE, CAP).verdicts(self.known, [action()])
        assert [one.rule for one in verdicts] == ["suppression", "consent", "cap"]

    @pytest.mark.usefixtures("broken")
    def test_is_only_recorded_while_it_is_observed(self):
        verdict = verdict_of(guard(CONSENT_RULE, {**LISTED, "mode": "observe"}), facts(), action(), "suppression")
        assert verdict.effect is Effect.ALLOW
        assert "would have suppressed: The rule failed" in verdict.reason

    def test_suppresses_on_facts_it_cannot_compare(self):
        naive = contact(DAY, now=NOW.replace(tzinfo=None))
        verdict = verdict_of(guard(CONSENT_RULE, CAP), facts(contacts=(naive,)), action(), "cap")
        assert (verdict.effect, "(TypeError)" in verdict.reason) == (Effect.SUPPRESS, True)


class TestObservation:
    def test_records_what_would_have_been_said_and_applies_nothing(self):
        one = guard(CONSENT_RULE, {**CAP, "mode": "observe"})
        known = facts(contacts=(contact(DAY),))
        verdict = verdict_of(one, known, action(), "cap")
        assert (verdict.effect, verdict.eligible_at) == (Effect.ALLOW, None)
        assert verdict.reason.startswith("Observed, not applied; would have suppressed: 1 of 1 contacts")
        assert effect_of(one, known) is Effect.ALLOW

    def test_of_the_only_consent_rule_permits_nothing(self):
        assert effect_of(guard({**CONSENT_RULE, "mode": "observe"})) is Effect.SUPPRESS

    def test_of_all_rules_permits_nothing(self):
        observed = [{**one, "mode": "observe"} for one in (CONSENT_RULE, CAP, QUIET, LISTED)]
        assert effect_of(guard(*observed)) is Effect.SUPPRESS


class TestDates:
    @pytest.mark.parametrize(
        ("dates", "spoken"),
        [
            pytest.param({"valid_from": "2026-03-04T10:00:00Z"}, True, id="from this moment on"),
            pytest.param({"valid_from": "2026-03-04T10:00:01Z"}, False, id="from the next second on"),
            pytest.param({"valid_until": "2026-03-04T10:00:01Z"}, True, id="until the next second"),
            pytest.param({"valid_until": "2026-03-04T11:00:00+01:00"}, False, id="until this moment"),
        ],
    )
    def test_a_rule_speaks_only_while_it_is_in_force(self, dates, spoken):
        (verdicts,) = guard(CONSENT_RULE, {**LISTED, **dates}).verdicts(facts(), [action()])
        assert ("suppression" in [one.rule for one in verdicts]) is spoken

    def test_an_expired_consent_rule_permits_nothing(self):
        assert effect_of(guard({**CONSENT_RULE, "valid_until": "2026-01-01T00:00:00Z"})) is Effect.SUPPRESS


class TestScope:
    @pytest.mark.parametrize(
        ("scope", "concerned"),
        [
            ({}, True),
            ({"channels": ["email", "sms"]}, True),
            ({"channels": ["sms"]}, False),
            ({"purposes": ["marketing"]}, True),
            ({"purposes": ["service"]}, False),
            ({"categories": ["winback"]}, False),
            ({"message_classes": ["service"]}, False),
            ({"actions": ["email_a"]}, True),
            ({"channels": ["email"], "categories": ["winback"]}, False),
            ({"except": {"channels": ["email"]}}, False),
            ({"except": {"channels": ["email"], "categories": ["winback"]}}, True),
        ],
    )
    def test_decides_which_candidates_a_rule_judges(self, scope, concerned):
        words = {"channels": ["sms"], "categories": ["winback"], "purposes": ["service"]}
        (verdicts,) = guard(CONSENT_RULE, {**LISTED, "scope": scope}, vocabulary=words).verdicts(facts(), [action()])
        assert ("suppression" in [one.rule for one in verdicts]) is concerned

    @pytest.mark.parametrize(
        ("named", "own", "concerned"),
        [
            (["DE"], "DE", True), (["DE"], "FR", False), (["US"], "US-CA", True), (["US-CA"], "US-NY", False),
            (["DE"], "de", True),
            # Where the customer may be in the jurisdiction, a rule that restricts applies.
            (["DE"], None, True), (["US-CA"], "US", True),
        ],
    )  # fmt: skip
    def test_takes_in_customers_by_jurisdiction(self, named, own, concerned):
        one = guard(CONSENT_RULE, {**LISTED, "scope": {"jurisdictions": named}})
        (verdicts,) = one.verdicts(facts(jurisdiction=own), [action()])
        assert ("suppression" in [said.rule for said in verdicts]) is concerned

    @pytest.mark.parametrize(
        ("own", "concerned"), [("US", False), ("US-NY", False), ("DE", True), (None, True)]
    )  # fmt: skip
    def test_an_exception_by_jurisdiction_needs_a_customer_who_is_surely_there(self, own, concerned):
        one = guard(CONSENT_RULE, {**LISTED, "scope": {"except": {"jurisdictions": ["US"]}}})
        (verdicts,) = one.verdicts(facts(jurisdiction=own), [action()])
        assert ("suppression" in [said.rule for said in verdicts]) is concerned

    def test_an_exception_by_jurisdiction_and_channel_is_for_that_channel_alone(self):
        mail, text = action(), action("text", "sms")
        scope = {"except": {"jurisdictions": ["DE"], "channels": ["email"]}}
        for actions in ((mail, text), (text, mail)):
            one = guard(CONSENT_RULE, {**CAP, "limit": 0, "scope": scope}, actions=actions)
            told = one.verdicts(facts(jurisdiction="DE"), [mail, text])
            assert ["cap" in [verdict.rule for verdict in each] for each in told] == [False, True]


class TestTermsAndAutonomy:
    def test_the_terms_are_the_policy_s(self):
        one = guard(terms={"harm_cost": 20, "tolerance": 0.1, "levers": {"email_a": 1.5}})
        assert one.terms == ValueTerms({"email_a": 1.5}, 20.0, 0.1)

    @pytest.mark.parametrize(
        ("ceilings", "own", "holds"),
        [
            ({}, Autonomy.ASSIST, Autonomy.ASSIST),
            ({}, Autonomy.SHADOW, Autonomy.SHADOW),
            ({"default": "suggest"}, Autonomy.ASSIST, Autonomy.SUGGEST),
            ({"default": "suggest"}, Autonomy.SHADOW, Autonomy.SHADOW),
            ({"default": "suggest", "actions": {"email_a": "assist"}}, Autonomy.ASSIST, Autonomy.ASSIST),
            ({"actions": {"email_a": "shadow"}}, Autonomy.SUGGEST, Autonomy.SHADOW),
        ],
    )
    def test_the_more_restrained_level_holds(self, ceilings, own, holds):
        assert guard(autonomy=ceilings).autonomy(action(autonomy=own)) is holds


def test_an_action_that_is_not_the_catalogue_s_is_judged_on_its_own_terms():
    known = facts(consents=(granted(), granted("sms")), contact_points=(ContactPoint("phone", "sms"),))
    one = guard(CONSENT_RULE, actions=(action(),))
    impostor = replace(action(), channel="sms")
    assert effect_of(one, known, action()) is Effect.SUPPRESS
    assert effect_of(one, known, impostor) is Effect.ALLOW
    both = one.verdicts(known, [action(), impostor])
    assert [combined_effect(said) for said in both] == [Effect.SUPPRESS, Effect.ALLOW]


def test_judging_together_and_one_by_one_is_the_same():
    actions = tuple(action(f"{channel}_{n}", channel) for channel in ("email", "sms", "push") for n in range(3))
    one = guard(CONSENT_RULE, CAP, {**CAP, "id": "per", "per": "channel"}, QUIET, LISTED, actions=actions)
    known = facts(contacts=(contact(DAY, "sms"),), consents=(granted(), granted("sms")))
    together = one.verdicts(known, actions)
    assert together == tuple(one.verdicts(known, [each])[0] for each in actions)


def test_a_judge_remembers_nothing_of_earlier_decisions():
    one = guard(CONSENT_RULE, CAP)
    assert effect_of(one, facts(contacts=(contact(DAY),))) is Effect.SUPPRESS
    assert effect_of(one, facts()) is Effect.ALLOW


some_rules = st.lists(
    st.sampled_from([CAP, QUIET, LISTED, REVIEW, {**QUIET, "mode": "observe"}, {**CAP, "limit": 2},
                     {**LISTED, "scope": {"jurisdictions": ["DE"]}}]),
    max_size=5,
).map(lambda rules: [{**one, "id": f"rule-{place}"} for place, one in enumerate(rules)])  # fmt: skip
some_facts = st.builds(
    lambda hour, contacts, listed, consents, jurisdiction: facts(
        NOW.replace(hour=hour),
        contacts=tuple(contact(timedelta(hours=ago)) for ago in contacts),
        suppressions=(Suppression("case", NOW),) if listed else (),
        consents=(granted(),) if consents else (),
        jurisdiction=jurisdiction,
    ),
    st.integers(0, 23),
    st.lists(st.integers(0, 200), max_size=3),
    st.booleans(),
    st.booleans(),
    st.sampled_from([None, "DE", "FR"]),
)
FREEDOM = [Effect.SUPPRESS, Effect.REVIEW, Effect.ALLOW]


@settings(max_examples=100, deadline=None)
@given(some_rules, st.sampled_from([CAP, QUIET, LISTED, REVIEW]), some_facts)
def test_a_further_rule_never_frees(rules, further, known):
    before = effect_of(guard(CONSENT_RULE, *rules), known)
    after = effect_of(guard(CONSENT_RULE, *rules, {**further, "id": "further"}), known)
    assert FREEDOM.index(after) <= FREEDOM.index(before)


@settings(max_examples=100, deadline=None)
@given(some_rules.flatmap(lambda rules: st.tuples(st.just(rules), st.permutations([CONSENT_RULE, *rules]))), some_facts)
def test_the_order_of_rules_changes_no_effect(orders, known):
    rules, shuffled = orders
    assert effect_of(guard(CONSENT_RULE, *rules), known) is effect_of(guard(*shuffled), known)


@settings(max_examples=60, deadline=None)
@given(some_rules, st.sampled_from([CAP, QUIET, LISTED, REVIEW]), some_facts)
def test_a_further_observed_rule_changes_nothing(rules, further, known):
    tried = {**further, "id": "further", "mode": "observe"}
    assert effect_of(guard(CONSENT_RULE, *rules), known) is effect_of(guard(CONSENT_RULE, *rules, tried), known)


def test_a_bound_rule_speaks_for_itself():
    one = guard(CONSENT_RULE)
    judge = compile_candidate_rule(one.policy.rules[0], {})
    assert judge.verdict(facts(), action()).effect is Effect.ALLOW


@pytest.mark.parametrize(
    ("fields", "free"),
    [
        pytest.param({"limit": 0, "window": "7d"}, "2026-03-05T00:00:00Z", id="an end that was not known"),
        pytest.param({"limit": 1, "window": "7d"}, "2026-03-05T00:00:00Z", id="an end that comes later"),
        pytest.param({"limit": 1, "window": "25h"}, "2026-03-04T11:00:00Z", id="an end that comes before"),
    ],
)
def test_a_rule_that_is_over_stands_in_nobody_s_way(fields, free):
    dated = rule("frequency_cap", "dated", valid_until="2026-03-05T00:00:00Z", **fields)
    verdict = verdict_of(guard(CONSENT_RULE, dated), facts(contacts=(contact(DAY),)), action(), "dated")
    assert verdict.eligible_at == datetime.fromisoformat(free)
    assert ("The rule itself ends" in verdict.reason) == (free == "2026-03-05T00:00:00Z")


def test_the_end_of_a_rule_of_consent_frees_nobody():
    dated = {**CONSENT_RULE, "valid_until": "2026-03-05T00:00:00Z"}
    assert verdict_of(guard(dated), facts(consents=()), action(), "consent").eligible_at is None
