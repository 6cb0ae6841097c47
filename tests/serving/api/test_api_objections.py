"""After an objection nothing of marketing is scored, decided, approved or sent (GDPR, Article 21(3))."""

import pytest

from heed.decisioning.catalogue import MessageClass
from heed.serving.ledger.facts.reports import ObjectionReport
from heed.serving.schemas.decision_requests import ScoreRequest
from tests.support.in_process_service import OFFERS, offer, running_service
from tests.support.ledger_builders import wait

BILL = offer("bill", message_class=MessageClass.SERVICE)


@pytest.fixture
def bank(tmp_path):
    """A heed whose catalogue has a service message beside the marketing."""
    propensities = {"mail": 0.3, "text": 0.2, "banner": 0.1, "bill": 0.05}
    with running_service(tmp_path, propensities=propensities, offers=(*OFFERS, BILL)) as started:
        started.know()
        yield started


def objects(heed, **named):
    said = {"recorded_at": heed.clock().isoformat(), **named}
    return heed.post("/v1/objections", {"objections": [said]})


@pytest.mark.parametrize(
    "named", [{"customer_id": "C1"}, {"contact_point": "c1-email"}, {"contact_point": "c1-sms"}], ids=str
)
def test_only_service_is_scored_and_considered_after_an_objection(bank, named):
    assert objects(bank, **named) == {"accepted": 1, "duplicates": 0}
    decision = bank.decide(explain="all")
    assert {one["action_id"] for one in decision["candidates"]} == {"bill", "hold"}
    assert "objected to marketing" in decision["reasons"][-1]


def test_marketing_alone_is_held_without_a_score(bank):
    objects(bank, customer_id="c1")
    decision = bank.decide(candidates=["mail"])
    assert (decision["disposition"], decision["binding_rule"]) == ("hold", "heed-objection")
    assert [one["action_id"] for one in decision["candidates"]] == ["hold"]


def test_a_batch_scores_those_alone_who_did_not_object(bank):
    bank.know("c2")
    objects(bank, customer_id="c1")
    asked = [{"customer_id": one, "candidates": ["mail"]} for one in ("c1", "c2")]
    results = bank.post("/decide_batch", {"requests": asked})["results"]
    assert [one["decision"]["disposition"] for one in results] == ["hold", "act"]


def test_an_objection_that_comes_before_the_customer_counts(bank):
    objects(bank, contact_point="New-Phone")
    bank.know("c3", contact_points=[{"contact_point": "new-phone", "channel": "sms"}])
    assert bank.decide("c3", candidates=["text"])["binding_rule"] == "heed-objection"


def test_a_retry_under_its_key_is_answered_as_before_and_sends_nothing_again(bank):
    first = bank.decide(candidates=["mail"], key="k")
    objects(bank, customer_id="c1")
    assert bank.decide(candidates=["mail"], key="k") == first
    assert bank.get("/v1/outbox")["messages"] == []


def test_an_objection_shows_on_the_record(bank):
    objects(bank, customer_id="c1", contact_point="c1-sms", objection_id="o1")
    shown = bank.get("/v1/customers/c1")
    assert shown["objections"] == [{"recorded_at": "2026-03-02T10:00:00Z", "contact_point": "c1-sms"}]
    assert ("objection", "o1") in [(one["kind"], one["id"]) for one in shown["timeline"]]


def test_an_objection_of_nobody_is_refused(bank):
    problem = bank.post("/v1/objections", {"objections": [{"recorded_at": "2026-03-02T10:00:00Z"}]}, 400)
    assert "an objection names a `customer_id`, a `contact_point`, or both" in problem["detail"]


def test_scores_alone_leave_marketing_out_too(bank):
    objects(bank, customer_id="c1")
    scored = wait(bank.runtime.services.decisions.score(ScoreRequest(customer_id="C1")))
    assert {one.action_id for one in scored.candidates} == {"bill", "hold"}
    alone = wait(bank.runtime.services.decisions.score(ScoreRequest(customer_id="c1", candidates=["mail", "text"])))
    assert alone.candidates == ()


def test_no_model_is_asked_about_marketing_after_an_objection(bank, monkeypatch):
    objects(bank, customer_id="c1")
    asked = []
    scorer = type(bank.runtime.deployment.current().scorer)
    score = scorer.score

    def watched(self, facts, actions):
        asked.extend(one.action_id for one in actions)
        return score(self, facts, actions)

    monkeypatch.setattr(scorer, "score", watched)
    bank.decide()
    bank.post("/decide_batch", {"requests": [{"customer_id": "c1"}, {"customer_id": "c1", "candidates": ["mail"]}]})
    wait(bank.runtime.services.decisions.score(ScoreRequest(customer_id="c1")))
    assert set(asked) == {"bill"}


@pytest.fixture
def unsure(tmp_path):
    with running_service(tmp_path, propensities={"mail": 0.30, "text": 0.29, "banner": 0.05}, spread=0.1) as started:
        started.know()
        yield started


@pytest.mark.parametrize("verdict", ["approve", "override"])
def test_a_case_that_is_open_cannot_be_settled_with_marketing_after_an_objection(unsure, verdict):
    review_id = unsure.decide()["review_id"]
    case = unsure.post(f"/v1/reviews/{review_id}/claim", {"reviewer": "ana"})
    objects(unsure, contact_point="c1-sms")
    chosen = {"action_id": "text"} if verdict == "override" else {}
    told = {"reviewer": "ana", "fence": case["fence"], **chosen}
    problem = unsure.post(f"/v1/reviews/{review_id}/{verdict}", told, 409)
    assert problem["type"] == "urn:heed:problem:refused-by-guardrail"
    assert "The customer objected to marketing" in problem["detail"]
    assert unsure.get("/v1/outbox")["messages"] == []
    assert unsure.post(f"/v1/reviews/{review_id}/reject", {"reviewer": "ana", "fence": case["fence"]})["state"]


def test_what_waits_is_withdrawn_and_may_not_be_taken_any_more(bank):
    decision = bank.decide(candidates=["mail"])
    (message,) = bank.get("/v1/outbox")["messages"]
    objects(bank, customer_id="c1")
    assert bank.get("/v1/outbox")["messages"] == []
    problem = bank.post(f"/v1/outbox/{message['outbox_id']}/delivered", None, 409)
    assert "the message was withdrawn: The customer objected to marketing" in problem["detail"]
    states = [one["content"]["state"] for one in bank.get("/v1/customers/c1")["timeline"] if one["kind"] == "contact"]
    assert (states, decision["disposition"]) == (["released"], "act")


def test_a_service_message_that_waits_is_still_sent(bank):
    bank.decide(candidates=["bill"])
    objects(bank, customer_id="c1")
    assert [one["action_id"] for one in bank.get("/v1/outbox")["messages"]] == ["bill"]


def test_what_a_decision_in_flight_had_chosen_is_not_sent(bank):
    ledger, commit = bank.runtime.ledger, bank.runtime.ledger.decisions.commit

    async def objecting(draft):
        ledger.decisions.commit = commit
        await ledger.facts.record_objections([ObjectionReport(bank.clock(), "c1")])
        return await commit(draft)

    ledger.decisions.commit = objecting
    assert bank.decide(candidates=["mail"])["binding_rule"] == "heed-objection"
