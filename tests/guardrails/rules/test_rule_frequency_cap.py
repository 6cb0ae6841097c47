from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heed.decisioning.catalogue import MessageClass
from heed.decisioning.customer import ContactState
from heed.decisioning.verdict import Effect
from tests.support.guardrail_builders import DAY, HOUR, NOW, action, contact, facts, guard, rule, verdict_of

TICK = timedelta(microseconds=1)


def verdict_on(*contacts, about=None, now=NOW, **cap):
    asked = about or action()
    one = guard(rule("frequency_cap", "cap", **{"limit": 2, "window": "7d", **cap}), actions=(asked,),
                vocabulary={"channels": ["email", "sms", "push"], "categories": ["winback", "loyalty"],
                            "purposes": ["service", "marketing"]})  # fmt: skip
    return verdict_of(one, facts(now, contacts=contacts), asked, "cap")


def test_below_the_limit_it_allows_and_counts():
    verdict = verdict_on(contact(DAY), scope={"channels": ["email"]})
    assert (verdict.effect, verdict.reason) == (Effect.ALLOW, "1 of 2 email contacts in the last 7 days.")


def test_at_the_limit_it_suppresses_until_enough_have_left_the_window():
    verdict = verdict_on(contact(3 * DAY), contact(6 * DAY - HOUR / 5), scope={"channels": ["email"]})
    assert verdict.effect is Effect.SUPPRESS
    assert verdict.eligible_at == NOW + DAY + HOUR / 5
    assert verdict.reason == (
        "2 of 2 email contacts in the last 7 days; the next is possible from 2026-03-05 10:12 UTC."
    )


def test_the_moment_named_is_rounded_up_so_that_the_promise_holds():
    verdict = verdict_on(contact(DAY - TICK), limit=1)
    assert verdict.eligible_at == NOW + 6 * DAY + TICK
    assert verdict.reason.endswith("the next is possible from 2026-03-10 10:01 UTC.")


def test_over_the_limit_all_but_one_below_it_must_leave():
    contacts = [contact(days * DAY) for days in (1, 2, 3, 4)]
    assert verdict_on(*contacts).eligible_at == NOW - 2 * DAY + 7 * DAY


@pytest.mark.parametrize(
    ("ago", "effect"),
    [
        pytest.param(7 * DAY - TICK, Effect.SUPPRESS, id="a microsecond inside the window"),
        pytest.param(7 * DAY, Effect.ALLOW, id="exactly as old as the window"),
        pytest.param(-DAY, Effect.SUPPRESS, id="dated ahead"),
        pytest.param(-400 * DAY, Effect.SUPPRESS, id="dated far ahead"),
    ],
)
def test_a_contact_counts_by_real_time(ago, effect):
    assert verdict_on(contact(ago), limit=1).effect is effect


@pytest.mark.parametrize(
    ("state", "effect"),
    [(ContactState.RESERVED, Effect.SUPPRESS), (ContactState.EXECUTED, Effect.SUPPRESS),
     (ContactState.RELEASED, Effect.ALLOW)],
)  # fmt: skip
def test_slots_count_until_they_are_released(state, effect):
    assert verdict_on(contact(DAY, state=state), limit=1).effect is effect


def test_no_midnight_resets_a_window():
    one_to_midnight = NOW.replace(hour=23, minute=59)
    verdict = verdict_on(contact(timedelta(), now=one_to_midnight), now=one_to_midnight + timedelta(minutes=2),
                         limit=1, window="24h")  # fmt: skip
    assert (verdict.effect, verdict.eligible_at) == (Effect.SUPPRESS, one_to_midnight + DAY)


def test_a_window_over_leap_day_and_a_change_of_clocks_is_as_long_as_any():
    leap = NOW.replace(year=2028, month=2, day=29)
    assert verdict_on(contact(timedelta(), now=leap), now=leap + 29 * DAY, limit=1, window="30d").eligible_at == (
        leap + 30 * DAY
    )


OTHERS = {
    "channel": {"channel": "sms"},
    "purpose": {"purpose": "service"},
    "category": {"category": "winback"},
    "message_class": {"message_class": MessageClass.SERVICE},
    "action": {"action_id": "other"},
}


@pytest.mark.parametrize("per", list(OTHERS))
def test_counted_per_property_only_contacts_that_share_it_count(per):
    assert verdict_on(contact(DAY), limit=1, per=per).effect is Effect.SUPPRESS
    assert verdict_on(contact(DAY, **OTHERS[per]), limit=1, per=per).effect is Effect.ALLOW
    assert verdict_on(contact(DAY, **OTHERS[per]), limit=1).effect is Effect.SUPPRESS


SCOPES = {
    "channels": (["email"], OTHERS["channel"]),
    "purposes": (["marketing"], OTHERS["purpose"]),
    "categories": (["loyalty"], OTHERS["category"]),
    "message_classes": (["marketing"], OTHERS["message_class"]),
    "actions": (["email_a"], OTHERS["action"]),
}


@pytest.mark.parametrize("dimension", list(SCOPES))
def test_only_contacts_in_the_scope_count(dimension):
    names, other = SCOPES[dimension]
    assert verdict_on(contact(DAY), limit=1, scope={dimension: names}).effect is Effect.SUPPRESS
    assert verdict_on(contact(DAY, **other), limit=1, scope={dimension: names}).effect is Effect.ALLOW


def test_contacts_in_the_exception_do_not_count():
    scope = {"message_classes": ["marketing"], "except": {"channels": ["sms"]}}
    assert verdict_on(contact(DAY, "sms"), limit=1, scope=scope).effect is Effect.ALLOW
    assert verdict_on(contact(DAY, "push"), limit=1, scope=scope).effect is Effect.SUPPRESS


@pytest.mark.parametrize(
    ("cap", "words"),
    [
        ({}, "0 of 2 contacts in the last 7 days."),
        ({"window": "24h"}, "0 of 2 contacts in the last 24 hours."),
        ({"window": "1d"}, "0 of 2 contacts in the last 24 hours."),
        ({"window": "90m"}, "0 of 2 contacts in the last 90 minutes."),
        ({"window": "1h"}, "0 of 2 contacts in the last 1 hour."),
        ({"per": "channel", "scope": {"message_classes": ["marketing"]}}, "0 of 2 email marketing contacts"),
        ({"per": "action"}, "0 of 2 contacts for `email_a`"),
        ({"scope": {"channels": ["email", "sms"]}}, "0 of 2 email or sms contacts"),
    ],
)
def test_the_reason_says_what_is_counted(cap, words):
    assert verdict_on(**cap).reason.startswith(words)


def test_a_limit_of_nothing_never_opens():
    verdict = verdict_on(limit=0)
    assert (verdict.effect, verdict.eligible_at) == (Effect.SUPPRESS, None)
    assert "none is allowed" in verdict.reason


def test_a_cap_can_ask_for_review_instead():
    assert verdict_on(contact(DAY), limit=1, effect="review").effect is Effect.REVIEW


histories = st.lists(st.integers(-50, 250).map(lambda hours: contact(hours * HOUR)), max_size=12)


@settings(max_examples=60, deadline=None)
@given(histories, st.integers(0, 6), st.integers(0, 6))
def test_a_larger_cap_never_suppresses_more(contacts, one, other):
    low, high = sorted((one, other))
    if verdict_on(*contacts, limit=low).effect is Effect.ALLOW:
        assert verdict_on(*contacts, limit=high).effect is Effect.ALLOW


@settings(max_examples=60, deadline=None)
@given(histories, st.integers(1, 6))
def test_eligible_at_is_the_first_moment_at_which_the_cap_would_allow(contacts, limit):
    free = verdict_on(*contacts, limit=limit).eligible_at
    if free is None:
        assert len([one for one in contacts if one.at > NOW - 7 * DAY]) < limit
    else:
        assert verdict_on(*contacts, limit=limit, now=free).effect is Effect.ALLOW
        assert verdict_on(*contacts, limit=limit, now=free - TICK).effect is Effect.SUPPRESS
