"""Every part that heed depends on, broken: the answer is an error or a hold, in bounded time, and readiness says so.

The table in docs/degradation.md names the tests of this file, and a test holds the two together.
"""

import asyncio
import re
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from heed.decisioning.errors import Unavailable
from heed.serving.decisions.customer_lock import KeyedLock
from heed.serving.deployment.deployment_manager import DeploymentManager
from heed.serving.monotonic_clock import MonotonicClock
from tests.support.doubles import FixedScorer
from tests.support.in_process_service import OFFERS, POLICY, Heed, active_versions, running_service
from tests.support.ledger_builders import NOON, Clock, wait
from tests.support.paths import DOCS

PAGE = DOCS / "degradation.md"
SOUND = FixedScorer({"mail": 0.3, "text": 0.2, "banner": 0.1})


@dataclass(frozen=True)
class Broken:
    """A scorer with one fault."""

    fault: str

    def score(self, facts: Any, actions: Any) -> Any:
        if self.fault == "raises":
            raise ValueError(f"cannot score {facts.customer.customer_id}")
        scores = SOUND.score(facts, actions)
        if self.fault == "too few":
            return replace(scores, propensity=scores.propensity[:-1])
        value = {"NaN": np.nan, "above one": 1.5}[self.fault]
        return replace(scores, propensity=np.full(len(actions), value))


@pytest.fixture
def known(heed: Heed) -> Heed:
    heed.know()
    return heed


def put(heed: Heed, scorer: Any) -> None:
    heed.runtime.deployment._active = replace(heed.runtime.deployment.current(), scorer=scorer)


def part(heed: Heed, name: str, status: int = 200) -> Any:
    return heed.get("/readyz", status)["parts"][name]


def acts(heed: Heed) -> int:
    return len(heed.runtime.ledger.customers.snapshot("c1").customer.contacts)


def unavailable(heed: Heed, said: str) -> None:
    """A decision ends in 503, says why, and leaves nothing behind."""
    before = acts(heed)
    assert said in heed.decide(status=503)["detail"]
    assert acts(heed) == before


class TestModel:
    def test_without_a_model_nothing_is_decided(self, tmp_path: Path) -> None:
        with running_service(tmp_path, missing="no champion") as heed:
            unavailable(heed, "no champion")
            assert part(heed, "model", 503)["state"] == "down"

    @pytest.mark.parametrize("fault", ["raises", "NaN", "above one", "too few"])
    def test_a_model_that_breaks_while_scoring_ends_in_an_error(self, known: Heed, fault: str) -> None:
        put(known, Broken(fault))
        unavailable(known, "the model fails")
        assert part(known, "model", 503)["state"] == "down"
        put(known, SOUND)
        assert part(known, "model")["state"] == "ok"
        assert known.decide()["disposition"] == "act"

    def test_what_a_broken_model_says_of_a_customer_is_not_repeated(self, known: Heed, caplog: Any) -> None:
        put(known, Broken("raises"))
        assert "cannot score" not in str(known.decide(status=503)) + caplog.text
        assert "ValueError" in caplog.text

    def test_a_new_champion_that_does_not_load_leaves_the_old_one_in_force(self, tmp_path: Path) -> None:
        def broken(_: Any) -> Any:
            raise EOFError("half a file")

        with running_service(tmp_path, newer=broken) as heed:
            heed.know()
            assert not heed.runtime.deployment.poll_model()
            assert part(heed, "model") == {
                "state": "degraded",
                "detail": "heed version 7 stays: loading raised EOFError",
            }
            assert heed.decide()["disposition"] == "act"

    def test_a_new_champion_takes_effect_with_the_next_decision(self, tmp_path: Path) -> None:
        def promoted(before: Any) -> Any:
            if before.versions.model.version == "8":
                return None
            return replace(before, versions=replace(before.versions, model=replace(before.versions.model, version="8")))

        with running_service(tmp_path, newer=promoted) as heed:
            heed.know()
            first = heed.decide()
            assert heed.runtime.deployment.poll_model()
            assert not heed.runtime.deployment.poll_model()
            assert (first["model"]["version"], heed.decide()["model"]["version"]) == ("7", "8")

    def test_what_does_not_load_at_the_start_is_tried_again(self) -> None:
        tried: list[int] = []

        def load() -> Any:
            tried.append(1)
            if len(tried) == 1:
                raise EOFError("half a file")
            return active_versions(SOUND, OFFERS, POLICY)

        deployment = DeploymentManager(load)
        assert not deployment.try_load()
        with pytest.raises(Unavailable, match="loading raised EOFError"):
            deployment.current()
        assert deployment.try_load()


class TestPolicy:
    def test_a_policy_that_raises_ends_in_an_error(self, known: Heed, monkeypatch: pytest.MonkeyPatch) -> None:
        def fails(*_: Any) -> Any:
            raise ZeroDivisionError("c1")

        monkeypatch.setattr(type(known.runtime.deployment.current().guard), "verdicts", fails)
        unavailable(known, "judging raised ZeroDivisionError")

    def test_a_broken_policy_file_leaves_the_policy_before_it_in_force(self, tmp_path: Path) -> None:
        file = tmp_path / "policy.yaml"
        with running_service(tmp_path, file=file) as heed:
            heed.know()
            file.write_text("rules: 7")
            assert heed.decide()["disposition"] == "act"
            assert part(heed, "policy")["state"] == "degraded"


@contextmanager
def blocked(heed: Heed, seconds: float = 30.0) -> Iterator[threading.Event]:
    """A disk that answers nothing until the event is set."""
    gate = threading.Event()
    writer = heed.runtime.ledger._database.writer
    portal = heed.http.portal
    assert portal is not None
    task = portal.start_task_soon(_await, writer, gate, seconds)
    try:
        time.sleep(0.05)
        yield gate
    finally:
        gate.set()
        task.result()


async def _await(writer: Any, gate: threading.Event, seconds: float) -> None:
    await writer.submit(lambda *_: gate.wait(seconds))


def on_the_writer(heed: Heed, statement: str) -> None:
    connection = heed.runtime.ledger._database.writer._connection
    portal = heed.http.portal
    assert portal is not None

    async def run() -> None:
        await heed.runtime.ledger._database.writer.submit(lambda *_: connection.execute(statement).fetchall())

    portal.call(run)


class TestLedger:
    def test_a_slow_disk_is_answered_in_time_and_the_record_says_what_became_of_it(self, tmp_path: Path) -> None:
        with running_service(tmp_path, decide_seconds=0.3) as heed:
            heed.know()
            heed.know("c2")
            with blocked(heed) as gate:
                began = time.monotonic()
                problem = heed.decide(status=504, key="k")
                assert time.monotonic() - began < 5
                assert "may or may not have been recorded" in problem["detail"]
                gate.set()
            # The job was in the queue when its caller gave up: it is recorded whole, and a retry is told what it says.
            again = heed.decide(key="k")
            assert heed.get("/v1/decisions?customer_id=c1")["decisions"] == [again]
            assert acts(heed) == 1

    def test_a_disk_that_hangs_takes_no_more_work(self, known: Heed, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("heed.serving.ledger.sqlite.writer._STALLED_SECONDS", 0.0)
        with blocked(known):
            began = time.monotonic()
            unavailable(known, "the ledger's disk does not answer")
            assert part(known, "ledger", 503)["detail"].startswith("the ledger's disk does not answer")
            assert time.monotonic() - began < 5
        assert known.decide()["disposition"] == "act"

    def test_a_full_disk_ends_in_an_error_until_there_is_space(self, known: Heed) -> None:
        on_the_writer(known, "PRAGMA max_page_count = 1")
        filled = [known.http.post("/decide", json={"customer_id": f"c{n}", "context": {"a": "x" * 900}}).status_code
                  for n in range(200)]  # fmt: skip
        assert filled[-1] == 503
        assert part(known, "ledger", 503)["state"] == "down"
        on_the_writer(known, "PRAGMA max_page_count = 1000000")
        assert known.decide()["disposition"] == "act"
        assert part(known, "ledger")["state"] == "ok"

    def test_a_file_that_may_only_be_read_ends_in_an_error(self, known: Heed) -> None:
        on_the_writer(known, "PRAGMA query_only = ON")
        unavailable(known, "the ledger cannot be used")
        assert part(known, "ledger", 503)["state"] == "down"

    @pytest.mark.parametrize("replaced", [False, True], ids=["deleted", "replaced by a copy"])
    def test_a_file_that_is_gone_from_its_place_ends_in_an_error(self, known: Heed, replaced: bool) -> None:  # noqa: FBT001
        path = known.runtime.settings.home / "ledger.db"
        shutil.copy(path, path.with_suffix(".copy"))
        path.unlink()
        if replaced:
            path.with_suffix(".copy").rename(path)
        unavailable(known, "the ledger's")
        known.post("/v1/stop", {"reason": "x", "by": "ana"}, 503)
        assert part(known, "ledger", 503)["state"] == "down"


class TestClock:
    def test_a_clock_that_jumps_back_ends_in_an_error_and_loosens_no_cap(self, known: Heed) -> None:
        for _ in range(2):
            assert known.decide(candidates=["mail"])["disposition"] == "act"
        known.clock.advance(hours=-1)
        unavailable(known, "the clock is 3600 seconds behind the newest record")
        assert part(known, "clock", 503)["state"] == "down"
        known.clock.advance(hours=1)
        assert known.decide(candidates=["mail"])["binding_rule"] == "cap-email"

    def test_facts_are_taken_while_the_clock_is_behind_and_dated_no_earlier(self, known: Heed) -> None:
        said = {
            "consent_id": "w",
            "customer_id": "c1",
            "channel": "email",
            "purpose": "marketing",
            "status": "withdrawn",
        }
        known.clock.advance(hours=-1)
        known.post("/v1/consents", {"consents": [{**said, "recorded_at": "2026-03-02T10:00:00.5Z"}]})
        known.clock.advance(hours=1, minutes=1)
        assert known.decide(candidates=["mail"])["binding_rule"] == "consent"

    def test_a_restart_does_not_forget_the_newest_record(self, tmp_path: Path) -> None:
        with running_service(tmp_path) as heed:
            heed.clock.advance(hours=2)
            heed.decide()
        with running_service(tmp_path) as heed:
            unavailable(heed, "7200 seconds behind")
        with running_service(tmp_path, clock_disregard_after=NOON - timedelta(hours=2)) as heed:
            assert heed.decide()["disposition"] == "hold"

    def test_a_review_is_not_approved_while_the_clock_is_behind(self, tmp_path: Path) -> None:
        with running_service(tmp_path, propensities={"mail": 0.30, "text": 0.29, "banner": 0.05}, spread=0.1) as heed:
            heed.know()
            case = heed.post(f"/v1/reviews/{heed.decide()['review_id']}/claim", {"reviewer": "ana"})
            heed.clock.advance(minutes=-5)
            path, verdict = f"/v1/reviews/{case['review_id']}/approve", {"reviewer": "ana", "fence": case["fence"]}
            assert "seconds behind" in heed.post(path, verdict, 503)["detail"]
            heed.clock.advance(minutes=5)
            assert heed.post(path, verdict)["state"] == "approved"

    def test_a_message_is_not_handed_over_while_the_clock_is_behind(self, known: Heed) -> None:
        """As for decisions and approvals: neither time is to be trusted for quiet hours."""
        known.decide(candidates=["mail"])
        known.clock.advance(minutes=-5)
        assert "seconds behind" in known.post("/v1/outbox", {"executor": "mailer"}, 503)["detail"]
        known.clock.advance(minutes=5)
        assert len(known.post("/v1/outbox", {"executor": "mailer"})["messages"]) == 1

    def test_a_moment_behind_stands_still(self) -> None:
        clock = Clock()
        steady = MonotonicClock(clock)
        assert steady() == NOON
        clock.advance(milliseconds=-300)
        assert (steady(), steady.trouble()) == (NOON, None)


class TestExecutor:
    def test_an_executor_that_never_reports_leaves_the_slot_counted(self, known: Heed) -> None:
        known.decide(candidates=["mail"])
        known.decide(candidates=["mail"])
        assert len(known.post("/v1/outbox", {"executor": "mailer"})["messages"]) == 2
        known.clock.advance(days=6)
        assert known.get("/v1/outbox")["messages"] == []
        assert known.decide(candidates=["mail"])["binding_rule"] == "cap-email"

    def test_an_executor_that_never_comes_lets_the_messages_expire(self, known: Heed) -> None:
        known.decide(candidates=["mail"])
        known.decide(candidates=["mail"])
        assert known.decide(candidates=["mail"])["binding_rule"] == "cap-email"
        known.clock.advance(days=1)
        assert known.get("/v1/outbox")["messages"] == []
        assert known.decide(candidates=["mail"])["disposition"] == "act"

    def test_an_executor_that_wants_no_more_is_told_of_until_it_is_enabled(self, tmp_path: Path) -> None:
        secret = "whsec_" + "c2VjcmV0IG9mIHRoaXJ0eS10d28gYnl0ZXMsIG5vIG1vcmU="
        with running_service(
            tmp_path, webhook_url="https://executor.example/take?token=planted", webhook_secret=secret
        ) as heed:
            (webhook_worker,) = heed.runtime.webhook_workers
            heed.http.portal.call(
                heed.runtime.ledger.outbox.disable_endpoint, webhook_worker.endpoint.name, "The executor answered 410."
            )
            said = (
                "nothing is pushed to https://executor.example since 2026-03-02 10:00 UTC: The executor answered 410."
            )
            assert part(heed, "webhook") == {"state": "degraded", "detail": said}
            assert heed.post("/v1/webhook/enable", None)["pushed"]
            assert part(heed, "webhook") == {"state": "ok", "detail": "messages are pushed to https://executor.example"}


class TestBursts:
    def test_many_requests_about_one_customer_wait_for_their_turn(self, known: Heed) -> None:
        body = {"requests": [{"customer_id": "c1", "candidates": ["banner", "text"]}] * 30}
        results = known.post("/decide_batch", body)["results"]
        assert [one["problem"] for one in results] == [None] * 30
        assert sorted(one["decision"]["disposition"] for one in results) == ["act"] * 3 + ["hold"] * 27

    def test_who_waits_too_long_is_told_that_nothing_was_recorded(self) -> None:
        async def crowd() -> None:
            locks = KeyedLock(0.01)
            async with locks.hold("c1"):
                with pytest.raises(Unavailable, match="too many requests about this customer"):
                    async with locks.hold("c1"):
                        pytest.fail("it was not its turn")
                async with locks.hold("c2"):
                    assert len(locks) == 2
            assert len(locks) == 0

        wait(crowd())

    def test_turns_are_taken_one_at_a_time_and_in_order(self) -> None:
        async def crowd() -> list[str]:
            locks, order = KeyedLock(5.0), []

            async def one(name: str) -> None:
                async with locks.hold("c1"):
                    order.append(f"{name} in")
                    await asyncio.sleep(0)
                    order.append(f"{name} out")

            await asyncio.gather(*(one(name) for name in "abc"))
            return order

        assert wait(crowd()) == ["a in", "a out", "b in", "b out", "c in", "c out"]


def test_readiness_names_every_part(heed: Heed) -> None:
    found = heed.get("/readyz")
    assert found["ready"]
    assert {name: one["state"] for name, one in found["parts"].items()} == dict.fromkeys(
        ("ledger", "model", "policy", "clock", "stop", "access", "webhook", "jobs"), "ok"
    )
    heed.post("/v1/stop", {"reason": "wrong price", "by": "ana"})
    assert part(heed, "stop") == {"state": "stopped", "detail": "everything ends in hold: wrong price"}


def test_each_row_of_the_page_names_a_test_of_this_file_or_of_postgres() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE.read_text()))
    sources = (Path(__file__), *Path(__file__).parent.glob("ledger/postgres/test_*.py"))
    tests = {name for one in sources for name in re.findall(r"def (test_\w+)", one.read_text())}
    assert len(named) >= 12
    assert named <= tests
