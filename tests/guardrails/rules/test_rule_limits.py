"""Conflict groups and volume limits: what excludes what, and how much goes out to all."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heed.decisioning.customer import ContactState, Volume
from heed.decisioning.verdict import Effect
from tests.support.guardrail_builders import DAY, HOUR, NOW, action, contact, facts, guard, rule, verdict_of

TICK = timedelta(microseconds=1)
UPSELL, WINBACK = action("up", category="upsell", cost=0.5), action("back", category="winback")
TEXT, PLAIN = action("text", "sms", category="upsell", cost=0.5), action("plain", category="news")
ACTIONS = (UPSELL, WINBACK, TEXT, PLAIN)
MEMBERS = {"stay": {"categories": ["winback"], "actions": ["plain"]}, "more": {"categories": ["upsell"]}}


def guarded(kind, **fields):
    return guard(rule(kind, "limit", **fields), actions=ACTIONS)


def told(one, ago, **fields):
    return contact(ago, one.channel, action_id=one.action_id, category=one.category, **fields)


class TestConflictGroup:
    @pytest.mark.parametrize(
        ("about", "history", "effect"),
        [
            pytest.param(UPSELL, (), Effect.ALLOW, id="nothing came before"),
            pytest.param(UPSELL, (told(WINBACK, DAY),), Effect.SUPPRESS, id="the other side came before"),
            pytest.param(WINBACK, (told(UPSELL, DAY),), Effect.SUPPRESS, id="the other side the other way round"),
            pytest.param(UPSELL, (told(TEXT, DAY),), Effect.ALLOW, id="the same side came before"),
            pytest.param(WINBACK, (told(PLAIN, DAY),), Effect.ALLOW, id="another action of the same side came before"),
            pytest.param(PLAIN, (told(UPSELL, DAY),), Effect.SUPPRESS, id="a side is named by its action"),
            pytest.param(UPSELL, (told(WINBACK, 7 * DAY),), Effect.ALLOW, id="the window is over"),
            pytest.param(UPSELL, (told(WINBACK, -DAY),), Effect.SUPPRESS, id="the other side is dated ahead"),
            pytest.param(UPSELL, (told(WINBACK, DAY, state=ContactState.RESERVED),), Effect.SUPPRESS,
                         id="a slot is only reserved"),
            pytest.param(UPSELL, (told(WINBACK, DAY, state=ContactState.RELEASED),), Effect.ALLOW,
                         id="a slot was released"),
        ],
    )  # fmt: skip
    def test_of_sides(self, about, history, effect):
        verdict = verdict_of(
            guarded("conflict_group", members=MEMBERS, window="7d"), facts(contacts=history), about, "limit"
        )
        assert verdict.effect is effect

    def test_names_the_side_and_the_end(self):
        history = (told(WINBACK, 3 * DAY), told(WINBACK, DAY))
        verdict = verdict_of(
            guarded("conflict_group", members=MEMBERS, window="7d"), facts(contacts=history), UPSELL, "limit"
        )
        assert verdict.eligible_at == NOW + 6 * DAY
        assert verdict.reason == "Excluded by `stay`, last on 2026-03-03; possible from 2026-03-10 10:00 UTC."

    def test_of_one_action_lets_only_the_same_follow(self):
        one = guarded("conflict_group", one_action=True, window="7d", scope={"channels": ["email"]})
        known = facts(contacts=(told(UPSELL, DAY), told(TEXT, HOUR)))
        assert verdict_of(one, known, UPSELL, "limit").effect is Effect.ALLOW
        verdict = verdict_of(one, known, WINBACK, "limit")
        assert (verdict.effect, verdict.eligible_at) == (Effect.SUPPRESS, NOW + 6 * DAY)


def volume(hours_ago, contacts=1, spent=0.0, about=UPSELL):
    until = NOW - hours_ago * HOUR
    return Volume(about.action_id, until - HOUR, until, contacts, spent)


def verdict_on(*volumes, about=UPSELL, now=NOW, **fields):
    known = replace(facts(now), volumes=volumes)
    return verdict_of(guarded("volume_limit", **{"window": "24h", **fields}), known, about, "limit")


class TestVolumeLimit:
    @pytest.mark.parametrize(
        ("fields", "volumes", "free"),
        [
            pytest.param({"contacts": 10}, (volume(1, 9),), None, id="one more fits"),
            pytest.param({"contacts": 10}, (volume(1, 10),), NOW + 23 * HOUR, id="no more fits"),
            pytest.param({"contacts": 10}, (volume(9, 6), volume(1, 4)), NOW + 15 * HOUR, id="some must leave"),
            pytest.param({"contacts": 10}, (volume(24, 10),), None, id="all have left"),
            pytest.param({"contacts": 10}, (volume(23.5, 10),), NOW + HOUR / 2, id="a stretch left in part"),
            pytest.param({"contacts": 10}, (volume(-30, 10),), NOW + 54 * HOUR, id="a stretch lies ahead"),
            pytest.param({"budget": 10.0}, (volume(1, 1, 9.5),), None, id="the budget is met exactly"),
            pytest.param({"budget": 10.0}, (volume(1, 1, 9.51),), NOW + 23 * HOUR, id="the budget would be exceeded"),
            pytest.param({"budget": 10.0, "contacts": 3}, (volume(9, 3, 1.0), volume(2, 1, 9.6)), NOW + 22 * HOUR,
                         id="both limits must be met"),
        ],
    )  # fmt: skip
    def test_is_kept_by_contacts_and_cost_when(self, fields, volumes, free):
        verdict = verdict_on(*volumes, **fields)
        assert (verdict.effect, verdict.eligible_at) == (Effect.ALLOW if free is None else Effect.SUPPRESS, free)

    @pytest.mark.parametrize("fields", [{"contacts": 0}, {"budget": 0.4}])
    def test_too_small_for_any_contact_never_opens(self, fields):
        verdict = verdict_on(volume(1), **fields)
        assert (verdict.effect, verdict.eligible_at) == (Effect.SUPPRESS, None)

    def test_where_nobody_counted_nothing_goes_out(self):
        verdict = verdict_of(
            guarded("volume_limit", contacts=10, window="24h", effect="review"), facts(), UPSELL, "limit"
        )
        assert verdict.effect is Effect.SUPPRESS
        assert "is not known" in verdict.reason

    def test_where_all_was_counted_and_nothing_was_sent_it_allows(self):
        assert verdict_on(contacts=1).effect is Effect.ALLOW

    @pytest.mark.parametrize(
        ("per", "counted"),
        [("all", {"up", "back", "text", "gone"}), ("channel", {"up", "back", "gone"}), ("action", {"up"}),
         ("category", {"up", "text", "gone"})],
    )  # fmt: skip
    def test_counts_together_what_shares_the_property_and_what_is_unknown(self, per, counted):
        gone = action("gone")
        for one in (UPSELL, WINBACK, TEXT, gone):
            verdict = verdict_on(volume(1, 5, about=one), contacts=5, per=per)
            assert (verdict.effect is Effect.SUPPRESS) is (one.action_id in counted), one.action_id

    def test_counts_only_what_is_in_its_scope(self):
        scope = {"channels": ["email"]}
        assert verdict_on(volume(1, 5, about=TEXT), contacts=5, scope=scope).effect is Effect.ALLOW
        assert verdict_on(volume(1, 5, about=WINBACK), contacts=5, scope=scope).effect is Effect.SUPPRESS

    def test_says_what_went_out(self):
        reason = verdict_on(volume(1, 5, 2.5), contacts=5, budget=9.0, per="channel").reason
        assert reason == (
            "5 of 5 contacts, 2.50 of 9.00 spent and 0.50 asked for for all customers and `email` "
            "in the last 24 hours; the next is possible from 2026-03-05 09:00 UTC."
        )


volumes = st.lists(st.builds(volume, st.integers(-5, 40), st.integers(0, 6), st.integers(0, 8).map(float)), max_size=6)


@settings(max_examples=60, deadline=None)
@given(volumes, volumes, st.integers(1, 12), st.integers(1, 12).map(float))
def test_more_volume_never_frees_and_the_end_named_is_the_first_that_is_free(some, more, contacts, budget):
    before = verdict_on(*some, contacts=contacts, budget=budget)
    after = verdict_on(*some, *more, contacts=contacts, budget=budget)
    assert before.effect is Effect.ALLOW or after.effect is Effect.SUPPRESS
    if (free := before.eligible_at) is not None:
        assert verdict_on(*some, now=free, contacts=contacts, budget=budget).effect is Effect.ALLOW
        assert verdict_on(*some, now=free - TICK, contacts=contacts, budget=budget).effect is Effect.SUPPRESS
