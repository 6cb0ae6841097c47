"""One of several processes that decide for the same customers at once, under caps and a global limit.

    python -m tests.support.ledger_rush_process URL NAME SECONDS

It says how many acts it committed, and everything that went wrong beyond what may.
"""

import asyncio
import json
import random
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

from heed.decisioning.customer import ContactPoint
from heed.decisioning.errors import Conflict, Refused
from heed.serving.errors import StaleFacts
from heed.serving.ledger.connect import open_ledger
from heed.serving.ledger.facts.reports import ContactReport, CustomerReport, ObjectionReport, SignalReport
from heed.serving.ledger.ledger import Ledger
from tests.support.ledger_builders import MAIL, act, count_contacts, execution, review
from tests.support.postgres_server import KEY

CAP = 3
LIMIT = 40
WINDOW = timedelta(days=7)
CUSTOMERS = tuple(f"c{n}" for n in range(24))
LIMITED = replace(MAIL, action_id="limited")
_CLIENTS = 4


async def main(url: str, name: str, seconds: str) -> None:
    done: Counter[str] = Counter()
    end = monotonic() + float(seconds)
    with open_ledger(url, key=KEY) as ledger:
        await asyncio.gather(*(_client(ledger, f"{name}-{n}", end, done) for n in range(_CLIENTS)))
    sys.stdout.write(json.dumps(done))


async def _client(ledger: Ledger, name: str, end: float, done: Counter[str]) -> None:
    drawn = random.Random(name)
    number = 0
    while monotonic() < end:
        number += 1
        what = drawn.choice((_act, _act, _limited, _reviewed, _facts, _settled))
        try:
            done[f"{what.__name__}: {await what(ledger, drawn, f'{name}-{number}')}"] += 1
        except (StaleFacts, Refused, Conflict) as error:
            done[type(error).__name__] += 1


async def _act(ledger: Ledger, drawn: random.Random, own_id: str) -> bool:
    who = drawn.choice(CUSTOMERS)
    known = ledger.customers.snapshot(who)

    def allowed(now: datetime, _: object) -> bool:
        return count_contacts(known.customer.contacts, now, WINDOW) < CAP

    if not allowed(datetime.now(UTC), None):
        return False
    await ledger.decisions.commit(act(own_id, known.customer.customer_id, known.version, still_allowed=allowed))
    return True


async def _limited(ledger: Ledger, _: random.Random, own_id: str) -> bool:
    """An act for a new customer, under the global limit."""

    def allowed(_: datetime, volumes: Any) -> bool:
        return sum(one.contacts for one in volumes if one.action_id == LIMITED.action_id) < LIMIT

    if not allowed(datetime.now(UTC), ledger.facts.volumes((WINDOW,))):
        return False
    draft = act(own_id, f"only-{own_id}", 0, reservation=LIMITED, action_id=LIMITED.action_id)
    await ledger.decisions.commit(replace(draft, still_allowed=allowed, windows=(WINDOW,)))
    return True


async def _reviewed(ledger: Ledger, drawn: random.Random, own_id: str) -> bool:
    known = ledger.customers.snapshot(drawn.choice(CUSTOMERS))
    await ledger.decisions.commit(review(own_id, known.customer.customer_id, known.version))
    case = f"case-{own_id}"
    fence = (await ledger.reviews.claim(case, own_id)).fence

    def against(facts: Any) -> str | None:
        return None if count_contacts(facts.customer.contacts, facts.now, WINDOW) < CAP else "at the cap"

    await ledger.reviews.approve(case, own_id, fence, execution=execution(own_id), allowed=against)
    return True


async def _facts(ledger: Ledger, drawn: random.Random, own_id: str) -> bool:
    """Facts about customers in random order, a contact point that changes owner, and an objection."""
    some = drawn.sample(CUSTOMERS, 6)
    await ledger.facts.record_signals([SignalReport(f"{own_id}-{one}", one, MAIL.at, "click") for one in some])
    point = ContactPoint(f"phone-{drawn.randrange(4)}", "sms")
    await ledger.facts.record_customers([CustomerReport(one, contact_points=(point,)) for one in some[:2]])
    if drawn.random() < 0.1:
        await ledger.facts.record_objections([ObjectionReport(MAIL.at, contact_point=point.contact_point)])
    return True


async def _settled(ledger: Ledger, drawn: random.Random, own_id: str) -> bool:
    """Deliver the oldest messages and report their contacts as executed or failed."""
    messages = ledger.outbox.ready(5)
    reports = []
    for one in messages:
        if (await ledger.outbox.mark_delivered(one.outbox_id)).new:
            who = ledger.decisions.get(one.decision_id).customer_id
            status = drawn.choice(("executed", "executed", "failed"))
            reports.append(
                ContactReport(f"r-{own_id}-{one.outbox_id}", who, datetime.now(UTC), status, one.decision_id)
            )
    if reports:
        await ledger.facts.record_contacts(reports)
    return bool(reports)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
