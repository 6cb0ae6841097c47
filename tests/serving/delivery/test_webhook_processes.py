"""Several processes on one PostgreSQL push the same messages: each message goes out once, and each goes out."""

import asyncio
import base64
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from heed.decisioning.customer import ConsentStatus
from heed.serving.bootstrap import bootstrap
from heed.serving.decisions.record import Caller
from heed.serving.ledger.facts.reports import ConsentReport, CustomerReport
from heed.serving.runtime import Runtime
from heed.serving.schemas.decision_requests import DecideRequest
from heed.serving.settings import Settings
from tests.support import postgres_server
from tests.support.doubles import FixedScorer
from tests.support.in_process_service import OFFERS, POLICY, active_versions
from tests.support.paths import REPOSITORY
from tests.support.webhook_receivers import Receiver, respond, webhook_receiver

PROCESSES = 2
MESSAGES = 16
SECRET = "whsec_" + base64.b64encode(b"n" * 32).decode()


@pytest.mark.slow
def test_each_message_is_delivered_once_by_whichever_process(tmp_path: Path) -> None:
    with postgres_server.temporary_ledger() as url:
        loaded = active_versions(FixedScorer({"banner": 0.3}), OFFERS, POLICY)
        runtime = bootstrap(
            Settings(home=tmp_path, database_url=url, ledger_key=postgres_server.KEY), load=lambda: loaded
        )
        runtime.deployment.try_load()
        with runtime.ledger as ledger:
            waiting, sent = asyncio.run(_race(runtime, tmp_path, url))
            assert len(waiting) == MESSAGES
            assert sent == Counter(dict.fromkeys(waiting, 1))
            found = [ledger.outbox.state(one) for one in waiting]
            assert {one.state for one in found} == {"delivered"}
            assert {len(one.attempts) for one in found} == {1}
            assert ledger.audit.verify().sound


async def _race(runtime: Runtime, home: Path, url: str) -> tuple[list[str], Counter[str]]:
    waiting = [await _act(runtime, f"c{number}") for number in range(MESSAGES)]
    async with webhook_receiver(_slowly) as listening:
        await asyncio.to_thread(_carry, home, url, listening)
        return waiting, Counter(one.headers["webhook-id"] for one in listening.seen)


async def _act(runtime: Runtime, customer_id: str) -> str:
    now = runtime.ledger._database.now()
    await runtime.ledger.facts.record_customers([CustomerReport(customer_id, time_zone="UTC")])
    granted = ConsentReport(f"{customer_id} web", customer_id, "web", "marketing", ConsentStatus.GRANTED, now)
    await runtime.ledger.facts.record_consents([granted])
    request = DecideRequest(customer_id=customer_id, candidates=["banner"])
    decided = json.loads(await runtime.services.decisions.decide(request, Caller("test")))
    assert decided["disposition"] == "act", decided["reason"]
    return f"execute:{decided['decision_id']}"


async def _slowly(writer: asyncio.StreamWriter) -> None:
    """Long enough for the others to look at the same messages meanwhile."""
    await asyncio.sleep(0.05)
    await respond(200)(writer)


def _carry(home: Path, url: str, listening: Receiver) -> None:
    command = [sys.executable, "-m", "tests.support.webhook_worker_process"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    started = [
        subprocess.Popen([*command, str(home / str(number)), url, listening.url, SECRET], cwd=REPOSITORY, **pipes)
        for number in range(PROCESSES)
    ]
    try:
        for process in started:
            assert process.stdout.readline() == "ready\n"
        for process in started:
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in started:
            _, complaints = process.communicate(timeout=120)
            assert (process.returncode, complaints) == (0, "")
    finally:
        for process in started:
            process.kill()
            process.communicate()
