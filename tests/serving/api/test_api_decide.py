from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from heed.decisioning.catalogue import Autonomy
from tests.support.in_process_service import offer, running_service
from tests.support.ledger_builders import wait


def rules_against(answer, action_id):
    candidate = next(one for one in answer["candidates"] if one["action_id"] == action_id)
    return [verdict["rule"] for verdict in candidate["verdicts"] if verdict["effect"] != "allow"]


def test_an_ordinary_customer_is_acted_on_with_a_reserved_slot(heed):
    heed.know()
    answer = heed.decide()
    assert answer["disposition"] == "act"
    assert answer["action"]["action_id"] == "mail"
    assert answer["action"]["contact_point"] == "c1-email"
    assert [one["rank"] for one in answer["candidates"]] == [1, 2, 3, 4]
    assert answer["candidates"][-1]["action_id"] == "hold"
    kinds = [entry["kind"] for entry in heed.get("/v1/customers/c1")["timeline"]]
    assert {"contact", "decision", "consent"} <= set(kinds)


def test_the_recorded_decision_is_the_answer(heed):
    heed.know()
    answer = heed.decide()
    assert heed.get(f"/v1/decisions/{answer['decision_id']}") == answer
    assert heed.get("/v1/decisions?customer_id=c1") == {"decisions": [answer]}


def test_without_consent_it_holds_and_names_the_rule(heed):
    heed.know(channels=())
    answer = heed.decide()
    assert (answer["disposition"], answer["action"], answer["binding_rule"]) == ("hold", None, "consent")
    assert "consent" in answer["reasons"][0].lower()


def test_a_withdrawal_binds_the_next_decision(heed):
    heed.know(channels=("email",))
    heed.consent("c1", "email", status="withdrawn")
    assert heed.decide()["binding_rule"] == "consent"


def test_a_withdrawal_of_everything_silences_every_channel(heed):
    heed.know()
    heed.consent("c1", "*", status="withdrawn", purpose="*")
    assert heed.decide()["disposition"] == "hold"


def test_quiet_hours_hold_until_the_morning_there(heed):
    heed.know(channels=("email", "sms"))
    heed.clock.now = heed.clock.now.replace(hour=22)
    answer = heed.decide()
    assert (answer["disposition"], answer["binding_rule"]) == ("hold", "quiet-hours")
    assert datetime.fromisoformat(answer["eligible_at"]) == heed.clock.now.replace(hour=7) + timedelta(days=1)


def test_over_a_cap_the_channel_is_closed_and_says_until_when(heed):
    heed.know(channels=("email",))
    heed.contacted("c1", ago=timedelta(days=2))
    heed.contacted("c1", ago=timedelta(days=5))
    answer = heed.decide()
    assert (answer["disposition"], answer["binding_rule"]) == ("hold", "cap-email")
    assert datetime.fromisoformat(answer["eligible_at"]) == heed.clock() + timedelta(days=2)


def test_reserved_slots_count_towards_caps(heed):
    heed.know(channels=("email",))
    assert [heed.decide()["disposition"] for _ in range(3)] == ["act", "act", "hold"]


def test_a_released_slot_no_longer_counts(heed):
    heed.know(channels=("email",))
    first = heed.decide()
    heed.decide()
    failed = {"contact_id": "f1", "customer_id": "c1", "at": heed.clock().isoformat(), "status": "failed"}
    heed.post("/v1/contacts", {"contacts": [{**failed, "decision_id": first["decision_id"]}]})
    assert heed.decide()["disposition"] == "act"


def test_concurrent_requests_never_exceed_a_cap(heed):
    heed.know(channels=("email",))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: heed.http.post("/decide", json={"customer_id": "c1"}), range(24)))
    assert {one.status_code for one in answers} <= {200, 503}
    acts = [one for one in answers if one.status_code == 200 and one.json()["disposition"] == "act"]
    assert len(acts) == 2


def test_an_unknown_customer_holds_since_nothing_is_permitted(heed):
    answer = heed.decide("stranger")
    assert (answer["disposition"], answer["customer_known"], answer["binding_rule"]) == ("hold", False, "consent")
    assert any("not on record" in reason for reason in answer["reasons"])


def test_inline_facts_never_widen_consent(heed):
    answer = heed.decide("stranger", customer={"attributes": {"age": 30}, "time_zone": "Europe/London"})
    assert answer["binding_rule"] == "consent"


def test_the_same_key_gets_the_same_decision(heed):
    heed.know()
    first = heed.decide(key="k1")
    heed.clock.advance(hours=1)
    assert heed.decide(key="k1") == first
    assert heed.decide(key="k2")["decision_id"] != first["decision_id"]
    assert len(heed.get("/v1/decisions?customer_id=c1")["decisions"]) == 2


def test_a_key_with_another_request_is_refused(heed):
    heed.know()
    heed.decide(key="k1")
    problem = heed.decide("c2", status=422, key="k1")
    assert problem["type"] == "urn:heed:problem:idempotency-key-reused"


def test_named_candidates_are_the_only_ones(heed):
    heed.know()
    answer = heed.decide(candidates=["banner"])
    assert [one["action_id"] for one in answer["candidates"]] == ["banner", "hold"]


def test_an_unknown_candidate_is_named(heed):
    problem = heed.decide(candidates=["fax"], status=400)
    assert (problem["field"], problem["value"]) == ("candidates", "fax")


def test_a_suppressed_customer_is_left_alone(heed):
    heed.know(suppressions=[{"reason": "deceased", "recorded_at": heed.clock().isoformat()}])
    assert heed.decide()["binding_rule"] == "suppression-list"


def test_a_complaint_silences_at_once(heed):
    heed.know()
    acted = heed.decide()
    complaint = {"outcome_id": "o1", "customer_id": "c1", "type": "complaint", "at": heed.clock().isoformat()}
    heed.post("/v1/outcomes", {"outcomes": [{**complaint, "decision_id": acted["decision_id"]}]})
    assert heed.decide()["disposition"] == "hold"


def test_a_missing_model_is_an_error_and_nothing_is_recorded(tmp_path):
    with running_service(tmp_path, missing="no champion is registered") as heed:
        heed.know()
        problem = heed.decide(status=503)
        assert problem["type"] == "urn:heed:problem:unavailable"
        assert "no champion is registered" in problem["detail"]
        assert heed.get("/v1/decisions?customer_id=c1") == {"decisions": []}


@pytest.mark.parametrize(
    ("autonomy", "disposition"),
    [(Autonomy.SHADOW, "hold"), (Autonomy.SUGGEST, "review"), (Autonomy.ASSIST, "act")],
    ids=["shadow only records", "suggest asks", "assist acts"],
)
def test_autonomy_bounds_what_happens(tmp_path, autonomy, disposition):
    with running_service(tmp_path, propensities={"mail": 0.3}, offers=(offer("mail", autonomy=autonomy),)) as heed:
        heed.know()
        answer = heed.decide()
        assert answer["disposition"] == disposition
        assert (answer["action"] is None) == (disposition != "act")
        assert answer["proposed_action_id"] == (None if disposition == "act" else "mail")


def test_an_eligibility_condition_needs_its_fact(tmp_path):
    adults = offer("mail", eligibility="customer.age >= 18.0")
    with running_service(tmp_path, propensities={"mail": 0.3}, offers=(adults,)) as heed:
        heed.know("adult", attributes={"age": 30})
        heed.know("child", attributes={"age": 9})
        heed.know("ageless")
        assert heed.decide("adult")["disposition"] == "act"
        assert heed.decide("child")["binding_rule"] == "eligibility"
        assert heed.decide("ageless")["binding_rule"] == "eligibility"


def test_a_batch_answers_each_request_on_its_own(heed):
    heed.know("c1")
    requests = [{"customer_id": "c1"}, {"customer_id": "c1", "candidates": ["fax"]}, {"customer_id": "stranger"}]
    results = heed.post("/decide_batch", {"requests": requests})["results"]
    assert [one["decision"] and one["decision"]["disposition"] for one in results] == ["act", None, "hold"]
    assert results[1]["problem"]["value"] == "fax"


def test_a_batch_retried_under_its_key_gets_the_same_answers(heed):
    heed.know("c1")
    body = {"requests": [{"customer_id": "c1"}, {"customer_id": "c1"}]}
    first = heed.post("/decide_batch", body, Idempotency_Key="batch")
    assert heed.post("/decide_batch", body, Idempotency_Key="batch") == first


def test_a_second_request_under_a_key_that_is_being_answered_is_told_to_come_again(heed):
    ledger = heed.runtime.ledger
    wait(ledger._database.acquire("key:local\0twice"))
    answer = heed.http.post("/decide", json={"customer_id": "c1"}, headers={"Idempotency-Key": "twice"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (409, "1")
    assert answer.json()["type"] == "urn:heed:problem:idempotency-key-in-flight"
    ledger._database.release("key:local\0twice")
    first = heed.decide(key="twice")
    assert heed.decide(key="twice") == first
