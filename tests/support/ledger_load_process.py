"""A process that commits without pause and prints every answer until it is killed.

    python -m tests.support.ledger_load_process LEDGER ROUND honest|hasty

Every line of its output is one answer that a client has: the decision and its key. The hasty one answers before the
commit, as nobody should: it shows that the checker can tell.
"""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from itertools import count

from heed.serving.errors import StaleFacts
from heed.serving.ledger.connect import open_ledger
from heed.serving.ledger.ledger import Ledger
from tests.support.ledger_builders import act, under_cap

CAP = 3
CUSTOMERS = 40
CLIENTS = 8
_WINDOW = timedelta(days=7)


async def main(path: str, round_: str, manner: str) -> None:
    ledger = open_ledger(path)
    await asyncio.gather(*(_client(ledger, f"{round_}-{n}", manner == "hasty") for n in range(CLIENTS)))


async def _client(ledger: Ledger, name: str, hasty: bool) -> None:  # noqa: FBT001
    for n in count():
        key = f"{name}-{n}"
        if hasty:
            _answer(f"d-{key}", key)
            await _decide(ledger, f"customer {n % CUSTOMERS}", key)
        else:
            _answer(await _decide(ledger, f"customer {n % CUSTOMERS}", key), key)


async def _decide(ledger: Ledger, customer_id: str, key: str) -> str:
    """One act within the cap; a customer at the cap is replaced by a new one."""
    while True:
        now = datetime.now(UTC)
        known = ledger.customers.snapshot(customer_id)
        allowed = under_cap(known.customer, CAP, _WINDOW)
        if not allowed(now):
            customer_id += "'"
            continue
        draft = act(f"d-{key}", customer_id, known.version, at=now, idempotency_key=key, still_allowed=allowed)
        try:
            return (await ledger.decisions.commit(draft)).decision_id
        except StaleFacts:
            await asyncio.sleep(0)


def _answer(decision_id: str, key: str) -> None:
    sys.stdout.write(f"{decision_id} {key}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
