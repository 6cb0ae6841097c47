"""The second look: a ceiling on harm, and choices drawn for audit."""

import hashlib
import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heed.decisioning.decide import Choice
from heed.decisioning.verdict import Effect
from tests.support.guardrail_builders import DAY, NOW, action, facts, guard, rule

AUDIT = {"seed": "spring", "sticky_for": "30d"}


def look(kind, fields, harm=None, now=NOW, customer="c1", about=None):
    choice = Choice(about or action(), 0.1, 1.0, 0.9, harm=harm)
    (verdict,) = guard(rule(kind, "look", **fields)).choice_verdicts(facts(now, customer_id=customer), choice)
    return verdict


@pytest.mark.parametrize(
    ("harm", "effect"),
    [(None, Effect.REVIEW), (0.0, Effect.ALLOW), (0.02, Effect.ALLOW), (0.0200001, Effect.SUPPRESS),
     (math.nan, Effect.SUPPRESS)],
)  # fmt: skip
def test_harm_stays_under_the_ceiling_and_unknown_harm_goes_to_a_person(harm, effect):
    assert look("harm_ceiling", {"at_most": 0.02}, harm).effect is effect


def test_too_much_harm_can_go_to_a_person_too():
    verdict = look("harm_ceiling", {"at_most": 0.02, "effect": "review"}, 0.5)
    assert (verdict.effect, verdict.reason) == (Effect.REVIEW, "Probability of harm 0.5 is above the 2.00% accepted.")


def drawn(share=0.5, **asked):
    verdict = look("audit_sample", {**AUDIT, "share": share}, **asked)
    return verdict.effect is Effect.REVIEW, float(verdict.reason.split(": ")[1].split(" ")[0])


def test_a_draw_is_the_documented_function_of_seed_customer_action_and_period():
    period = int(NOW.timestamp()) // (30 * 86400)
    first = int(hashlib.sha256(f'["spring","c1","email_a",{period}]'.encode()).hexdigest()[:16], 16)
    assert drawn()[1] == pytest.approx(first / 2**64, abs=1e-9)


def test_the_reason_says_draw_and_probability_either_way():
    never, always = (look("audit_sample", {**AUDIT, "share": share}).reason for share in (0.0, 1.0))
    number = f"{drawn()[1]:.9f} was drawn, and"
    assert never == f"Not chosen at random for a person to look at: {number} 0 is the probability of a review."
    assert always == f"Chosen at random for a person to look at: {number} 1 is the probability of a review."


def test_a_draw_stays_for_its_period_and_changes_with_it():
    start = datetime(1970, 1, 1, tzinfo=UTC) + 30 * DAY * (int(NOW.timestamp()) // (30 * 86400))
    tick = timedelta(microseconds=1)
    within = {drawn(now=at)[1] for at in (start, start + 7 * DAY, start + 30 * DAY - tick)}
    assert len(within) == 1
    assert not within & {drawn(now=start - tick)[1], drawn(now=start + 30 * DAY)[1]}


def test_customers_and_actions_are_drawn_apart():
    asked = [{}, {"customer": "c2"}, {"about": action("other")}]
    assert len({drawn(**one)[1] for one in asked}) == 3


def test_the_share_of_customers_drawn_is_the_share_asked_for():
    hits = sum(drawn(0.2, customer=f"c{n}")[0] for n in range(1000))
    # Four standard deviations of a binomial of 1,000 at 0.2; the draws are fixed.
    assert abs(hits - 200) < 4 * math.sqrt(1000 * 0.2 * 0.8)


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=20), st.floats(0, 1), st.floats(0, 1))
def test_a_larger_sample_holds_the_smaller_one(customer, one, other):
    low, high = sorted((one, other))
    assert drawn(high, customer=customer)[0] or not drawn(low, customer=customer)[0]
