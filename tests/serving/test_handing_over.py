"""An executor is handed what is still permitted when it comes, and nothing else."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from decisioning.errors import NotFound
from serving.handing_over import against
from tests.decisioning.doubles import FixedScorer
from tests.serving.running import MONDAY_MORNING, OFFERS, POLICY, Heed, in_force, offer, running


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Heed]:
    ending = offer("ending", valid_until=MONDAY_MORNING + timedelta(hours=2))
    with running(tmp_path, offers=(*OFFERS, ending), propensities={"mail": 0.3, "text": 0.2, "banner": 0.1,
                 "ending": 0.2}) as started:  # fmt: skip
        started.know()
        yield started


def waiting(bank: Heed) -> list[str]:
    return [one["action_id"] for one in bank.get("/v1/outbox")["messages"]]


def slots(bank: Heed) -> list[str]:
    return [one.state.value for one in bank.runtime.ledger.known("c1").customer.contacts]


def test_what_is_still_permitted_is_handed_over_again_and_again(bank: Heed) -> None:
    bank.decide()
    assert waiting(bank) == waiting(bank) == ["mail"]


def test_a_withdrawal_takes_the_message_back_and_frees_its_slot(bank: Heed) -> None:
    decided = bank.decide()
    bank.consent("c1", "email", "withdrawn")
    assert waiting(bank) == []
    assert slots(bank) == ["released"]
    refused = bank.post(f"/v1/outbox/execute:{decided['decision_id']}/delivered", None, 409)
    assert "Consent for email and marketing was withdrawn" in refused["detail"]


def test_a_withdrawal_for_another_channel_takes_nothing_back(bank: Heed) -> None:
    bank.decide()
    bank.consent("c1", "sms", "withdrawn")
    assert waiting(bank) == ["mail"]


def test_an_order_not_to_contact_takes_the_message_back(bank: Heed) -> None:
    bank.decide()
    order = {"reason": "deceased", "recorded_at": bank.clock().isoformat()}
    bank.post("/v1/customers", {"customers": [{"customer_id": "c1", "suppressions": [order]}]})
    assert waiting(bank) == []


def test_a_contact_point_that_is_gone_is_not_written_to(bank: Heed) -> None:
    bank.decide()
    points = [{"contact_point": "c1-another", "channel": "email"}]
    bank.post("/v1/customers", {"customers": [{"customer_id": "c1", "contact_points": points}]})
    assert waiting(bank) == []


def test_an_offer_that_ended_is_not_made(bank: Heed) -> None:
    bank.decide(candidates=["ending"])
    bank.clock.advance(hours=2)
    assert waiting(bank) == []


def test_neither_the_night_nor_a_full_cap_takes_a_message_back(bank: Heed) -> None:
    bank.decide()
    bank.decide()
    bank.clock.advance(hours=12)
    assert waiting(bank) == ["mail", "mail"]


def test_what_was_taken_back_is_stepped_over_to_fill_the_page(bank: Heed) -> None:
    bank.know("c2")
    bank.decide("c1")
    bank.decide("c2")
    bank.consent("c1", "email", "withdrawn")
    (message,) = bank.get("/v1/outbox?limit=1")["messages"]
    assert message["action_id"] == "mail"
    assert '"customer_id":"c2"' in message["payload"]


def test_nothing_is_handed_over_while_no_policy_is_in_force(tmp_path: Path) -> None:
    with running(tmp_path, missing="no model is promoted") as heed:
        assert "no model is promoted" in heed.get("/v1/outbox", 503)["detail"]


async def _take_back(bank: Heed, outbox_id: str) -> bool:
    return await bank.runtime.ledger.withdraw(outbox_id, "because")


def test_a_message_is_taken_back_once_and_not_after_it_was_delivered(bank: Heed) -> None:
    first, second = (f"execute:{bank.decide()['decision_id']}" for _ in range(2))
    bank.post(f"/v1/outbox/{second}/delivered", None)
    call = bank.http.portal.call
    assert [call(_take_back, bank, one) for one in (first, first, second)] == [True, False, False]
    with pytest.raises(NotFound, match="no such message in the outbox in `outbox_id`: `execute:d9`"):
        call(_take_back, bank, "execute:d9")


def test_an_action_that_left_the_catalogue_is_no_longer_on_offer(bank: Heed) -> None:
    bank.decide()
    known = bank.runtime.ledger.known("c1").customer
    without = in_force(FixedScorer({}), OFFERS[1:], POLICY)
    now = datetime(2026, 3, 2, 11, tzinfo=UTC)
    assert against(without, known, "mail", "c1-email", now) == "`mail` is no longer on offer."


def test_what_is_taken_after_a_withdrawal_is_refused_in_the_transaction_that_would_deliver_it(bank: Heed) -> None:
    decided = bank.decide()
    (message,) = bank.get("/v1/outbox")["messages"]
    bank.consent("c1", "email", "withdrawn")
    problem = bank.post(f"/v1/outbox/{message['outbox_id']}/delivered", None, 409)
    assert problem["type"] == "urn:heed:problem:refused-by-guardrail"
    assert "Consent for email and marketing was withdrawn" in problem["detail"]
    assert (slots(bank), waiting(bank)) == (["released"], [])
    made = {"contact_id": "m1", "customer_id": "c1", "at": bank.clock().isoformat(), "status": "failed"}
    settled = bank.post("/v1/contacts", {"contacts": [{**made, "decision_id": decided["decision_id"]}]})
    assert settled == {"accepted": 0, "duplicates": 1}
