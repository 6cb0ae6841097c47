"""Reasons name feature, value and direction in plain words."""

import pytest

from heed.decisioning.decision import Candidate
from heed.decisioning.reasons import of_choice
from heed.decisioning.score import Contribution, Explanation
from heed.decisioning.verdict import Effect
from tests.support.doubles import action


def said(*contributions):
    explanation = Explanation(-2.0, 0.12, -1.0, 0.2, contributions)
    chosen = Candidate("a", 1, 0.2, *[None] * 6, 1.0, Effect.ALLOW, (), explanation)
    return of_choice(action("a"), [chosen], 0.9, "EUR")[2:]


@pytest.mark.parametrize(
    ("contribution", "sentence"),
    [
        (
            Contribution("customer.segment", "student", -0.4, -1.346, "Customer: segment"),
            "Customer: segment = student lowers it by 1.35 points.",
        ),
        (
            Contribution("customer.vip", value=True, log_odds=0.4, points=2.0, words="Is a VIP"),
            "Is a VIP = yes raises it by 2.00 points.",
        ),
        (Contribution("customer.age", None, 0.4, 2.0, "Age"), "Age = missing raises it by 2.00 points."),
        (Contribution("customer.age", 41.25, 0.4, 2.0), "`customer.age` = 41.25 raises it by 2.00 points."),
    ],
    ids=["a category that lowers", "yes", "missing", "a feature without words"],
)
def test_a_contribution_is_told_in_words(contribution, sentence):
    assert said(contribution) == (sentence,)


def test_the_three_largest_are_told_and_what_moves_nothing_is_not():
    parts = [Contribution(f"f{number}", number, 0.1, points) for number, points in enumerate((3.0, 0.0, 1.0, 2.0))]
    assert [one.split("`")[1] for one in said(*parts)] == ["f0", "f2"]
