"""What the ledger holds once the server is gone, read from the ledger itself."""

from collections.abc import Iterator

from sqlalchemy import Engine, select

from benchmarks.crashes.checking import Recorded, Slot
from heed.serving.ledger.backend.times import from_micros
from heed.serving.ledger.decisions.read import DecisionRecord
from heed.serving.ledger.ledger import Ledger
from heed.serving.ledger.schema import contacts

_PAGE = 500


def decisions(ledger: Ledger) -> tuple[Recorded, ...]:
    """Every decision, newest first."""
    return tuple(
        Recorded(one.decision_id, one.idempotency_key, one.customer_id, one.disposition.value, one.answer)
        for one in _every(ledger)
    )


def _every(ledger: Ledger) -> Iterator[DecisionRecord]:
    last: str | None = None
    while page := ledger.decisions.list(limit=_PAGE, before=last):
        yield from page
        last = page[-1].decision_id


def slots(engine: Engine) -> tuple[Slot, ...]:
    """Every slot that counts, by the time of its reservation or execution."""
    table = contacts.c
    wanted = select(table.contact_id, table.customer_id, table.decision_id, table.at).where(table.state != "released")
    with engine.connect() as connection:
        return tuple(Slot(*row[:3], from_micros(row[3])) for row in connection.execute(wanted))
