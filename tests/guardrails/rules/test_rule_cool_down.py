"""Cool-down, open cases and fatigue: silence that follows from what happened."""

from datetime import timedelta
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heed.decisioning.customer import ContactState, OutcomeEvent, Signal, Signals
from heed.decisioning.verdict import Effect
from tests.support.guardrail_builders import DAY, HOUR, NOW, action, contact, facts, guard, rule, verdict_of

TICK = timedelta(microseconds=1)
ANSWERED = {"answered_by": ["open", "click"], "answer_within": "7d"}
IGNORED = {"after_ignored": 3, "window": "30d", **ANSWERED}
CASE = {"opened_by": ["complaint"], "closed_by": ["complaint_resolved"]}


def outcome(ago, kind="complaint"):
    return OutcomeEvent(kind, NOW - ago)


def signals(*pairs, certainty=1.0):
    return Signals.of(Signal(kind, NOW - ago, certainty=certainty) for kind, ago in pairs)


def verdict_on(kind, settings_of_rule, now=NOW, **customer):
    one = guard(rule(kind, "peace", **settings_of_rule), vocabulary={"channels": ["sms"]})
    return verdict_of(one, facts(now, **customer), action(), "peace")


class TestCoolDown:
    rule = MappingProxyType({"after": ["complaint", "return"], "window": "30d"})

    @pytest.mark.parametrize(
        ("customer", "free"),
        [
            pytest.param({}, None, id="nothing happened"),
            pytest.param({"outcomes": (outcome(DAY, "purchase"),)}, None, id="something else happened"),
            pytest.param({"outcomes": (outcome(30 * DAY),)}, None, id="it is as long ago as the window"),
            pytest.param({"outcomes": (outcome(30 * DAY - TICK),)}, NOW + TICK, id="it is a moment less long ago"),
            pytest.param({"outcomes": (outcome(9 * DAY), outcome(DAY, "return"))}, NOW + 29 * DAY, id="two happened"),
            pytest.param({"outcomes": (outcome(-DAY),)}, NOW + 31 * DAY, id="it is dated ahead"),
            pytest.param({"signals": signals(("complaint", DAY), certainty=0.01)}, NOW + 29 * DAY,
                         id="a signal hints at it"),
        ],
    )  # fmt: skip
    def test_lasts_from_the_last_event_when(self, customer, free):
        verdict = verdict_on("cool_down", self.rule, **customer)
        assert (verdict.effect, verdict.eligible_at) == (Effect.ALLOW if free is None else Effect.SUPPRESS, free)

    def test_says_after_what_and_until_when(self):
        reason = verdict_on("cool_down", self.rule, outcomes=(outcome(DAY),)).reason
        assert reason == (
            "Left in peace after `complaint` or `return`, the last on 2026-03-03, until 2026-04-02 10:00 UTC."
        )

    def test_can_ask_for_review(self):
        verdict = verdict_on("cool_down", {**self.rule, "effect": "review"}, outcomes=(outcome(DAY),))
        assert verdict.effect is Effect.REVIEW


class TestIgnoredContacts:
    row = tuple(contact(days * DAY) for days in (24, 16, 8))

    def test_enough_in_a_row_are_followed_by_silence_from_the_last(self):
        verdict = verdict_on("cool_down", IGNORED, contacts=self.row)
        assert (verdict.effect, verdict.eligible_at) == (Effect.SUPPRESS, NOW - 8 * DAY + 30 * DAY)
        assert verdict.reason.startswith("Left in peace after 3 ignored contacts in a row, the last on 2026-02-24")

    @pytest.mark.parametrize(
        ("contacts", "seen"),
        [
            pytest.param(row[1:], Signals(), id="there are too few"),
            pytest.param(row, signals(("open", 8 * DAY - HOUR)), id="the last was answered"),
            pytest.param(row, signals(("click", 9 * DAY)), id="the last but one was answered at the last moment"),
            pytest.param((*row[:2], contact(7 * DAY - TICK)), Signals(), id="the last may still be answered"),
            pytest.param((*row[:2], contact(8 * DAY, state=ContactState.RESERVED)), Signals(), id="one was never made"),
            pytest.param((*row[:2], contact(8 * DAY, "sms")), Signals(), id="one lies outside the scope"),
        ],
    )  # fmt: skip
    def test_there_is_no_silence_when(self, contacts, seen):
        verdict = verdict_on(
            "cool_down", {**IGNORED, "scope": {"channels": ["email"]}}, contacts=contacts, signals=seen
        )
        assert verdict.effect is Effect.ALLOW

    @pytest.mark.parametrize(
        "seen",
        [
            pytest.param(signals(("open", 8 * DAY - HOUR), certainty=0.4), id="an unlikely answer"),
            pytest.param(signals(("open", 30 * DAY)), id="an answer before them"),
            pytest.param(signals(("visit", 8 * DAY)), id="another signal"),
            pytest.param(signals(("open", -TICK)), id="an answer dated ahead"),
        ],
    )
    def test_they_are_ignored_in_spite_of(self, seen):
        assert verdict_on("cool_down", IGNORED, contacts=self.row, signals=seen).effect is Effect.SUPPRESS

    def test_one_that_may_still_be_answered_does_not_end_the_row(self):
        verdict = verdict_on("cool_down", IGNORED, contacts=(*self.row, contact(DAY)))
        assert verdict.eligible_at == NOW + 22 * DAY


class TestOpenCase:
    @pytest.mark.parametrize(
        ("outcomes", "effect"),
        [
            pytest.param((), Effect.ALLOW, id="none"),
            pytest.param((outcome(80 * DAY),), Effect.SUPPRESS, id="opened long ago"),
            pytest.param((outcome(2 * DAY), outcome(DAY, "complaint_resolved")), Effect.ALLOW, id="opened and closed"),
            pytest.param((outcome(DAY), outcome(DAY, "complaint_resolved")), Effect.SUPPRESS,
                         id="closed at the moment it was opened"),
            pytest.param((outcome(2 * DAY), outcome(DAY, "complaint_resolved"), outcome(HOUR)), Effect.SUPPRESS,
                         id="opened again"),
            pytest.param((outcome(2 * DAY), outcome(-HOUR, "complaint_resolved")), Effect.SUPPRESS,
                         id="to be closed in an hour"),
            pytest.param((outcome(-HOUR),), Effect.SUPPRESS, id="opened by a clock that is ahead"),
        ],
    )  # fmt: skip
    def test_a_case(self, outcomes, effect):
        verdict = verdict_on("open_case", CASE, outcomes=outcomes)
        assert (verdict.effect, verdict.eligible_at) == (effect, None)

    def test_signals_open_in_doubt_and_close_only_where_likely(self):
        doubt = signals(("complaint", 2 * DAY), certainty=0.1)
        assert verdict_on("open_case", CASE, signals=doubt).effect is Effect.SUPPRESS
        told = (outcome(2 * DAY),)
        for sure, effect in ((0.4, Effect.SUPPRESS), (0.5, Effect.ALLOW)):
            closed = signals(("complaint_resolved", DAY), certainty=sure)
            assert verdict_on("open_case", CASE, outcomes=told, signals=closed).effect is effect

    @pytest.mark.parametrize(("ago", "effect"), [(10 * DAY, Effect.ALLOW), (10 * DAY - TICK, Effect.SUPPRESS)])
    def test_a_case_that_nobody_closes_can_have_an_end(self, ago, effect):
        verdict = verdict_on("open_case", {**CASE, "at_most": "10d"}, outcomes=(outcome(ago),))
        assert verdict.effect is effect
        assert verdict.eligible_at == (NOW + TICK if effect is Effect.SUPPRESS else None)


class TestFatigue:
    rule = MappingProxyType({"last": 4, "ignored_at_least": 0.75, "window": "60d", **ANSWERED})
    four = tuple(contact(days * DAY) for days in (38, 28, 18, 8))

    @pytest.mark.parametrize(
        ("answers", "effect"),
        [
            pytest.param((), Effect.SUPPRESS, id="all were ignored"),
            pytest.param((("open", 18 * DAY),), Effect.SUPPRESS, id="the share is met exactly"),
            pytest.param((("open", 18 * DAY), ("click", 8 * DAY)), Effect.ALLOW, id="half were answered"),
        ],
    )  # fmt: skip
    def test_depends_on_the_share_of_the_last_contacts(self, answers, effect):
        verdict = verdict_on("fatigue", self.rule, contacts=self.four, signals=signals(*answers))
        assert verdict.effect is effect
        assert verdict.eligible_at == (NOW + 22 * DAY if effect is Effect.SUPPRESS else None)

    def test_older_answers_do_not_count(self):
        older = (contact(50 * DAY), *self.four)
        verdict = verdict_on("fatigue", self.rule, contacts=older, signals=signals(("open", 49 * DAY)))
        assert verdict.reason.startswith("4 of the last 4 contacts were ignored; left in peace until 2026-03-26 10:00")

    def test_too_few_contacts_say_nothing(self):
        verdict = verdict_on("fatigue", self.rule, contacts=self.four[1:])
        assert (verdict.effect, verdict.reason) == (Effect.ALLOW, "3 contacts are too few to speak of fatigue.")


moments = st.integers(-50, 1200).map(lambda hours: hours * HOUR)
histories = st.lists(moments.map(contact), max_size=8).map(tuple)
events = st.lists(moments.map(outcome), max_size=4).map(tuple)
RULES = {"cool_down": TestCoolDown.rule, "open_case": {**CASE, "at_most": "20d"}}


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(list(RULES)), events, moments.map(outcome))
def test_a_further_cause_never_frees(kind, happened, further):
    before = verdict_on(kind, RULES[kind], outcomes=happened)
    after = verdict_on(kind, RULES[kind], outcomes=(*happened, further))
    assert before.effect is Effect.ALLOW or after.effect is Effect.SUPPRESS


@settings(max_examples=60, deadline=None)
@given(histories, moments.map(contact))
def test_a_further_contact_that_nobody_answers_never_frees(contacts, further):
    before = verdict_on("cool_down", IGNORED, contacts=contacts)
    after = verdict_on("cool_down", IGNORED, contacts=(*contacts, further))
    assert before.effect is Effect.ALLOW or after.effect is Effect.SUPPRESS


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([("cool_down", TestCoolDown.rule), ("fatigue", TestFatigue.rule)]), events, histories)
def test_the_end_named_is_the_first_moment_that_is_free(which, happened, contacts):
    kind, fields = which
    past = tuple(one for one in contacts if one.at <= NOW - 7 * DAY)
    free = verdict_on(kind, fields, outcomes=happened, contacts=past).eligible_at
    if free is not None:
        then = verdict_on(kind, fields, free, outcomes=happened, contacts=past)
        just_before = verdict_on(kind, fields, free - TICK, outcomes=happened, contacts=past)
        assert (then.effect, just_before.effect) == (Effect.ALLOW, Effect.SUPPRESS)
