import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heed.decisioning.decide import Choice
from heed.decisioning.verdict import Effect
from tests.support.guardrail_builders import CONSENT_RULE, action, facts, guard, rule


def looks(confidence=0.9, net_value=1.0, about=None, *rules):
    choice = Choice(about or action(), 0.1, net_value, confidence)
    return guard(*rules).choice_verdicts(facts(), choice)


def look(policy_rule, **choice):
    (verdict,) = looks(choice.get("confidence", 0.9), choice.get("net_value", 1.0), None, policy_rule)
    return verdict


@pytest.mark.parametrize(
    ("confidence", "effect", "reason"),
    [
        (0.6, Effect.ALLOW, "Confidence 60.0% reaches the 60.0% asked for."),
        (0.75, Effect.ALLOW, "Confidence 75.0% reaches the 60.0% asked for."),
        (0.59999, Effect.REVIEW, "Confidence 59.9% is below the 60.0% asked for."),
        (0.0, Effect.REVIEW, "Confidence 0.0% is below the 60.0% asked for."),
        (math.nan, Effect.REVIEW, "Confidence unknown is below the 60.0% asked for."),
    ],
)
def test_confidence_is_compared_and_shown(confidence, effect, reason):
    verdict = look(rule("confidence", act_at_least=0.6), confidence=confidence)
    assert (verdict.effect, verdict.reason) == (effect, reason)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_higher_threshold_never_acts_more(confidence, one, other):
    low, high = sorted((one, other))
    if look(rule("confidence", act_at_least=low), confidence=confidence).effect is Effect.REVIEW:
        assert look(rule("confidence", act_at_least=high), confidence=confidence).effect is Effect.REVIEW


@pytest.mark.parametrize(
    ("net_value", "effect", "reason"),
    [
        (0.5, Effect.ALLOW, "Net value 0.50 reaches the 0.50 asked for."),
        (0.4999, Effect.SUPPRESS, "Net value 0.4999 is below the 0.50 asked for."),
        (math.nan, Effect.SUPPRESS, "Net value nan is below the 0.50 asked for."),
    ],
)
def test_net_value_is_compared_and_shown(net_value, effect, reason):
    verdict = look(rule("value_floor", net_value_at_least=0.5), net_value=net_value)
    assert (verdict.effect, verdict.reason) == (effect, reason)


def test_a_value_floor_can_ask_for_review_instead():
    assert look(rule("value_floor", net_value_at_least=2.0, effect="review")).effect is Effect.REVIEW


def test_a_rule_outside_whose_scope_the_choice_lies_does_not_look():
    careful = rule("confidence", act_at_least=1.0, scope={"actions": ["email_a"]})
    assert looks(0.5, 1.0, action("email_b"), careful) == ()
    assert [one.effect for one in looks(0.5, 1.0, action("email_a"), careful)] == [Effect.REVIEW]


def test_an_observed_second_look_is_recorded_and_not_applied():
    verdict = look(rule("confidence", act_at_least=0.95, mode="observe"), confidence=0.9)
    assert verdict.effect is Effect.ALLOW
    assert verdict.reason.startswith("Observed, not applied; would have asked for review: Confidence 90.0%")


def test_rules_on_candidates_take_no_second_look():
    assert looks(0.1, 1.0, None, CONSENT_RULE) == ()
