"""Topics, bases, terms and enforcement of consent, and several rules of consent together."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heed.decisioning.customer import Consent, ConsentStatus, ContactPoint
from heed.decisioning.verdict import Effect, combined_effect
from heed.guardrails.policy_errors import InvalidPolicy
from tests.support.guardrail_builders import (
    CONSENT_RULE,
    DAY,
    HOUR,
    NOW,
    action,
    facts,
    granted,
    guard,
    rule,
    verdict_of,
    withdrawn,
)

TICK = timedelta(microseconds=1)
SHOES = action("shoes", topic="shoes")
CASL = {"bases": ["express", "implied"], "expires_after": {"implied": "730d"}}
OPT_OUT = {"enforcement": "permissive", "scope": {"jurisdictions": ["US"]}}
POINTS = (ContactPoint("mail-1", "email"), ContactPoint("mail-2", "email"))


def verdict_on(*consents, about=None, jurisdiction="US", **fields):
    asked = about or action()
    one = guard({**CONSENT_RULE, **fields}, actions=(asked,))
    return verdict_of(one, facts(consents=consents, jurisdiction=jurisdiction), asked, "consent")


class TestTopics:
    @pytest.mark.parametrize(
        ("consents", "effect"),
        [
            pytest.param((granted(topic="shoes"),), Effect.ALLOW, id="a grant for the topic"),
            pytest.param((granted(),), Effect.ALLOW, id="a grant for all topics"),
            pytest.param((granted(topic="books"),), Effect.SUPPRESS, id="a grant for another topic"),
            pytest.param((granted(), withdrawn(topic="shoes")), Effect.SUPPRESS, id="a withdrawal of the topic"),
            pytest.param((granted(), withdrawn(topic="books")), Effect.ALLOW, id="a withdrawal of another topic"),
            pytest.param((granted(topic="shoes"), withdrawn()), Effect.SUPPRESS, id="a withdrawal of all topics"),
            pytest.param((withdrawn(at=NOW - 9 * DAY), granted(at=NOW - DAY, topic="shoes")), Effect.ALLOW,
                         id="a grant for the topic after a withdrawal of all"),
            pytest.param((granted(), withdrawn(at=NOW + DAY, topic="shoes")), Effect.SUPPRESS,
                         id="a withdrawal of the topic dated ahead"),
        ],
    )  # fmt: skip
    def test_for_an_action_with_a_topic(self, consents, effect):
        assert verdict_on(*consents, about=SHOES).effect is effect

    @pytest.mark.parametrize(
        ("consents", "effect"),
        [
            pytest.param((granted(topic="shoes"),), Effect.SUPPRESS, id="a grant for a topic"),
            pytest.param((granted(), withdrawn(topic="shoes")), Effect.ALLOW, id="a withdrawal of a topic"),
        ],
    )
    def test_for_an_action_without(self, consents, effect):
        assert verdict_on(*consents).effect is effect

    def test_two_topics_of_one_channel_are_judged_apart(self):
        books = action("books", topic="books")
        one = guard(CONSENT_RULE, actions=(SHOES, books))
        verdicts = one.verdicts(facts(consents=(granted(topic="shoes"),)), [SHOES, books])
        assert [combined_effect(each) for each in verdicts] == [Effect.ALLOW, Effect.SUPPRESS]

    def test_the_reason_and_the_contact_point_go_by_the_topic(self):
        known = facts(contact_points=POINTS, consents=(granted(), withdrawn(topic="shoes", contact_point="mail-1")))
        one = guard(CONSENT_RULE, actions=(SHOES, action()))
        assert (one.contact_point(known, SHOES), one.contact_point(known, action())) == ("mail-2", "mail-1")
        assert verdict_of(one, known, SHOES, "consent").reason == (
            "Consent for email and marketing, on shoes was given on 2026-02-02."
        )


class TestBases:
    @pytest.mark.parametrize(
        ("consent", "effect"),
        [
            pytest.param(granted(basis="express"), Effect.ALLOW, id="express"),
            pytest.param(granted(basis=" Express"), Effect.ALLOW, id="express in another spelling"),
            pytest.param(granted(basis="soft_opt_in"), Effect.SUPPRESS, id="a basis that is not accepted"),
            pytest.param(granted(), Effect.SUPPRESS, id="no basis"),
            pytest.param(granted(basis="implied", at=NOW - 730 * DAY + TICK), Effect.ALLOW, id="just within the term"),
            pytest.param(granted(basis="implied", at=NOW - 730 * DAY), Effect.SUPPRESS, id="as old as the term"),
            pytest.param(granted(basis="express", at=NOW - 999 * DAY), Effect.ALLOW, id="an old one without a term"),
            pytest.param(granted(basis="implied", expires_at=NOW), Effect.SUPPRESS, id="its own end comes before"),
            pytest.param(granted(basis="implied", at=NOW - 730 * DAY, expires_at=NOW + DAY), Effect.SUPPRESS,
                         id="its own end comes after"),
        ],
    )  # fmt: skip
    def test_of_a_grant(self, consent, effect):
        assert verdict_on(consent, **CASL).effect is effect

    def test_where_none_are_named_every_basis_counts_and_terms_still_hold(self):
        terms = {"expires_after": {"implied": "10d"}}
        assert verdict_on(granted(), **terms).effect is Effect.ALLOW
        assert verdict_on(granted(basis="implied"), **terms).reason.endswith("expired on 2026-02-12.")

    def test_a_withdrawal_needs_none(self):
        assert verdict_on(granted(basis="express"), withdrawn(), **CASL).effect is Effect.SUPPRESS

    def test_a_grant_that_does_not_count_leaves_the_one_before_it_standing(self):
        earlier, later = granted(basis="express"), granted(at=NOW - DAY, basis="legitimate_interest")
        assert verdict_on(earlier, later, **CASL).effect is Effect.ALLOW

    def test_the_reason_names_what_is_accepted(self):
        reason = verdict_on(granted(), **CASL).reason
        assert reason == "No express or implied consent for email and marketing is on record."


class TestPermissiveEnforcement:
    @pytest.mark.parametrize(
        ("consents", "effect"),
        [
            pytest.param((), Effect.ALLOW, id="silence"),
            pytest.param((granted(),), Effect.ALLOW, id="a grant"),
            pytest.param((granted(), withdrawn()), Effect.SUPPRESS, id="a withdrawal"),
            pytest.param((withdrawn(at=NOW + DAY),), Effect.SUPPRESS, id="a withdrawal dated ahead"),
            pytest.param((withdrawn("*", "*"),), Effect.SUPPRESS, id="a withdrawal of everything"),
        ],
    )
    def test_stops_on_a_withdrawal_only(self, consents, effect):
        assert verdict_on(*consents, **OPT_OUT).effect is effect

    @pytest.mark.parametrize("jurisdiction", [None, "DE"])
    def test_is_for_no_customer_who_may_be_elsewhere(self, jurisdiction):
        one = guard({**CONSENT_RULE, **OPT_OUT})
        (verdicts,) = one.verdicts(facts(consents=(), jurisdiction=jurisdiction), [action()])
        assert [verdict.rule for verdict in verdicts] == ["heed-no-consent-rule"]

    def test_goes_to_a_contact_point_with_consent_first_and_to_none_that_was_withdrawn(self):
        one = guard({**CONSENT_RULE, **OPT_OUT})
        known = {"jurisdiction": "US", "contact_points": POINTS}
        assert one.contact_point(facts(**known, consents=()), action()) == "mail-1"
        assert one.contact_point(facts(**known, consents=(granted(contact_point="mail-2"),)), action()) == "mail-2"
        assert one.contact_point(facts(**known, consents=(withdrawn(contact_point="mail-1"),)), action()) == "mail-2"

    def test_yields_to_a_restrictive_rule(self):
        one = guard({**CONSENT_RULE, **OPT_OUT}, rule("consent", "strict", bases=["express"]))
        (verdicts,) = one.verdicts(facts(consents=(granted(),), jurisdiction="US"), [action()])
        assert {verdict.rule: verdict.effect for verdict in verdicts} == {
            "consent": Effect.ALLOW,
            "strict": Effect.SUPPRESS,
            "heed-common-contact-point": Effect.ALLOW,
        }


class TestSeveralRules:
    rules = (CONSENT_RULE, rule("consent", "express", bases=["express"]))

    def test_agree_on_one_contact_point(self):
        consents = (granted(contact_point="mail-1"), granted(contact_point="mail-2", basis="express"))
        known = facts(contact_points=POINTS, consents=consents)
        one = guard(*self.rules)
        assert one.contact_point(known, action()) == "mail-2"
        assert combined_effect(one.verdicts(known, [action()])[0]) is Effect.ALLOW

    def test_that_are_content_with_different_ones_are_not_content(self):
        first = rule("consent", "first", bases=["paper"])
        consents = (granted(contact_point="mail-1", basis="paper"), granted(contact_point="mail-2", basis="express"))
        one, known = guard(first, self.rules[1]), facts(contact_points=POINTS, consents=consents)
        (verdicts,) = one.verdicts(known, [action()])
        assert [verdict.effect for verdict in verdicts] == [Effect.ALLOW, Effect.ALLOW, Effect.SUPPRESS]
        assert verdicts[-1].rule == "heed-common-contact-point"
        assert one.contact_point(known, action()) is None

    def test_of_which_one_is_only_observed_are_one(self):
        known = facts(consents=(granted(),))
        one = guard(CONSENT_RULE, {**self.rules[1], "mode": "observe"})
        assert one.contact_point(known, action()) == "mail-1"
        assert [verdict.rule for verdict in one.verdicts(known, [action()])[0]] == ["consent", "express"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"enforcement": "permissive"}, "names no `jurisdictions` in its scope"),
        ({**OPT_OUT, "required": False}, "asks for no consent, so there is none to enforce"),
        ({**OPT_OUT, "bases": ["express"]}, "are about grants, which this rule does not ask for"),
        ({"bases": ["express"], "expires_after": {"implied": "730d"}}, "names `implied`, which is not among"),
        ({"expires_after": {"implied": "2y"}}, "value is not a length of time in rule `consent`, field `expires_after"),
        ({"enforcement": "strict"}, "did you mean `restrictive`"),
        ({"bases": "express"}, r"write a list, such as `bases: \[express\]`"),
    ],
)
def test_refuses_what_makes_no_sense(fields, message):
    with pytest.raises(InvalidPolicy, match=message):
        guard({**CONSENT_RULE, **fields})


moments = st.integers(-4, 2).map(lambda hours: NOW + hours * HOUR)
statements = st.builds(
    Consent,
    channel=st.sampled_from(["email", "*"]),
    purpose=st.sampled_from(["marketing", "*"]),
    status=st.sampled_from(list(ConsentStatus)),
    recorded_at=moments,
    contact_point=st.sampled_from([None, "mail-1", "mail-2"]),
    basis=st.sampled_from([None, "express", "implied"]),
    topic=st.sampled_from([None, "shoes", "books"]),
)
some_rules = st.lists(
    st.sampled_from([CONSENT_RULE, rule("consent", **CASL), rule("consent", **OPT_OUT),
                     rule("consent", bases=["express"]), rule("consent", expires_after={"implied": "2h"})]),
    min_size=1, max_size=3,
).map(lambda rules: [{**one, "id": f"rule-{place}"} for place, one in enumerate(rules)])  # fmt: skip


def freed(rules, consents, about):
    known = facts(contact_points=POINTS, consents=tuple(consents), jurisdiction="US")
    one = guard(*rules, actions=(about,))
    return combined_effect(one.verdicts(known, [about])[0]) is Effect.ALLOW, one.contact_point(known, about)


@settings(max_examples=80, deadline=None)
@given(some_rules, st.lists(statements, max_size=5), statements, st.sampled_from([SHOES, action()]))
def test_a_further_withdrawal_never_widens(rules, consents, further, about):
    no = Consent(**{**further.__dict__, "status": ConsentStatus.WITHDRAWN})
    before, _ = freed(rules, consents, about)
    after, _ = freed(rules, [*consents, no], about)
    assert before or not after


@settings(max_examples=80, deadline=None)
@given(some_rules, st.lists(statements, max_size=5), st.sampled_from([SHOES, action()]))
def test_what_is_allowed_has_a_contact_point_and_what_has_none_is_not_allowed(rules, consents, about):
    allowed, point = freed(rules, consents, about)
    assert allowed is (point is not None)


@settings(max_examples=60, deadline=None)
@given(some_rules, st.sampled_from([CONSENT_RULE, rule("consent", **CASL)]), st.lists(statements, max_size=5))
def test_a_further_rule_of_consent_never_widens(rules, further, consents):
    before, _ = freed(rules, consents, SHOES)
    after, _ = freed([*rules, {**further, "id": "further"}], consents, SHOES)
    assert before or not after
