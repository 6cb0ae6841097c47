"""Who was erased is nowhere any more, and what was decided still is."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from heed.serving.replay.replay import Result, replay
from tests.serving.replay.test_replay import pinned_as
from tests.support.in_process_service import Heed, running_service

WHO = "Planted.Person-x4711"
PERSON = WHO.lower()
PLANTED = ("x4711", "planted-street", "planted note", "planted-tool")


@pytest.fixture
def heed(tmp_path: Path) -> Iterator[Heed]:
    """A service that knows somebody well, beside somebody else."""
    with running_service(tmp_path, spread=0.0) as service:
        live(service)
        yield service


def live(service: Heed) -> None:
    service.know(WHO, attributes={"age": 41, "street": "planted-street"})
    service.know("other")
    signal = {"signal_id": "s-x4711", "customer_id": WHO, "at": service.clock().isoformat(), "type": "planted-street"}
    service.post("/v1/signals", {"signals": [signal]})
    service.contacted(WHO, "sms", ago=timedelta(days=3))
    service.decide(WHO, key="order of planted-street")
    outcome = {"outcome_id": "o-x4711", "customer_id": WHO, "at": service.clock().isoformat(), "type": "conversion"}
    service.post("/v1/outcomes", {"outcomes": [outcome]})
    service.decide("other")


def reviewed(service: Heed) -> str:
    """A case of the person, opened by a customer whose contacts are up in the air."""
    with_doubt = service.decide(WHO, candidates=["banner"])
    assert with_doubt["disposition"] == "review", with_doubt
    review_id: str = with_doubt["review_id"]
    return review_id


def erase(service: Heed, customer_id: str = WHO, status: int = 200) -> Any:
    answer = service.http.delete(f"/v1/customers/{customer_id}")
    assert answer.status_code == status, answer.text
    return answer.json()


def nothing_but_objections(service: Heed) -> bool:
    shown = service.get(f"/v1/customers/{WHO}")
    facts = ("attributes", "contact_points", "consents", "suppressions")
    return not any(shown[one] for one in facts) and {one["kind"] for one in shown["timeline"]} == {"objection"}


def raw(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.glob("ledger.db*")))


def test_nothing_of_the_person_is_left_in_the_files(heed: Heed, tmp_path: Path) -> None:
    before = raw(tmp_path)
    # Ids are in the clear; what they did and where they live never was.
    assert b"x4711" in before
    assert b"planted-street" not in before
    assert erase(heed)["erased"]
    after = raw(tmp_path)
    assert [word for word in (*PLANTED, WHO, PERSON) if word.encode() in after] == []
    assert b"other" in after


def test_what_was_decided_stays_on_record(heed: Heed, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
        before = connection.execute("SELECT * FROM decisions ORDER BY decision_id").fetchall()
        erase(heed)
        assert connection.execute("SELECT * FROM decisions ORDER BY decision_id").fetchall() == before
    assert heed.runtime.ledger.audit.verify().sound


def test_erasing_again_says_that_it_was_done_before(heed: Heed) -> None:
    first = erase(heed)
    heed.clock.advance(hours=1)
    assert erase(heed) == {"erased": False, "erased_at": first["erased_at"], "others_struck": 0}
    assert erase(heed, PERSON.upper())["erased_at"] == first["erased_at"]


HOUSEHOLD = [{"contact_point": "one-letterbox@example.org", "channel": "email"}]


def household(service: Heed) -> None:
    """Three at one address; the first has a phone of their own."""
    own = {"contact_point": "own-phone", "channel": "sms"}
    for name, points in (("first", [*HOUSEHOLD, own]), ("second", HOUSEHOLD), ("third", HOUSEHOLD)):
        service.know(name, contact_points=points)


def objected(service: Heed, *names: str) -> list[bool]:
    return [bool(service.get(f"/v1/customers/{one}")["objections"]) for one in names]


def test_others_at_the_address_are_struck_counted_and_not_named(heed: Heed) -> None:
    household(heed)
    done = erase(heed, "first")
    assert (done["erased"], done["others_struck"]) == (True, 2)
    assert "second" not in json.dumps(done)
    assert objected(heed, "second", "third", "other") == [True, True, False]


def test_others_at_the_address_are_spared_where_somebody_decides_so(heed: Heed) -> None:
    household(heed)
    assert erase(heed, "first?shared=spare")["others_struck"] == 0
    assert objected(heed, "second", "third") == [False, False]
    heed.clock.advance(minutes=1)
    for name, points in (("first", HOUSEHOLD), ("by phone", [{"contact_point": "own-phone", "channel": "sms"}])):
        heed.know(name, contact_points=points)
        assert objected(heed, name) == [True], name


def test_nobody_who_was_never_here_can_be_erased(heed: Heed) -> None:
    problem = erase(heed, "nobody-here", 404)
    assert problem["type"] == "urn:heed:problem:not-found"
    assert "nobody-here" not in json.dumps(problem)


def test_an_answer_of_the_erased_is_gone(heed: Heed) -> None:
    decision_id = heed.decide(WHO, key="order of planted-street")["decision_id"]
    erase(heed)
    again = heed.decide(WHO, 410, key="order of planted-street")
    assert again["type"] == "urn:heed:problem:erased"
    assert heed.get(f"/v1/decisions/{decision_id}", 410)["type"] == "urn:heed:problem:erased"
    assert heed.get(f"/v1/decisions?customer_id={WHO}") == {"decisions": []}
    heed.get(f"/v1/customers/{WHO}/export", 404)
    assert replay(heed.runtime.ledger.decisions, pinned_as(heed), decision_id).result is Result.ERASED
    assert not Result.ERASED.failed


def test_what_waits_to_be_sent_is_withdrawn_and_its_slot_freed(heed: Heed, tmp_path: Path) -> None:
    mine = [one["outbox_id"] for one in heed.get("/v1/outbox")["messages"]]
    assert len(mine) == 2
    erase(heed)
    assert len(heed.get("/v1/outbox")["messages"]) == 1
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
        states = connection.execute("SELECT state FROM contacts WHERE customer_id LIKE 'erased:%'").fetchall()
        payloads = connection.execute("SELECT payload FROM outbox WHERE withdrawn_at IS NOT NULL").fetchall()
    assert (states, payloads) == ([("released",)], [("",)])


def test_open_cases_end_in_hold_and_settled_ones_lose_their_notes(tmp_path: Path) -> None:
    with running_service(tmp_path, spread=0.6, propensities={"mail": 0.3, "text": 0.29, "banner": 0.28}) as heed:
        heed.know(WHO)
        settled, waiting = reviewed(heed), reviewed(heed)
        fence = heed.post(f"/v1/reviews/{settled}/claim", {"reviewer": "rita"})["fence"]
        verdict = {"reviewer": "rita", "fence": fence, "note": "planted note"}
        heed.post(f"/v1/reviews/{settled}/reject", verdict)
        assert heed.get(f"/v1/reviews/{settled}")["note"] == "planted note"
        assert heed.get(f"/v1/customers/{WHO}/export")["reviews"][0]["note"] == "planted note"
        erase(heed)
        cases = [heed.get(f"/v1/reviews/{one}") for one in (settled, waiting)]
        assert [(one["state"], one["note"], one["resolved_by"]) for one in cases] == [
            ("rejected", None, "rita"),
            ("rejected", None, None),
        ]
        events = heed.runtime.ledger.reviews.events(waiting)
        assert [(one.event, one.detail) for one in events] == [("opened", None), ("erased", None)]
        assert [word for word in (*PLANTED, PERSON) if word.encode() in raw(tmp_path)] == []
        assert heed.runtime.ledger.audit.verify().sound


def test_whoever_comes_back_under_the_same_id_is_left_in_peace(heed: Heed) -> None:
    erase(heed)
    heed.clock.advance(days=1)
    heed.know(WHO)
    back = heed.decide(WHO)
    assert (back["disposition"], back["customer_known"]) == ("hold", True)
    assert len(heed.get(f"/v1/customers/{WHO}")["objections"]) >= 1
    assert heed.decide("other", candidates=["text"])["disposition"] == "act"


def test_whoever_comes_back_under_the_same_address_is_left_in_peace(heed: Heed) -> None:
    erase(heed)
    heed.clock.advance(days=1)
    points = [{"contact_point": f"{WHO}-email", "channel": "email"}]
    heed.post("/v1/customers", {"customers": [{"customer_id": "new-id", "contact_points": points}]})
    heed.consent("new-id", "email")
    assert heed.decide("new-id")["disposition"] == "hold"


def test_facts_from_before_are_not_taken_and_later_ones_begin_anew(heed: Heed) -> None:
    erase(heed)
    late = {"signal_id": "late", "customer_id": WHO, "at": heed.clock().isoformat(), "type": "open"}
    assert heed.post("/v1/signals", {"signals": [late]}) == {"accepted": 0, "duplicates": 1}
    assert nothing_but_objections(heed)
    heed.clock.advance(minutes=1)
    new = {**late, "signal_id": "new", "at": heed.clock().isoformat()}
    assert heed.post("/v1/signals", {"signals": [new]}) == {"accepted": 1, "duplicates": 0}
    held = heed.get(f"/v1/customers/{WHO}/export")
    assert [one["signal_id"] for one in held["signals"]] == ["new"]
    assert held["decisions"] == []


def test_a_version_never_comes_back(heed: Heed) -> None:
    before = heed.runtime.ledger.customers.snapshot(PERSON).version
    erase(heed)
    heed.clock.advance(minutes=1)
    heed.know(WHO)
    assert heed.runtime.ledger.customers.snapshot(PERSON).version > before


def test_a_late_report_of_the_executor_changes_nothing(heed: Heed) -> None:
    said = heed.decide(WHO, key="order of planted-street")
    erase(heed)
    heed.clock.advance(minutes=1)
    report = {
        "contact_id": "sent",
        "customer_id": WHO,
        "at": heed.clock().isoformat(),
        "decision_id": said["decision_id"],
    }
    assert heed.post("/v1/contacts", {"contacts": [report]}) == {"accepted": 0, "duplicates": 1}
    assert nothing_but_objections(heed)


def test_another_name_of_the_same_person_is_erased_as_well(heed: Heed, tmp_path: Path) -> None:
    heed.know("alias-x4711")
    heed.decide("alias-x4711")
    heed.post(f"/v1/customers/{WHO}/merge", {"from": "alias-x4711"})
    held = heed.get(f"/v1/customers/{WHO}/export")
    assert held["customer_ids"] == [PERSON, "alias-x4711"]
    assert len(held["decisions"]) == 2
    assert erase(heed, "alias-x4711")["erased"]
    assert b"x4711" not in raw(tmp_path)
    heed.clock.advance(minutes=1)
    for name in (WHO, "alias-x4711"):
        heed.know(name)
        assert heed.decide(name)["disposition"] == "hold"


def test_everything_that_is_held_is_handed_out(heed: Heed) -> None:
    held = heed.get(f"/v1/customers/{WHO}/export")
    assert held["profiles"][0]["attributes"] == {"age": 41, "street": "planted-street"}
    assert {one["contact_point"] for one in held["contact_points"]} == {f"{PERSON}-email", f"{PERSON}-sms"}
    assert {one["channel"] for one in held["consents"]} == {"email", "sms", "web"}
    assert [one["signal_id"] for one in held["signals"]] == ["s-x4711"]
    assert [one["outcome_id"] for one in held["outcomes"]] == ["o-x4711"]
    assert len(held["contacts"]) == 2
    (decision,) = held["decisions"]
    assert decision["answer"] == heed.get(f"/v1/decisions/{decision['decision_id']}")
    assert decision["answer"]["reasons"]
    assert decision["receipt"]
    assert held["messages"][0]["payload"]["customer_id"] == PERSON
    assert '"other"' not in json.dumps(held)


def test_an_export_and_an_erasure_of_a_name_with_slashes(heed: Heed) -> None:
    heed.know("crm/eu/1")
    assert heed.get("/v1/customers/crm/eu/1/export")["customer_ids"] == ["crm/eu/1"]
    assert erase(heed, "crm/eu/1")["erased"]
