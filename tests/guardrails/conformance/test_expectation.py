"""What is expected is compared, and each difference is said in words."""

from datetime import UTC, datetime
from typing import Any

import pytest

from heed.guardrails.conformance.system import Outcome, Reply
from tests.support.conformance_scenarios import differences_from, reply

ACT, HOLD, REVIEW = Outcome.ACT, Outcome.HOLD, Outcome.REVIEW
NIGHT = reply(HOLD, rule="quiet", eligible_at=datetime(2026, 3, 5, 8, tzinfo=UTC), detail="It is night.")


@pytest.mark.parametrize(
    ("expected", "given"),
    [
        pytest.param({"outcome": "act"}, reply(ACT), id="the outcome that is expected"),
        pytest.param({"outcome": ["hold", "review"]}, reply(REVIEW), id="one of several outcomes"),
        pytest.param({"never": "act"}, reply(HOLD), id="anything but one outcome"),
        pytest.param({"rule": "quiet"}, NIGHT, id="the rule that binds"),
        pytest.param({"rule": "quiet"}, reply(HOLD, tells_rule=False), id="a system that names no rules"),
        pytest.param({"action": "mail"}, reply(ACT, action="mail"), id="the action to execute"),
        pytest.param({"action": "mail"}, reply(REVIEW, proposed="mail"), id="the action a person is asked about"),
        pytest.param({"contact_point": "home"}, reply(ACT, contact_point="test/home"), id="the contact point"),
        pytest.param({"eligible_at": "2026-03-05T09:00:00+01:00"}, NIGHT, id="the same moment at another offset"),
    ],
)
def test_what_is_as_expected_makes_no_difference(expected: dict[str, Any], given: Reply) -> None:
    assert differences_from({"of": "a", **expected}, a=[given]) == []


@pytest.mark.parametrize(
    ("expected", "given", "said"),
    [
        pytest.param({"outcome": "act"}, NIGHT, "a: hold instead of act (It is night.)", id="another outcome"),
        pytest.param({"outcome": ["act", "hold"]}, reply(REVIEW), "a: review instead of act or hold", id="none"),
        pytest.param({"never": "act"}, reply(ACT), "a: act, which it must never be", id="what must never be"),
        pytest.param({"rule": "cap"}, NIGHT, "a: rule quiet instead of cap (It is night.)", id="another rule"),
        pytest.param({"rule": "cap"}, reply(ACT), "a: rule None instead of cap", id="no rule"),
        pytest.param({"action": "mail"}, reply(ACT, action="text"), "a: action text instead of mail", id="offer"),
        pytest.param(
            {"contact_point": "home"}, reply(ACT, contact_point="test/work"),
            "a: contact point test/work instead of home", id="another contact point",
        ),
        pytest.param(
            {"eligible_at": "2026-03-05T07:00:00Z"}, NIGHT,
            "a: eligible again at 2026-03-05 08:00:00+00:00 instead of 2026-03-05 07:00:00+00:00", id="another moment",
        ),
    ],
)  # fmt: skip
def test_what_is_otherwise_is_said(expected: dict[str, Any], given: Reply, said: str) -> None:
    assert differences_from({"of": "a", **expected}, a=[given]) == [said]


def test_acts_are_counted_over_all_replies_of_all_steps() -> None:
    replies = {"a": [reply(ACT), reply(HOLD)], "b": [reply(ACT)]}
    assert differences_from({"of": ["a", "b"], "acts": 2}, **replies) == []
    assert differences_from({"of": ["a", "b"], "at_most": 2}, **replies) == []
    assert differences_from({"of": ["a", "b"], "acts": 1}, **replies) == ["a, b: 2 acts of 3 replies instead of 1"]
    assert differences_from({"of": ["a", "b"], "at_most": 1}, **replies) == [
        "a, b: 2 acts of 3 replies, at most 1 are allowed"
    ]


def test_a_decision_over_again_has_the_same_id() -> None:
    first, other = reply(decision="d1"), reply(decision="d2")
    expected = {"of": "again", "same_as": "first"}
    assert differences_from(expected, first=[first], again=[first, first]) == []
    assert differences_from(expected, first=[first], again=[first, other]) == [
        "again: not the decision of first over again"
    ]
    assert differences_from(expected, first=[reply()], again=[reply()]) == [
        "again: not the decision of first over again"
    ]
