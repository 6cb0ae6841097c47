"""Consents are withdrawn while decisions stream in and are handed over: nothing gets past a withdrawal."""

import asyncio
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from heed.decisioning.customer import ConsentStatus, ContactPoint
from heed.serving.bootstrap import bootstrap
from heed.serving.decisions.record import Caller
from heed.serving.ledger.facts.reports import ConsentReport, CustomerReport
from heed.serving.runtime import Runtime
from heed.serving.schemas.decision_requests import DecideRequest
from heed.serving.settings import Settings
from tests.support.doubles import FixedScorer
from tests.support.in_process_service import OFFERS, POLICY, active_versions
from tests.support.ledger_stores import Store

CUSTOMERS = tuple(f"c{number}" for number in range(12))
BEGIN = datetime(2026, 3, 2, 10, tzinfo=UTC)


@dataclass
class Ticking:
    """A clock of which no two looks are alike, so that what came first can be told."""

    now: datetime = BEGIN

    def __call__(self) -> datetime:
        self.now += timedelta(microseconds=1)
        return self.now


@dataclass
class Seen:
    """When each withdrawal was acknowledged, and when each slot was taken and each message handed over."""

    acknowledged: dict[str, datetime] = field(default_factory=dict)
    committed: list[tuple[str, datetime]] = field(default_factory=list)
    handed: list[tuple[str, datetime]] = field(default_factory=list)


def test_nothing_is_committed_or_handed_over_after_a_withdrawal_was_acknowledged(tmp_path: Path, store: Store) -> None:
    loaded = active_versions(FixedScorer({"mail": 0.3, "text": 0.2, "banner": 0.1}), OFFERS, POLICY)
    clock = Ticking()
    runtime = bootstrap(Settings(home=tmp_path, **store.settings), clock=clock, load=lambda: loaded)
    runtime.deployment.try_load()
    with runtime.ledger:
        seen = asyncio.run(_race(runtime, clock))
    assert len(seen.acknowledged) == len(CUSTOMERS)
    for what in (seen.committed, seen.handed):
        late = [who for who, at in what if who in seen.acknowledged and at > seen.acknowledged[who]]
        assert late == []
    # Both went on until the withdrawals came between them, or the race was none.
    assert seen.handed
    assert len(seen.committed) > len(seen.handed)
    assert runtime.metrics.text().count(b'heed_outbox_withdrawn_total{rule="consent"}') == 1


async def _race(runtime: Runtime, clock: Ticking) -> Seen:
    seen = Seen()
    await runtime.ledger.facts.record_customers(
        [CustomerReport(one, contact_points=(ContactPoint(f"{one}-email", "email"),), time_zone="UTC")
         for one in CUSTOMERS]
    )  # fmt: skip
    await runtime.ledger.facts.record_consents([_said(one, ConsentStatus.GRANTED, clock()) for one in CUSTOMERS])
    over = asyncio.Event()
    deciding = [asyncio.create_task(_decide(runtime, one, over)) for one in CUSTOMERS]
    taking: list[asyncio.Task[None]] = []
    for number, one in enumerate(CUSTOMERS):
        while not runtime.ledger.customers.snapshot(one).customer.contacts or (number > 1 and not seen.handed):
            await asyncio.sleep(0)
        await runtime.ledger.facts.record_consents([_said(one, ConsentStatus.WITHDRAWN, clock())])
        seen.acknowledged[one] = clock()
        if not taking:
            # What the first customer was chosen for still waits, and is not to be had any more.
            taking = [asyncio.create_task(_take(runtime, seen, f"executor-{name}", over)) for name in range(3)]
    while runtime.ledger.outbox.ready(1) and not any(one.done() for one in taking):
        await asyncio.sleep(0)
    over.set()
    await asyncio.gather(*deciding, *taking)
    for one in CUSTOMERS:
        slots = runtime.ledger.customers.snapshot(one).customer.contacts
        seen.committed.extend((one, slot.at) for slot in slots)
    return seen


async def _decide(runtime: Runtime, customer_id: str, over: asyncio.Event) -> None:
    request = DecideRequest(customer_id=customer_id, candidates=["mail"])
    while not over.is_set():
        decided = json.loads(await runtime.services.decisions.decide(request, Caller("test")))
        if decided["disposition"] == "hold":
            return
        await asyncio.sleep(0)


async def _take(runtime: Runtime, seen: Seen, executor: str, over: asyncio.Event) -> None:
    while not over.is_set():
        for one in await runtime.services.delivery.lease_many(executor, 2, timedelta(minutes=1)):
            (attempt,) = runtime.ledger.outbox.state(one.message.outbox_id).attempts
            seen.handed.append((json.loads(one.message.payload)["customer_id"], attempt.began_at))
        await asyncio.sleep(0)


def _said(customer_id: str, status: ConsentStatus, at: datetime) -> ConsentReport:
    return ConsentReport(
        consent_id=f"{customer_id}-{status}",
        customer_id=customer_id,
        channel="email",
        purpose="marketing",
        status=status,
        recorded_at=at,
    )
