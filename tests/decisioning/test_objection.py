from dataclasses import replace

from heed.decisioning.catalogue import MessageClass
from heed.decisioning.customer import Objection
from heed.decisioning.decide import decide
from heed.decisioning.decision import Disposition
from tests.support.doubles import NOW, FixedGuard, FixedScorer, action, facts


def _objecting():
    plain = facts()
    return replace(plain, customer=replace(plain.customer, objections=(Objection(NOW),)))


def test_an_objection_keeps_marketing_from_being_scored():
    class Unasked:
        def score(self, _facts, actions):
            raise AssertionError([one.action_id for one in actions])

    made = decide(_objecting(), [action("offer")], scorer=Unasked(), guard=FixedGuard())
    assert (made.disposition, made.binding_rule) == (Disposition.HOLD, "heed-objection")
    assert made.reasons == ("The customer objected to marketing on 2026-03-02: it was neither scored nor considered.",)
    assert [one.action_id for one in made.candidates] == ["hold"]


def test_a_service_message_is_decided_about_after_an_objection():
    service = replace(action("reminder"), message_class=MessageClass.SERVICE)
    made = decide(_objecting(), [action("offer"), service], scorer=FixedScorer({"reminder": 0.2}), guard=FixedGuard())
    assert made.action_id == "reminder"
    assert {one.action_id for one in made.candidates} == {"reminder", "hold"}
    assert made.reasons[-1].startswith("The customer objected to marketing")


def test_nothing_changes_without_an_objection():
    made = decide(facts(), [action("offer")], scorer=FixedScorer({"offer": 0.2}), guard=FixedGuard())
    assert made.action_id == "offer"
    assert not any("objected" in reason for reason in made.reasons)
