"""The kill switch: nothing that is stopped is done after the order was acknowledged."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from heed.decisioning.errors import Conflict
from heed.decisioning.kill_switch import STOP_RULE, Stop
from heed.decisioning.recheck_result import ALLOWED
from heed.decisioning.verdict import Effect
from heed.serving.errors import StaleFacts
from heed.serving.ledger.connect import open_ledger
from heed.serving.ledger.leases import DeliveryCheck
from heed.serving.ledger.operations.kill_switch import StopOrder
from heed.serving.ledger.schema import contacts
from heed.serving.replay import receipt
from heed.serving.replay.replay import differences
from tests.support.in_process_service import POLICY, Heed, running_service
from tests.support.ledger_builders import NOON, Clock, act, execution, new_ledger, review, wait
from tests.support.ledger_stores import Store

WHY = {"reason": "wrong price", "by": "ana"}
RIVALS = {"mail": 0.30, "text": 0.29, "banner": 0.05}
FLAGGED = POLICY.replace("name: test", "name: test\nstop: {reason: wrong price}")


def ended(decision: Any) -> tuple[str, str | None]:
    return decision["disposition"], decision["binding_rule"]


def reviewed(heed: Heed, verdict: str = "approve", status: int = 200) -> Any:
    """A decision that was left to a person, and that person's verdict."""
    case = heed.post(f"/v1/reviews/{heed.decide()['review_id']}/claim", {"reviewer": "ana"})
    path = f"/v1/reviews/{case['review_id']}/{verdict}"
    return heed.post(path, {"reviewer": "ana", "fence": case["fence"]}, status)


class TestDecisions:
    def test_an_order_to_stop_holds_what_would_be_done_until_it_is_lifted(self, heed: Heed) -> None:
        heed.know()
        heed.post("/v1/stop", WHY)
        decision = heed.decide()
        assert ended(decision) == ("hold", STOP_RULE)
        assert "wrong price" in decision["reasons"][0]
        assert heed.get("/v1/outbox")["messages"] == []
        heed.post("/v1/resume", {"reason": "mended", "by": "ana"})
        assert heed.decide()["disposition"] == "act"

    def test_an_order_to_review_asks_a_person_who_may_then_approve(self, heed: Heed) -> None:
        heed.know()
        heed.post("/v1/stop", {**WHY, "disposition": "review"})
        assert reviewed(heed)["state"] == "approved"
        assert [one["action_id"] for one in heed.get("/v1/outbox")["messages"]] == ["mail"]

    def test_stopping_a_channel_leaves_the_others(self, heed: Heed) -> None:
        heed.know()
        heed.post("/v1/stop", {**WHY, "channel": " E-Mail ".replace("-", "").lower()})
        assert heed.decide()["action"]["action_id"] == "text"
        heed.post("/v1/stop", {**WHY, "action_id": "text"})
        assert heed.decide()["action"]["action_id"] == "banner"
        heed.post("/v1/stop", {**WHY, "message_class": "marketing"})
        assert ended(heed.decide()) == ("hold", STOP_RULE)

    def test_a_decision_that_was_stopped_can_be_made_again_from_its_receipt(self, heed: Heed) -> None:
        heed.know()
        heed.post("/v1/stop", WHY)
        record = heed.runtime.ledger.decisions.get(heed.decide()["decision_id"])
        heed.post("/v1/resume", WHY)
        kept = receipt.unpack(heed.runtime.ledger.decisions.receipt(record.decision_id))
        assert differences(kept, heed.runtime.deployment.current(), record.answer) == ()

    def test_the_flag_of_the_policy_stops_everything_with_the_next_decision(self, tmp_path: Path) -> None:
        file = tmp_path / "policy.yaml"
        with running_service(tmp_path, file=file) as heed:
            heed.know()
            before = heed.decide()
            assert before["disposition"] == "act"
            file.write_text(FLAGGED)
            assert ended(heed.decide()) == ("hold", STOP_RULE)
            assert heed.get("/v1/outbox")["messages"] == []
            refused = heed.post(f"/v1/outbox/execute:{before['decision_id']}/delivered", None, 409)
            assert "rule `heed-stop`: Stopped by the policy" in refused["detail"]
            assert [one["source"] for one in heed.get("/v1/stop")["stops"]] == ["policy"]
            file.write_text(POLICY)
            assert len(heed.get("/v1/outbox")["messages"]) == 1


class TestReviews:
    def test_what_is_stopped_cannot_be_approved_and_the_attempt_stays_on_record(self, tmp_path: Path) -> None:
        with running_service(tmp_path, propensities=RIVALS, spread=0.1) as heed:
            heed.know()
            heed.post("/v1/stop", {**WHY, "channel": "email"})
            heed.post("/v1/resume", {**WHY, "channel": "email"})
            case = heed.post(f"/v1/reviews/{heed.decide()['review_id']}/claim", {"reviewer": "ana"})
            heed.post("/v1/stop", WHY)
            path, verdict = f"/v1/reviews/{case['review_id']}", {"reviewer": "ana", "fence": case["fence"]}
            problem = heed.post(f"{path}/approve", verdict, 409)
            assert problem["detail"].startswith("rule `heed-stop`: Stopped since")
            events = heed.runtime.ledger.reviews.events(case["review_id"])
            assert [one.event for one in events] == ["opened", "claimed", "refused"]
            assert heed.post(f"{path}/reject", verdict)["state"] == "rejected"

    def test_an_order_to_review_lets_a_person_approve(self, tmp_path: Path) -> None:
        with new_ledger(tmp_path, Clock()) as ledger:
            wait(ledger.kill_switch.stop(StopOrder("look", "ana", Effect.REVIEW)))
            wait(ledger.decisions.commit(review("d1")))
            fence = wait(ledger.reviews.claim("case-d1", "ana")).fence
            approved = ledger.reviews.approve(
                "case-d1", "ana", fence, execution=execution("d1"), allowed=lambda _: None
            )
            assert wait(approved).state == "approved"
            assert [one.decision_id for one in ledger.outbox.ready()] == ["d1"]
            wait(ledger.kill_switch.stop(StopOrder("hold", "ana")))
            assert ledger.outbox.ready() == ()


class TestHandingOver:
    def test_a_message_waits_and_keeps_its_slot_while_it_is_stopped(self, heed: Heed) -> None:
        heed.know()
        decision = heed.decide()
        heed.post("/v1/stop", {**WHY, "disposition": "review"})
        assert heed.get("/v1/outbox")["messages"] == []
        refused = heed.post(f"/v1/outbox/execute:{decision['decision_id']}/delivered", None, 409)
        assert (refused["type"], refused["remedy"]) == (
            "urn:heed:problem:refused-by-guardrail",
            "do not send it now; it waits in the outbox until the order is lifted",
        )
        assert [one.state.value for one in heed.runtime.ledger.customers.snapshot("c1").customer.contacts] == [
            "reserved"
        ]
        heed.post("/v1/resume", WHY)
        heed.post(f"/v1/outbox/execute:{decision['decision_id']}/delivered", None)

    def test_messages_behind_those_that_are_stopped_are_reached(self, tmp_path: Path) -> None:
        with new_ledger(tmp_path, Clock()) as ledger:
            for n in range(5):
                wait(ledger.decisions.commit(act(f"d{n}", f"c{n}")))
            wait(ledger.kill_switch.stop(StopOrder("no mail", "ana", channel="email")))
            assert ledger.outbox.ready(limit=2) == ()
            wait(ledger.kill_switch.resume(StopOrder("mended", "ana", channel="email")))
            assert [one.decision_id for one in ledger.outbox.ready(limit=2)] == ["d0", "d1"]
            flagged = DeliveryCheck(
                lambda _: ALLOWED, None, timedelta(days=1), most_attempts=10, stop=Stop("flag", None)
            )
            refused = wait(ledger.outbox.mark_delivered("execute:d0", flagged)).refusal
            assert str(refused).startswith("rule `heed-stop`: Stopped by the policy")


class TestLedger:
    def test_no_act_commits_after_the_order_was_acknowledged(self, store: Store) -> None:
        async def client(ledger: Any, name: str, done: list[str]) -> None:
            for n in range(400):
                try:
                    await ledger.decisions.commit(act(f"{name}-{n}", f"{name}-{n}"))
                except StaleFacts:
                    return
                done.append(name)

        async def race(first: Any, second: Any) -> tuple[int, int]:
            done: list[str] = []
            clients = [asyncio.create_task(client((first, second)[n % 2], f"c{n}", done)) for n in range(8)]
            while len(done) < 100:
                await asyncio.sleep(0.001)
            await second.kill_switch.stop(StopOrder("now", "ana"))
            acknowledged = _slots(second)
            await asyncio.gather(*clients)
            return acknowledged, _slots(second)

        # Two workers where the database takes two.
        with store.open() as first, first if store.key is None else store.open() as second:
            at_acknowledgement, at_the_end = wait(race(first, second))
        assert at_acknowledgement == at_the_end
        assert 100 <= at_the_end < 3200

    def test_a_hold_commits_while_everything_is_stopped(self, heed: Heed) -> None:
        heed.post("/v1/stop", WHY)
        assert heed.decide("a stranger")["disposition"] == "hold"

    def test_orders_survive_a_restart_and_keep_who_and_why(self, tmp_path: Path) -> None:
        with new_ledger(tmp_path, clock := Clock()) as ledger:
            wait(ledger.kill_switch.stop(StopOrder("first", "ana", channel="sms")))
            wait(ledger.kill_switch.stop(StopOrder("second", "ben")))
        with open_ledger(tmp_path / "ledger.db", clock=clock) as ledger:
            assert [one.scope for one in ledger.kill_switch.active()] == ["channel sms", "everything"]
            wait(ledger.kill_switch.resume(StopOrder("mended", "eve")))
            said = [(one.number, one.event, one.ordered_by, one.stop.reason) for one in ledger.kill_switch.history()]
        assert said == [(3, "resume", "eve", "mended"), (2, "stop", "ben", "second"), (1, "stop", "ana", "first")]

    def test_a_later_order_of_the_same_scope_takes_the_place_of_the_earlier(self, tmp_path: Path) -> None:
        with new_ledger(tmp_path, Clock()) as ledger:
            wait(ledger.kill_switch.stop(StopOrder("hold", "ana")))
            assert wait(ledger.kill_switch.stop(StopOrder("look", "ana", Effect.REVIEW))) == (
                Stop("look", NOON, Effect.REVIEW),
            )

    def test_what_is_not_stopped_cannot_be_resumed(self, tmp_path: Path) -> None:
        with new_ledger(tmp_path, Clock()) as ledger:
            wait(ledger.kill_switch.stop(StopOrder("hold", "ana", channel="sms")))
            with pytest.raises(Conflict, match=r"no order to stop of this scope.*stopped is: channel sms"):
                wait(ledger.kill_switch.resume(StopOrder("mended", "ana")))

    @pytest.mark.parametrize("attack", ["UPDATE stops SET reason = ''", "DELETE FROM stops"])
    def test_the_history_cannot_be_rewritten(self, tmp_path: Path, attack: str) -> None:
        with new_ledger(tmp_path, Clock()) as ledger:
            wait(ledger.kill_switch.stop(StopOrder("hold", "ana")))
        with (
            closing(sqlite3.connect(tmp_path / "ledger.db")) as connection,
            pytest.raises(sqlite3.IntegrityError, match="stops is append-only"),
        ):
            connection.execute(attack)


class TestApi:
    def test_the_switch_works_while_there_is_no_model(self, tmp_path: Path) -> None:
        with running_service(tmp_path, missing="no champion") as heed:
            switch = heed.post("/v1/stop", {**WHY, "channel": "sms"})
            assert switch["stopped"]
            assert switch["stops"][0]["scope"] == "channel sms"
            assert heed.get("/v1/stop")["orders"][0] == {
                "number": 1,
                "event": "stop",
                "at": "2026-03-02T10:00:00Z",
                "by": "ana",
                "scope": "channel sms",
                "reason": "wrong price",
            }
            heed.decide(status=503)

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            pytest.param({"reason": ""}, "reason", id="an empty reason"),
            pytest.param({"reason": "a\nb"}, "reason", id="a reason of two lines"),
            pytest.param({"disposition": "act"}, "disposition", id="to act"),
            pytest.param({"everything": True}, "everything", id="an unknown field"),
        ],
    )
    def test_an_order_that_is_none_is_refused(self, heed: Heed, changes: Any, field: str) -> None:
        assert heed.post("/v1/stop", {**WHY, **changes}, 400)["field"] == field
        assert not heed.get("/v1/stop")["stopped"]


def _slots(ledger: Any) -> int:
    counted = select(func.count()).select_from(contacts)
    return int(ledger._database.read(lambda transaction: transaction.rows(counted, {}))[0][0])
