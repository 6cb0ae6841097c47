from datetime import timedelta

import pytest

from tests.support.in_process_service import POLICY, running_service

RIVALS = {"mail": 0.30, "text": 0.29, "banner": 0.05}


@pytest.fixture
def unsure(tmp_path):
    """Two candidates so close that the model cannot tell them apart."""
    with running_service(tmp_path, propensities=RIVALS, spread=0.1) as started:
        started.know()
        yield started


def claimed(heed):
    decision = heed.decide()
    assert decision["disposition"] == "review", decision
    case = heed.post(f"/v1/reviews/{decision['review_id']}/claim", {"reviewer": "ana"})
    return decision, case, {"reviewer": "ana", "fence": case["fence"]}


def test_an_unclear_case_waits_for_a_person(unsure):
    decision = unsure.decide()
    assert (decision["disposition"], decision["action"]) == ("review", None)
    assert (decision["binding_rule"], decision["proposed_action_id"]) == ("minimum-confidence", "mail")
    queue = unsure.get("/v1/reviews")["reviews"]
    assert [one["review_id"] for one in queue] == [decision["review_id"]]
    assert unsure.get("/v1/outbox")["messages"] == []


def test_an_approved_case_is_handed_to_the_executor_and_executed(unsure):
    decision, case, verdict = claimed(unsure)
    settled = unsure.post(f"/v1/reviews/{case['review_id']}/approve", {**verdict, "note": "fits"})
    assert (settled["state"], settled["resolution_action_id"]) == ("approved", "mail")
    (message,) = unsure.get("/v1/outbox")["messages"]
    assert message["decision_id"] == decision["decision_id"]
    made = {"contact_id": "m1", "customer_id": "c1", "at": unsure.clock().isoformat()}
    unsure.post("/v1/contacts", {"contacts": [{**made, "decision_id": decision["decision_id"]}]})
    states = [
        one["content"].get("state") for one in unsure.get("/v1/customers/c1")["timeline"] if one["kind"] == "contact"
    ]
    assert states == ["executed"]
    unsure.post(f"/v1/outbox/{message['outbox_id']}/delivered", None)
    assert unsure.get("/v1/outbox")["messages"] == []


def test_another_admissible_candidate_may_be_chosen(unsure):
    _, case, verdict = claimed(unsure)
    settled = unsure.post(f"/v1/reviews/{case['review_id']}/override", {**verdict, "action_id": "text"})
    assert (settled["state"], settled["resolution_action_id"]) == ("overridden", "text")


@pytest.mark.parametrize("action_id", ["fax", "hold"], ids=["an unknown action", "hold, which is what reject is for"])
def test_what_was_no_admissible_candidate_cannot_be_chosen(unsure, action_id):
    _, case, verdict = claimed(unsure)
    problem = unsure.post(f"/v1/reviews/{case['review_id']}/override", {**verdict, "action_id": action_id}, 400)
    assert (problem["field"], problem["value"]) == ("action_id", action_id)


def test_a_rejected_case_holds(unsure):
    _, case, verdict = claimed(unsure)
    assert unsure.post(f"/v1/reviews/{case['review_id']}/reject", verdict)["state"] == "rejected"
    assert unsure.get("/v1/outbox")["messages"] == []
    problem = unsure.post(f"/v1/reviews/{case['review_id']}/approve", verdict, 409)
    assert problem["type"] == "urn:heed:problem:conflict"


def test_a_person_cannot_approve_what_a_rule_now_suppresses(unsure):
    _, case, verdict = claimed(unsure)
    unsure.consent("c1", "email", status="withdrawn")
    problem = unsure.post(f"/v1/reviews/{case['review_id']}/approve", verdict, 409)
    assert problem["type"] == "urn:heed:problem:refused-by-guardrail"
    assert "consent" in problem["detail"]
    assert unsure.get(f"/v1/reviews/{case['review_id']}")["state"] == "claimed"


def test_a_claim_that_ran_out_cannot_settle(unsure):
    _, case, verdict = claimed(unsure)
    unsure.clock.advance(minutes=16)
    taken = unsure.post(f"/v1/reviews/{case['review_id']}/claim", {"reviewer": "bo"})
    assert taken["fence"] > case["fence"]
    assert unsure.post(f"/v1/reviews/{case['review_id']}/approve", verdict, 409)["status"] == 409


def test_a_claimed_case_can_be_given_back(unsure):
    _, case, verdict = claimed(unsure)
    assert unsure.post(f"/v1/reviews/{case['review_id']}/release", verdict)["state"] == "open"


def test_a_case_nobody_settles_expires_to_hold(unsure):
    decision = unsure.decide()
    unsure.clock.advance(hours=25)
    unsure.http.portal.call(unsure.runtime.services.reviews.expire)
    assert unsure.get(f"/v1/reviews/{decision['review_id']}")["state"] == "expired"
    assert unsure.get("/v1/outbox")["messages"] == []
    assert unsure.post(f"/v1/reviews/{decision['review_id']}/claim", {"reviewer": "ana"}, 409)["status"] == 409


def test_an_approval_counts_towards_the_caps(unsure):
    unsure.contacted("c1", ago=timedelta(days=1))
    _, first, verdict = claimed(unsure)
    second_decision = unsure.decide()
    unsure.post(f"/v1/reviews/{first['review_id']}/approve", verdict)
    second = unsure.post(f"/v1/reviews/{second_decision['review_id']}/claim", {"reviewer": "ana"})
    late = {"reviewer": "ana", "fence": second["fence"]}
    problem = unsure.post(f"/v1/reviews/{second['review_id']}/approve", late, 409)
    assert "cap-email" in problem["detail"]


def test_what_the_caller_knew_at_the_moment_counts_when_a_person_decides(tmp_path):
    needed = "  - {id: at-home, purpose: Home., owner: crm, kind: condition, allow_when: 'context.page == \"home\"'}\n"
    policy = POLICY.replace("rules:", "context: {context.page: string}\nrules:") + needed
    with running_service(tmp_path, propensities=RIVALS, spread=0.1, policy=policy) as heed:
        heed.know()
        decision = heed.decide(context={"page": "home"}, customer={"time_zone": "Europe/Paris"})
        case = heed.post(f"/v1/reviews/{decision['review_id']}/claim", {"reviewer": "ana"})
        told = {"reviewer": "ana", "fence": case["fence"]}
        assert heed.post(f"/v1/reviews/{decision['review_id']}/approve", told)["state"] == "approved"
