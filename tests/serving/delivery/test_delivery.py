"""An executor is handed what is permitted when it comes, and nothing else; what passes by itself waits."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from heed.decisioning.errors import NotFound
from heed.serving.delivery.message_recheck import recheck_message
from heed.serving.ledger.leases import DeliveryContext
from heed.serving.ledger.outbox import OutboxMessage
from tests.support.doubles import FixedScorer
from tests.support.in_process_service import (
    MONDAY_MORNING,
    OFFERS,
    POLICY,
    Heed,
    active_versions,
    offer,
    running_service,
)


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Heed]:
    ending = offer("ending", valid_until=MONDAY_MORNING + timedelta(hours=2))
    with running_service(tmp_path, offers=(*OFFERS, ending), propensities={"mail": 0.3, "text": 0.2, "banner": 0.1,
                 "ending": 0.2}) as started:  # fmt: skip
        started.know()
        yield started


def waiting(bank: Heed) -> list[str]:
    return [one["action_id"] for one in bank.get("/v1/outbox")["messages"]]


def slots(bank: Heed, customer_id: str = "c1") -> list[str]:
    return [one.state.value for one in bank.runtime.ledger.customers.snapshot(customer_id).customer.contacts]


def acted(bank: Heed, customer_id: str = "c1", **more: Any) -> str:
    decided = bank.decide(customer_id, **more)
    assert decided["disposition"] == "act", decided["reason"]
    return f"execute:{decided['decision_id']}"


def state(bank: Heed, outbox_id: str) -> tuple[str, str | None]:
    found = bank.get(f"/v1/outbox/{outbox_id}")
    return found["state"], found["because"]


def take(bank: Heed, executor: str = "mailer", **more: Any) -> list[Any]:
    return bank.post("/v1/outbox", {"executor": executor, **more})["messages"]


def said(bank: Heed, what: str, outbox_id: str, fence: int, status: int = 200, **more: Any) -> Any:
    return bank.post(f"/v1/outbox/{outbox_id}/{what}", {"fence": fence, **more}, status)


def report(bank: Heed, outbox_id: str, status: str) -> Any:
    made = {"contact_id": f"m-{status}", "customer_id": "c1", "at": bank.clock().isoformat(), "status": status}
    return bank.post("/v1/contacts", {"contacts": [{**made, "decision_id": outbox_id.removeprefix("execute:")}]})


def expire(bank: Heed) -> int:
    return bank.http.portal.call(bank.runtime.services.delivery.expire)


def with_rules(*rules: str) -> str:
    return POLICY + "".join(f"  - {{id: rule-{place}, purpose: P., owner: o, {one}}}\n"
                            for place, one in enumerate(rules))  # fmt: skip


# --- Permission.


def test_what_is_still_permitted_is_listed_again_and_again(bank: Heed) -> None:
    bank.decide()
    assert waiting(bank) == waiting(bank) == ["mail"]


def test_a_withdrawal_takes_the_message_back_and_frees_its_slot(bank: Heed) -> None:
    outbox_id = acted(bank)
    bank.consent("c1", "email", "withdrawn")
    assert waiting(bank) == []
    assert slots(bank) == ["released"]
    refused = bank.post(f"/v1/outbox/{outbox_id}/delivered", None, 409)
    assert "Consent for email and marketing was withdrawn" in refused["detail"]


def test_a_withdrawal_for_another_channel_takes_nothing_back(bank: Heed) -> None:
    bank.decide()
    bank.consent("c1", "sms", "withdrawn")
    assert waiting(bank) == ["mail"]


@pytest.mark.parametrize("until", [None, "2026-03-02T15:00:00Z"], ids=["for good", "until the afternoon"])
def test_an_order_not_to_contact_takes_the_message_back(bank: Heed, until: str | None) -> None:
    outbox_id = acted(bank)
    order = {"reason": "deceased", "recorded_at": bank.clock().isoformat(), "until": until}
    bank.post("/v1/customers", {"customers": [{"customer_id": "c1", "suppressions": [order]}]})
    assert waiting(bank) == []
    assert state(bank, outbox_id)[0] == "withdrawn"


def test_a_contact_point_that_is_gone_is_not_written_to(bank: Heed) -> None:
    bank.decide()
    points = [{"contact_point": "c1-another", "channel": "email"}]
    bank.post("/v1/customers", {"customers": [{"customer_id": "c1", "contact_points": points}]})
    assert waiting(bank) == []


def test_an_offer_that_ended_is_not_made(bank: Heed) -> None:
    bank.decide(candidates=["ending"])
    bank.clock.advance(hours=2)
    assert waiting(bank) == []


def test_what_was_taken_back_is_stepped_over_to_fill_the_page(bank: Heed) -> None:
    bank.know("c2")
    bank.decide("c1")
    bank.decide("c2")
    bank.consent("c1", "email", "withdrawn")
    (message,) = bank.get("/v1/outbox?limit=1")["messages"]
    assert message["action_id"] == "mail"
    assert '"customer_id":"c2"' in message["payload"]


def test_nothing_is_handed_over_while_no_policy_is_in_force(tmp_path: Path) -> None:
    with running_service(tmp_path, missing="no model is promoted") as heed:
        assert "no model is promoted" in heed.get("/v1/outbox", 503)["detail"]


async def _take_back(bank: Heed, outbox_id: str) -> bool:
    return await bank.runtime.ledger.outbox.cancel(outbox_id, "because")


def test_a_message_is_taken_back_once_and_not_after_it_was_delivered(bank: Heed) -> None:
    first, second = (acted(bank) for _ in range(2))
    bank.post(f"/v1/outbox/{second}/delivered", None)
    call = bank.http.portal.call
    assert [call(_take_back, bank, one) for one in (first, first, second)] == [True, False, False]
    with pytest.raises(NotFound, match="no such message in the outbox in `outbox_id`: `execute:d9`"):
        call(_take_back, bank, "execute:d9")


def test_an_action_that_left_the_catalogue_is_no_longer_on_offer(bank: Heed) -> None:
    decided = bank.decide()
    known = bank.runtime.ledger.customers.snapshot("c1").customer
    without = active_versions(FixedScorer({}), OFFERS[1:], POLICY)
    (one,) = bank.get("/v1/outbox")["messages"]
    message = OutboxMessage(**{**one, "created_at": bank.clock()})
    receipt = bank.runtime.ledger.decisions.receipt(decided["decision_id"])
    release = DeliveryContext(message, known, receipt, by_person=False, now=bank.clock())
    assert recheck_message(without, release, without.windows).because == "`mail` is no longer on offer."


def test_what_is_taken_after_a_withdrawal_is_refused_in_the_transaction_that_would_deliver_it(bank: Heed) -> None:
    outbox_id = acted(bank)
    bank.consent("c1", "email", "withdrawn")
    problem = bank.post(f"/v1/outbox/{outbox_id}/delivered", None, 409)
    assert problem["type"] == "urn:heed:problem:refused-by-guardrail"
    assert "Consent for email and marketing was withdrawn" in problem["detail"]
    assert (slots(bank), waiting(bank)) == (["released"], [])
    assert report(bank, outbox_id, "failed") == {"accepted": 0, "duplicates": 1}


# --- What passes by itself, and what does not.


def test_at_night_a_message_waits_for_the_morning(bank: Heed) -> None:
    outbox_id = acted(bank)
    bank.clock.advance(hours=12)
    assert waiting(bank) == []
    assert bank.get(f"/v1/outbox/{outbox_id}")["ready_at"] == "2026-03-03T07:00:00Z"
    assert slots(bank) == ["reserved"]
    refused = bank.post(f"/v1/outbox/{outbox_id}/delivered", None, 409)
    assert refused["remedy"] == "take it again from 2026-03-03 07:00:00 UTC on"
    bank.clock.advance(hours=9)
    assert waiting(bank) == ["mail"]


def test_what_would_wait_until_after_its_time_is_withdrawn(tmp_path: Path) -> None:
    with running_service(tmp_path, outbox_hours=15) as bank:
        bank.know()
        outbox_id = acted(bank)
        bank.clock.advance(hours=12)
        assert take(bank) == []
        ended, because = state(bank, outbox_id)
        assert (ended, slots(bank)) == ("withdrawn", ["released"])
        assert because is not None
        assert because.startswith("rule `quiet-hours`: Quiet hours")
        assert because.endswith("It expires before that.")


def test_its_own_slot_does_not_fill_a_cap_against_a_message(bank: Heed) -> None:
    bank.decide()
    bank.decide()
    assert waiting(bank) == ["mail", "mail"]


def test_a_contact_of_another_tool_that_fills_the_cap_takes_one_message_back(bank: Heed) -> None:
    both = [acted(bank), acted(bank)]
    bank.contacted("c1")
    assert waiting(bank) == ["mail"]
    assert sorted(slots(bank)) == ["executed", "released", "reserved"]
    (withdrawn,) = [because for one in both if (because := state(bank, one)[1]) is not None]
    assert withdrawn.startswith("rule `cap-email`: 2 of 2 email contacts in the last 7 days")


def test_a_case_that_opened_takes_the_message_back(tmp_path: Path) -> None:
    rule = with_rules("kind: open_case, opened_by: [ticket], closed_by: [solved]")
    with running_service(tmp_path, policy=rule) as bank:
        bank.know()
        outbox_id = acted(bank)
        seen = {"signal_id": "s1", "customer_id": "c1", "type": "ticket", "at": bank.clock().isoformat()}
        bank.post("/v1/signals", {"signals": [seen]})
        assert take(bank) == []
        assert (
            state(bank, outbox_id)[1]
            == "rule `rule-0`: A `ticket` is open since 2026-03-02; silent until it is closed."
        )
        assert b'heed_outbox_withdrawn_total{rule="rule-0"} 1.0' in bank.http.get("/metrics").content


def test_a_volume_counts_what_others_were_sent_and_not_the_message_itself(tmp_path: Path) -> None:
    rule = with_rules("kind: volume_limit, contacts: 2, window: 24h, scope: {actions: [mail]}")
    with running_service(tmp_path, policy=rule, outbox_hours=72) as bank:
        bank.know()
        bank.know("c2")
        first = acted(bank)
        acted(bank, "c2")
        assert waiting(bank) == ["mail", "mail"]
        other = {"contact_id": "x", "customer_id": "c3", "at": bank.clock().isoformat(), "action_id": "mail"}
        bank.post(
            "/v1/contacts", {"contacts": [{**other, "channel": "email", "purpose": "marketing", "source": "crm"}]}
        )
        assert waiting(bank) == []
        assert state(bank, first)[0] == "waiting"
        bank.clock.advance(hours=27)
        assert waiting(bank) == ["mail", "mail"]


def test_what_asks_for_a_person_now_takes_back_an_act_and_not_what_a_person_decided(tmp_path: Path) -> None:
    asking = with_rules("kind: human_review, scope: {actions: [text]}")
    asks_more = with_rules("kind: human_review, scope: {actions: [text, mail]}")
    file = tmp_path / "policy.yaml"
    with running_service(tmp_path / "home", policy=asking, file=file) as bank:
        bank.know()
        own = acted(bank, candidates=["mail"])
        case = bank.decide(candidates=["text"])
        claim = bank.post(f"/v1/reviews/{case['review_id']}/claim", {"reviewer": "ann"})
        bank.post(f"/v1/reviews/{case['review_id']}/approve", {"reviewer": "ann", "fence": claim["fence"]})
        file.write_text(asks_more)
        assert [one["message"]["action_id"] for one in take(bank)] == ["text"]
        assert state(bank, own)[1] == "rule `rule-0`: A person decides: P."


def test_an_action_that_the_policy_no_longer_lets_act_is_taken_back(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    with running_service(tmp_path / "home", file=file) as bank:
        bank.know()
        outbox_id = acted(bank)
        file.write_text(POLICY + "autonomy: {default: suggest}\n")
        assert take(bank) == []
        assert state(bank, outbox_id)[1] == "The policy no longer lets `mail` be executed like this."


def test_what_the_caller_knew_at_the_decision_is_known_at_the_release(tmp_path: Path) -> None:
    rule = with_rules("kind: completeness, needs: [age]")
    with running_service(tmp_path, policy=rule) as bank:
        bank.know()
        acted(bank, customer={"attributes": {"age": 40}})
        assert waiting(bank) == ["mail"]


# --- Reserve, commit, release.


def test_a_message_that_nobody_takes_expires_and_its_slot_is_free(bank: Heed) -> None:
    outbox_id = acted(bank)
    bank.clock.advance(hours=23.9)
    assert expire(bank) == 0
    bank.clock.advance(hours=0.1)
    assert (expire(bank), expire(bank)) == (1, 0)
    assert state(bank, outbox_id) == ("withdrawn", "Nobody took it in time.")
    assert slots(bank) == ["released"]
    assert b'heed_outbox_withdrawn_total{rule="heed-expired"} 1.0' in bank.http.get("/metrics").content


def test_a_message_that_expired_is_not_handed_over_whether_or_not_that_was_written_down(bank: Heed) -> None:
    outbox_id = acted(bank)
    bank.clock.advance(hours=24)
    assert "Nobody took it in time" in bank.post(f"/v1/outbox/{outbox_id}/delivered", None, 409)["detail"]
    acted(bank)
    bank.clock.advance(hours=24)
    assert take(bank) == []


def test_a_slot_handed_to_an_executor_that_never_reported_counts_until_the_window_ends(bank: Heed) -> None:
    outbox_id = acted(bank)
    assert len(take(bank)) == 1
    bank.clock.advance(hours=24)
    expire(bank)
    found = bank.get(f"/v1/outbox/{outbox_id}")
    assert (found["state"], found["slot_counts"]) == ("withdrawn", True)
    assert slots(bank) == ["reserved"]
    acted(bank, candidates=["mail"])
    assert bank.decide(candidates=["mail"])["disposition"] == "hold"
    bank.clock.advance(days=6.1)
    assert bank.decide(candidates=["mail"])["disposition"] == "act"


def test_what_a_withdrawal_finds_in_an_executors_hands_counts_until_it_is_certain_that_nothing_was_sent(
    bank: Heed,
) -> None:
    outbox_id = acted(bank)
    (one,) = take(bank)
    objection = {"objection_id": "o1", "customer_id": "c1", "recorded_at": bank.clock().isoformat()}
    bank.post("/v1/objections", {"objections": [objection]})
    assert (state(bank, outbox_id)[0], slots(bank)) == ("withdrawn", ["reserved"])
    assert said(bank, "fail", outbox_id, one["fence"])["state"] == "withdrawn"
    assert slots(bank) == ["released"]


def test_an_executor_that_reports_a_failure_frees_the_slot_and_the_message_is_gone(bank: Heed) -> None:
    outbox_id = acted(bank)
    report(bank, outbox_id, "failed")
    assert slots(bank) == ["released"]
    assert state(bank, outbox_id) == ("withdrawn", "The executor reported that the contact failed.")
    assert waiting(bank) == []


def test_an_executor_that_reports_a_contact_need_not_take_the_message_first(bank: Heed) -> None:
    outbox_id = acted(bank)
    report(bank, outbox_id, "executed")
    assert (slots(bank), state(bank, outbox_id)) == (["executed"], ("delivered", None))
    assert (waiting(bank), expire(bank)) == ([], 0)


def test_a_failure_after_the_message_was_taken_for_good_frees_the_slot(bank: Heed) -> None:
    outbox_id = acted(bank)
    bank.post(f"/v1/outbox/{outbox_id}/delivered", None)
    assert slots(bank) == ["reserved"]
    report(bank, outbox_id, "failed")
    assert slots(bank) == ["released"]


def test_an_executor_may_still_tell_of_a_message_whose_customer_was_erased(bank: Heed) -> None:
    outbox_id = acted(bank)
    (one,) = take(bank)
    assert bank.http.delete("/v1/customers/c1").status_code == 200
    assert state(bank, outbox_id) == ("withdrawn", "The customer was erased.")
    assert said(bank, "acknowledge", outbox_id, one["fence"])["state"] == "withdrawn"
    assert take(bank) == []


# --- Pull.


def test_what_one_executor_has_no_other_gets_until_its_time_is_over(bank: Heed) -> None:
    outbox_id = acted(bank)
    (first,) = take(bank, lease_seconds=60)
    assert (first["fence"], first["leased_until"]) == (1, "2026-03-02T10:01:00Z")
    assert first["expires_at"] == "2026-03-03T10:00:00Z"
    assert take(bank, "another") == waiting(bank) == []
    assert state(bank, outbox_id)[0] == "handed"
    held = bank.post(f"/v1/outbox/{outbox_id}/delivered", None, 409)
    assert held["detail"].startswith("another executor has the message")
    bank.clock.advance(minutes=1)
    (second,) = take(bank, "another")
    assert (second["message"]["outbox_id"], second["fence"]) == (outbox_id, 2)


def test_acknowledging_takes_a_message_off_the_outbox_once_and_for_all(bank: Heed) -> None:
    outbox_id = acted(bank)
    (one,) = take(bank)
    for _ in range(2):
        assert said(bank, "acknowledge", outbox_id, one["fence"]) == {"outbox_id": outbox_id, "state": "delivered"}
    assert said(bank, "fail", outbox_id, one["fence"])["state"] == "delivered"
    bank.clock.advance(hours=1)
    assert (take(bank), slots(bank)) == ([], ["reserved"])
    assert b'heed_outbox_attempts_total{result="delivered"} 1.0' in bank.http.get("/metrics").content


def test_an_executor_that_was_slow_may_still_say_that_it_has_the_message(bank: Heed) -> None:
    outbox_id = acted(bank)
    take(bank)
    bank.clock.advance(hours=1)
    (second,) = take(bank, "another")
    assert said(bank, "acknowledge", outbox_id, 1)["state"] == "delivered"
    assert said(bank, "fail", outbox_id, second["fence"])["state"] == "delivered"
    assert slots(bank) == ["reserved"]


def test_what_failed_is_handed_out_again_later_and_given_up_after_the_last_time(bank: Heed) -> None:
    outbox_id = acted(bank)
    for fence in range(1, 4):
        (one,) = take(bank)
        assert one["fence"] == fence
        assert said(bank, "fail", outbox_id, fence)["state"] == "waiting"
        bank.clock.advance(hours=2)
    (one,) = take(bank)
    assert said(bank, "fail", outbox_id, one["fence"], retry=False)["state"] == "withdrawn"
    assert (state(bank, outbox_id)[1], slots(bank)) == ("The executor could not execute it.", ["released"])
    attempts = bank.get(f"/v1/outbox/{outbox_id}")["attempts"]
    assert [(one["number"], one["holder"], one["result"]) for one in attempts] == [
        (number, "mailer", "failed") for number in range(1, 5)
    ]


def test_a_failure_does_not_free_the_slot_of_a_message_that_another_executor_may_have_sent(bank: Heed) -> None:
    outbox_id = acted(bank)
    take(bank, lease_seconds=1)
    bank.clock.advance(seconds=1)
    (second,) = take(bank, "another")
    assert said(bank, "fail", outbox_id, second["fence"], retry=False)["state"] == "withdrawn"
    assert slots(bank) == ["reserved"]
    said(bank, "fail", outbox_id, 1, retry=False)
    assert slots(bank) == ["released"]


def test_a_number_under_which_nothing_was_handed_over_settles_nothing(bank: Heed) -> None:
    outbox_id = acted(bank)
    refused = said(bank, "acknowledge", outbox_id, 1, 409)
    assert refused["detail"] == "the message was not handed over under this number"
    assert said(bank, "fail", "execute:d9", 1, 404)["detail"] == "no such message in the outbox"


def test_taking_many_gives_as_many_as_are_asked_for_and_no_message_twice(bank: Heed) -> None:
    for number in range(7):
        bank.know(f"many-{number}")
        acted(bank, f"many-{number}")
    bank.consent("many-2", "email", "withdrawn")
    first, second, third = take(bank, limit=4), take(bank, limit=4), take(bank)
    ids = [one["message"]["outbox_id"] for one in (*first, *second)]
    assert (len(first), len(second), len(third), len(set(ids))) == (4, 2, 0, 6)


def test_the_outbox_says_what_waits_and_whether_it_is_pushed(bank: Heed) -> None:
    acted(bank)
    assert bank.get("/v1/outbox")["pushed"] is False
    bank.clock.advance(minutes=5)
    seen = bank.get("/v1/webhook")
    assert (seen["endpoints"], seen["pushed"], seen["waiting"]) == ([], False, 1)
    assert seen["waiting_since"] == "2026-03-02T10:00:00Z"
    text = bank.http.get("/metrics").text
    assert "heed_outbox_waiting 1.0" in text
    assert "heed_outbox_oldest_seconds 300.0" in text
    assert bank.post("/v1/webhook/enable", None) == seen
