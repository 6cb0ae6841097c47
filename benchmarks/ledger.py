"""What the ledger costs: commits a second beside what the disk allows, and reading one customer's facts.

    python -m benchmarks.ledger [FOLDER]

FOLDER is where the databases are made (default: a temporary folder); it decides which disk is measured. Each round
measures everything once, so that a disturbance meets all of them; the best round is reported, with the median beside.
"""

import asyncio
import sqlite3
import statistics
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from heed.decisioning.canonical import Scalar
from heed.decisioning.customer import ConsentStatus, Contact, ContactPoint
from heed.decisioning.decision import Disposition
from heed.serving.ledger.decisions.commit import NewDecision
from heed.serving.ledger.facts.reports import ConsentReport, ContactReport, CustomerReport, SignalReport
from heed.serving.ledger.ledger import Ledger
from heed.serving.ledger.migrate import upgrade
from heed.serving.ledger.sqlite.database import SqliteDatabase

ROUNDS = 5
SECONDS = 0.8
# Signals of a customer, and how many customers have so many.
READ = {0: 100, 100: 400, 1000: 40}
ANSWER = b'{"answer":"' + b"x" * 3_000 + b'"}'
RECEIPT = bytes(6_000)
NOW = datetime.now(UTC)
CONTACT = Contact("spring_sale", "email", "offers", "sale", NOW)

_ids = count()


def draft(customer_id: str, version: int) -> NewDecision:
    name = f"d{next(_ids):08}"
    return NewDecision(
        decision_id=name,
        customer_id=customer_id,
        seen_version=version,
        client="benchmark",
        idempotency_key=name,
        fingerprint="f" * 64,
        at=NOW,
        disposition=Disposition.ACT,
        action_id=CONTACT.action_id,
        proposed_action_id=None,
        answer=ANSWER,
        receipt=RECEIPT,
        model_version="1",
        policy_hash="p" * 64,
        reservation_id=f"slot-{name}",
        reservation=CONTACT,
        outbox="{}",
        still_allowed=lambda *_: True,
    )


async def commits(ledger: Ledger, clients: int) -> tuple[float, list[float]]:
    """Acts a second by so many clients, each waiting for its answer, and each one's seconds."""
    waits: list[float] = []
    end = perf_counter() + SECONDS

    async def client(name: str) -> None:
        for version in count():
            began = perf_counter()
            if began >= end:
                return
            await ledger.decisions.commit(draft(name, version))
            waits.append(perf_counter() - began)

    began = perf_counter()
    await asyncio.gather(*(client(f"new {next(_ids)}") for _ in range(clients)))
    return len(waits) / (perf_counter() - began), waits


def disk(folder: Path) -> float:
    """Bare inserts of the same bytes a second, one durable transaction each: SQLite's own limit on this disk."""
    with closing(sqlite3.connect(folder / "bare.db", isolation_level=None)) as bare:
        bare.execute("PRAGMA journal_mode=WAL")
        bare.execute("PRAGMA synchronous=FULL")
        bare.execute("CREATE TABLE IF NOT EXISTS bare (id INTEGER PRIMARY KEY, answer BLOB, receipt BLOB)")
        began, done = perf_counter(), 0
        while perf_counter() - began < SECONDS:
            bare.execute("INSERT INTO bare (answer, receipt) VALUES (?, ?)", (ANSWER, RECEIPT))
            done += 1
        return done / (perf_counter() - began)


async def fill(ledger: Ledger, signals: int = 100, customers: int = 400) -> None:
    """Customers with so many signals, 20 contacts, 6 consents and 2 contact points each."""
    names = [name_of(signals, n) for n in range(customers)]
    points = (ContactPoint("mail", "email"), ContactPoint("phone", "sms"))
    profile: dict[str, Scalar] = {"age": 40, "segment": "loyal", "ltv": 120.5, "vip": False}
    await ledger.facts.record_customers([CustomerReport(one, profile, "Europe/Berlin", "DE", points) for one in names])
    for one in names:
        grants = [(channel, purpose) for channel in ("email", "sms", "push") for purpose in ("offers", "news")]
        await ledger.facts.record_consents(
            [ConsentReport(f"{one} {c} {p}", one, c, p, ConsentStatus.GRANTED, NOW) for c, p in grants]
        )
        await ledger.facts.record_signals(
            [
                SignalReport(f"{one} s{n}", one, NOW - timedelta(hours=2 * n), "click", "email", 0.9, 1.0)
                for n in range(signals)
            ]
        )
        await ledger.facts.record_contacts(
            [
                ContactReport(
                    f"{one} c{n}",
                    one,
                    NOW - timedelta(days=4 * n),
                    action_id="spring_sale",
                    channel="email",
                    purpose="offers",
                    category="sale",
                )
                for n in range(20)
            ]
        )


def name_of(signals: int, number: int) -> str:
    return f"customer {number} with {signals}"


def known(ledger: Ledger, signals: int = 100, customers: int = 400) -> list[float]:
    """Seconds to read each customer once, in an order that no cache favours."""
    waits = []
    for n in range(customers):
        name = name_of(signals, n * 7 % customers)
        began = perf_counter()
        found = ledger.customers.snapshot(name).customer
        waits.append(perf_counter() - began)
        assert (len(found.signals), len(found.contacts)) == (signals, 20)
    return waits


def measure(folder: Path, report: Callable[[str], None]) -> None:
    upgrade(folder / "ledger.db")
    rates: dict[str, list[float]] = {}
    tails: dict[str, list[float]] = {}
    reads: dict[int, list[float]] = {}
    database = SqliteDatabase.open(folder / "ledger.db")
    with Ledger(database) as ledger:
        for signals, customers in READ.items():
            asyncio.run(fill(ledger, signals, customers))
        for _ in range(ROUNDS):
            rates.setdefault("bare inserts, 1 client", []).append(disk(folder))
            for clients in (1, 16, 64):
                before = database.writer.stats
                rate, waits = asyncio.run(commits(ledger, clients))
                after = database.writer.stats
                name = f"acts committed, {clients} clients"
                rates.setdefault(name, []).append(rate)
                tails.setdefault(name, []).append(statistics.quantiles(waits, n=100)[98] * 1e3)
                tails.setdefault(f"{name}: jobs per COMMIT", []).append(
                    (after.jobs - before.jobs) / max(1, after.groups - before.groups)
                )
            for signals, customers in READ.items():
                reads.setdefault(signals, []).extend(known(ledger, signals, customers))
    for name, found in rates.items():
        report(f"{name:34} best {max(found):8,.0f}/s   median {statistics.median(found):8,.0f}/s")
    for name, found in tails.items():
        unit = "" if "per COMMIT" in name else " ms p99"
        report(f"{name:52} best {min(found):6.2f}{unit}   median {statistics.median(found):6.2f}{unit}")
    for signals, waits in reads.items():
        p10, p50 = (sorted(waits)[len(waits) * tenths // 10] * 1e6 for tenths in (1, 5))
        report(f"known(), {signals} signals 20 contacts: p10 {p10:.0f} us  p50 {p50:.0f} us")


def main() -> None:
    def report(line: str) -> None:
        print(line, flush=True)

    if len(sys.argv) > 1:
        measure(Path(sys.argv[1]), report)
        return
    with TemporaryDirectory() as folder:
        measure(Path(folder), report)


if __name__ == "__main__":
    main()
