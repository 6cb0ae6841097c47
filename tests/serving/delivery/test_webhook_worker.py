"""Messages pushed to an executor on loopback: every way in which that goes wrong, and what becomes of the slot."""

import asyncio
import base64
import json
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any, TypeVar

import pytest
from jsonschema import Draft202012Validator
from standardwebhooks import Webhook

from heed.decisioning.errors import InvalidInput
from heed.serving.bootstrap import bootstrap
from heed.serving.decisions.record import Caller
from heed.serving.delivery.webhooks.webhook_worker import WebhookWorker
from heed.serving.runtime import Runtime
from heed.serving.schemas.customer_requests import CustomersIn
from heed.serving.schemas.decision_requests import DecideRequest
from heed.serving.schemas.fact_requests import ConsentsIn
from heed.serving.settings import Settings
from tests.support.doubles import FixedScorer
from tests.support.in_process_service import OFFERS, POLICY, Clock, active_versions, running_service
from tests.support.webhook_receivers import Behave, Receiver, drop, hang, respond, webhook_receiver

T = TypeVar("T")
PATIENCE = 30.0
SECRET, OLD_SECRET = ("whsec_" + base64.b64encode(one * 32).decode() for one in (b"n", b"o"))


@dataclass
class Pushing:
    """A heed whose messages are pushed when the test says so, and the executor they go to."""

    runtime: Runtime
    clock: Clock
    executor: Receiver

    @property
    def webhook_worker(self) -> WebhookWorker:
        return self.runtime.webhook_workers[0]

    async def know(self, customer_id: str = "c1") -> None:
        points = [{"contact_point": f"{customer_id}-email", "channel": "email"}]
        person = {"customer_id": customer_id, "time_zone": "Europe/London", "contact_points": points}
        known = CustomersIn.model_validate_json(json.dumps({"customers": [person]}))
        await self.runtime.ledger.facts.record_customers([one.report() for one in known.customers])
        for channel in ("email", "web"):
            await self.consent(customer_id, channel, "granted")

    async def consent(self, customer_id: str, channel: str, status: str) -> None:
        said = {"customer_id": customer_id, "channel": channel, "purpose": "marketing", "status": status}
        own = {"consent_id": f"{customer_id}-{channel}-{status}", "recorded_at": self.clock().isoformat()}
        consents = ConsentsIn.model_validate_json(json.dumps({"consents": [{**said, **own}]})).consents
        await self.runtime.ledger.facts.record_consents([one.report() for one in consents])

    async def act(self, customer_id: str = "c1", action_id: str = "mail") -> str:
        request = DecideRequest(customer_id=customer_id, candidates=[action_id])
        decided = json.loads(await self.runtime.services.decisions.decide(request, Caller("test")))
        assert decided["disposition"] == "act", decided["reason"]
        return f"execute:{decided['decision_id']}"

    async def push(self) -> int:
        """Everything that is ready, until it is over; how many attempts were begun."""
        started = await self.webhook_worker.start_ready()
        await self.webhook_worker.finish()
        return started

    def state(self, outbox_id: str) -> tuple[str, bool]:
        found = self.runtime.ledger.outbox.state(outbox_id)
        return found.state, found.slot_counts

    def results(self, outbox_id: str) -> list[str | None]:
        return [one.result for one in self.runtime.ledger.outbox.state(outbox_id).attempts]

    def counted(self, what: str) -> bool:
        return what in self.runtime.metrics.text().decode()


@asynccontextmanager
async def pushing(home: Path, *behaviours: Behave, url: str | None = None, **told: Any) -> AsyncIterator[Pushing]:
    async with webhook_receiver(*behaviours) as listening:
        fixed = {"webhook_url": url or listening.url, "webhook_secret": SECRET, "webhook_allow_private": True}
        settings = Settings(home=home, **{**fixed, "webhook_seconds": 5.0, **told})
        clock = Clock()
        loaded = active_versions(FixedScorer({"mail": 0.3, "text": 0.2, "banner": 0.1}), OFFERS, POLICY)
        runtime = bootstrap(settings, clock=clock, load=lambda: loaded)
        runtime.deployment.try_load()
        pushed = Pushing(runtime, clock, listening)
        try:
            yield pushed
        finally:
            await pushed.webhook_worker.stop()
            runtime.ledger.close()


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(asyncio.wait_for(work, PATIENCE))


# --- What arrives.


def test_a_message_is_delivered_once_signed_and_in_the_shape_that_is_documented(tmp_path: Path) -> None:
    async def story() -> tuple[Receiver, str]:
        async with pushing(tmp_path, respond(200), webhook_previous_secret=OLD_SECRET) as heed:
            # The library of the specification goes by the clock on the wall, and the web knows no night.
            heed.clock.now = datetime.now(UTC)
            await heed.know()
            outbox_id = await heed.act(action_id="banner")
            assert [await heed.push() for _ in range(2)] == [1, 0]
            assert (heed.state(outbox_id), heed.results(outbox_id)) == (("delivered", True), ["delivered"])
            return heed.executor, outbox_id

    listening, outbox_id = run(story())
    (seen,) = listening.seen
    assert seen.headers["webhook-id"] == outbox_id
    events = [Webhook(secret).verify(seen.body, seen.headers) for secret in (SECRET, OLD_SECRET)]
    assert events[0] == events[1]
    assert (events[0]["type"], events[0]["data"]["action_id"]) == ("action.execute", "banner")
    with running_service(tmp_path / "documented") as heed:
        described = heed.get("/openapi.json")
    body = described["webhooks"]["execute"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    Draft202012Validator({**body, "components": described["components"]}).validate(events[0])


def test_the_running_service_pushes_by_itself_and_says_so(tmp_path: Path) -> None:
    taken, came = Event(), []

    class Executor(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(self.headers["webhook-id"])
            self.send_response(204)
            self.end_headers()
            taken.set()

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Executor) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/take?token=planted"
        try:
            with running_service(tmp_path, webhook_url=url, webhook_secret=SECRET, webhook_allow_private=True) as heed:
                heed.know()
                decided = heed.decide()
                assert taken.wait(PATIENCE)
                assert heed.get("/v1/outbox")["pushed"]
                seen = heed.get("/v1/webhook")
        finally:
            server.shutdown()
            thread.join()
    assert came == [f"execute:{decided['decision_id']}"]
    (endpoint,) = seen["endpoints"]
    origin = f"http://127.0.0.1:{server.server_port}"
    assert (endpoint["channel"], endpoint["origin"], endpoint["enabled"]) == (None, origin, True)


# --- What does not.


def test_an_executor_that_comes_and_goes_gets_the_message_under_one_id(tmp_path: Path) -> None:
    flapping = (respond(500), drop, respond(302, "Location: http://127.0.0.1:1/"), respond(200))

    async def story() -> tuple[list[str], list[str | None], tuple[str, bool]]:
        async with pushing(tmp_path, *flapping) as heed:
            await heed.know()
            outbox_id = await heed.act()
            for _ in flapping:
                assert await heed.push() == 1
                heed.clock.advance(minutes=31)
            return (
                [one.headers["webhook-id"] for one in heed.executor.seen],
                heed.results(outbox_id),
                heed.state(outbox_id),
            )

    ids, results, ended = run(story())
    assert (len(ids), len(set(ids))) == (4, 1)
    assert results == ["unknown", "unknown", "refused", "delivered"]
    assert ended == ("delivered", True)


@pytest.mark.parametrize(
    ("behave", "result", "counts"),
    [
        pytest.param(respond(400), "refused", False, id="refused and its slot is free"),
        pytest.param(respond(500), "unknown", True, id="of unknown fate and its slot counts"),
    ],
)
def test_after_the_last_attempt_a_message_is_given_up_as(
    tmp_path: Path,
    behave: Behave,
    result: str,
    counts: bool,  # noqa: FBT001
) -> None:
    async def story() -> tuple[list[str | None], tuple[str, bool], str | None, bool]:
        async with pushing(tmp_path, behave, outbox_hours=24 * 14) as heed:
            await heed.know()
            outbox_id = await heed.act()
            for _ in range(12):
                await heed.push()
                heed.clock.advance(hours=24)
            found = heed.runtime.ledger.outbox.state(outbox_id)
            given_up = heed.counted('heed_outbox_withdrawn_total{rule="heed-undeliverable"} 1.0')
            return heed.results(outbox_id), heed.state(outbox_id), found.because, given_up

    results, ended, because, given_up = run(story())
    assert results == [result] * 10
    assert ended == ("withdrawn", counts)
    assert (because, given_up) == ("It was tried 10 times in vain.", True)


def test_an_executor_that_asks_for_an_hour_is_left_alone_for_an_hour(tmp_path: Path) -> None:
    async def story() -> list[int]:
        async with pushing(tmp_path, respond(503, "Retry-After: 3600"), respond(200)) as heed:
            await heed.know()
            await heed.act()
            first = await heed.push()
            heed.clock.advance(minutes=59)
            second = await heed.push()
            heed.clock.advance(minutes=1)
            return [first, second, await heed.push()]

    assert run(story()) == [1, 0, 1]


def test_410_disables_the_executor_until_somebody_enables_it_also_after_a_restart(tmp_path: Path) -> None:
    async def gone() -> tuple[str, int, str]:
        async with pushing(tmp_path, respond(410)) as heed:
            await heed.know()
            outbox_id = await heed.act()
            await heed.push()
            heed.clock.advance(hours=1)
            assert await heed.push() == 0
            assert heed.results(outbox_id) == ["gone"]
            url = heed.runtime.settings.webhook_url
            assert url is not None
            return outbox_id, heed.executor.port, url.get_secret_value()

    async def again(url: str) -> list[object]:
        async with pushing(tmp_path, respond(200), url=url) as heed:
            heed.clock.advance(hours=2)
            delivery, name = heed.runtime.services.delivery, heed.webhook_worker.endpoint.name
            disabled = delivery.endpoints()[0].disabled
            assert disabled is not None
            before = await heed.push()
            enabled = [await heed.runtime.ledger.outbox.enable_endpoint(name) for _ in range(2)]
            return [disabled.because, before, *enabled, delivery.endpoints()[0].disabled, await heed.push()]

    outbox_id, _, url = run(gone())
    assert run(again(url)) == ["The executor answered 410.", 0, True, False, None, 1]
    assert outbox_id.startswith("execute:")


def test_a_disabled_executor_is_shown_and_enabled_by_a_call(tmp_path: Path) -> None:
    told = {"webhook_url": "https://executor.example/take?token=planted", "webhook_secret": SECRET}
    with running_service(tmp_path, **told) as heed:
        (webhook_worker,) = heed.runtime.webhook_workers
        heed.http.portal.call(
            heed.runtime.ledger.outbox.disable_endpoint, webhook_worker.endpoint.name, "The executor answered 410."
        )
        seen = heed.get("/v1/webhook")
        (endpoint,) = seen["endpoints"]
        assert (seen["pushed"], endpoint["enabled"]) == (False, False)
        assert endpoint["because"] == "The executor answered 410."
        assert not heed.get("/v1/outbox")["pushed"]
        assert "heed_webhook_disabled 1.0" in heed.http.get("/metrics").text
        assert heed.post("/v1/webhook/enable", None)["pushed"]
        assert "heed_webhook_disabled 0.0" in heed.http.get("/metrics").text
        assert "planted" not in heed.http.get("/v1/webhook").text


def test_a_hanging_executor_holds_one_message_and_no_other(tmp_path: Path) -> None:
    async def story() -> tuple[list[str], int]:
        async with pushing(tmp_path, hang, respond(200), webhook_width=2) as heed:
            first = await _each(heed, "c0")
            await heed.webhook_worker.start_ready()
            while not heed.executor.seen:
                await asyncio.sleep(0)
            others = [await _each(heed, f"c{number}") for number in range(1, 5)]
            while any(heed.state(one)[0] != "delivered" for one in others):
                await heed.webhook_worker.start_ready()
                await asyncio.sleep(0)
            return [heed.state(first)[0]], len(heed.executor.seen)

    assert run(story()) == (["handed"], 5)


async def _each(heed: Pushing, customer_id: str) -> str:
    await heed.know(customer_id)
    return await heed.act(customer_id)


def test_no_more_attempts_are_made_at_once_than_are_allowed(tmp_path: Path) -> None:
    async def story() -> tuple[int, int, int]:
        async with pushing(tmp_path, hang, webhook_width=3, webhook_seconds=1.0) as heed:
            for number in range(5):
                await _each(heed, f"c{number}")
            begun = await heed.webhook_worker.start_ready(), await heed.webhook_worker.start_ready()
            await heed.webhook_worker.finish()
            return *begun, len(heed.executor.seen)

    assert run(story()) == (3, 0, 3)


def test_an_attempt_that_the_end_of_the_process_cut_off_is_made_again_under_its_id(tmp_path: Path) -> None:
    async def cut_off() -> str:
        async with pushing(tmp_path, hang, webhook_seconds=1.0) as heed:
            outbox_id = await _each(heed, "c1")
            await heed.webhook_worker.start_ready()
            while not heed.executor.seen:
                await asyncio.sleep(0)
            for task in list(heed.webhook_worker._under_way):
                task.cancel()
            await heed.webhook_worker.finish()
            assert heed.results(outbox_id) == [None]
            return outbox_id

    async def restarted(outbox_id: str) -> tuple[list[int], list[str], list[str | None]]:
        async with pushing(tmp_path, respond(200)) as heed:
            begun = await heed.push()
            heed.clock.advance(minutes=1)
            pushed = [begun, await heed.push()]
            return pushed, [one.headers["webhook-id"] for one in heed.executor.seen], heed.results(outbox_id)

    outbox_id = run(cut_off())
    assert run(restarted(outbox_id)) == ([0, 1], [outbox_id], [None, "delivered"])


def test_what_is_no_longer_permitted_is_not_sent(tmp_path: Path) -> None:
    async def story() -> tuple[int, tuple[str, bool], int]:
        async with pushing(tmp_path, respond(200)) as heed:
            outbox_id = await _each(heed, "c1")
            heed.clock.advance(minutes=1)
            await heed.consent("c1", "email", "withdrawn")
            return await heed.push(), heed.state(outbox_id), len(heed.executor.seen)

    assert run(story()) == (0, ("withdrawn", False), 0)


def test_an_answer_that_comes_when_the_message_was_withdrawn_leaves_its_slot_counting(tmp_path: Path) -> None:
    async def story() -> tuple[str, bool]:
        late = asyncio.Event()

        async def slow(writer: asyncio.StreamWriter) -> None:
            await late.wait()
            await respond(200)(writer)

        async with pushing(tmp_path, slow) as heed:
            outbox_id = await _each(heed, "c1")
            await heed.webhook_worker.start_ready()
            assert await heed.runtime.ledger.outbox.cancel(outbox_id, "in flight")
            late.set()
            await heed.webhook_worker.finish()
            assert heed.results(outbox_id) == ["delivered"]
            return heed.state(outbox_id)

    assert run(story()) == ("withdrawn", True)


def test_neither_bodies_nor_tokens_nor_customers_are_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> str:
        async with pushing(tmp_path, respond(410, body=b"planted body")) as heed:
            outbox_id = await _each(heed, "planted-customer")
            await heed.push()
            return repr(heed.runtime.ledger.outbox.state(outbox_id))

    with caplog.at_level(logging.DEBUG, logger="heed"):
        kept = run(story())
    assert "nothing is sent there any more" in caplog.text
    assert "planted" not in caplog.text + kept


# --- Settings.


@pytest.mark.parametrize(
    ("told", "match"),
    [
        pytest.param({"webhook_secret": None}, "a webhook needs a secret in `webhook_secret`", id="no secret"),
        pytest.param({"webhook_secret": "whsec_x"}, "not a secret of Standard Webhooks", id="no good secret"),
        pytest.param({"webhook_previous_secret": "x"}, "in `webhook_previous_secret`", id="no good previous secret"),
        pytest.param({"webhook_url": "http://executor.example/"}, "does not go over plain http", id="plain http"),
        pytest.param({"webhook_url": "executor"}, "not a URL that a webhook can go to", id="no URL"),
    ],
)
def test_a_webhook_that_cannot_work_is_refused_at_the_start(tmp_path: Path, told: dict[str, Any], match: str) -> None:
    good = {"webhook_url": "https://executor.example/", "webhook_secret": SECRET}
    with pytest.raises(InvalidInput, match=match), running_service(tmp_path, **{**good, **told}):
        pass


def test_messages_that_are_tried_for_days_live_for_days() -> None:
    assert Settings().message_lifetime == timedelta(hours=24)
    assert Settings(webhook_url="https://executor.example/").message_lifetime == timedelta(hours=96)
    assert Settings(outbox_hours=6).message_lifetime == timedelta(hours=6)
    assert "executor" not in repr(Settings(webhook_url="https://executor.example/"))
