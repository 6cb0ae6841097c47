"""Executors of single channels beside the one of all others."""

import asyncio
import base64
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from standardwebhooks import Webhook

from heed.decisioning.customer import ConsentStatus
from heed.decisioning.errors import InvalidInput
from heed.serving.bootstrap import bootstrap
from heed.serving.decisions.record import Caller
from heed.serving.delivery.webhooks.channels import parse_channels
from heed.serving.delivery.webhooks.config import webhook_configs
from heed.serving.ledger.facts.reports import ConsentReport
from heed.serving.runtime import Runtime
from heed.serving.schemas.decision_requests import DecideRequest
from heed.serving.settings import Settings
from tests.support.doubles import FixedScorer
from tests.support.in_process_service import Clock, active_versions, offer, running_service
from tests.support.webhook_receivers import respond, webhook_receiver

PATIENCE = 30.0
CHANNELS = ("web", "chat", "app")
OFFERS = tuple(offer(f"{channel}-offer", channel) for channel in CHANNELS)
POLICY = f"""
version: 1
name: channels
terms: {{harm_cost: 20.0, tolerance: 0.0}}
rules:
  - {{id: consent, purpose: Consent., owner: dpo, kind: consent, addressless: [{", ".join(CHANNELS)}]}}
"""
ALL, CHAT, OLD_CHAT = ("whsec_" + base64.b64encode(one * 32).decode() for one in (b"a", b"c", b"o"))
CHAT_ALONE = {"webhook_channels": json.dumps({"chat": {"url": "https://chat.example/t?k=planted", "secret": CHAT}})}


async def decided(runtime: Runtime, clock: Clock) -> dict[str, str]:
    """An act on each channel; the ids of the messages."""
    granted = [
        ConsentReport(f"k-{one}", "c1", one, "marketing", ConsentStatus.GRANTED, clock() - timedelta(1))
        for one in CHANNELS
    ]
    await runtime.ledger.facts.record_consents(granted)
    ids = {}
    for channel in CHANNELS:
        request = DecideRequest(customer_id="c1", candidates=[f"{channel}-offer"])
        said = json.loads(await runtime.services.decisions.decide(request, Caller("test")))
        assert said["disposition"] == "act", said
        ids[channel] = f"execute:{said['decision_id']}"
    return ids


def booted(home: Path, **told: Any) -> tuple[Runtime, Clock]:
    clock = Clock()
    loaded = active_versions(FixedScorer({one.action_id: 0.3 for one in OFFERS}), OFFERS, POLICY)
    runtime = bootstrap(
        Settings(home=home, webhook_allow_private=True, webhook_seconds=5.0, **told), clock=clock, load=lambda: loaded
    )
    runtime.deployment.try_load()
    return runtime, clock


async def push(runtime: Runtime) -> list[int]:
    begun = [await webhook_worker.start_ready() for webhook_worker in runtime.webhook_workers]
    for webhook_worker in runtime.webhook_workers:
        await webhook_worker.finish()
    return begun


def test_each_channel_s_messages_go_to_its_own_executor_and_the_rest_to_the_one_of_all(tmp_path: Path) -> None:
    async def story() -> None:
        async with webhook_receiver(respond(200)) as rest, webhook_receiver(respond(200)) as chat:
            own = {"url": chat.url, "secret": CHAT, "previous_secret": OLD_CHAT}
            told = {"webhook_url": rest.url, "webhook_secret": ALL, "webhook_channels": json.dumps({"chat": own})}
            runtime, clock = booted(tmp_path, **told)
            try:
                ids = await decided(runtime, clock)
                assert await push(runtime) == [2, 1]
                assert sorted(one.headers["webhook-id"] for one in rest.seen) == sorted([ids["web"], ids["app"]])
                (seen,) = chat.seen
                assert seen.headers["webhook-id"] == ids["chat"]
                # One header, a signature by each secret: the executor may change over when it likes.
                assert len(seen.headers["webhook-signature"].split()) == 2
                stamp, body = seen.headers["webhook-timestamp"], seen.body.decode()
                for secret in (CHAT, OLD_CHAT):
                    signature = Webhook(secret).sign(ids["chat"], clock(), body)
                    assert signature in seen.headers["webhook-signature"].split()
                assert stamp == str(int(clock().timestamp()))
                assert {runtime.ledger.outbox.state(one).state for one in ids.values()} == {"delivered"}
            finally:
                await asyncio.gather(*(one.stop() for one in runtime.webhook_workers))
                runtime.ledger.close()

    asyncio.run(asyncio.wait_for(story(), PATIENCE))


def test_without_one_of_all_the_other_channels_wait_to_be_taken(tmp_path: Path) -> None:
    async def story() -> None:
        async with webhook_receiver(respond(410)) as chat:
            own = json.dumps({"chat": {"url": chat.url, "secret": CHAT}})
            runtime, clock = booted(tmp_path, webhook_channels=own)
            try:
                ids = await decided(runtime, clock)
                assert await push(runtime) == [1]
                waiting = [one.outbox_id for one in await runtime.services.delivery.waiting(10)]
                assert waiting == [ids["web"], ids["app"]]
                (endpoint,) = runtime.services.delivery.endpoints()
                assert endpoint.disabled is not None
            finally:
                await asyncio.gather(*(one.stop() for one in runtime.webhook_workers))
                runtime.ledger.close()

    asyncio.run(asyncio.wait_for(story(), PATIENCE))


def test_one_that_wants_no_more_is_told_of_by_its_channel_and_leaves_the_others_alone(tmp_path: Path) -> None:
    told = {"webhook_url": "https://all.example/t?k=planted", "webhook_secret": ALL, **CHAT_ALONE}
    with running_service(tmp_path, **told) as heed:
        _, chat = heed.runtime.webhook_workers
        heed.http.portal.call(
            heed.runtime.ledger.outbox.disable_endpoint, chat.endpoint.name, "The executor answered 410."
        )
        seen = heed.get("/v1/webhook")
        shown = [(one["channel"], one["origin"], one["enabled"]) for one in seen["endpoints"]]
        assert shown == [(None, "https://all.example", True), ("chat", "https://chat.example", False)]
        assert seen["pushed"]
        part = heed.get("/readyz")["parts"]["webhook"]
        assert part["state"] == "degraded"
        assert "messages are pushed to https://all.example; nothing of chat is pushed" in part["detail"]
        enabled = heed.post("/v1/webhook/enable", None)
        assert [one["enabled"] for one in enabled["endpoints"]] == [True, True]
        assert "planted" not in json.dumps([seen, part, enabled])


@pytest.mark.parametrize(
    ("channels", "match"),
    [
        pytest.param("planted", r"not JSON in `webhook_channels`; give JSON as in", id="no JSON"),
        pytest.param('["planted"]', r"in `webhook_channels`", id="no mapping"),
        pytest.param(
            {"url": "https://a.example/planted"}, r"required in `webhook_channels.chat.secret`", id="no secret"
        ),
        pytest.param(
            {"url": "https://a.example/planted", "secret": CHAT, "secert": "planted"},
            r"not permitted in `webhook_channels.chat.secert`",
            id="a name that is none",
        ),
        pytest.param(
            {"url": "https://a.example/", "secret": "whsec_planted"},
            r"not a secret of Standard Webhooks in `webhook_channels.chat.secret`",
            id="no good secret",
        ),
        pytest.param(
            {"url": "https://a.example/", "secret": CHAT, "previous_secret": "planted"},
            r"in `webhook_channels.chat.previous_secret`",
            id="no good previous secret",
        ),
        pytest.param(
            {"url": "http://a.example/planted", "secret": CHAT},
            r"plain http in `webhook_channels.chat.url`",
            id="plain http",
        ),
    ],
)
def test_what_cannot_work_is_refused_at_the_start_and_not_shown(channels: Any, match: str) -> None:
    text = channels if isinstance(channels, str) else json.dumps({"chat": channels})
    with pytest.raises(InvalidInput, match=match) as refused:
        webhook_configs(Settings(webhook_channels=text))
    assert "planted" not in str(refused.value) + repr(Settings(webhook_channels=text))


def test_nothing_set_names_no_executor_and_one_of_a_channel_lets_messages_live_for_days() -> None:
    assert parse_channels(None) == {}
    assert webhook_configs(Settings()) == ()
    assert Settings(**CHAT_ALONE).message_lifetime == timedelta(hours=96)
    assert parse_channels(SecretStr("{}")) == {}
