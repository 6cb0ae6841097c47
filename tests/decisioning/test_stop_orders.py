from datetime import UTC, datetime

import pytest

from heed.decisioning.catalogue import MessageClass
from heed.decisioning.customer import Customer, Facts
from heed.decisioning.decide import decide
from heed.decisioning.decision import Disposition
from heed.decisioning.kill_switch import STOP_RULE, Stop, decisive_stop
from heed.decisioning.verdict import Effect, Verdict
from tests.support.doubles import NOW, FixedGuard, FixedScorer, action

SINCE = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ACTIONS = (action("a"), action("b"))
SCORER = FixedScorer({"a": 0.3, "b": 0.2})
ALL = Stop("wrong price", SINCE)


UNGUARDED = FixedGuard()


def decided(*stops, guard=UNGUARDED):
    return decide(Facts(Customer("c1"), NOW, stops=stops), ACTIONS, scorer=SCORER, guard=guard)


def test_without_an_order_heed_acts():
    assert decided().action_id == "a"


def test_an_order_to_hold_everything_holds_and_binds():
    made = decided(ALL)
    assert (made.disposition, made.binding_rule, made.eligible_at) == (Disposition.HOLD, STOP_RULE, None)
    assert "Stopped since 2026-03-02 09:30 UTC (everything): wrong price" in made.reasons[0]
    assert {one.verdicts[0].rule for one in made.candidates if one.verdicts} == {STOP_RULE}


def test_an_order_to_review_leaves_it_to_a_person():
    made = decided(Stop("wrong price", SINCE, Effect.REVIEW))
    assert (made.disposition, made.proposed_action_id, made.binding_rule) == (Disposition.REVIEW, "a", STOP_RULE)


def test_what_is_not_stopped_is_chosen_instead():
    assert decided(Stop("wrong price", SINCE, action_id="a")).action_id == "b"


def test_the_order_binds_before_a_rule_that_has_no_end_either():
    forever = (Verdict("suppression-list", Effect.SUPPRESS, "Left alone."),)
    assert decided(ALL, guard=FixedGuard({"a": forever, "b": forever})).binding_rule == STOP_RULE


def test_an_order_to_review_does_not_soften_what_a_rule_suppresses():
    never = (Verdict("consent", Effect.SUPPRESS, "No consent."),)
    made = decided(Stop("look", SINCE, Effect.REVIEW), guard=FixedGuard({"a": never, "b": never}))
    assert (made.disposition, made.binding_rule) == (Disposition.HOLD, "consent")


@pytest.mark.parametrize(
    ("named", "covered"),
    [
        pytest.param({}, True, id="nothing named covers everything"),
        pytest.param({"channel": "sms"}, True, id="its channel"),
        pytest.param({"channel": "email"}, False, id="another channel"),
        pytest.param({"action_id": "text"}, True, id="its id"),
        pytest.param({"message_class": MessageClass.SERVICE}, False, id="another class"),
        pytest.param({"channel": "sms", "message_class": MessageClass.SERVICE}, False, id="all named must agree"),
    ],
)
def test_an_order_covers_what_agrees_with_all_it_names(named, covered):
    assert Stop("x", SINCE, **named).covers("sms", "text", MessageClass.MARKETING) is covered


def test_of_several_orders_the_strictest_binds_and_then_the_first():
    soft, hard, late = Stop("soft", SINCE, Effect.REVIEW), Stop("hard", SINCE), Stop("late", SINCE)
    assert decisive_stop((soft, hard, late), "sms", "text", MessageClass.MARKETING) is hard
    assert decisive_stop((), "sms", "text", MessageClass.MARKETING) is None
