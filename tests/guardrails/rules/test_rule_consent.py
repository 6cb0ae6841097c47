from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heed.decisioning.customer import Consent, ConsentStatus, ContactPoint
from heed.decisioning.verdict import Effect, combined_effect
from heed.guardrails.rules.consent import live_contact_points
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

MAIL, OTHER = ContactPoint("mail-1", "email"), ContactPoint("mail-2", "email")
TICK = timedelta(microseconds=1)


def verdict_on(*consents, points=(MAIL,), about=None, **policy_rule):
    asked = about or action()
    one = guard({**CONSENT_RULE, **policy_rule}, actions=(asked,))
    return verdict_of(one, facts(consents=consents, contact_points=points), asked, "consent")


LIVE = [
    pytest.param((granted(),), id="a grant for the whole channel"),
    pytest.param((granted(contact_point="mail-1"),), id="a grant for the contact point"),
    pytest.param((granted(at=NOW),), id="a grant made this very moment"),
    pytest.param((granted(expires_at=NOW + TICK),), id="a grant about to expire"),
    pytest.param((withdrawn(at=NOW - 2 * DAY), granted(at=NOW - DAY)), id="a grant after a withdrawal"),
    pytest.param((withdrawn(purpose="service"), granted()), id="a withdrawal of another purpose"),
    pytest.param((withdrawn(channel="sms"), granted()), id="a withdrawal of another channel"),
    pytest.param((withdrawn(contact_point="mail-2"), granted()), id="a withdrawal for another contact point"),
    pytest.param((withdrawn(at=NOW - 2 * DAY, channel="*", purpose="*"), granted(at=NOW - DAY)),
                 id="a new grant after a withdrawal of everything"),
]  # fmt: skip
NOT_LIVE = [
    pytest.param((), "No consent for email and marketing is on record.", id="silence"),
    pytest.param((granted(purpose="service"),), "No consent", id="a grant for another purpose"),
    pytest.param((granted(channel="sms"),), "No consent", id="a grant for another channel"),
    pytest.param((granted(contact_point="mail-2"),), "No consent", id="a grant for another contact point"),
    pytest.param((granted(channel="*"),), "No consent", id="a grant for every channel, which grants nothing"),
    pytest.param((granted(purpose="*"),), "No consent", id="a grant for every purpose, which grants nothing"),
    pytest.param((granted(at=NOW + TICK),), "No consent", id="a grant dated ahead"),
    pytest.param((granted(), withdrawn()), "was withdrawn on 2026-03-03.", id="a later withdrawal"),
    pytest.param((granted(at=NOW), withdrawn(at=NOW)), "was withdrawn", id="a withdrawal at the same moment"),
    pytest.param((granted(), withdrawn(at=NOW + DAY)), "was withdrawn", id="a withdrawal dated ahead"),
    pytest.param((granted(), withdrawn(channel="*")), "was withdrawn", id="a withdrawal of every channel"),
    pytest.param((granted(), withdrawn(purpose="*")), "was withdrawn", id="a withdrawal of every purpose"),
    pytest.param((granted(contact_point="mail-1"), withdrawn()), "was withdrawn", id="a withdrawal of the channel"),
    pytest.param((granted(), withdrawn(contact_point="mail-1")), "was withdrawn", id="a withdrawal of the address"),
    pytest.param((granted(), withdrawn(channel="*", contact_point="mail-1")), "was withdrawn",
                 id="a withdrawal of the address on every channel"),
    pytest.param((granted(expires_at=NOW),), "expired on 2026-03-04.", id="a grant that expires now"),
    pytest.param((granted(), granted(at=NOW - 2 * DAY, expires_at=NOW - DAY)), "expired",
                 id="an expired grant after an unlimited one"),
]  # fmt: skip


@pytest.mark.parametrize("consents", LIVE)
def test_allows_with(consents):
    verdict = verdict_on(*consents)
    assert verdict.effect is Effect.ALLOW
    assert "Consent for email and marketing was given on 2026-0" in verdict.reason


@pytest.mark.parametrize(("consents", "reason"), NOT_LIVE)
def test_suppresses_on(consents, reason):
    verdict = verdict_on(*consents)
    assert verdict.effect is Effect.SUPPRESS
    assert reason in verdict.reason
    assert verdict.eligible_at is None


def test_one_live_contact_point_of_two_is_enough_and_is_the_one_used():
    about = action()
    known = facts(contact_points=(OTHER, MAIL), consents=(granted(), withdrawn(contact_point="mail-1")))
    one = guard(CONSENT_RULE)
    assert verdict_of(one, known, about, "consent").effect is Effect.ALLOW
    assert one.contact_point(known, about) == "mail-2"


@pytest.mark.parametrize("points", [(OTHER, MAIL), (MAIL, OTHER)])
def test_the_first_live_contact_point_does_not_depend_on_their_order(points):
    assert guard(CONSENT_RULE).contact_point(facts(contact_points=points), action()) == "mail-1"


def test_a_contact_point_of_another_channel_is_none():
    verdict = verdict_on(granted(), points=(ContactPoint("phone", "sms"),))
    assert (verdict.effect, verdict.reason) == (Effect.SUPPRESS, "No contact point for email is known.")


def test_an_addressless_channel_is_reached_by_a_grant_for_the_channel():
    web = action("banner", "web")
    assert verdict_on(granted("web"), points=(), about=web, addressless=["web"]).effect is Effect.ALLOW
    assert verdict_on(granted("web"), points=(), about=web).effect is Effect.SUPPRESS


@pytest.mark.parametrize(
    "consents",
    [
        pytest.param((granted("web", contact_point="cookie"),), id="a grant for one contact point"),
        pytest.param((granted("web"), withdrawn("web", contact_point="cookie")), id="a withdrawal for any of them"),
    ],
)
def test_an_addressless_channel_without_known_contact_points_is_not_opened_by(consents):
    verdict = verdict_on(*consents, points=(), about=action("banner", "web"), addressless=["web"])
    assert verdict.effect is Effect.SUPPRESS


def test_an_addressless_channel_asks_its_contact_points_where_they_are_known():
    consents = (granted("web"), withdrawn("web", contact_point="cookie"))
    points = (ContactPoint("cookie", "web"),)
    verdict = verdict_on(*consents, points=points, about=action("banner", "web"), addressless=["web"])
    assert verdict.effect is Effect.SUPPRESS


class TestMessagesThatNeedNoConsent:
    service = action("bill", purpose="service", message_class="service")
    rules = (
        {**CONSENT_RULE, "scope": {"purposes": ["marketing"]}},
        rule("consent", "contractual", required=False, scope={"purposes": ["service"]}),
    )

    def test_are_allowed_without(self):
        one = guard(*self.rules, actions=(action(), self.service))
        marketing, service = one.verdicts(facts(consents=()), [action(), self.service])
        assert combined_effect(marketing) is Effect.SUPPRESS
        assert combined_effect(service) is Effect.ALLOW

    def test_go_to_a_contact_point_without_consent(self):
        one = guard(*self.rules, actions=(action(), self.service))
        assert one.contact_point(facts(consents=()), self.service) == "mail-1"
        assert one.contact_point(facts(consents=()), action()) is None

    def test_still_need_it_where_another_rule_asks_for_it(self):
        one = guard(CONSENT_RULE, self.rules[1], actions=(self.service,))
        (verdicts,) = one.verdicts(facts(consents=()), [self.service])
        assert combined_effect(verdicts) is Effect.SUPPRESS
        assert one.contact_point(facts(consents=()), self.service) is None

    @pytest.mark.parametrize(
        ("jurisdiction", "effect"),
        [("US", Effect.ALLOW), ("us", Effect.ALLOW), ("US-CA", Effect.ALLOW), ("DE", Effect.SUPPRESS),
         (None, Effect.SUPPRESS)],
    )  # fmt: skip
    def test_are_so_only_where_the_jurisdiction_is_certain(self, jurisdiction, effect):
        lenient = rule("consent", "no-consent-in-us", required=False, scope={"jurisdictions": ["US"]})
        (verdicts,) = guard(lenient).verdicts(facts(consents=(), jurisdiction=jurisdiction), [action()])
        assert combined_effect(verdicts) is effect


def test_where_no_consent_rule_speaks_the_guard_suppresses():
    (verdicts,) = guard(rule("suppression")).verdicts(facts(), [action()])
    assert [(one.rule, one.effect) for one in verdicts] == [
        ("suppression", Effect.ALLOW),
        ("heed-no-consent-rule", Effect.SUPPRESS),
    ]


moments = st.integers(-3, 2).map(lambda hours: NOW + hours * HOUR)
statements = st.builds(
    Consent,
    channel=st.sampled_from(["email", "sms", "*"]),
    purpose=st.sampled_from(["marketing", "service", "*"]),
    status=st.sampled_from(list(ConsentStatus)),
    recorded_at=moments,
    contact_point=st.sampled_from([None, "mail-1", "mail-2"]),
    expires_at=st.none() | moments,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(statements, max_size=6), statements.filter(lambda one: one.status is ConsentStatus.WITHDRAWN))
def test_a_further_withdrawal_never_makes_a_contact_point_live(consents, further):
    before = live_contact_points(facts(consents=tuple(consents)).customer, "email", "marketing", NOW)
    after = live_contact_points(facts(consents=(*consents, further)).customer, "email", "marketing", NOW)
    assert set(after) <= set(before)


@settings(max_examples=150, deadline=None)
@given(st.lists(statements, max_size=6).flatmap(lambda some: st.tuples(st.just(some), st.permutations(some))))
def test_the_order_of_statements_does_not_matter(both):
    one, other = (facts(consents=tuple(some)).customer for some in both)
    assert live_contact_points(one, "email", "marketing", NOW) == live_contact_points(other, "email", "marketing", NOW)
